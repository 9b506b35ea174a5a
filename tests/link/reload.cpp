// Two threads decide without pause while the policy is replaced many times. Every decision must come from the policy
// that it names, and that policy must not be older than one that the thread has already seen. Also measures the time
// from an activation, and from a revocation, to the first decision that applies it.
// usage: reload FOLDER RELOADS BUNDLE...       BUNDLE i permits for i + 1 minutes, in order
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "writ/policy_handle.h"

namespace {

using namespace writ;
using Clock = std::chrono::steady_clock;

constexpr int kThreads = 2;
const Origin kOrigin{"publisher", "why"};

std::string request(const std::string& agent) {
    return R"({"provenance": "verified", "now": 1717408800,
      "token": {"issuer": "https://issuer.example", "aud": "broker", "exp": 1717499999, "nbf": null, "iat": null,
                "claims": {"iss": "https://issuer.example", "sub": "x"}},
      "agent": {"id": ")" +
           agent + R"("}, "run": {"id": "r-1", "parent_id": null, "exp": null}, "tenant": "acme",
      "user": null, "delegation": null, "tool": {"name": "lookup", "params": {}}, "want": {"scopes": ["data:read"]}})";
}

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

void tell(const char* what, std::vector<double> times) {
    if (times.empty()) return;
    std::sort(times.begin(), times.end());
    std::printf("%s: median %.2f ms, 99%% %.2f ms, most %.2f ms (%zu)\n", what, times[times.size() / 2],
                times[times.size() * 99 / 100], times.back(), times.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string path = std::string(argv[1]) + "/store";
    const auto reloads = static_cast<std::uint64_t>(std::atoll(argv[2]));
    std::map<std::string, std::int64_t, std::less<>> ttls;
    auto store = Store::init(path);
    if (!store || !store->protect("prod", false, 0, kOrigin)) return 3;
    std::uint64_t versions = 0;
    for (int i = 3; i < argc; ++i) {
        std::ifstream in(argv[i], std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto bundle = Bundle::load(std::as_bytes(std::span(bytes)));
        if (!bundle || !store->publish(*bundle, kOrigin)) return 3;
        ttls[std::string(bundle->digest())] = 60 * static_cast<std::int64_t>(++versions);
    }
    const auto activate = [&](std::uint64_t version) {
        Move move;
        move.channel = "prod";
        move.version = "v" + std::to_string(version);
        move.origin = kOrigin;
        return store->activate(move).has_value();
    };
    if (!activate(1)) return 3;
    FollowOptions options;
    options.store = path;
    options.channel = "prod";
    auto handle = PolicyHandle::follow(options);
    if (!handle || !handle->status().ready) return 3;

    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> failed = 0, mixed = 0, decided = 0, changes = 0;
    std::atomic<std::int64_t> latest_ttl = 60;  // of the last decision of any thread
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            LiveEvaluator evaluator(*handle);
            Decision decision;
            const std::string asked = request("a-1");
            std::uint64_t count = 0;
            std::string last;
            while (!stop.load(std::memory_order_relaxed)) {
                ++count;
                if (!evaluator.evaluate(asked, decision) || decision.effect != Effect::Permit) {
                    failed.fetch_add(1);
                    continue;
                }
                const auto named = ttls.find(decision.bundle_digest);
                const bool whole = named != ttls.end() && named->second == decision.grant.ttl &&
                                   decision.bundle_digest == evaluator.bundle().digest();
                if (!whole) mixed.fetch_add(1);
                if (decision.bundle_digest != last) {
                    last = decision.bundle_digest;
                    changes.fetch_add(1);
                    latest_ttl.store(decision.grant.ttl);
                }
            }
            decided.fetch_add(count);
        });

    std::vector<double> fresh;
    std::uint64_t done = 0, version = 1;
    for (; done < reloads; ++done) {
        version = version % versions + 1;
        if (!activate(version)) return 3;
        const auto activated = Clock::now();
        while (latest_ttl.load() != 60 * static_cast<std::int64_t>(version)) {
            if (milliseconds(Clock::now() - activated) > 20'000) {
                std::printf("reload %llu never came\n", static_cast<unsigned long long>(done));
                return 1;
            }
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
        fresh.push_back(milliseconds(Clock::now() - activated));
    }
    stop = true;
    for (std::thread& each : threads) each.join();

    // Revokes one subject at a time, while one thread decides.
    std::vector<double> denied;
    LiveEvaluator evaluator(*handle);
    Decision decision;
    for (int i = 0; i < 50; ++i) {
        const std::string agent = "bad-" + std::to_string(i), asked = request(agent);
        if (!evaluator.evaluate(asked, decision) || decision.effect != Effect::Permit) failed.fetch_add(1);
        if (!store->revoke(RevocationKind::Agent, agent, kOrigin)) return 3;
        const auto revoked = Clock::now();
        do {
            if (!evaluator.evaluate(asked, decision)) failed.fetch_add(1);
            if (milliseconds(Clock::now() - revoked) > 20'000) return 1;
        } while (decision.effect != Effect::Deny);
        denied.push_back(milliseconds(Clock::now() - revoked));
    }
    std::printf("%llu reloads, %llu decisions by %d threads, %llu seen changes, %llu failed, %llu mixed\n",
                static_cast<unsigned long long>(done), static_cast<unsigned long long>(decided.load()), kThreads,
                static_cast<unsigned long long>(changes.load()), static_cast<unsigned long long>(failed.load()),
                static_cast<unsigned long long>(mixed.load()));
    tell("activation to first decision", fresh);
    tell("revocation to first deny", denied);
    return failed == 0 && mixed == 0 && changes >= reloads ? 0 : 1;
}

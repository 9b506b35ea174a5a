// Kills a program that publishes, activates and revokes, at random points, and checks the store: every acknowledged
// change is there, at most one more, none is incomplete, and the store is valid.
// usage: store_kill FOLDER ROUNDS [SEED]
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "writ/policy_handle.h"
#include "writ/store.h"

namespace {

using namespace writ;

constexpr int kPolicies = 40;
constexpr int kFreshStore = 50;  ///< rounds until a new store is made, because checking a long history takes long
const Origin kOrigin{"writer", "why"};

Bundle policy(int number) {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", R"(
tier read < write
claims k8s { sub: string }
issuer prod: k8s "https://issuer.example" { audience "broker" }
tool lookup { tier read  audience "https://data.example"  scopes { "data:read" }  params { } }
permit p for tool lookup when tenant == "t)" + std::to_string(number) +
                                                  R"(" grant { "data:read" } for 1m
)"});
    auto bundle = compile(sources);
    if (!bundle) std::abort();
    return *bundle;
}

/// Writes one letter after each completed change: publish, activate, revoke, collect.
void write_for_ever(const std::string& path, const std::vector<Bundle>& policies, unsigned seed, int acknowledge) {
    std::mt19937 random(seed);
    auto store = Store::open(path);
    if (!store) ::_exit(3);
    for (;;) {
        char done = 0;
        switch (random() % 4) {
            case 0: done = store->publish(policies[random() % policies.size()], kOrigin) ? 'p' : 0; break;
            case 3:
                done = store->revoke(RevocationKind::Run, "r-" + std::to_string(random()), kOrigin) ? 'r' : 0;
                break;
            default: {
                Move move;
                move.channel = "prod";
                move.version = "v" + std::to_string(1 + random() % store->versions().value().size());
                move.origin = kOrigin;
                done = store->activate(move) ? 'a' : 0;
            }
        }
        if (done == 0 || ::write(acknowledge, &done, 1) != 1) ::_exit(3);
    }
}

struct Count {
    std::size_t activations = 0, revocations = 0, versions = 0;
};

/// The content of the store; empty if something is wrong.
std::optional<Count> look(const std::string& path) {
    const auto wrong = [](const std::string& what) {
        std::printf("%s\n", what.c_str());
        return std::nullopt;
    };
    auto store = Store::open(path);
    if (!store) return wrong(store.error().code + " " + store.error().message);
    const auto problems = store->verify();
    if (!problems) return wrong(problems.error().message);
    if (!problems->empty()) return wrong(problems->front());
    const auto channel = store->channel("prod");
    if (!channel) return wrong(channel.error().message);
    if (!channel->digest.empty() && !store->bundle(channel->digest)) return wrong("what is active has no content");
    return Count{store->history("prod")->size(), store->revocation_log()->size(), store->versions()->size()};
}

bool kept(std::size_t before, std::size_t told, std::size_t after) {
    return after == before + told || after == before + told + 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const int rounds = std::atoi(argv[2]);
    std::mt19937 random(argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 1u);
    std::vector<Bundle> policies;
    for (int i = 0; i < kPolicies; ++i) policies.push_back(policy(i));
    std::string path, state;
    std::optional<Count> before;
    std::size_t killed_busy = 0, total = 0;
    Serial seen;
    for (int round = 0; round < rounds; ++round) {
        if (round % kFreshStore == 0) {
            const std::string number = std::to_string(round / kFreshStore);
            path = std::string(argv[1]) + "/store" + number, state = std::string(argv[1]) + "/state" + number;
            seen = {};
            auto store = Store::init(path);
            if (!store || !store->publish(policies[0], kOrigin) || !store->protect("prod", false, 0, kOrigin)) return 3;
            before = look(path);
            if (!before) return 1;
        }
        int ends[2];
        if (::pipe(ends) != 0) return 3;
        const unsigned seed = static_cast<unsigned>(random());
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            write_for_ever(path, policies, seed, ends[1]);
        }
        ::close(ends[1]);
        std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 60'000));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        if (!WIFSIGNALED(status)) {
            std::printf("round %d: the writer ended by itself, %d\n", round, status);
            return 1;
        }
        std::array<std::size_t, 256> told{};
        char letter = 0;
        std::size_t in_round = 0;
        while (::read(ends[0], &letter, 1) == 1) ++told[static_cast<unsigned char>(letter)], ++in_round;
        ::close(ends[0]);
        killed_busy += in_round > 0;
        total += in_round;

        const auto after = look(path);
        if (!after) return 1;
        // Publishing an existing version adds nothing, so there is only an upper bound for the number of versions.
        if (!kept(before->activations, told['a'], after->activations) ||
            !kept(before->revocations, told['r'], after->revocations) || after->versions < before->versions ||
            after->versions > before->versions + told['p'] + 1) {
            std::printf("round %d: something told as done is not there, or something is there twice\n", round);
            return 1;
        }
        // A reader continues from its last position and never goes back.
        if (after->activations > 0) {
            FollowOptions options;
            options.store = path;
            options.channel = "prod";
            options.state = state;
            const auto handle = PolicyHandle::follow(options);
            if (!handle || !handle->status().ready || handle->status().serial < seen) {
                std::printf("round %d: the reader does not go on: %s\n", round,
                            handle ? handle->status().problem.message.c_str() : handle.error().message.c_str());
                return 1;
            }
            seen = handle->status().serial;
        }
        before = after;
    }
    std::printf(
        "%d times killed, %zu of them after something was done, %zu things done: nothing lost, nothing by half\n",
        rounds, killed_busy, total);
    return killed_busy > 0 ? 0 : 1;
}

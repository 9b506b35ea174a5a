// property_run --pairs N --seed S --threads T [--requests R] [--policy I] [--verbose]
// Decides N random pairs of policy and request with both evaluators, and without the index, and stops
// at the first disagreement. Prints pairs per second and statistics of the decisions, so that a
// generator of trivial pairs is noticed.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "properties.h"

namespace writ::property {
namespace {

struct Options {
    std::uint64_t pairs = 10'000, seed = 1, requests = 200;
    unsigned threads = 1;
    long policy = -1;  ///< only this one
    bool verbose = false;
};

struct Tally {
    std::uint64_t policies = 0, pairs = 0, refused_requests = 0, steps = 0;
    std::map<std::string, std::uint64_t> effects, reasons, refusals;
    std::map<std::string, std::size_t> refused_policies;

    void add(const Tally& other) {
        policies += other.policies;
        pairs += other.pairs;
        refused_requests += other.refused_requests;
        steps += other.steps;
        for (const auto& [key, n] : other.effects) effects[key] += n;
        for (const auto& [key, n] : other.reasons) reasons[key] += n;
        for (const auto& [key, n] : other.refusals) refusals[key] += n;
        for (const auto& [key, n] : other.refused_policies) refused_policies[key] += n;
    }
};

std::string code_of(const Reason& reason) {
    // The code of a deny is its rule's name (d0, d1, …); they are counted together.
    const bool deny = reason.rule != kNoRule && reason.code.size() <= 3 && reason.code.starts_with("d");
    return deny ? "(a deny rule)" : std::string(reason.code);
}

/// Checks one policy and its requests. Output: the violation, if any.
std::optional<std::string> run_policy(std::uint64_t seed, const Options& options, Tally& tally) {
    Rng rng(seed);
    const Generated made = random_subject(rng, random_shape(rng), &tally.refused_policies);
    ++tally.policies;
    const Property both = [](Subject& s, const PolicyText& text, const json::Value& d) {
        if (auto what = same_decision(s, text, d)) return what;
        if (auto what = same_unindexed(s, text, d)) return what;
        return within_step_bound(s, text, d);
    };
    if (made.refused)
        return "seed of the policy: " + std::to_string(seed) + "\n" +
               shrunk({made.text, json::Value::object(), *made.refused}, both);
    for (std::uint64_t i = 0; i < options.requests; ++i) {
        const json::Value document = random_request(rng, random_request_shape(rng));
        if (!made.subject->bind(document)) {
            ++tally.refused_requests;
            ++tally.refusals[made.subject->refusal().code + " " + made.subject->refusal().message + " " +
                             made.subject->refusal().context];
            continue;
        }
        ++tally.pairs;
        const Decision& decision = made.subject->decide();
        static constexpr const char* kEffects[] = {"deny", "needs_approval", "permit"};
        ++tally.effects[kEffects[static_cast<unsigned>(decision.effect)]];
        tally.steps += decision.steps;
        std::string last;
        for (const Reason& reason : decision.reasons) {
            const std::string code = code_of(reason);
            if (code != last) ++tally.reasons[code];
            last = code;
        }
        const std::string machine = made.subject->json_of(decision);
        const bool within = decision.steps <= made.subject->bundle().step_bound();
        const std::string unindexed = made.subject->json_of(made.subject->decide(By::Unindexed));
        const std::string reference = made.subject->json_of(made.subject->decide(By::Reference));
        if (within && machine == reference && machine == unindexed) continue;
        // The property finds the violation again and describes it.
        if (auto what = both(*made.subject, made.text, document))
            return "seed of the policy: " + std::to_string(seed) + ", request " + std::to_string(i) + "\n" +
                   shrunk({made.text, document, *what}, both);
    }
    return std::nullopt;
}

std::uint64_t seed_of(const Options& options, std::uint64_t policy) {
    return Rng(options.seed * 1'000'003 + policy).next();
}

void print(const char* title, const std::map<std::string, std::uint64_t>& counts, std::uint64_t of) {
    std::printf("%s\n", title);
    for (const auto& [key, n] : counts)
        std::printf("  %-28s %10llu  %5.1f %%\n", key.c_str(), static_cast<unsigned long long>(n),
                    100.0 * static_cast<double>(n) / static_cast<double>(of == 0 ? 1 : of));
}

int run(const Options& options) {
    (void)universe();
    std::atomic<std::uint64_t> next{0}, done{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    Tally total;
    std::string failure;
    const auto begin = std::chrono::steady_clock::now();
    const auto work = [&] {
        Tally mine;
        while (!stop && done < options.pairs) {
            const std::uint64_t policy = options.policy >= 0 ? static_cast<std::uint64_t>(options.policy) : next++;
            const std::uint64_t before = mine.pairs;
            const auto what = run_policy(seed_of(options, policy), options, mine);
            done += mine.pairs - before;
            if (options.policy >= 0) stop = true;
            if (!what) continue;
            stop = true;
            const std::lock_guard lock(mutex);
            if (failure.empty()) failure = "policy " + std::to_string(policy) + ", " + *what;
        }
        const std::lock_guard lock(mutex);
        total.add(mine);
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    std::printf(
        "seed %llu: %llu pairs of %llu policies in %.1f s, %.0f pairs/s; %llu requests refused; %.1f steps a "
        "decision\n",
        static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(total.pairs),
        static_cast<unsigned long long>(total.policies), seconds, static_cast<double>(total.pairs) / seconds,
        static_cast<unsigned long long>(total.refused_requests),
        static_cast<double>(total.steps) / static_cast<double>(total.pairs == 0 ? 1 : total.pairs));
    print("effects", total.effects, total.pairs);
    print("reasons", total.reasons, total.pairs);
    if (options.verbose) {
        print("refused requests", total.refusals, total.refused_requests);
        std::printf("refused policies\n");
        for (const auto& [key, n] : total.refused_policies) std::printf("  %6zu %s\n", n, key.c_str());
    }
    if (failure.empty()) return 0;
    std::printf("\nbroken: %s", failure.c_str());
    return 1;
}

int usage() {
    std::fprintf(stderr,
                 "usage: property_run [--pairs N] [--seed S] [--threads T] [--requests R] [--policy I] [--verbose]\n");
    return 2;
}

}  // namespace
}  // namespace writ::property

int main(int argc, char** argv) {
    writ::property::Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string flag = argv[i];
        if (flag == "--verbose") {
            options.verbose = true;
            continue;
        }
        if (i + 1 == argc) return writ::property::usage();
        char* end = nullptr;
        const std::uint64_t number = std::strtoull(argv[++i], &end, 10);
        if (end == argv[i] || *end != '\0') return writ::property::usage();
        if (flag == "--pairs")
            options.pairs = number;
        else if (flag == "--seed")
            options.seed = number;
        else if (flag == "--threads")
            options.threads = static_cast<unsigned>(number);
        else if (flag == "--requests")
            options.requests = number;
        else if (flag == "--policy")
            options.policy = static_cast<long>(number);
        else
            return writ::property::usage();
    }
    return writ::property::run(options);
}

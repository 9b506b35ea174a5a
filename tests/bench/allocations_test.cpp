// Tests that a decision allocates no memory after a similar one. Counts calls of operator
// new, which the program replaces.
// usage: allocations_test BUNDLE REQUEST.json BUNDLE APPROVED.json
#include <cstdio>

#include "allocations.h"
#include "steady.h"
#include "writ/compare.h"

namespace {

constexpr int kWarmUp = 2, kCounted = 100;

/// Whether each decision permits and none but the first few allocates.
bool steadily(bench::Steady& steady, std::string_view way) {
    for (int i = 0; i < kWarmUp; ++i)
        if (!steady.permits(way)) return false;
    const std::uint64_t before = bench::allocations();
    int permits = 0;
    for (int i = 0; i < kCounted; ++i) permits += steady.permits(way);
    const std::uint64_t allocated = bench::allocations() - before;
    std::printf("%s: %d decisions, %d permits, %llu allocations\n", way.data(), kCounted, permits,
                static_cast<unsigned long long>(allocated));
    return permits == kCounted && allocated == 0;
}

/// Whether a request that needs approvals is permitted without allocating.
bool approves_steadily(const writ::Bundle& bundle, const std::string& document) {
    writ::Request request(bundle);
    writ::Evaluator evaluator(bundle);
    writ::Decision decision;
    std::uint64_t before = 0;
    int permits = 0;
    for (int i = 0; i < kWarmUp + kCounted; ++i) {
        if (i == kWarmUp) before = bench::allocations();
        if (!request.parse(document)) return false;
        evaluator.evaluate(request, decision);
        permits += decision.effect == writ::Effect::Permit && !decision.attribution.approvers.empty();
    }
    const std::uint64_t allocated = bench::allocations() - before;
    std::printf("approvals: %llu allocations\n", static_cast<unsigned long long>(allocated));
    return permits == kWarmUp + kCounted && allocated == 0;
}

/// Whether two layers decide without allocating.
bool layers_steadily(const writ::Bundle& bundle, const std::string& document) {
    const writ::Layers layers(std::vector<writ::Bundle>{bundle, bundle});
    writ::Request request(layers);
    writ::Evaluator evaluator(layers);
    writ::Decision decision;
    if (!request.parse(document)) return false;
    std::uint64_t before = 0;
    int permits = 0;
    for (int i = 0; i < kWarmUp + kCounted; ++i) {
        if (i == kWarmUp) before = bench::allocations();
        evaluator.evaluate(request, decision);
        permits += decision.effect == writ::Effect::Permit && !decision.grant.obligations.empty();
    }
    const std::uint64_t allocated = bench::allocations() - before;
    std::printf("layers: %llu allocations\n", static_cast<unsigned long long>(allocated));
    return permits == kWarmUp + kCounted && allocated == 0;
}

/// Whether equal decisions are compared without allocating.
bool compares_steadily(const writ::Decision& decision) {
    const writ::Decision same = decision;
    const std::uint64_t before = bench::allocations();
    const bool equal = writ::compare(decision, same).same();
    const std::uint64_t allocated = bench::allocations() - before;
    std::printf("compare: %llu allocations\n", static_cast<unsigned long long>(allocated));
    return equal && allocated == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string sealed = bench::read_file(argv[1]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return 3;
    bench::Steady steady(*bundle, bench::read_file(argv[2]));
    bool held = true;
    for (const std::string_view way : bench::Steady::kWays) held = steadily(steady, way) && held;
    held = layers_steadily(*bundle, bench::read_file(argv[2])) && held;
    held = compares_steadily(steady.decision()) && held;
    const std::string approved = bench::read_file(argv[3]);
    const auto approving = writ::Bundle::load(std::as_bytes(std::span(approved)));
    held = approving && approves_steadily(*approving, bench::read_file(argv[4])) && held;
    return held ? 0 : 1;
}

// No decision asks for memory once there was one like it: counts operator new, which the program replaces.
// usage: allocations_test BUNDLE REQUEST.json
#include "allocations.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "writ/evaluator.h"

namespace {

std::string read(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

constexpr int kWarmUp = 2, kCounted = 100;

/// Whether `decide` permits each time and allocates for none but the first few.
bool steady(const char* way, const std::function<bool()>& decide) {
    for (int i = 0; i < kWarmUp; ++i)
        if (!decide()) return false;
    const std::uint64_t before = bench::allocations();
    int permits = 0;
    for (int i = 0; i < kCounted; ++i) permits += decide();
    const std::uint64_t allocated = bench::allocations() - before;
    std::printf("%s: %d decisions, %d permits, %llu allocations\n", way, kCounted, permits,
                static_cast<unsigned long long>(allocated));
    return permits == kCounted && allocated == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string sealed = read(argv[1]), json = read(argv[2]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return 3;

    writ::Request request(*bundle);
    writ::Evaluator evaluator(*bundle);
    writ::Decision decision;
    const auto decide = [&] {
        evaluator.evaluate(request, decision);
        return decision.effect == writ::Effect::Permit;
    };
    if (!request.parse(json)) return 3;
    // One line a way in.
    return steady("bound", decide) ? 0 : 1;
}

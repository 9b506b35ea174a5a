// Mutates sealed bundles, re-seals them with a right digest, and opens them: each is refused, or it
// decides requests cleanly within its declared step bound. Built with ASan and UBSan by tests/fuzz/run.sh.
// usage: bundle_mutator BUNDLE REQUESTS.jsonl --mutants N [--seed S]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/values.h"
#include "bytecode/program.h"
#include "writ/evaluator.h"

namespace {

struct Rng {
    std::uint64_t state;
    std::uint64_t next() {
        std::uint64_t z = (state += 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t n) { return next() % n; }
};

constexpr std::size_t kDigest = 32;

void reseal(std::vector<std::byte>& bytes) {
    const std::size_t body = bytes.size() - kDigest;
    const std::string hex = writ::sha256_hex({reinterpret_cast<const char*>(bytes.data()), body});
    for (std::size_t i = 0; i < kDigest; ++i)
        bytes[body + i] = static_cast<std::byte>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
}

void mutate(std::vector<std::byte>& bytes, Rng& rng) {
    const std::size_t body = bytes.size() - kDigest;
    const std::size_t edits = 1 + rng.below(3);
    for (std::size_t i = 0; i < edits; ++i) {
        // Most of a bundle is 32-bit indices: aim at whole words as often as at single bytes.
        const std::size_t word = rng.below(body / 4) * 4;
        std::uint32_t value;
        std::memcpy(&value, bytes.data() + word, 4);
        switch (rng.below(7)) {
            case 0: bytes[rng.below(body)] ^= static_cast<std::byte>(1u << rng.below(8)); continue;
            case 1: bytes[rng.below(body)] = static_cast<std::byte>(rng.next()); continue;
            case 2: value += 1; break;
            case 3: value -= 1; break;
            case 4: value = static_cast<std::uint32_t>(rng.below(64)); break;
            case 5: value = 0xFFFFFFFF; break;
            case 6: std::memcpy(&value, bytes.data() + rng.below(body / 4) * 4, 4); break;
        }
        std::memcpy(bytes.data() + word, &value, 4);
    }
}

std::vector<char> slurp(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t mutants = 100'000;
    Rng rng{1};
    for (int i = 3; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--mutants") == 0) mutants = std::strtoull(argv[i + 1], nullptr, 10);
        if (std::strcmp(argv[i], "--seed") == 0) rng.state = std::strtoull(argv[i + 1], nullptr, 10);
    }
    if (argc < 3) return 2;
    const auto sealed = slurp(argv[1]);
    std::ifstream lines(argv[2]);
    std::vector<std::string> requests;
    for (std::string line; std::getline(lines, line);) requests.push_back(line);
    const std::vector<std::byte> original(std::as_bytes(std::span(sealed)).begin(),
                                          std::as_bytes(std::span(sealed)).end());
    if (requests.empty() || !writ::Bundle::load(original)) {
        std::fprintf(stderr, "bundle_mutator: no requests, or the bundle itself does not load\n");
        return 2;
    }

    std::uint64_t refused = 0, ran = 0, decided = 0;
    for (std::uint64_t i = 0; i < mutants; ++i) {
        auto bytes = original;
        mutate(bytes, rng);
        reseal(bytes);
        const auto bundle = writ::Bundle::load(bytes);
        if (!bundle) {
            ++refused;
            continue;
        }
        ++ran;
        writ::Request request(*bundle);
        writ::Evaluator evaluator(*bundle);
        writ::Decision decision;
        for (const auto& json : requests) {
            if (!request.parse(json)) continue;
            evaluator.evaluate(request, decision);
            ++decided;
            if (decision.steps > bundle->step_bound()) {
                std::fprintf(stderr, "mutant %llu: %llu steps, declared %llu\n",
                             static_cast<unsigned long long>(i), static_cast<unsigned long long>(decision.steps),
                             static_cast<unsigned long long>(bundle->step_bound()));
                return 1;
            }
            (void)to_json(decision, *bundle, writ::Audience::Operator);
        }
    }
    std::printf("%llu mutants: %llu refused, %llu ran clean (%llu decisions)\n",
                static_cast<unsigned long long>(mutants), static_cast<unsigned long long>(refused),
                static_cast<unsigned long long>(ran), static_cast<unsigned long long>(decided));
    return 0;
}

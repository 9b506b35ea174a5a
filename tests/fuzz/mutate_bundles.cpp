// mutate_bundles --count N [--threads T] [--seed S] [--first I]
// Bundles of the examples, the conformance policies and random policies, each changed at random and given valid
// digests: the verifier rejects it, or it decides requests within its declared bound. Built with
// -Db_sanitize=address,undefined it detects invalid memory accesses; each section is then a separate allocation, so
// that reading past its end is detected. One mutant in sixteen is made from sealed bytes instead and goes through all
// of Program::open, half of them with a wrong digest.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "base/access.h"
#include "base/json.h"
#include "bytecode/cost.h"
#include "bytecode/header.h"
#include "bytecode/index.h"
#include "harness.h"
#include "mutant.h"
#include "source_root.h"
#include "writ/catalogue.h"
#include "writ/evaluator.h"
#include "writ/tools.h"

namespace writ::fuzz {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::uint64_t count = 10'000, first = 0, seed = 1;
    unsigned threads = 1;
};

struct Tally {
    std::map<std::string, std::uint64_t> refused;
    std::uint64_t admitted = 0, decided = 0, requests_refused = 0, steps = 0;

    void add(const Tally& other) {
        for (const auto& [code, n] : other.refused) refused[code] += n;
        admitted += other.admitted;
        decided += other.decided;
        requests_refused += other.requests_refused;
        steps += other.steps;
    }
};

/// A valid bundle and requests that it admits.
struct Seed {
    std::string name;
    bytecode::Sections sections;
    std::vector<std::string> requests;
};

/// The mutant of a thread, printed if it kills the program.
thread_local std::uint64_t current = 0;

void on_crash(int signal) {
    char text[96];
    const int length =
        std::snprintf(text, sizeof text, "mutate_bundles: mutant %llu, add --first %llu --count 1\n",
                      static_cast<unsigned long long>(current), static_cast<unsigned long long>(current));
    if (::write(STDERR_FILENO, text, static_cast<std::size_t>(length)) < 0) std::_Exit(4);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

bytecode::Sections sections_of(const bytecode::Program& program) {
    bytecode::Sections out;
#define SECTION(type, name) out.name.assign(program.name.begin(), program.name.end());
#include "bytecode/sections.def"
#undef SECTION
    out.sources.clear();  // only the names of sources could be changed
    return out;
}

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> below(const fs::path& folder, std::string_view extension) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.path().extension() == extension) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

/// The requests of a pool that a bundle admits and that make it do the most work.
std::vector<std::string> requests_for(const Bundle& bundle, const std::vector<std::string>& pool) {
    constexpr std::size_t kKept = 3;
    std::vector<std::pair<std::uint64_t, std::string>> found;
    Evaluator evaluator(bundle);
    Request request(bundle);
    for (const std::string& text : pool)
        if (request.parse(text)) found.emplace_back(evaluator.evaluate(request).steps, text);
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < found.size() && i < kKept; ++i) out.push_back(found[i].second);
    return out;
}

std::vector<Seed> seeds() {
    const fs::path root = source_root();
    std::vector<std::string> pool;
    for (const fs::path& path : below(root / "examples", ".json")) pool.push_back(slurp(path));
    for (const fs::path& path : below(root / "tests/conformance/requests", ".json")) pool.push_back(slurp(path));
    Rng rng(20240603);
    for (int i = 0; i < 40; ++i) pool.push_back(json::write(property::random_request(rng, {})));

    std::vector<Seed> out;
    const auto add = [&](std::string name, const Bundle& bundle) {
        Seed seed{std::move(name), sections_of(Access::program(bundle)), requests_for(bundle, pool)};
        if (!seed.requests.empty()) out.push_back(std::move(seed));
    };
    std::vector<fs::path> policies = below(root / "examples", ".writ");
    for (const fs::path& path : below(root / "tests/conformance/policies", ".writ")) policies.push_back(path);
    for (const fs::path& path : policies) {
        const auto sources = read_sources({path.string()});
        if (!sources) continue;
        if (const auto bundle = compile(*sources)) add(path.stem().string(), *bundle);
    }
    for (int i = 0; i < 12; ++i)
        if (const auto made = property::random_subject(rng, property::random_shape(rng)); made.subject)
            add("random " + std::to_string(i), made.subject->bundle());
    return out;
}

/// Mutants of every seed, for one thread.
class Worker {
public:
    Worker(const std::vector<Seed>& seeds, const Options& options) : seeds_(seeds), options_(options) {
        for (const Seed& seed : seeds) mutants_.push_back(std::make_unique<Mutant>(seed.sections));
    }

    /// Output: false if a mutant was admitted and exceeded its bound.
    bool run(std::uint64_t index) {
        current = index;
        Rng rng(options_.seed * 0x9E3779B97F4A7C15u + index);
        const std::size_t which = rng.below(seeds_.size());
        Mutant& mutant = *mutants_[which];
        mutant.mutate(rng, *mutants_[rng.below(seeds_.size())]);
        const auto opened =
            rng.below(16) == 0 ? from_bytes(rng, mutant.sealed()) : bytecode::Program::over(mutant.sections());
        const bool sound = opened ? decide(*opened, seeds_[which], rng) : (++tally.refused[opened.error().code], true);
        mutant.restore();
        return sound;
    }

    Tally tally;

private:
    static Result<std::shared_ptr<const bytecode::Program>> from_bytes(Rng& rng, std::vector<std::byte> bytes) {
        mutate_bytes(rng, bytes);
        bytecode::Header header;
        if (rng.percent(50) && bytes.size() >= sizeof header) {
            std::memcpy(&header, bytes.data(), sizeof header);
            if (header.sealed <= bytes.size() && bytes.size() - header.sealed >= sizeof(Digest)) {
                const Digest digest = sha256({reinterpret_cast<const char*>(bytes.data()), header.sealed});
                std::memcpy(bytes.data() + header.sealed, digest.data(), sizeof digest);
            }
        }
        return bytecode::Program::open(std::move(bytes));
    }

    bool decide(const std::shared_ptr<const bytecode::Program>& program, const Seed& seed, Rng& rng) {
        ++tally.admitted;
        const Bundle bundle = Access::bundle(program);
        Evaluator evaluator(bundle);
        Request request(bundle);
        const bool shown = rng.below(32) == 0;  // output for people is tested too
        for (const std::string& text : seed.requests) {
            if (!request.parse(text)) {
                ++tally.requests_refused;
                continue;
            }
            evaluator.evaluate(request, decision_);
            if (shown) (void)to_json(decision_, bundle, View::Operator);
            ++tally.decided;
            tally.steps += decision_.steps;
            if (decision_.steps > bundle.step_bound()) {
                std::fprintf(stderr, "mutate_bundles: mutant %llu of %s took %llu steps; its bound is %llu\n",
                             static_cast<unsigned long long>(current), seed.name.c_str(),
                             static_cast<unsigned long long>(decision_.steps),
                             static_cast<unsigned long long>(bundle.step_bound()));
                return false;
            }
        }
        if (shown) {
            (void)bytecode::disassemble(*program);
            (void)bytecode::describe_index(*program);
            (void)bytecode::describe_costs(*program);
            (void)to_json(catalogue_of(bundle));
        }
        return true;
    }

    const std::vector<Seed>& seeds_;
    const Options& options_;
    std::vector<std::unique_ptr<Mutant>> mutants_;
    Decision decision_;
};

int run(const Options& options) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE}) std::signal(signal, on_crash);
    const std::vector<Seed> all = seeds();
    std::atomic<std::uint64_t> next{options.first};
    std::atomic<bool> sound{true};
    std::mutex mutex;
    Tally total;
    const auto begin = std::chrono::steady_clock::now();
    const auto work = [&] {
        Worker worker(all, options);
        constexpr std::uint64_t kBatch = 64;
        const std::uint64_t end = options.first + options.count;
        for (std::uint64_t from = next.fetch_add(kBatch); from < end && sound; from = next.fetch_add(kBatch))
            for (std::uint64_t i = from; i < std::min(from + kBatch, end); ++i)
                if (!worker.run(i)) sound = false;
        const std::lock_guard lock(mutex);
        total.add(worker.tally);
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.threads; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

    std::uint64_t refused = 0;
    for (const auto& [code, n] : total.refused) refused += n;
    std::printf("%zu bundles, %llu mutants, seed %llu: %.0f a second\n", all.size(),
                static_cast<unsigned long long>(refused + total.admitted),
                static_cast<unsigned long long>(options.seed), static_cast<double>(refused + total.admitted) / seconds);
    for (const auto& [code, n] : total.refused)
        std::printf("  %-12s %12llu\n", code.c_str(), static_cast<unsigned long long>(n));
    std::printf("  %-12s %12llu\n  %-12s %12llu, %llu requests refused, %llu steps\n", "admitted",
                static_cast<unsigned long long>(total.admitted), "decided",
                static_cast<unsigned long long>(total.decided), static_cast<unsigned long long>(total.requests_refused),
                static_cast<unsigned long long>(total.steps));
    return sound ? 0 : 1;
}

}  // namespace
}  // namespace writ::fuzz

int main(int argc, char** argv) {
    writ::fuzz::Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
        if (std::strcmp(argv[i], "--count") == 0)
            options.count = value;
        else if (std::strcmp(argv[i], "--threads") == 0)
            options.threads = static_cast<unsigned>(value);
        else if (std::strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else if (std::strcmp(argv[i], "--first") == 0)
            options.first = value;
        else
            return 2;
    }
    return writ::fuzz::run(options);
}

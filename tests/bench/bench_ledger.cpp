// Measures how fast a ledger records, verifies and replays on the disk of DIR.
// usage: bench_ledger DIR [SECONDS] [THREADS]
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "source_root.h"
#include "writ/audit.h"
#include "writ/tools.h"

using namespace writ;
using namespace writ::ledger;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}
/// Processor time of this thread or of the whole program.
double cpu(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

[[noreturn]] void stop(const Error& error) {
    std::fprintf(stderr, "%s %s %s\n", error.code.c_str(), error.message.c_str(), error.context.c_str());
    std::exit(1);
}
template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error());
    return std::move(*result);
}

std::string read_text(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void bare_flush(const std::string& folder, std::size_t bytes) {
    const std::string path = folder + "/flush";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    const std::string block(bytes, 'x');
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
        const auto begin = Clock::now();
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) std::exit(1);
        times.push_back(since(begin) * 1e6);
    }
    ::close(file);
    std::filesystem::remove(path);
    std::sort(times.begin(), times.end());
    std::printf("write + fdatasync of %zu bytes: median %.0f us, p99 %.0f us\n", bytes, times[100], times[198]);
}

/// Runs `work` on every thread for some seconds. Output: calls per second.
template <class Work>
void run(const char* what, int threads, double seconds, Work work) {
    std::vector<std::thread> all;
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(threads));
    const double cpu_before = cpu(CLOCK_PROCESS_CPUTIME_ID);
    const auto begin = Clock::now();
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            auto one = work();
            std::uint64_t n = 0;
            while (since(begin) < seconds) {
                one();
                ++n;
            }
            counts[static_cast<std::size_t>(t)] = n;
        });
    for (auto& thread : all) thread.join();
    const double took = since(begin);
    double sum = 0;
    for (const std::uint64_t n : counts) sum += static_cast<double>(n);
    std::printf("%s, %d threads: %.0f/s over %.1f s, %.1f us of processor each\n", what, threads, sum / took, took,
                (cpu(CLOCK_PROCESS_CPUTIME_ID) - cpu_before) / sum * 1e6);
    std::fflush(stdout);
}

/// One thread of an event loop. Answers come on the ledger's thread, and are handed to the loop's.
class Loop {
public:
    void hand_over() {
        const std::lock_guard hold(lock_);
        if (ready_++ == 0) wake_.notify_one();
    }
    /// Waits until there are answers. Output: their number.
    std::uint64_t take() {
        std::unique_lock hold(lock_);
        wake_.wait(hold, [this] { return ready_ > 0; });
        return std::exchange(ready_, 0);
    }

private:
    std::mutex lock_;
    std::condition_variable wake_;
    std::uint64_t ready_ = 0;
};

/// Runs an event loop of several threads for some seconds; together they always have `outstanding` records that are not
/// answered. `make` makes for each thread what queues one record. Output: answers per second.
template <class Make>
void run_loops(const char* what, int threads, int outstanding, double seconds, Make make) {
    std::vector<std::thread> all;
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(threads));
    const double cpu_before = cpu(CLOCK_PROCESS_CPUTIME_ID);
    const auto begin = Clock::now();
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            Loop loop;
            auto queue_one = make(loop);
            const auto most = static_cast<std::uint64_t>(outstanding / threads);
            std::uint64_t queued = 0, answered = 0;
            while (since(begin) < seconds) {
                for (; queued - answered < most; ++queued) queue_one();
                answered += loop.take();
            }
            counts[static_cast<std::size_t>(t)] = answered;
            while (answered < queued) answered += loop.take();
        });
    for (auto& thread : all) thread.join();
    const double took = since(begin);
    double sum = 0;
    for (const std::uint64_t n : counts) sum += static_cast<double>(n);
    std::printf("%s, %d threads, %d outstanding: %.0f/s over %.1f s, %.1f us of processor each\n", what, threads,
                outstanding, sum / took, took, (cpu(CLOCK_PROCESS_CPUTIME_ID) - cpu_before) / sum * 1e6);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::string folder = std::string(argv[1]) + "/writ-bench-ledger";
    const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
    const int threads = argc > 3 ? std::atoi(argv[3]) : 64;
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto sources = must(read_sources({source_root() + "/examples/refund/policy.writ"}));
    auto compiled = compile(sources);
    if (!compiled) return 1;
    const Bundle bundle = *compiled;
    const std::string request = read_text(source_root() + "/examples/refund/requests/permit.json");

    std::string bytes;
    {
        Ledger one = must(Ledger::open(folder + "/one"));
        Recorder recorder = must(Recorder::make(one, bundle));
        recorder.decide(request);
        bytes = must(one.read(0));
    }
    std::printf("a record of %zu bytes, with a request of %zu\n", bytes.size(), request.size());
    bare_flush(folder, bytes.size());
    bare_flush(folder, bytes.size() * static_cast<std::size_t>(threads));

    {
        Ledger ledger = must(Ledger::open(folder + "/append"));
        run("append, durable", threads, seconds, [&] {
            return [&] {
                if (auto done = ledger.append(bytes); !done) stop(done.error());
            };
        });
        run("append, durable", 1, seconds / 4, [&] {
            return [&] {
                if (auto done = ledger.append(bytes); !done) stop(done.error());
            };
        });
    }
    {
        Ledger ledger = must(Ledger::open(folder + "/decide"));
        run("decide and record, durable", threads, seconds, [&] {
            return [&, recorder = std::make_shared<Recorder>(must(Recorder::make(ledger, bundle)))] {
                if (const Answer answer = recorder->decide(request); answer.decision.effect != Effect::Permit)
                    std::exit(1);
            };
        });
        run("decide and record, durable", 2, seconds / 4, [&] {
            return [&, recorder = std::make_shared<Recorder>(must(Recorder::make(ledger, bundle)))] {
                if (recorder->decide(request).decision.effect != Effect::Permit) std::exit(1);
            };
        });
    }
    {
        Ledger ledger = must(Ledger::open(folder + "/append_async"));
        run_loops("append_async, durable", 2, threads, seconds, [&](Loop& loop) {
            return [&] {
                auto queued = ledger.append_async(bytes, [&](const Result<Appended>& done) {
                    if (!done) stop(done.error());
                    loop.hand_over();
                });
                if (!queued) stop(queued.error());
            };
        });
    }
    {
        Ledger ledger = must(Ledger::open(folder + "/decide_async"));
        run_loops("decide_async, durable", 2, threads, seconds, [&](Loop& loop) {
            return [&, recorder = std::make_shared<Recorder>(must(Recorder::make(ledger, bundle)))] {
                const auto at_once = recorder->decide_async(request, [&](const Decided& decided) {
                    if (decided.decision->effect != Effect::Permit) std::exit(1);
                    loop.hand_over();
                });
                if (at_once) std::exit(1);
            };
        });
    }
    {
        Ledger ledger = must(Ledger::open(folder + "/offer"));
        run("offer, best effort", 2, seconds / 2, [&] { return [&] { ledger.offer(bytes); }; });
        const auto begin = Clock::now();
        while (ledger.counts().waiting > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const Counts counts = ledger.counts();
        std::printf("  %llu written, %llu dropped, exactly; the rest took %.1f s\n",
                    static_cast<unsigned long long>(counts.written), static_cast<unsigned long long>(counts.dropped),
                    since(begin));
    }
    double begin = cpu(CLOCK_THREAD_CPUTIME_ID);
    const Verified verified = must(verify(folder + "/decide", {}, nullptr));
    double took = cpu(CLOCK_THREAD_CPUTIME_ID) - begin;
    std::printf("verify: %.0f records a second of processor (%zu problems)\n",
                static_cast<double>(verified.records) / took, verified.problems.size());
    begin = cpu(CLOCK_THREAD_CPUTIME_ID);
    const Comparison compared = must(replay(folder + "/decide", bundle));
    took = cpu(CLOCK_THREAD_CPUTIME_ID) - begin;
    std::printf("replay: %.0f decisions a second of processor (%llu of %llu the same)\n",
                static_cast<double>(compared.decisions) / took, static_cast<unsigned long long>(compared.same),
                static_cast<unsigned long long>(compared.decisions));
    // Without the cost of binding JSON text.
    Request bound{Layers(bundle)};
    begin = cpu(CLOCK_THREAD_CPUTIME_ID);
    constexpr int kTimes = 20'000;
    for (int i = 0; i < kTimes; ++i)
        if (!bound.parse(request)) return 1;
    std::printf("  of which Request::parse is %.2f us\n", (cpu(CLOCK_THREAD_CPUTIME_ID) - begin) / kTimes * 1e6);
    std::filesystem::remove_all(folder);
    return 0;
}

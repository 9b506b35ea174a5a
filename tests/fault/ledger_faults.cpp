// Tests faults of a ledger: programs killed while they write, several that write at once, folders that are not
// writable. No acknowledged record may be missing, and the ledger must verify.
// usage: ledger_faults [--rounds N] [--seed N]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <semaphore>
#include <string>
#include <thread>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "writ/audit.h"

using namespace writ;
using namespace writ::ledger;

namespace {

[[noreturn]] void failed(const std::string& what) {
    std::fprintf(stderr, "FAIL %s\n", what.c_str());
    std::exit(1);
}
void check(bool good, const std::string& what) {
    if (!good) failed(what);
}
template <class T>
T&& must(Result<T>&& result, const std::string& what) {
    if (!result)
        failed(what + ": " + result.error().code + " " + result.error().message + " " + result.error().context);
    return std::move(*result);
}

std::string record_of(std::uint64_t n) {
    Record record;
    record.kind = RecordKind::Use;
    record.time = static_cast<std::int64_t>(n);
    const std::string name = std::to_string(n) + std::string(n * 37 % 900, 'x');
    record.used = name;
    std::string out;
    encode(record, out);
    return out;
}

LedgerOptions small() {
    LedgerOptions options;
    options.segment_bytes = 64u << 10;
    return options;
}

struct Said {
    std::uint64_t sequence, number;
};

/// Writes from several threads until it is killed, and reports acknowledged records through the pipe. Half of the
/// threads do not wait for their records, but have up to 64 of them queued.
[[noreturn]] void write_until_killed(const std::string& folder, int pipe, std::uint64_t from) {
    auto ledger = Ledger::open(folder, small());
    if (!ledger) {
        std::fprintf(stderr, "child: %s %s\n", ledger.error().code.c_str(), ledger.error().message.c_str());
        std::_Exit(1);
    }
    std::vector<std::thread> threads;
    const auto say = [pipe](const Result<Appended>& appended, std::uint64_t n) {
        if (!appended) std::_Exit(1);
        const Said said{appended->sequence, n};
        if (write(pipe, &said, sizeof said) != sizeof said) std::_Exit(1);
    };
    std::counting_semaphore<> free(64);
    for (std::uint64_t t = 0; t < 2; ++t)
        threads.emplace_back([&, t] {
            for (std::uint64_t n = from + t;; n += 4) say(ledger->append(record_of(n)), n);
        });
    for (std::uint64_t t = 2; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint64_t n = from + t;; n += 4) {
                free.acquire();
                const auto queued = ledger->append_async(record_of(n), [&, n](const Result<Appended>& appended) {
                    say(appended, n);
                    free.release();
                });
                if (!queued) std::_Exit(1);
            }
        });
    for (auto& thread : threads) thread.join();
    std::_Exit(1);
}

/// Checks that each acknowledged record is in its place and that the ledger verifies.
void hold(const std::string& folder, const std::map<std::uint64_t, std::uint64_t>& said,
          const std::vector<Checkpoint>& witnesses) {
    {
        const Ledger repaired = must(Ledger::open(folder, small()), "open");
    }
    auto reader = must(Reader::open(folder), "read");
    std::uint64_t found = 0;
    while (must(reader.next(), "next")) {
        const auto at = said.find(reader.sequence());
        if (at == said.end()) continue;
        check(reader.bytes() == record_of(at->second), "an acknowledged record is another");
        ++found;
    }
    check(found == said.size(), "an acknowledged record is gone");
    const Verified verified = must(verify(folder, witnesses, nullptr), "verify");
    for (const std::string& problem : verified.problems) failed(problem);
}

void kills(const std::string& root, int rounds, unsigned seed) {
    constexpr int kRoundsALedger = 25;
    std::mt19937 random(seed);
    std::uint64_t acknowledged = 0, cut = 0;
    for (int done = 0; done < rounds;) {
        const std::string folder = root + "/kill";
        std::filesystem::remove_all(folder);
        std::map<std::uint64_t, std::uint64_t> said;
        std::vector<Checkpoint> witnesses;
        std::uint64_t number = 0;
        for (int i = 0; i < kRoundsALedger && done < rounds; ++i, ++done) {
            int ends[2];
            check(pipe(ends) == 0, "pipe");
            const pid_t child = fork();
            if (child == 0) {
                close(ends[0]);
                write_until_killed(folder, ends[1], number);
            }
            close(ends[1]);
            // Some are killed while they open the ledger, most while they write.
            Said one{};
            if (i % 5 != 0 && read(ends[0], &one, sizeof one) == sizeof one) {
                said.emplace(one.sequence, one.number);
                number = std::max(number, one.number + 4);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 12'000));
            kill(child, SIGKILL);
            while (read(ends[0], &one, sizeof one) == sizeof one) {
                check(said.emplace(one.sequence, one.number).second, "one number was given twice");
                number = std::max(number, one.number + 4);
            }
            number = (number + 3) / 4 * 4;
            close(ends[0]);
            int status = 0;
            waitpid(child, &status, 0);
            check(WIFSIGNALED(status), "a writer ended by itself");
            if (i % 5 == 4) {
                hold(folder, said, witnesses);
                witnesses.push_back(
                    must(read_checkpoint(must(make_checkpoint(folder, nullptr), "checkpoint"), nullptr), "checkpoint"));
            }
        }
        acknowledged += said.size();
        if (std::filesystem::exists(folder)) {
            hold(folder, said, witnesses);
            for (const auto& each : std::filesystem::directory_iterator(folder))
                cut += each.path().extension() == ".cut" ? 1 : 0;
        }
    }
    check(acknowledged > 0, "nothing was written");
    std::printf("killed %d times: %llu records acknowledged, all there; %llu writes were cut short\n", rounds,
                static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(cut));
}

/// Many threads append in every way, with a queue that is often full. What is told is told once, and is true; under a
/// thread sanitizer, this shows races.
void crowd(const std::string& root) {
    constexpr std::uint64_t kThreads = 6, kEach = 2'000;
    const std::string folder = root + "/crowd";
    LedgerOptions options = small();
    options.queue_bytes = 200'000;
    std::vector<std::atomic<int>> told(kThreads * kEach);
    std::vector<std::uint64_t> sequences(kThreads * kEach, UINT64_MAX);
    std::atomic<std::uint64_t> refused = 0;
    Counts counts;
    const auto say = [&](const Result<Appended>& appended, std::uint64_t n) {
        check(appended.has_value(), "append");
        ++told[n];
        sequences[n] = appended->sequence;
    };
    {
        Ledger ledger = must(Ledger::open(folder, options), "open");
        std::vector<std::jthread> threads;
        for (std::uint64_t t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                for (std::uint64_t n = t * kEach; n < (t + 1) * kEach; ++n) {
                    const std::string record = record_of(n);
                    if (n % 50 == 0)
                        say(ledger.append(record), n);
                    else if (n % 50 == 1)
                        (void)ledger.offer(record);
                    else if (!ledger.append_async(record, [&, n](const Result<Appended>& done) { say(done, n); })) {
                        ++refused;
                        --told[n];
                    }
                }
            });
        threads.clear();
        while (ledger.counts().waiting > 0) std::this_thread::yield();
        counts = ledger.counts();
    }
    std::uint64_t missing = 0;
    std::map<std::uint64_t, std::uint64_t> said;
    for (std::uint64_t n = 0; n < told.size(); ++n) {
        if (n % 50 == 1) continue;
        check(told[n] == 1 || told[n] == -1, "a record was told of more than once, or not at all");
        if (told[n] == -1)
            ++missing;
        else
            check(said.emplace(sequences[n], n).second, "one number was given twice");
    }
    check(missing == refused, "what was refused was told of");
    check(counts.written + counts.dropped == counts.offered, "an offered record is not counted");
    hold(folder, said, {});
    std::printf("%llu threads: %zu records told of once, %llu refused by a full queue, %llu dropped\n",
                static_cast<unsigned long long>(kThreads), said.size(), static_cast<unsigned long long>(missing),
                static_cast<unsigned long long>(counts.dropped));
}

/// Several programs use the same names at once; only one gets each name.
void race(const std::string& root) {
    constexpr int kPrograms = 3, kNames = 60;
    const std::string folder = root + "/race";
    auto* won = static_cast<std::atomic<int>*>(
        mmap(nullptr, kNames * sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::vector<pid_t> children;
    for (int p = 0; p < kPrograms; ++p) {
        const pid_t child = fork();
        if (child == 0) {
            Ledger ledger = must(Ledger::open(folder, small()), "open");
            for (int n = 0; n < kNames; ++n) {
                const Appended appended = must(ledger.append(record_of(n)), "append");
                if (appended.outcome == Appended::Outcome::Recorded) ++won[n];
            }
            std::_Exit(0);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a program that raced failed");
    }
    for (int n = 0; n < kNames; ++n) check(won[n] == 1, "a name was used " + std::to_string(won[n]) + " times");
    std::printf("%d programs raced for %d names: each was used once\n", kPrograms, kNames);
}

/// Runs as the user nobody, who may read but not write, because root may write everywhere.
void read_only(const std::string& root) {
    const std::string folder = root + "/read-only";
    {
        check(must(Ledger::open(folder), "open").append(record_of(1)).has_value(), "append");
    }
    for (const auto& each : std::filesystem::directory_iterator(folder)) chmod(each.path().c_str(), 0444);
    chmod(folder.c_str(), 0555);
    chmod(root.c_str(), 0755);
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) std::_Exit(2);
        const auto written = Ledger::open(folder);
        check(!written && written.error().code == "G0002", "a read-only folder was opened to write");
        check(verify(folder, {}, nullptr)->records == 1, "a read-only folder cannot be verified");
        check(Inquiry::open(folder).has_value(), "a read-only folder cannot be asked");
        std::_Exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    chmod(folder.c_str(), 0755);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "read-only");
    std::printf("a read-only folder is read and not written\n");
}

}  // namespace

int main(int argc, char** argv) {
    int rounds = 50;
    unsigned seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::atoi(argv[i + 1]);
        if (std::strcmp(argv[i], "--seed") == 0) seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
    }
    std::string root = (std::filesystem::temp_directory_path() / "writ-faults-XXXXXX").string();
    check(mkdtemp(root.data()) != nullptr, "a folder to work in");
    std::printf("seed %u\n", seed);
    std::fflush(stdout);
    kills(root, rounds, seed);
    std::fflush(stdout);
    crowd(root);
    std::fflush(stdout);
    race(root);
    std::fflush(stdout);
    read_only(root);
    std::filesystem::remove_all(root);
    return 0;
}

// Tests that deciding makes no system call. A child process decides thousands of requests, bound beforehand and from
// JSON, while the kernel kills it at the first call other than read, write and exit (seccomp, strict mode).
// usage: no_system_call {BUNDLE REQUEST.json}…
// Exit code 77, skipped: the system has no such mode.
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "writ/evaluator.h"

namespace {

using namespace writ;

constexpr std::size_t kVariants = 2'000;
constexpr int kWarmUp = 10;

std::string read_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Requests for one bundle: the first is the given one; in the others a few bytes are changed.
struct Case {
    Bundle bundle;
    std::vector<std::string> documents;
};

std::vector<std::string> variants(const std::string& document, std::mt19937_64& random) {
    constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz-/:.\"{}[],\\ ";
    std::vector<std::string> out{document};
    while (out.size() < kVariants) {
        std::string& next = out.emplace_back(document);
        for (std::uint64_t changes = 1 + random() % 2; changes > 0; --changes) {
            char& at = next[random() % next.size()];
            // Digits stay digits, so that most are still requests.
            if (at >= '0' && at <= '9')
                at = kLetters[random() % 10];
            else if (at >= 'a' && at <= 'z')
                at = random() % 8 != 0 ? kLetters[10 + random() % 26] : kLetters[random() % kLetters.size()];
        }
    }
    return out;
}

/// The child's report: that it reached the end, and the counts of its decisions.
struct Told {
    std::uint32_t permits = 0, denies = 0, approvals = 0, refused = 0;
};

enum class Way { Bound, Json, First, Stray };

/// One evaluator, one request that is bound repeatedly, and requests that stay bound.
struct Engine {
    explicit Engine(const Bundle& bundle) : request(Layers(bundle)), evaluator(Layers(bundle)) {}
    void decide(const Request& of, Told& told) {
        evaluator.evaluate(of, decision);
        (decision.effect == Effect::Permit ? told.permits
         : decision.effect == Effect::Deny ? told.denies
                                           : told.approvals) += 1;
    }
    void decide(const std::string& json, Told& told) {
        told.refused += request.parse(json) ? 0 : 1;
        decide(request, told);
    }

    Request request;
    Evaluator evaluator;
    Decision decision;
};

/// Makes the allocator hold enough memory for any request, so that it makes no system call.
void keep_memory() {
    constexpr std::size_t kRoom = 64u << 20;
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);
    mallopt(M_MMAP_MAX, 0);
    void* volatile room = std::malloc(kRoom);  // volatile: otherwise the compiler removes both calls
    std::free(room);
}

[[noreturn]] void leave(int code) {
    syscall(SYS_exit, code);
    __builtin_unreachable();
}

/// Decides everything while the kernel allows no call. Requires: a separate process.
[[noreturn]] void decide_all(const std::vector<Case>& cases, Way way, int pipe) {
    std::vector<std::unique_ptr<Engine>> engines;
    std::vector<std::vector<Request>> bound;
    Told told;
    if (way == Way::First) keep_memory();
    for (const Case& each : cases) {
        Engine& engine = *engines.emplace_back(std::make_unique<Engine>(each.bundle));
        std::vector<Request>& requests = bound.emplace_back();
        if (way == Way::First) continue;
        // Forms of documents are stored only sometimes, so it takes several rounds until
        // all memory for them is allocated.
        for (int round = 0; round < (way == Way::Bound ? 1 : kWarmUp); ++round)
            for (const std::string& json : each.documents) engine.decide(json, told);
        if (way != Way::Bound) continue;
        for (const std::string& json : each.documents)
            if (Request request{Layers(each.bundle)}; request.parse(json)) requests.push_back(std::move(request));
        for (const Request& request : requests) engine.decide(request, told);
    }
    told = {};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) leave(77);

    if (way == Way::Stray) (void)getppid();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (way == Way::Bound)
            for (const Request& request : bound[i]) engines[i]->decide(request, told);
        else if (way == Way::First)
            engines[i]->decide(cases[i].documents.front(), told);
        else
            for (const std::string& json : cases[i].documents) engines[i]->decide(json, told);
    }
    const bool said = write(pipe, &told, sizeof told) == sizeof told;
    leave(said ? 0 : 1);
}

/// Exit code of the child, or -1 if it was killed.
int run(const std::vector<Case>& cases, Way way, Told& told) {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    const pid_t child = fork();
    if (child == 0) decide_all(cases, way, ends[1]);
    close(ends[1]);
    const bool heard = read(ends[0], &told, sizeof told) == sizeof told;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status)) return -1;
    return WEXITSTATUS(status) != 0 || heard ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc % 2 == 0) return std::fprintf(stderr, "usage: no_system_call {BUNDLE REQUEST.json}...\n"), 2;
    std::mt19937_64 random(1);
    std::vector<Case> cases;
    for (int i = 1; i < argc; i += 2) {
        const std::string sealed = read_file(argv[i]);
        auto bundle = Bundle::load(std::as_bytes(std::span(sealed)));
        if (!bundle) return std::fprintf(stderr, "%s: %s\n", argv[i], bundle.error().message.c_str()), 2;
        cases.push_back({std::move(*bundle), variants(read_file(argv[i + 1]), random)});
    }
    struct {
        Way way;
        const char* name;
    } constexpr kWays[] = {
        {Way::Bound, "facts bound"}, {Way::Json, "from JSON"}, {Way::First, "first, with memory at hand"}};
    bool held = true;
    for (const auto& [way, name] : kWays) {
        Told told;
        const int code = run(cases, way, told);
        if (code == 77) return std::printf("skipped: no strict mode here\n"), 77;
        std::printf("%s: %s; %u permits, %u denies, %u need approval, %u of them refused requests\n", name,
                    code == 0  ? "no call"
                    : code < 0 ? "KILLED at a call"
                               : "failed",
                    told.permits, told.denies, told.approvals, told.refused);
        held = held && code == 0 && told.permits > 0 && (way == Way::First || told.denies > 0);
    }
    // Shows that the test works: one system call kills the child.
    Told told;
    if (run(cases, Way::Stray, told) != -1) held = false, std::printf("a call went unnoticed\n");
    return held ? 0 : 1;
}

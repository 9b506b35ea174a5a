// The `writ` program: runs the verb, and makes sure that every failure has an exit code other than 0.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "cli/command/parser.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"

namespace {

using namespace writ::cli;

enum class Colour : std::uint8_t { Auto, Always, Never };

bool set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

bool colour_for(Colour choice, int stream) {
    switch (choice) {
        case Colour::Always: return true;
        case Colour::Never: return false;
        case Colour::Auto: break;
    }
    const char* term = std::getenv("TERM");
    const bool dumb = term != nullptr && std::string_view(term) == "dumb";
    return !dumb && !set("NO_COLOR") && isatty(stream) == 1;
}

constexpr char kWrite[] = "Write policies", kDecide[] = "Decide", kLetIn[] = "Review changes", kOperate[] = "Operate";

/// The order of verbs in help.
const std::pair<void (*)(Command&), std::string_view> kVerbs[] = {
    {add_new, kWrite},
    {add_import, kWrite},
    {add_check, kWrite},
    {add_compile, kWrite},
    {add_fmt, kWrite},
    {add_eval, kDecide},
    {add_explain, kWrite},
    {add_search, kDecide},
    {add_lint, kWrite},
    {add_test, kWrite},
    {add_request, kDecide},
    {add_diff, kLetIn},
    {add_gate, kLetIn},
    {add_ledger, kOperate},
    {add_replay, kOperate},
    {add_store, kOperate},
    {add_serve, kOperate},
    {add_healthcheck, kOperate},
    {add_keys, kOperate},
    {add_completion, "This program"},
    {add_commands, Command::kHidden},
};

Exit run(int argc, char** argv) {
    Command program("writ", "Decides whether an agent may get a credential for this run, and how narrow it is.");
    program.version("writ " WRIT_VERSION);
    program.footer =
        "Exit codes: 0 ok or permit, 1 deny, needs approval or a failed check,\n"
        "2 usage, 3 invalid policy or request, 4 file or stream, 70 internal.";
    Colour colour = Colour::Auto;
    program.choice("--color", "When to use colour", colour,
                   {{"auto", Colour::Auto}, {"always", Colour::Always}, {"never", Colour::Never}});
    bool quiet = false;
    program.flag("-q,--quiet", "Print only results and errors", quiet);
    for (const auto& [add, group] : kVerbs) {
        add(program);
        program.verbs.back().group = group;
    }
    const ParsedLine line = parse(program, argc, argv);
    print_result(line.said);
    print_note(line.problem);
    if (line.verb == nullptr) return line.problem.empty() ? Exit::Ok : Exit::Usage;
    return line.verb->run({colour_for(colour, STDOUT_FILENO), colour_for(colour, STDERR_FILENO), quiet});
}

}  // namespace

int main(int argc, char** argv) {
    // If the reader of stdout is gone, report an error instead of dying of a signal.
    std::signal(SIGPIPE, SIG_IGN);
    // The same for a file that exceeds the size limit.
    std::signal(SIGXFSZ, SIG_IGN);
    Exit code = Exit::Internal;
    try {
        code = run(argc, argv);
    } catch (const std::exception& e) {
        print_note(fmt::format("error: internal: {}\n", safe(e.what())));
    } catch (...) {
        print_note("error: internal\n");
    }
    return static_cast<int>(finish(code));
}

// The `writ` program: picks the verb, and sees to it that nothing but success ends as success.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/help.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/text.h"
#include "cli/verbs.h"

namespace {

using namespace writ::cli;

enum class Colour { Auto, Always, Never };

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

/// Where a verb stands in the program's help.
constexpr std::pair<std::string_view, std::string_view> kGroups[] = {
    {"new", "Write policies"},     {"check", "Write policies"},  {"compile", "Write policies"}, {"fmt", "Write policies"},
    {"lint", "Write policies"},    {"test", "Write policies"},   {"explain", "Write policies"}, {"diff", "Let changes in"},
    {"gate", "Let changes in"},    {"eval", "Decide"},           {"search", "Decide"},          {"request", "Decide"},
    {"store", "Operate"},          {"keys", "Operate"},          {"ledger", "Operate"},         {"replay", "Operate"},
    {"completion", "This program"},
};

void arrange(CLI::App& app) {
    for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        for (const auto& [name, group] : kGroups)
            if (verb->get_name() == name) verb->group(std::string(group));
}

Exit run(int argc, char** argv) {
    CLI::App app("Decides whether an agent, now and for this run, may get a credential, and how narrow.", "writ");
    app.set_version_flag("--version", "writ " WRIT_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    lay_out_help(app);
    Colour colour = Colour::Auto;
    const std::map<std::string, Colour> choices{{"auto", Colour::Auto}, {"always", Colour::Always}, {"never", Colour::Never}};
    app.add_option("--color", colour, "When to use colour")->transform(one_of(choices))->option_text("auto|always|never");
    bool quiet = false;
    app.add_flag("-q,--quiet", quiet, "Say only what was asked for, and errors");
    app.footer("Exit codes: 0 ok or permit, 1 deny, needs approval or a failed check,\n"
               "2 usage, 3 invalid policy or request, 4 file or stream, 70 internal.");
    Verb verb;
    add_new(app, verb);
    add_check(app, verb);
    add_compile(app, verb);
    add_fmt(app, verb);
    add_eval(app, verb);
    add_explain(app, verb);
    add_search(app, verb);
    add_lint(app, verb);
    add_test(app, verb);
    add_request(app, verb);
    add_diff(app, verb);
    add_gate(app, verb);
    add_ledger(app, verb);
    add_replay(app, verb);
    add_store(app, verb);
    add_keys(app, verb);
    add_completion(app, verb);
    arrange(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help and --version
        std::ostringstream out;
        app.exit(asked, out, out);
        print_result(out.str());
        return Exit::Ok;
    } catch (const CLI::ParseError& wrong) {
        print_note(usage_problem(app, wrong));
        return Exit::Usage;
    }
    return verb({colour_for(colour, STDOUT_FILENO), colour_for(colour, STDERR_FILENO), quiet});
}

}  // namespace

int main(int argc, char** argv) {
    // A reader that went away is an error to report, not a signal to die of.
    std::signal(SIGPIPE, SIG_IGN);
    // So is a file that may not grow.
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

// The verbs of the `writ` program. Each adds its subcommand and leaves in `chosen` what to do when
// it is the one asked for. Not here: anything that compiles or decides, which is include/writ's.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace writ::cli {

/// What the program ends with; docs/cli.md.
enum class Exit : int {
    Ok = 0,        ///< checked, permitted, all tests passed
    Negative = 1,  ///< denied, needs approval, a test failed, a lint found something, the store refused
    Usage = 2,
    Invalid = 3,   ///< the policy or the request is not valid
    Io = 4,        ///< a file, a stream or the store; the message names it
    Internal = 70,
};

struct Terminal {
    bool colour_out = false;
    bool colour_err = false;
    bool quiet = false;  ///< nothing on stderr but errors, and no line that only says that all is well
};

using Verb = std::function<Exit(const Terminal&)>;

void add_new(CLI::App& app, Verb& chosen);
void add_check(CLI::App& app, Verb& chosen);
void add_compile(CLI::App& app, Verb& chosen);
void add_fmt(CLI::App& app, Verb& chosen);
void add_eval(CLI::App& app, Verb& chosen);
void add_explain(CLI::App& app, Verb& chosen);
void add_search(CLI::App& app, Verb& chosen);
void add_lint(CLI::App& app, Verb& chosen);
void add_test(CLI::App& app, Verb& chosen);
void add_request(CLI::App& app, Verb& chosen);
void add_diff(CLI::App& app, Verb& chosen);
void add_gate(CLI::App& app, Verb& chosen);
void add_ledger(CLI::App& app, Verb& chosen);
void add_replay(CLI::App& app, Verb& chosen);
void add_store(CLI::App& app, Verb& chosen);
void add_keys(CLI::App& app, Verb& chosen);
/// `app` is the whole program, and outlives the verb.
void add_completion(CLI::App& app, Verb& chosen);

}  // namespace writ::cli

// The program's verbs and options as data, read off what the parser itself goes by: for completion and manual pages.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace writ::cli {

/// An option, or where `names` is one word without dashes, an argument that stands by itself.
struct CommandOption {
    std::vector<std::string> names;    ///< `-L`, `--ledger`
    std::string value;                 ///< what it takes, as help writes it: `FILE|-`; empty: nothing
    std::string description;
    bool required = false;
    std::vector<std::string> choices;  ///< the words it takes, if it takes no others
    bool file = false;                 ///< it takes files or folders
};

struct Command {
    std::string name, description;
    std::vector<CommandOption> options, arguments;
    std::vector<Command> verbs;
};

/// Hidden verbs and options are left out.
[[nodiscard]] Command command_tree(const CLI::App& app);

}  // namespace writ::cli

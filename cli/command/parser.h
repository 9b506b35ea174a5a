// Parses a command line with the table of verbs and options. Only its source includes the parser library.
#pragma once

#include <string>

#include "cli/command/command.h"

namespace writ::cli {

/// The result of parsing; one of the three members is set.
struct ParsedLine {
    const Command* verb = nullptr;  ///< the verb to run; its options have been read
    std::string said;               ///< the text to print instead: help, or the version
    std::string problem;            ///< why the line is wrong, with a suggestion and where to find help
};

/// Stores the values of the options, and sets `given` in each option.
[[nodiscard]] ParsedLine parse(Command& program, int argc, char** argv);

}  // namespace writ::cli

// Reads a command line by the program's table of verbs and options. The one place that knows the library which does it.
#pragma once

#include <string>

#include "cli/command/command.h"

namespace writ::cli {

/// One of three is set.
struct Parsed {
    const Command* verb = nullptr;  ///< what to run, its options read
    std::string said;               ///< what was asked for instead: help, or the version
    std::string problem;            ///< why the line was not understood, with what was probably meant and where to look
};

/// Fills what the options are bound to, and says of each whether it was given.
[[nodiscard]] Parsed parse(Command& program, int argc, char** argv);

}  // namespace writ::cli

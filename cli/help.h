// What the program says of itself: how help is laid out, and what was wrong with a command line.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace writ::cli {

/// Columns that fit a terminal, and of what stands by itself only what can be typed. For verbs that are added
/// afterwards too.
void lay_out_help(CLI::App& program);

/// Why a command line was not understood, with the verb or option that was probably meant, and where to look.
[[nodiscard]] std::string usage_problem(const CLI::App& program, const CLI::ParseError& wrong);

}  // namespace writ::cli

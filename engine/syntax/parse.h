// Text to tree. The only part of Writ that knows ANTLR, and only in parse.cpp.
#pragma once

#include <string>
#include <string_view>

#include "base/report.h"
#include "syntax/ast.h"

namespace writ::syntax {

class TreeReader;

/// Parses one source file.
/// Input:    source: its index among the sources; text: outlives the tree.
/// Output:   every declaration that could be understood; the tree of what could not is left out.
/// Errors:   E0101-E0104, E0111 to the report; ANTLR's exceptions never leave.
/// `reader`, if any, sees every part as it is parsed; what it saw counts only if there are no errors.
[[nodiscard]] ast::File parse(std::uint32_t source, std::string_view text, std::uint32_t max_depth, Report& report,
                              TreeReader* reader = nullptr);

/// One token a line: `line:column KIND text`.
[[nodiscard]] std::string dump_tokens(std::string_view text);

/// An indented listing of the tree, stable enough for golden files.
[[nodiscard]] std::string dump_ast(const ast::File& file);
/// The listing of one declaration without its doc comment and `export`: what it says.
[[nodiscard]] std::string dump_ast(const ast::Decl& decl);

}  // namespace writ::syntax

// Parses source text to a syntax tree. ANTLR's types do not appear here; only this folder's private sources use them.
#pragma once

#include <string>
#include <string_view>

#include "base/report.h"
#include "syntax/ast.h"

namespace writ::syntax {

class TreeReader;

/// Parses one source file.
/// Input:    source: its index among the sources; text: outlives the tree; reader: if not null, it sees every part
/// when it is parsed; its result is valid only if there are no errors.
/// Output:   every declaration that could be parsed; the others are left out.
/// Errors:   E0101-E0104, E0111 to the report. ANTLR's exceptions do not escape.
[[nodiscard]] ast::SourceFile parse(std::uint32_t source, std::string_view text, std::uint32_t max_depth,
                                    Report& report, TreeReader* reader = nullptr);

/// One line per token: `line:column KIND text`.
[[nodiscard]] std::string dump_tokens(std::string_view text);

/// An indented listing of the tree, stable enough for golden files.
[[nodiscard]] std::string dump_ast(const ast::SourceFile& file);
/// The listing of one declaration without its doc comment and `export`.
[[nodiscard]] std::string dump_ast(const ast::Decl& decl);

}  // namespace writ::syntax

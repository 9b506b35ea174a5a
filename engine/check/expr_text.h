// Typed expressions as an author would write them: one text for one meaning, whatever the source looked like.
// Not here: what they come to (reference.h).
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "check/typed.h"

namespace writ::check {

/// The name of the module that a source belongs to.
[[nodiscard]] std::string module_of(const check::Policy& policy, std::uint32_t source);

/// Names that several modules give to things of one kind. Where one of these is meant, its module is said.
struct SharedNames {
    using Names = std::set<std::string, std::less<>>;
    Names tools, issuers, tables, enums, kinds;
};

/// The text of an expression, for people. Definitions are written out, constants stand on the right of a comparison,
/// sets and the operands of `and` and `or` are sorted. Whether two expressions mean the same is for keys to say
/// (structure_key.h).
/// Input:  table: whose columns the rule's own row has; none outside a template.
[[nodiscard]] std::string expr_text(const check::Policy& policy, const check::Expr& expr, check::TableId table = {},
                                    const SharedNames& shared = {});
/// The name of a tool, issuer or table, with its module where the name alone is shared.
template <class Item>
[[nodiscard]] std::string told_name(const check::Policy& policy, const Item& item, const SharedNames::Names& shared) {
    return shared.contains(item.name) ? module_of(policy, item.span.source) + "." + item.name : item.name;
}

/// The names on the way to a field, from below the root of its schema or the list whose element it is in.
[[nodiscard]] std::vector<std::string_view> field_steps(const check::Policy& policy, check::FieldId field);

/// A value of a type, an integer being what stands for it.
[[nodiscard]] std::string scalar_text(const check::Policy& policy, const check::Type& type, std::int64_t value);
/// `{ a, b }`, or `{}`.
[[nodiscard]] std::string braced(const std::vector<std::string>& items);
/// Text as an author writes it, with its quotes.
[[nodiscard]] std::string literal(std::string_view text);
/// A cell of a table.
[[nodiscard]] std::string cell_text(const check::Policy& policy, const check::Type& type, const check::Cell& cell);

/// The source text of a span, white space runs as one space, comments left out.
[[nodiscard]] std::string source_line(const check::Policy& policy, Span span);

}  // namespace writ::check

// Typed expressions as text: expressions with the same meaning have the same text, independent of the source.
// Not here: evaluation (reference.h).
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "check/typed.h"

namespace writ::check {

/// The name of a source's module.
[[nodiscard]] std::string module_of(const check::Policy& policy, std::uint32_t source);

/// Names that several modules use for things of one kind. Such a thing is written with its module.
struct SharedNames {
    using Names = std::set<std::string, std::less<>>;
    Names tools, issuers, tables, enums, kinds;
};

/// The text of an expression, for people. Definitions are expanded, constants are on the right of a comparison, and
/// sets and the operands of `and` and `or` are sorted. To find out whether two expressions mean the same, compare
/// keys (structure_key.h).
/// Input:  table: the table whose columns the rule's own row has; none outside a template.
[[nodiscard]] std::string expr_text(const check::Policy& policy, const check::Expr& expr, check::TableId table = {},
                                    const SharedNames& shared = {});
/// The name of a tool, issuer or table, with its module if the name alone is shared.
template <class Item>
[[nodiscard]] std::string told_name(const check::Policy& policy, const Item& item, const SharedNames::Names& shared) {
    return shared.contains(item.name) ? module_of(policy, item.span.source) + "." + item.name : item.name;
}

/// The same for an issuer or a group of issuers.
[[nodiscard]] std::string told_issuer(const check::Policy& policy, check::IssuerId id, const SharedNames& shared);

/// The names on the path to a field, from below the root of its schema or of the list that contains it.
[[nodiscard]] std::vector<std::string_view> field_steps(const check::Policy& policy, check::FieldId field);

/// A value of a type; some types represent it as an integer.
[[nodiscard]] std::string scalar_text(const check::Policy& policy, const check::Type& type, std::int64_t value);
/// `{ a, b }`, or `{}`.
[[nodiscard]] std::string braced(const std::vector<std::string>& items);
/// Text as in a policy, with quotes.
[[nodiscard]] std::string literal(std::string_view text);
/// A cell of a table.
[[nodiscard]] std::string cell_text(const check::Policy& policy, const check::Type& type, const check::Cell& cell);

/// A time of day: `08:00`, or `08:00:30`. Input: seconds after midnight.
[[nodiscard]] std::string clock_text(std::uint32_t seconds);
/// The window that an InWindow tests: `08:00..18:00 "UTC" on mon..fri`.
[[nodiscard]] std::string window_text(const check::Policy& policy, const check::Expr& test);

/// Text of a policy with each run of white space as one space, and without comments.
[[nodiscard]] std::string one_line(std::string_view text);
/// The same of the source text of a span.
[[nodiscard]] std::string source_line(const check::Policy& policy, Span span);

}  // namespace writ::check

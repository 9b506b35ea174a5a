// Types, comparisons and paths of the typed policy: their relations and their spelling.
// Not here: the meaning of names (context.h).
#pragma once

#include <string>
#include <string_view>

#include "base/quoted.h"
#include "check/typed.h"

namespace writ::check {

[[nodiscard]] inline bool is_string_kind(Kind kind) {
    return kind == Kind::String || kind == Kind::Path || kind == Kind::Subject || kind == Kind::Dotted;
}
[[nodiscard]] inline bool is_group(const Type& type) {
    return type.kind == Kind::Record || type.kind == Kind::Map;
}
using writ::spelling_of;
[[nodiscard]] Type scalar(Kind kind);
/// A text that names something.
[[nodiscard]] Type naming(Referent names);
[[nodiscard]] Type list_of(const Type& element, std::size_t max);
[[nodiscard]] Type element_of(const Type& list);
/// Whether values of the types can be compared. Records never can.
[[nodiscard]] bool comparable(const Type& a, const Type& b);
[[nodiscard]] std::string describe(const Policy& policy, const Type& type);
/// A value of the type, in a sentence: "an int", "a set<string>", "a value of `outcome`".
[[nodiscard]] std::string describe_one(const Policy& policy, const Type& type);
/// "a" or "an". For the language's own words; names that users give follow no rule.
[[nodiscard]] std::string_view article_of(std::string_view word);
/// Child of a record with a name; none if there is none.
[[nodiscard]] FieldId child_of(const Policy& policy, FieldId record, std::string_view name);
/// Appends a step of a path in a policy, as written in policies.
void append_field(std::string& path, std::string_view name);
void append_key(std::string& path, std::string_view key);
/// "tool", "issuer".
[[nodiscard]] std::string_view noun_of(Referent names);

}  // namespace writ::check

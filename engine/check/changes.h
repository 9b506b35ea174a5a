// Changes that fixtures and tests make to request documents: the place of a change, its value, and its application.
// Private to check/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "check/expr.h"

namespace writ::check {

/// One step into a document: a member of an object, or a position in a list.
struct ChangeStep {
    std::string name;  ///< of the member; of a position, its digits
    bool element = false;
};

/// The place of a change. Without steps after an error, which has been reported.
struct ChangePlace {
    std::vector<ChangeStep> steps;
    Type type;
    bool typed = false;  ///< whether `type` is known; not for claims and parameters, which depend on the document
};
[[nodiscard]] ChangePlace place_of(Context& c, std::uint32_t module, const std::vector<ast::PathStep>& path);

/// Sets one place and makes the objects on the path, or removes it if it exists. A position must exist, except that
/// a value is appended at the first free one. Output: false after an error, which has been reported.
[[nodiscard]] bool change(Context& c, std::uint32_t module, json::Value& document, const ChangePlace& place, Span span,
                          const ast::Data& data);
/// Applies changes in their order, and gives what they set the form of the schema.
[[nodiscard]] bool change_all(Context& c, std::uint32_t module, json::Value& document,
                              const std::vector<ast::FixtureChange>& changes);
/// Gives each `{ }` at a changed place the form that the schema requires: an empty list for a list or a set, otherwise
/// an empty object.
void shape(const Context& c, json::Value& document, const ChangePlace& place);

/// The value of a definition. Output: null after an error, which has been reported: the name is unknown or is no
/// definition, or its value is not constant or not of the type wanted. `want`: null if any type will do. `in_request`:
/// the value is one of a request, where an int may stand for a moment or a duration.
[[nodiscard]] const Expr* value_of_name(Context& c, std::uint32_t module, const ast::QualifiedName& name,
                                        const Type* want, bool in_request = false);
/// The texts of a constant set.
[[nodiscard]] std::vector<std::string> texts_of(const Expr& set);

}  // namespace writ::check

// What the AuthZEN API is asked, as parts of a JSON document that are checked, and the answers that it has in common.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "serve/http.h"
#include "serve/rules.h"

namespace writ::serve {

[[nodiscard]] HttpAnswer answer_with(const json::Value& body);
/// An error of the API: one line of text.
[[nodiscard]] HttpAnswer api_error(unsigned status, std::string_view why);

/// A member that is there and not null.
[[nodiscard]] const json::Value* member(const json::Value& object, std::string_view key);
/// What is wrong with an entity; empty: nothing. `required` are members that must be text.
[[nodiscard]] std::string wrong_entity(const json::Value* entity, std::string_view name,
                                       std::initializer_list<std::string_view> required);
/// What is wrong with a member that is an object, if it is there.
[[nodiscard]] std::string wrong_object(const json::Value* value, std::string_view name);

/// The parts of one evaluation, before they are checked.
struct QuestionParts {
    const json::Value *subject = nullptr, *action = nullptr, *resource = nullptr, *context = nullptr;

    explicit QuestionParts(const json::Value& request);
    /// What the element of a batch states replaces the default as a whole.
    QuestionParts(const json::Value& element, const QuestionParts& defaults);
    /// Output: empty if it is a question.
    [[nodiscard]] std::string wrong() const;
    /// Requires: wrong() is empty.
    [[nodiscard]] AccessQuestion question() const;
};

/// The body as an object, or the answer that refuses it.
[[nodiscard]] std::variant<json::Value, HttpAnswer> object_of(std::string_view body, std::size_t most_members);

}  // namespace writ::serve

// The kinds of values in the language, shared by checker, compiler and evaluator. The list is kinds.def.
#pragma once

#include <cstdint>
#include <string_view>

#include "writ/request.h"

namespace writ {

enum class Kind : std::uint8_t {
#define KIND(name, spelling, rep, seps) name,
#include "base/kinds.def"
};

enum class Rep : std::uint8_t { I64, Text, Group };

// Not inside a function, because then each call would copy the table to the stack.
namespace kinds {
constexpr Rep kReps[] = {
#define KIND(name, spelling, rep, seps) Rep::rep,
#include "base/kinds.def"
};
constexpr std::string_view kNames[] = {
#define KIND(name, spelling, rep, seps) spelling,
#include "base/kinds.def"
};
constexpr std::string_view kSeparators[] = {
#define KIND(name, spelling, rep, seps) seps,
#include "base/kinds.def"
};
constexpr bool kTyped[] = {
#define TYPED_KIND(...) true,
#define KIND(...) false,
#include "base/kinds.def"
};
}  // namespace kinds

/// How values of a kind are represented.
constexpr Rep rep_of(Kind kind) {
    return kinds::kReps[static_cast<unsigned>(kind)];
}
/// The name of a kind in policies.
constexpr std::string_view spelling_of(Kind kind) {
    return kinds::kNames[static_cast<unsigned>(kind)];
}
/// The bytes at which `like` splits text of a kind into segments; empty: no segments.
constexpr std::string_view separators_of(Kind kind) {
    return kinds::kSeparators[static_cast<unsigned>(kind)];
}

/// Whether only text in a canonical form is a value of a kind.
constexpr bool is_typed_text(Kind kind) {
    return kinds::kTyped[static_cast<unsigned>(kind)];
}

/// Longest text that rules read, in bytes: the default if the field declares no `max`, and the largest `max`. The
/// latter is also the limit for all texts of a list together.
constexpr std::uint32_t kDefaultText = 2048, kMaxText = 16u << 10;

/// Deepest nesting of quantifiers.
constexpr std::uint32_t kMaxBinders = 8;

/// The most words in a text of so many bytes: each has a byte, and a space before it.
constexpr std::uint64_t most_words(std::uint64_t bytes) {
    return bytes / 2 + 1;
}

/// A named part of typed text. The list is parts.def.
enum class Part : std::uint8_t {
#define PART(name, ...) name,
#include "base/parts.def"
};
constexpr std::uint32_t kPartCount = 0
#define PART(...) +1
#include "base/parts.def"
    ;

enum class Cmp : std::uint8_t { Eq, Ne, Lt, Le, Gt, Ge };

enum class RuleKind : std::uint8_t { Permit, Deny, Require, Limit, Oblige };

/// The keyword of a kind of rule.
constexpr std::string_view spelling_of(RuleKind kind) {
    constexpr std::string_view kNames[] = {"permit", "deny", "require", "limit", "oblige"};
    return kNames[static_cast<unsigned>(kind)];
}

}  // namespace writ

// The comparison operators and their meaning, and the tests of texts, for all rooms. Not here: all operators of typed
// expressions (check/operators.h). The reference evaluator has its own definition of comparisons.
#pragma once

#include <string_view>

#include "base/kind.h"

namespace writ {

constexpr std::string_view spelling_of(Cmp cmp) {
    constexpr std::string_view kSpellings[] = {"==", "!=", "<", "<=", ">", ">="};
    return kSpellings[static_cast<unsigned>(cmp)];
}
/// Whether the comparison of two values is true.
template <class T>
constexpr bool compares(Cmp cmp, const T& left, const T& right) {
    switch (cmp) {
        case Cmp::Eq: return left == right;
        case Cmp::Ne: return left != right;
        case Cmp::Lt: return left < right;
        case Cmp::Le: return left <= right;
        case Cmp::Gt: return left > right;
        case Cmp::Ge: return left >= right;
    }
    return false;
}
/// The comparison that is true exactly if this one is false.
constexpr Cmp negated(Cmp cmp) {
    constexpr Cmp kNegated[] = {Cmp::Ne, Cmp::Eq, Cmp::Ge, Cmp::Gt, Cmp::Le, Cmp::Lt};
    return kNegated[static_cast<unsigned>(cmp)];
}
/// The comparison with its sides exchanged.
constexpr Cmp mirrored(Cmp cmp) {
    constexpr Cmp kMirrored[] = {Cmp::Eq, Cmp::Ne, Cmp::Gt, Cmp::Ge, Cmp::Lt, Cmp::Le};
    return kMirrored[static_cast<unsigned>(cmp)];
}

/// A test of a text. The list is operators.def.
enum class TextTest : std::uint8_t {
#define TEXT_TEST(name, first, last, spelling, operand) name,
#include "base/operators.def"
};

/// The operand of a test of a text.
enum class TextOperand : std::uint8_t { Glob, Regex, Literal };

constexpr std::string_view name_of(TextOperand operand) {
    switch (operand) {
        case TextOperand::Glob: return "glob";
        case TextOperand::Regex: return "regular expression";
        case TextOperand::Literal: return "text";
    }
    return {};
}

namespace operators {
struct TextTestInfo {
    std::string_view spelling;
    TextOperand operand;
};
constexpr TextTestInfo kTextTests[] = {
#define TEXT_TEST(name, first, last, spelling, operand) {spelling, TextOperand::operand},
#include "base/operators.def"
};
}  // namespace operators

constexpr std::string_view spelling_of(TextTest test) {
    return operators::kTextTests[static_cast<unsigned>(test)].spelling;
}
constexpr TextOperand operand_of(TextTest test) {
    return operators::kTextTests[static_cast<unsigned>(test)].operand;
}

}  // namespace writ

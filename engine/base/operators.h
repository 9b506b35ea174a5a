// The operators that syntax, checker and what is behind it tell apart alike. Not here: those of typed expressions,
// which are more (check/typed.h).
#pragma once

#include <string_view>

#include "base/kind.h"

namespace writ {

/// A test of a text. The list is operators.def.
enum class TextTest : std::uint8_t {
#define TEXT_TEST(name, first, last, spelling, operand) name,
#include "base/operators.def"
};

/// What a test of a text has behind it.
enum class TextOperand : std::uint8_t { Glob, Regex, Literal };

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

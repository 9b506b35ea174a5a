// The codes of all errors, by name. The list itself is errors.def.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "writ/diagnostic.h"

namespace writ {

enum class Code : std::uint16_t {
#define ERROR(code, name, exit, page, title) name,
#include "writ/errors.def"
#undef ERROR
};

struct CodeInfo {
    std::string_view code;  ///< "E0203"
    int exit;               ///< exit code of `writ` if this error is the cause
    std::string_view page;  ///< below docs/
    std::string_view title;
};

/// Every code, in the order of Code, which is the order of their texts.
inline constexpr std::array kCodes = {
#define ERROR(code, name, exit, page, title) CodeInfo{#code, exit, page, title},
#include "writ/errors.def"
#undef ERROR
};

static_assert(std::is_sorted(kCodes.begin(), kCodes.end(),
                             [](const CodeInfo& a, const CodeInfo& b) { return a.code < b.code; }));

[[nodiscard]] constexpr const CodeInfo& info(Code code) {
    return kCodes[static_cast<std::size_t>(code)];
}
/// The code as users see it and as in `Error::code`: "E0203".
[[nodiscard]] constexpr std::string_view code_name(Code code) {
    return info(code).code;
}
[[nodiscard]] constexpr std::string_view title(Code code) {
    return info(code).title;
}
[[nodiscard]] constexpr int exit_code(Code code) {
    return info(code).exit;
}
[[nodiscard]] constexpr Severity severity(Code code) {
    return info(code).code.front() == 'W' ? Severity::Warning : Severity::Error;
}

/// The code with a text such as "E0203"; none if no row has it.
[[nodiscard]] constexpr std::optional<Code> find_code(std::string_view text) {
    const auto* at = std::lower_bound(kCodes.begin(), kCodes.end(), text,
                                      [](const CodeInfo& each, std::string_view wanted) { return each.code < wanted; });
    if (at == kCodes.end() || at->code != text) return std::nullopt;
    return static_cast<Code>(at - kCodes.begin());
}

/// Makes an error. `message`: one lower-case sentence. `context`: what it is about: a name, a file or a JSON path.
[[nodiscard]] inline Error failure(Code code, std::string message, std::string context = {}) {
    return {std::string(code_name(code)), std::move(message), std::move(context)};
}

/// The same, as the result of a function that can fail.
[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message, std::string context = {}) {
    return tl::unexpected(failure(code, std::move(message), std::move(context)));
}

}  // namespace writ

// Classes of ASCII characters. They do not depend on the locale.
#pragma once

namespace writ {

[[nodiscard]] constexpr bool is_lower(char32_t c) {
    return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_upper(char32_t c) {
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_letter(char32_t c) {
    return is_lower(c) || is_upper(c);
}
[[nodiscard]] constexpr bool is_digit(char32_t c) {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alnum(char32_t c) {
    return is_letter(c) || is_digit(c);
}

}  // namespace writ

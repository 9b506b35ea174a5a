// Base64: with the standard alphabet (`+` and `/`) and padding, RFC 4648, section 4; and with the alphabet for URLs
// (`-` and
// `_`) and no padding, section 5, as JWS has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace writ {

[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// None: the text contains another character, its padding is wrong, or bits are left over that are not zero.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace writ

// Base64 with the standard alphabet (`+` and `/`) and padding: RFC 4648, section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace writ {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// None: the text contains another character, or its padding is wrong.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace writ

// Base64 as RFC 4648 has it first: `+` and `/`, padded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace writ {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing: the text has another letter, or is not padded as it must be.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace writ

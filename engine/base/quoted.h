// Names and code in messages.
#pragma once

#include <string>
#include <string_view>

namespace writ {

/// In backquotes, as every message writes what a person can find in a source.
[[nodiscard]] inline std::string quoted(std::string_view text) {
    return "`" + std::string(text) + "`";
}

}  // namespace writ

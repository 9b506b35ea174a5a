// The standard library's modules as text, embedded by the build (embed.py). Not here: their meaning (check/).
#pragma once

#include <string_view>
#include <vector>

namespace writ::stdlib {

/// Text of a module by its full name ("std.github"), or empty if there is none.
[[nodiscard]] std::string_view module(std::string_view name);

/// The full names of all modules, sorted.
[[nodiscard]] std::vector<std::string_view> modules();

}  // namespace writ::stdlib

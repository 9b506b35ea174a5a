// The value of an optional that has one by contract. Not here: an optional that may be empty is tested where it is
// used.
#pragma once

#include <cstdlib>
#include <optional>
#include <utility>

namespace writ {

/// Requires: there is a value. If not, the program ends here, and does not go on with memory that holds none.
template <class Value>
[[nodiscard]] constexpr Value& held(std::optional<Value>& optional) {
    if (!optional) std::abort();
    return *optional;
}
template <class Value>
[[nodiscard]] constexpr const Value& held(const std::optional<Value>& optional) {
    if (!optional) std::abort();
    return *optional;
}
template <class Value>
[[nodiscard]] constexpr Value held(std::optional<Value>&& optional) {
    if (!optional) std::abort();
    return *std::move(optional);
}

}  // namespace writ

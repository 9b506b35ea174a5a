// The codes of the store. The list itself is errors.def.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "writ/diagnostic.h"

namespace writ::store {

enum class StoreCode : std::uint8_t {
#define STORE_ERROR(code, title, prose) code,
#include "store/errors.def"
#undef STORE_ERROR
};

struct StoreErrorInfo {
    std::string_view code, title, prose;
};

/// Every code, in order of StoreCode.
inline constexpr std::array kStoreErrors = {
#define STORE_ERROR(code, title, prose) StoreErrorInfo{#code, title, prose},
#include "store/errors.def"
#undef STORE_ERROR
};

/// An error of the store: what is wrong in one lower-case sentence, and which name or file it is about.
[[nodiscard]] inline tl::unexpected<Error> fail(StoreCode code, std::string message, std::string context = {}) {
    const StoreErrorInfo& info = kStoreErrors[static_cast<std::size_t>(code)];
    return tl::unexpected(Error{std::string(info.code), std::move(message), std::move(context)});
}

}  // namespace writ::store

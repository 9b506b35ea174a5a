// The codes with which a request document is refused. The list itself is request_errors.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace writ {

enum class RequestCode : std::uint8_t {
#define REQUEST_ERROR(code, title, prose) code,
#include "base/request_errors.def"
#undef REQUEST_ERROR
};

struct RequestErrorInfo {
    std::string_view code, title, prose;
};

/// Every code, in order of RequestCode.
inline constexpr std::array kRequestErrors = {
#define REQUEST_ERROR(code, title, prose) RequestErrorInfo{#code, title, prose},
#include "base/request_errors.def"
#undef REQUEST_ERROR
};

constexpr std::string_view name_of(RequestCode code) {
    return kRequestErrors[static_cast<std::size_t>(code)].code;
}

}  // namespace writ

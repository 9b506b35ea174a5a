// The engine's own reason codes, listed in reasons.def.
#pragma once

#include <cstdint>
#include <string_view>

namespace writ::vm {

enum class ReasonCode : std::uint32_t {
#define REASON(code, prose) code,
#include "base/reasons.def"
#undef REASON
};

inline constexpr std::string_view kReasonNames[] = {
#define REASON(code, prose) #code,
#include "base/reasons.def"
#undef REASON
};

constexpr std::string_view name_of(ReasonCode code) {
    return kReasonNames[static_cast<std::size_t>(code)];
}

}  // namespace writ::vm

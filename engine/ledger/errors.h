// The codes of the ledger. The list itself is errors.def.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "writ/diagnostic.h"

namespace writ::ledger {

enum class LedgerCode : std::uint8_t {
#define LEDGER_ERROR(code, title, prose) code,
#include "ledger/errors.def"
#undef LEDGER_ERROR
};

struct LedgerErrorInfo {
    std::string_view code, title, prose;
};

/// Every code, in order of LedgerCode.
inline constexpr std::array kLedgerErrors = {
#define LEDGER_ERROR(code, title, prose) LedgerErrorInfo{#code, title, prose},
#include "ledger/errors.def"
#undef LEDGER_ERROR
};

/// An error of the ledger: what is wrong in one lower-case sentence, and which file it is about.
[[nodiscard]] inline tl::unexpected<Error> fail(LedgerCode code, std::string message,
                                                std::string context = {}) {
    const LedgerErrorInfo& info = kLedgerErrors[static_cast<std::size_t>(code)];
    return tl::unexpected(Error{std::string(info.code), std::move(message), std::move(context)});
}

}  // namespace writ::ledger

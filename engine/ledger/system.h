// What the system says, as the ledger's error: the one place where it gets a code.
#pragma once

#include <utility>

#include "os/files.h"
#include "writ/errors.h"

namespace writ::ledger {

constexpr unsigned kFileMode = 0640;  ///< records tell who did what

/// Errors: G0002; G0042 of a file of a key.
template <class T>
[[nodiscard]] Result<T> checked(os::Outcome<T> outcome) {
    return std::move(outcome).map_error([](os::Failure&& told) {
        const bool key = told.what == os::What::Exposed || told.what == os::What::Malformed;
        return failure(key ? Code::BadLedgerKey : Code::LedgerIoFailed, std::move(told.reason), std::move(told.path));
    });
}

}  // namespace writ::ledger

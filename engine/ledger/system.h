// Converts failures of the system to the ledger's errors and assigns their codes.
#pragma once

#include <utility>

#include "os/files.h"
#include "writ/errors.h"

namespace writ::ledger {

constexpr unsigned kFileMode = 0640;  ///< records show who did what

/// Errors: G0002; G0042 for the file of a key.
template <class T>
[[nodiscard]] Result<T> checked(os::Expected<T> outcome) {
    return std::move(outcome).map_error([](os::Failure&& told) {
        const bool key = told.what == os::What::Exposed || told.what == os::What::Malformed;
        return failure(key ? Code::BadLedgerKey : Code::LedgerIoFailed, std::move(told.reason), std::move(told.path));
    });
}

}  // namespace writ::ledger

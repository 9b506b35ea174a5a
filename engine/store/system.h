// Converts failures of the system to the store's errors and assigns their codes.
#pragma once

#include "os/files.h"
#include "os/sqlite.h"
#include "writ/errors.h"

namespace writ::store {

/// A failure of a file. Errors: S0001 no such file, S0002 it exists, S0007 not writable, S0008 no space, S0009; for a
/// key's file also S0066, S0067.
[[nodiscard]] Error error_of(os::Failure&& failure);
/// A failure of the database: a sentence, followed by SQLite's message. Errors: S0003, S0004, S0006 to S0010.
[[nodiscard]] Error database_error(const os::Failure& failure);

template <class T>
[[nodiscard]] Result<T> checked(os::Expected<T> outcome) {
    return std::move(outcome).map_error([](os::Failure&& failure) { return error_of(std::move(failure)); });
}

}  // namespace writ::store

// What the system says, as the store's error: the one place where it gets a code.
#pragma once

#include "os/files.h"
#include "os/sqlite.h"
#include "writ/errors.h"

namespace writ::store {

/// Of a file. Errors: S0001 nothing there, S0002 something there, S0007 not writable, S0008 no space, S0009; of a
/// key's file also S0066, S0067.
[[nodiscard]] Error error_of(os::Failure&& failure);
/// Of the database, in a sentence of ours with SQLite's words behind it. Errors: S0003, S0004, S0006 to S0010.
[[nodiscard]] Error database_error(const os::Failure& failure);

template <class T>
[[nodiscard]] Result<T> checked(os::Outcome<T> outcome) {
    return std::move(outcome).map_error([](os::Failure&& failure) { return error_of(std::move(failure)); });
}

}  // namespace writ::store

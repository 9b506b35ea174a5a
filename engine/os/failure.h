// Failures of the operating system. Not here: error codes, which each folder assigns in one place.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace writ::os {

/// The kind of failure, as far as callers distinguish it.
enum class What : std::uint8_t {
    Missing,  ///< nothing is at the path
    Exists,   ///< something exists that must not
    Denied,   ///< no permission, or a read-only file system
    NoSpace,
    TooLarge,   ///< more bytes than the caller accepts
    Busy,       ///< another program uses it for longer than the caller waits
    Damaged,    ///< a database with inconsistent pages
    Foreign,    ///< not a database
    Refused,    ///< a database failed for another reason
    Exposed,    ///< users other than the owner may use a secret
    Malformed,  ///< a file with invalid content
    Io,         ///< anything else
};

struct Failure {
    What what = What::Io;
    std::string reason;  ///< text for the middle of a sentence
    std::string path;
};

template <class T>
using Expected = tl::expected<T, Failure>;

/// The system's message, for the middle of a sentence: "no such file or directory".
[[nodiscard]] std::string reason_of(const std::error_code& error);
/// `number`: the value of errno.
[[nodiscard]] tl::unexpected<Failure> failed(int number, const std::string& path);

/// For functions that return another Expected: the failure of a step.
template <class T>
[[nodiscard]] tl::unexpected<Failure> failure_of(Expected<T>& step) {
    return tl::unexpected(std::move(step.error()));
}

}  // namespace writ::os

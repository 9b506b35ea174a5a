// What the system says when it cannot do something. Not here: error codes, which each room gives it in one place.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace writ::os {

/// What happened, as far as anybody asks.
enum class What : std::uint8_t {
    Missing,  ///< there is nothing at the path
    Exists,   ///< something is there that must not be
    Denied,   ///< no permission, or a file system that is only read
    NoSpace,
    TooLarge,   ///< more bytes than the caller takes
    Busy,       ///< another program has it, longer than the caller waits
    Damaged,    ///< a database whose pages contradict each other
    Foreign,    ///< not a database
    Refused,    ///< a database, for a reason of its own
    Exposed,    ///< a secret that others than its owner may use
    Malformed,  ///< a file that is not what it should be
    Io,         ///< anything else
};

struct Failure {
    What what = What::Io;
    std::string reason;  ///< in words, as the middle of a sentence
    std::string path;
};

template <class T>
using Outcome = tl::expected<T, Failure>;

/// The system's words, as the middle of a sentence: "no such file or directory".
[[nodiscard]] std::string reason_of(const std::error_code& error);
/// `number`: what errno was.
[[nodiscard]] tl::unexpected<Failure> failed(int number, const std::string& path);

/// For a function that returns another Outcome: the failure of a step.
template <class T>
[[nodiscard]] tl::unexpected<Failure> failure_of(Outcome<T>& step) {
    return tl::unexpected(std::move(step.error()));
}

}  // namespace writ::os

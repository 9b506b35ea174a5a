// The program's output streams and exit codes.
#pragma once

#include <cstdint>

namespace writ::cli {

/// Exit codes; docs/cli.md.
enum class Exit : std::uint8_t {
    Ok = 0,        ///< checked, permitted, all tests passed
    Negative = 1,  ///< denied, needs approval, a test failed, a lint found something, or the store refused
    Usage = 2,
    Invalid = 3,  ///< the policy or the request is not valid
    Io = 4,       ///< a failure of a file, a stream or the store; the message names it
    Internal = 70,
};

struct Terminal {
    bool colour_out = false;
    bool colour_err = false;
    bool quiet = false;  ///< write only errors to stderr, and no line that only reports success
};

}  // namespace writ::cli

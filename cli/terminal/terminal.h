// What the program writes to, and what it ends with.
#pragma once

namespace writ::cli {

/// What the program ends with; docs/cli.md.
enum class Exit : int {
    Ok = 0,        ///< checked, permitted, all tests passed
    Negative = 1,  ///< denied, needs approval, a test failed, a lint found something, the store refused
    Usage = 2,
    Invalid = 3,  ///< the policy or the request is not valid
    Io = 4,       ///< a file, a stream or the store; the message names it
    Internal = 70,
};

struct Terminal {
    bool colour_out = false;
    bool colour_err = false;
    bool quiet = false;  ///< nothing on stderr but errors, and no line that only says that all is well
};

}  // namespace writ::cli

// Files that hold all of what was written to them, or what they held before.
#pragma once

#include <string>
#include <string_view>

#include "writ/diagnostic.h"

namespace writ::store {

/// Reads a file whole.
/// Errors: S0001 no such file, S0009.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

/// Replaces a file durably: a new one is written and synced beside it, renamed over it, and the folder
/// synced. `mode`: its permissions.
/// Errors: S0007, S0008, S0009; the file is as it was.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode);

/// Writes a file that is not there yet, durably.
/// Errors: S0002 something is there; as replace_file().
[[nodiscard]] Result<void> create_file(const std::string& path, std::string_view bytes, unsigned mode);

}  // namespace writ::store

// Files and streams of the program. Results go to stdout, everything else to stderr.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/terminal/terminal.h"
#include "writ/diagnostic.h"

namespace writ::cli {

/// Reads a file, or standard input for `-`. Reads at most one byte more than `limit`, so that the caller can tell
/// that the text is too large.
/// Errors: F0001 with the name in `context`.
[[nodiscard]] Result<std::string> read_input(const std::string& path, std::size_t limit);

/// Writes to standard output for `-`; otherwise replaces a file durably: it has either its old content or all of
/// `bytes`. The mode of the file is kept, and a link stays a link. Devices and pipes are written to directly.
/// Errors: F0001 with the name in `context`.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes);

/// The name of an input of read_input(), for messages.
[[nodiscard]] std::string input_name(const std::string& path);

/// Writes a result to stdout. A failure is remembered and makes the program fail: see finish().
void print_result(std::string_view text);
/// Writes to stderr; failures are ignored.
void print_note(std::string_view text);

/// Writes a note to stderr, unless --quiet is given.
void print_remark(std::string_view text, const Terminal& terminal);

/// Reports an error on stderr: `error[CODE]: message`, and the place. Output: the exit code of the error.
[[nodiscard]] Exit report_error(const Error& error, const std::string& subject, const Terminal& terminal);

/// Flushes stdout. Output: `wanted`, or Io if some result could not be written.
[[nodiscard]] Exit finish(Exit wanted);

}  // namespace writ::cli

// Files and streams of the program. Results go to stdout, everything else to stderr.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/terminal/terminal.h"
#include "writ/diagnostic.h"

namespace writ::cli {

/// Reads a file, or standard input for `-`, up to `limit` bytes and one more, so that the reader of
/// the text can say that it is too large.
/// Errors: F0001 with the name in `context`.
[[nodiscard]] Result<std::string> read_input(const std::string& path, std::size_t limit);

/// Writes to standard output for `-`, else replaces a file: afterwards it holds all of `bytes`, or what it held before.
/// Its mode stays, and a link to it; a device or a pipe is written to. Errors: F0001 with the name in `context`.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes);

/// What to call a file that read_input() reads.
[[nodiscard]] std::string input_name(const std::string& path);

/// What went wrong, as the system says it, in the middle of a sentence.
[[nodiscard]] std::string reason_of(const std::error_code& error);

/// Writes a result. A failure is remembered and makes the program fail: see finish().
void print_result(std::string_view text);
/// Writes to stderr; a failure there has nobody to be told to.
void print_note(std::string_view text);

/// Writes to stderr what is good to know and nothing more; not with --quiet.
void print_remark(std::string_view text, const Terminal& terminal);

/// Says what failed: `error[CODE]: message`, the place, and nothing that looks like a result.
/// Output: the exit code that belongs to the error.
[[nodiscard]] Exit report_error(const Error& error, const std::string& subject, const Terminal& terminal);

/// Flushes stdout. Output: `wanted`, or Io if any result could not be written.
[[nodiscard]] Exit finish(Exit wanted);

}  // namespace writ::cli

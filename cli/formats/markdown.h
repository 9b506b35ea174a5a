// Escapes text for Markdown, including table cells.
#pragma once

#include <string>
#include <string_view>

namespace writ::cli {

/// Text in which nothing is markup.
[[nodiscard]] std::string markdown_text(std::string_view text);
/// A code span, with more backticks than in the text.
[[nodiscard]] std::string markdown_code(std::string_view text);
/// Text inside an HTML element, where Markdown is not interpreted.
[[nodiscard]] std::string markdown_html(std::string_view text);

}  // namespace writ::cli

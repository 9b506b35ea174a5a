// Text in Markdown, fit for the cells of a table.
#pragma once

#include <string>
#include <string_view>

namespace writ::cli {

/// Text of which nothing is markup.
[[nodiscard]] std::string markdown_text(std::string_view text);
/// Between backticks, of which there are more than in the text.
[[nodiscard]] std::string markdown_code(std::string_view text);
/// Inside an element of HTML, where Markdown does not look.
[[nodiscard]] std::string markdown_html(std::string_view text);

}  // namespace writ::cli

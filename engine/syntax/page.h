// The page that the formatter writes on: tokens, and the comments between them. Knows lines, columns and
// blank lines; knows nothing of the grammar.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace writ::syntax {

struct Comment {
    std::string_view text;      ///< with its slashes, without blanks at its end
    bool doc = false;           ///< `///`
    bool trailing = false;      ///< ends a line that a token stands on
    bool blank_before = false;  ///< a blank line stands before it
    bool indented = false;      ///< does not begin its line
    bool inner = false;         ///< closes the declaration before it
};

/// What stands between two tokens: comments, and line ends.
struct Gap {
    std::vector<Comment> comments;
    bool newline = false;       ///< the tokens are not on one line
    bool blank_before = false;  ///< a blank line stands before the second token
};

/// Reads the text between two tokens. `follows`: a token stands before it.
[[nodiscard]] Gap read_gap(std::string_view between, bool follows);

/// Columns that text takes: characters.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// Where blank lines of the source are kept, one for any number.
struct Blanks {
    bool any = false;
    bool before_first = true;  ///< not after an opening bracket
    bool before_token = true;  ///< not before a closing one
};

class Page {
public:
    static constexpr std::size_t kWidth = 100;
    static constexpr std::size_t kStep = 2;

    /// The next token begins a line, the comments before it too.
    void line(std::size_t indent, std::size_t comments_at, Blanks blanks = {});
    void line(std::size_t indent) { line(indent, indent); }
    /// Blanks before the next token, if it stays on the line.
    void space(std::size_t count) { space_ = count; }
    /// Writes comments, then the token. After a comment a line ends whatever was asked for: the token
    /// is then on a line of its own at `hang`, if none was asked for.
    void token(std::string_view text, const Gap& gap, std::size_t hang);
    /// Writes right behind the last token.
    void append(std::string_view text);
    /// Writes the comments after the last token.
    void finish(const Gap& gap);

    /// Where the next token would stand.
    [[nodiscard]] bool starts_line() const { return line_asked_; }
    [[nodiscard]] std::size_t column() const { return line_asked_ ? indent_ : column_ + space_; }
    [[nodiscard]] const std::string& text() const { return out_; }

private:
    void comments(const Gap& gap, std::size_t at);
    void start_line(std::size_t indent, bool blank);

    std::string out_;
    std::size_t column_ = 0;
    std::size_t space_ = 0;
    bool line_asked_ = false;
    bool line_ended_ = false;  ///< by a comment: nothing may follow on the line
    std::size_t indent_ = 0, comments_at_ = 0;
    Blanks blanks_;
};

}  // namespace writ::syntax

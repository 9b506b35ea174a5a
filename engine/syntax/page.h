// The output page of the formatter: tokens, and the comments between them. It handles lines, columns and blank lines,
// and is independent of the grammar.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace writ::syntax {

struct Comment {
    std::string_view text;      ///< with its slashes, without trailing blanks
    bool doc = false;           ///< `///`
    bool trailing = false;      ///< on the same line as the token before it
    bool blank_before = false;  ///< a blank line precedes it
    bool indented = false;      ///< not at the start of its line
    bool inner = false;         ///< inside the declaration before it, at its end
};

/// The comments and line ends between two tokens.
struct Gap {
    std::vector<Comment> comments;
    bool newline = false;       ///< the tokens are on different lines
    bool blank_before = false;  ///< a blank line precedes the second token
};

/// Reads the text between two tokens. `follows`: there is a token before it.
[[nodiscard]] Gap read_gap(std::string_view between, bool follows);

/// The number of columns of a text: its characters.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// Where blank lines of the source are kept; several become one.
struct Blanks {
    bool any = false;
    bool before_first = true;  ///< not after an opening bracket
    bool before_token = true;  ///< not before a closing one
};

class Page {
public:
    static constexpr std::size_t kWidth = 100;
    static constexpr std::size_t kStep = 2;

    /// Puts the next token on a new line, and the comments before it too.
    void line(std::size_t indent, std::size_t comments_at, Blanks blanks = {});
    void line(std::size_t indent) { line(indent, indent); }
    /// The number of blanks before the next token, if it stays on the line.
    void space(std::size_t count) { space_ = count; }
    /// Writes comments, then the token. A comment always ends its line; the token is then on a line of its own at
    /// `hang`, unless another line start was requested.
    void token(std::string_view text, const Gap& gap, std::size_t hang);
    /// Writes directly after the last token.
    void append(std::string_view text);
    /// Writes the comments after the last token.
    void finish(const Gap& gap);

    /// The column of the next token.
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
    bool line_ended_ = false;  ///< by a comment: nothing may follow on this line
    std::size_t indent_ = 0, comments_at_ = 0;
    Blanks blanks_;
};

}  // namespace writ::syntax

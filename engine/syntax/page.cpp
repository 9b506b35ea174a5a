#include "syntax/page.h"

#include <algorithm>

namespace writ::syntax {

Gap read_gap(std::string_view between, bool follows) {
    Gap gap;
    std::size_t newlines = 0;  // since the last token or comment
    bool indented = false;
    bool after_doc = false;  // a doc comment, which is directly above the declaration
    for (std::size_t at = 0; at < between.size(); ++at) {
        const char c = between[at];
        if (c == '\n') {
            ++newlines;
            gap.newline = true;
            indented = false;
        } else if (c == '/') {
            const std::size_t end = std::min(between.find_first_of("\r\n", at), between.size());
            std::string_view text = between.substr(at, end - at);
            text = text.substr(0, text.find_last_not_of(" \t") + 1);
            Comment comment{text};
            comment.doc = text.starts_with("///");
            comment.trailing = follows && gap.comments.empty() && newlines == 0 && !comment.doc;
            comment.blank_before = newlines > 1 && !after_doc;
            comment.indented = indented;
            gap.comments.push_back(comment);
            newlines = 0;
            after_doc = comment.doc;
            at = end - 1;
        } else {
            indented = true;
        }
    }
    gap.blank_before = newlines > 1 && !after_doc;
    return gap;
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void Page::line(std::size_t indent, std::size_t comments_at, Blanks blanks) {
    line_asked_ = true;
    indent_ = indent;
    comments_at_ = comments_at;
    blanks_ = blanks;
}

void Page::token(std::string_view text, const Gap& gap, std::size_t hang) {
    const bool first = out_.empty();
    comments(gap, line_asked_ ? comments_at_ : hang);
    const bool after_comment = line_ended_;
    if (line_asked_ || line_ended_) {
        const bool own_line_before =
            std::any_of(gap.comments.begin(), gap.comments.end(), [](const Comment& c) { return !c.trailing; });
        const bool blank = line_asked_ && blanks_.any && blanks_.before_token && gap.blank_before &&
                           (blanks_.before_first || own_line_before);
        if (!first || after_comment) start_line(line_asked_ ? indent_ : hang, blank);
    } else {
        out_.append(space_, ' ');
        column_ += space_;
    }
    line_asked_ = line_ended_ = false;
    space_ = 0;
    append(text);
}

void Page::append(std::string_view text) {
    out_ += text;
    const std::size_t last = text.rfind('\n');
    column_ = last == std::string_view::npos ? column_ + width_of(text) : width_of(text.substr(last + 1));
}

void Page::finish(const Gap& gap) {
    comments(gap, 0);
    if (!out_.empty()) out_ += '\n';
}

void Page::comments(const Gap& gap, std::size_t at) {
    bool first = true;
    for (const Comment& comment : gap.comments) {
        if (comment.trailing && !line_ended_ && !out_.empty()) {
            append("  ");
        } else {
            const bool blank = line_asked_ && blanks_.any && comment.blank_before && (blanks_.before_first || !first);
            if (!out_.empty()) start_line(comment.inner ? kStep : at, blank);
            first = false;
        }
        append(comment.text);
        line_ended_ = true;
    }
}

void Page::start_line(std::size_t indent, bool blank) {
    out_ += blank ? "\n\n" : "\n";
    out_.append(indent, ' ');
    column_ = indent;
}

}  // namespace writ::syntax

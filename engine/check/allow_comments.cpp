#include "check/allow_comments.h"

#include <algorithm>

namespace writ::check {

namespace {

struct Line {
    std::uint32_t begin = 0, end = 0;
};

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
        at = end + 1;
    }
    return out;
}

/// Where a line's comment starts; npos if it has none. Text in quotes does not span lines.
std::size_t comment_in(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        if (line[i] == '\\' && quoted)
            ++i;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (!quoted && line[i] == '/' && line[i + 1] == '/')
            return i;
    }
    return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

class AllowReader {
public:
    AllowReader(const Policy& policy, std::uint32_t source, std::string_view mark, AllowComments& out)
        : text_(policy.sources[source].text), source_(source), mark_(mark), lines_(lines_of(text_)), out_(out) {
        for (const ast::Decl& decl : policy.files[source].decls) declarations_.push_back(decl.span);
    }

    void run() {
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            const std::string_view line = text_.substr(lines_[i].begin, lines_[i].end - lines_[i].begin);
            const std::size_t comment = comment_in(line);
            if (comment == std::string_view::npos || line.substr(comment).starts_with("///")) continue;
            const std::string_view said = trimmed(line.substr(comment + 2));
            if (!said.starts_with(mark_)) continue;
            const bool alone = trimmed(line.substr(0, comment)).empty();
            read(said.substr(mark_.size()), alone ? below(i) : Span{source_, lines_[i].begin, lines_[i].end});
        }
    }

private:
    [[nodiscard]] Span span_of(std::string_view part) const {
        const auto begin = static_cast<std::uint32_t>(part.data() - text_.data());
        return {source_, begin, begin + static_cast<std::uint32_t>(part.size())};
    }

    /// The next line that is not a comment, or the whole declaration that starts on it.
    [[nodiscard]] Span below(std::size_t line) const {
        for (std::size_t i = line + 1; i < lines_.size(); ++i) {
            const std::string_view text = trimmed(text_.substr(lines_[i].begin, lines_[i].end - lines_[i].begin));
            if (text.empty() || text.starts_with("//")) continue;
            const auto at = std::find_if(declarations_.begin(), declarations_.end(), [&](const Span& decl) {
                return decl.begin >= lines_[i].begin && decl.begin < lines_[i].end;
            });
            return at == declarations_.end() ? Span{source_, lines_[i].begin, lines_[i].end} : *at;
        }
        return {source_, 0, 0};
    }

    void read(std::string_view said, Span covers) {
        said = trimmed(said);
        if (!said.starts_with("allow ")) {
            out_.idle.push_back({span_of(said.empty() ? text_.substr(0, 0) : said), false});
            return;
        }
        said = trimmed(said.substr(6));
        const std::size_t word = said.find(" because");
        const std::string_view names = trimmed(said.substr(0, word));
        const std::string_view reason =
            word == std::string_view::npos ? std::string_view() : trimmed(said.substr(word + 8));
        if (!is_reason(reason)) {
            out_.idle.push_back({span_of(names), true});
            return;
        }
        for (std::size_t at = 0; at <= names.size();) {
            const std::size_t comma = std::min(names.find(',', at), names.size());
            const std::string_view name = trimmed(names.substr(at, comma - at));
            out_.allowed.push_back({name, span_of(name), covers, reason});
            at = comma + 1;
        }
    }

    std::string_view text_;
    std::uint32_t source_;
    std::string_view mark_;
    std::vector<Line> lines_;
    std::vector<Span> declarations_;
    AllowComments& out_;
};

}  // namespace

AllowComments allow_comments(const Policy& policy, std::string_view mark) {
    AllowComments out;
    for (std::uint32_t i = 0; i < policy.given_sources && i < policy.files.size(); ++i)
        AllowReader(policy, i, mark, out).run();
    return out;
}

}  // namespace writ::check

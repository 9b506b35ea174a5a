#include "syntax/format.h"

#include "syntax/parse.h"
#include "syntax/printer.h"

namespace writ::syntax {
namespace {

/// Writes the parts of a file one after the other as their trees arrive.
class Formatter final : public TreeReader {
public:
    Formatter(std::string_view text, Reading& out) : text_(text), out_(out) {}

    void read(antlr4::ParserRuleContext& tree, const TokenWindow& tokens) override {
        const Span begin = tokens.span(*tree.getStart());
        Gap gap = take_gap(begin.begin);
        Printer printer(tokens);
        printer.part(tree);
        Part part;
        part.import = dynamic_cast<Tree::ImportDeclContext*>(&tree) != nullptr;
        auto* decl = dynamic_cast<Tree::DeclarationContext*>(&tree);
        part.one_line = decl != nullptr && printer.text().find('\n') == std::string::npos;
        part.open_ended = decl != nullptr && (decl->ruleDecl() != nullptr || decl->fixtureDecl() != nullptr ||
                                              decl->defineDecl() != nullptr || decl->invariantDecl() != nullptr);
        const bool together = (last_.import && part.import) || (last_.one_line && part.one_line);
        close_part(gap);
        if (!together && !first_) set_apart(gap);
        page_.line(0, 0, {true, !first_, true});
        page_.token(printer.text(), gap, 0);
        for (std::size_t i = tree.getStart()->getTokenIndex() + 1; i <= tree.getStop()->getTokenIndex(); ++i)
            remember(read_gap(between(tokens.span(*tokens.get(i - 1)).end, tokens.span(*tokens.get(i)).begin), true));
        out_.comments.emplace_back("\n");
        end_ = tokens.span(*tree.getStop()).end;
        last_ = part;
        first_ = false;
    }

    void finish() {
        Gap gap = take_gap(text_.size());
        close_part(gap);
        page_.line(0, 0, {true, !first_, true});
        page_.finish(gap);
        out_.formatted = page_.text();
    }

private:
    struct Part {
        bool import = false;
        bool one_line = false;    ///< a declaration on one line
        bool open_ended = false;  ///< no bracket closes it, so an indented comment may follow
    };

    [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const {
        return text_.substr(begin, end - begin);
    }
    Gap take_gap(std::size_t begin) {
        Gap gap = read_gap(between(end_, begin), !first_);
        remember(gap);
        return gap;
    }
    void remember(const Gap& gap) {
        for (const Comment& comment : gap.comments) out_.comments.emplace_back(comment.text);
    }
    /// Indented comments directly after a rule belong to it.
    void close_part(Gap& gap) const {
        if (!last_.open_ended) return;
        for (Comment& comment : gap.comments) {
            if (comment.trailing) continue;
            if (comment.doc || comment.blank_before || !comment.indented) return;
            comment.inner = true;
        }
    }
    /// Writes a blank line before a part, or before the comments above it, if needed.
    static void set_apart(Gap& gap) {
        Comment* above = nullptr;
        bool blank = gap.blank_before;
        for (Comment& comment : gap.comments) {
            if (comment.trailing || comment.inner) continue;
            if (above == nullptr) above = &comment;
            blank = blank || comment.blank_before;
        }
        if (!blank) (above != nullptr ? above->blank_before : gap.blank_before) = true;
    }

    std::string_view text_;
    Reading& out_;
    Page page_;
    Part last_;
    bool first_ = true;
    std::size_t end_ = 0;  ///< of the last token
};

}  // namespace

std::optional<Reading> lay_out(std::uint32_t source, std::string_view text, std::uint32_t max_depth, Report& report) {
    const std::size_t errors = report.error_count();
    Reading out;
    Formatter formatter(text, out);
    out.ast = dump_ast(parse(source, text, max_depth, report, &formatter));
    if (report.error_count() != errors) return std::nullopt;
    formatter.finish();
    return out;
}

std::string fault_of(const Reading& before, const Reading& after) {
    if (before.ast != after.ast) return "a declaration would change its meaning";
    if (before.comments != after.comments) return "a comment would be lost or moved";
    if (before.formatted != after.formatted) return "formatting a second time would change it again";
    return {};
}

}  // namespace writ::syntax

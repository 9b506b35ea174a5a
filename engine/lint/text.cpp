// Lints about literals as written: repeated elements, and letters that look like others.
#include <algorithm>
#include <cstdio>

#include "lint/cases.h"

namespace writ::lint {

namespace {

using ast::ExprKind;

void twice(Linter& l, const ast::Expr& set) {
    std::set<std::tuple<ExprKind, std::string_view, std::int64_t>> seen;
    for (std::size_t i = 0; i < set.kids.size(); ++i) {
        const ast::Expr& kid = *set.kids[i];
        if (!is_literal(kid.kind) || seen.emplace(kid.kind, kid.text, kid.integer).second) continue;
        Finding* found =
            l.report(Lint::DuplicateElement, kid.span, quoted(l.text_at(kid.span)) + " occurs twice in its set",
                     "again", "one of them may be a mistake for another element; remove it");
        // The first element cannot be one that was there before.
        if (found != nullptr) found->fix = TextEdit{{kid.span.source, set.kids[i - 1]->span.end, kid.span.end}, ""};
    }
}

/// The first code point of a text that belongs to a script whose letters look like Latin ones; 0 if there is none.
std::uint32_t foreign_letter(std::string_view text, std::size_t& at) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        std::uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
        for (std::size_t k = 1; k < length && i + k < text.size(); ++k)
            point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
        // Greek, Cyrillic, Armenian, Cherokee, letters of full width.
        const bool alike = (point >= 0x370 && point <= 0x58F) || (point >= 0x13A0 && point <= 0x13FF) ||
                           (point >= 0xFF21 && point <= 0xFF5A);
        if (alike) {
            at = i;
            return point;
        }
        i += length;
    }
    return 0;
}

void scripts(Linter& l, std::string_view text, Span span) {
    const bool latin =
        std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    std::size_t at = 0;
    const std::uint32_t point = latin ? foreign_letter(text, at) : 0;
    if (point == 0) return;
    char name[16];
    std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(point));
    l.report(Lint::MixedScripts, span, "text mixes Latin letters with " + quoted(name) + ", which looks like one",
             "a different name, although it looks the same",
             "a reviewer sees one name but the policy trusts another, which somebody can register; type the "
             "letter again");
}

}  // namespace

void lint_text(Linter& l) {
    for (std::size_t i = 0; i < l.policy.given_sources && i < l.policy.files.size(); ++i)
        for (const ast::Decl& decl : l.policy.files[i].decls) {
            each_written(decl, [&](const ast::Expr& e) {
                if (e.kind == ExprKind::Set) twice(l, e);
                const bool text = e.kind == ExprKind::String || e.kind == ExprKind::TextTest;
                if (text) scripts(l, e.text, e.span);
            });
            if (const auto* issuer = std::get_if<ast::IssuerDecl>(&decl.node)) {
                scripts(l, issuer->url, issuer->url_span);
                for (const auto& [audience, span] : issuer->audiences) scripts(l, audience, span);
            }
            if (const auto* tool = std::get_if<ast::ToolDecl>(&decl.node))
                for (const auto& [audience, span] : tool->audiences) scripts(l, audience, span);
        }
}

}  // namespace writ::lint

// Expressions as bounds, and declarations as lines of text.
#include <algorithm>

#include "check/types.h"
#include "lint/cases.h"

namespace writ::lint {

using namespace check;

namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::size_t line_start(std::string_view text, std::size_t at) {
    const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    return before == std::string_view::npos ? 0 : before + 1;
}

}  // namespace

bool is_glob(const Expr& test) {
    return test.op == Op::TextTest && test.matcher->glob;
}

bool has_operand(const Expr& test, TextOperand operand) {
    return test.op == Op::TextTest && operand_of(test.test) == operand;
}

FactBound bound_of(const Literal& literal) {
    const Expr& e = *literal.test;
    if (e.op != Op::Compare) return {};
    const bool forward = e.kids[0]->op == Op::Fact && e.kids[1]->op == Op::Integer;
    if (!forward && !(e.kids[1]->op == Op::Fact && e.kids[0]->op == Op::Integer)) return {};
    const Cmp cmp = forward ? e.cmp : mirrored(e.cmp);
    return {e.kids[forward ? 0 : 1], literal.positive ? cmp : negated(cmp), e.kids[forward ? 1 : 0]->integer};
}

TextEdit removal_of(std::string_view text, Span span) {
    // Removes the whole lines if they contain nothing else, and one of two blank lines around them.
    std::size_t end = std::min<std::size_t>(text.find('\n', span.end), text.size());
    if (!is_blank(text.substr(span.end, end - span.end))) return {span, ""};
    std::size_t begin = line_start(text, span.begin);
    if (!is_blank(text.substr(begin, span.begin - begin)))
        return {{span.source, span.begin, static_cast<std::uint32_t>(end)}, ""};
    while (begin > 0) {
        const std::size_t above = line_start(text, begin - 1);
        const std::size_t first = text.find_first_not_of(" \t", above);
        if (first >= begin || !text.substr(first).starts_with("///")) break;
        begin = above;
    }
    if (end < text.size()) ++end;
    const std::size_t behind = std::min(text.find('\n', end), text.size());
    const bool apart =
        begin == 0 || is_blank(text.substr(line_start(text, begin - 1), begin - line_start(text, begin - 1)));
    if (apart && end < text.size() && is_blank(text.substr(end, behind - end))) end = std::min(behind + 1, text.size());
    return {{span.source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}, ""};
}

}  // namespace writ::lint

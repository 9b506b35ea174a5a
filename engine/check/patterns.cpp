// `like` and `matches`: patterns are compiled here, so that an invalid pattern is an error at its place.
#include <algorithm>
#include <optional>

#include "base/path.h"
#include "base/values.h"
#include "check/expr.h"
#include "pattern/matcher.h"

namespace writ::check {
namespace {

struct Refusal {
    std::string message, help;
};

/// Whether `like` and the other tests of a text take a kind.
constexpr bool is_tested(Kind kind) {
    return rep_of(kind) == Rep::Text && kind != Kind::Ip && kind != Kind::Cidr;
}

/// What to write instead of a `*` for a kind that has no segments.
constexpr std::pair<Kind, std::string_view> kInsteadOfStar[] = {
    {Kind::Email, "read `.local` or `.domain`, which has segments, or use `**`"},
    {Kind::Url, "read `.host` or `.path`, which have segments, or use `**`"},
    {Kind::String,
     "declare the field as `path` (segments end at `/`), `subject` (`:` and `/`) or `dotted` (`.`), or use `**` or "
     "`matches`"}};
constexpr std::string_view help_for_segments(Kind kind) {
    for (const auto& [each, help] : kInsteadOfStar)
        if (each == kind) return help;
    return {};
}
static_assert(
    [] {
        for (std::size_t i = 0; i < std::size(kinds::kNames); ++i) {
            const auto kind = static_cast<Kind>(i);
            if (is_tested(kind) && separators_of(kind).empty() == help_for_segments(kind).empty()) return false;
        }
        return true;
    }(),
    "exactly the kinds without segments have a help");

/// Whether a glob has a `*` that is not one of `**`.
bool has_single_star(std::string_view text) {
    for (std::size_t at = text.find('*'); at < text.size(); at = text.find('*', at)) {
        const std::size_t end = std::min(text.find_first_not_of('*', at), text.size());
        if (end - at == 1) return true;
        at = end;
    }
    return false;
}

/// Whether a path has a segment that climbs, or an empty one that is neither the first nor the last.
bool has_bad_segment(std::string_view path) {
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const bool inner = begin > 0 && end < path.size();
        if ((begin == end && inner) || is_dot_segment(path.substr(begin, end - begin))) return true;
        begin = end + 1;
    }
    return false;
}

bool has_empty_label(std::string_view host) {
    return host.starts_with('.') || host.ends_with('.') || host.find("..") != std::string_view::npos;
}

/// Why no text of a kind can match a glob; none: some can.
std::optional<Refusal> impossible(Kind kind, std::string_view text) {
    switch (kind) {
        case Kind::Path:
        case Kind::Spiffe:
        case Kind::Url:
        case Kind::Arn: {
            const std::size_t scheme = kind == Kind::Path ? std::string_view::npos : text.find("://");
            const std::string_view path = scheme == std::string_view::npos ? text : text.substr(scheme + 3);
            const std::string none = "no " + quoted(spelling_of(kind));
            const std::string unknown =
                "text with one is unknown: it satisfies no permit, and a deny that reads it applies";
            // A URL may contain `%25` if no digits follow it.
            const std::size_t hidden = find_hidden(path);
            if (hidden != std::string_view::npos && !(kind == Kind::Url && path.substr(hidden, 3) == "%25"))
                return Refusal{none + " has a `\\`, a NUL or an escape for `.`, `/`, `\\` or `%`", unknown};
            if (has_bad_segment(path)) return Refusal{none + " has a segment that is empty, `.` or `..`", unknown};
            return {};
        }
        case Kind::Host:
            if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
                return Refusal{"no `host` has a capital letter", "hosts compare in lower case"};
            if (has_empty_label(text)) return Refusal{"no `host` has an empty label", "a trailing dot is removed too"};
            return {};
        case Kind::Email:
        case Kind::Ip:
        case Kind::Cidr:
#define TYPED_KIND(...)
#define KIND(name, ...) case Kind::name:
#include "base/kinds.def"
            break;
    }
    return {};
}

/// The beginning of a message about the operand of a test.
std::string bad(const ast::Expr& e) {
    return "bad " + std::string(name_of(operand_of(e.test))) + ": ";
}

/// The matcher of a pattern, added to the policy if it is new. Null after an error, which has been reported.
const pattern::Matcher* matcher_of(Context& c, const ast::Expr& e, const std::string& key, Code code,
                                   const auto& make) {
    if (const auto found = c.matchers.find(key); found != c.matchers.end()) return found->second;
    auto made = make();
    if (!made) {
        c.report.add(code, e.span, bad(e) + made.error().message, {}, made.error().help);
        return nullptr;
    }
    return c.matchers[key] = &c.policy.matchers.emplace_back(std::move(*made));
}

const Expr* text_test_node(Context& c, const ast::Expr& e, const Expr& subject, const pattern::Matcher& matcher) {
    if (subject.op == Op::Text) return constant_node(c, e.span, matcher.matches(subject.text));
    auto* out = node(c, Op::TextTest, scalar(Kind::Bool), e.span);
    out->test = e.test;
    out->text = e.text;
    out->matcher = &matcher;
    out->index = static_cast<std::uint32_t>(subject.type.kind);
    out->kids = c.policy.arena->copy(std::vector<const Expr*>{&subject});
    return out;
}

/// A test with the meaning of a glob.
const Expr* type_glob(Context& c, const ast::Expr& e, const Expr& subject, std::string_view glob) {
    const auto kind = subject.type.kind;
    const auto separators = separators_of(kind);
    if (separators.empty() && has_single_star(glob)) {
        auto& diagnostic =
            c.report.add(Code::BadGlob, e.span,
                         "`*` matches inside one segment, and " + std::string(article_of(spelling_of(kind))) + ' ' +
                             quoted(spelling_of(kind)) + " has none",
                         "no separators are known here", std::string(help_for_segments(kind)));
        relate(c, diagnostic, subject);
        return nullptr;
    }
    if (auto refused = impossible(kind, glob)) {
        auto& diagnostic =
            c.report.add(Code::BadGlob, e.span, bad(e) + refused->message, "never matches", refused->help);
        relate(c, diagnostic, subject);
        return nullptr;
    }
    const std::string key = "like" + std::string(separators) + std::string(1, '\0') + std::string(glob);
    const auto* matcher = matcher_of(c, e, key, Code::BadGlob, [&] { return pattern::make_glob(glob, separators); });
    return matcher != nullptr ? text_test_node(c, e, subject, *matcher) : nullptr;
}

/// A test with the meaning of a regular expression.
const Expr* type_regex(Context& c, const ast::Expr& e, const Expr& subject, std::string_view regex) {
    const std::string key = "matches" + std::string(1, '\0') + std::string(regex);
    const auto* matcher = matcher_of(c, e, key, Code::BadRegex, [&] { return pattern::make_regex(regex); });
    return matcher != nullptr ? text_test_node(c, e, subject, *matcher) : nullptr;
}

}  // namespace

const Expr* type_text_test(Context& c, Scope& s, const ast::Expr& e) {
    const auto* subject = as_whole(c, type_value(c, s, *e.kids[0], nullptr));
    if (subject == nullptr) return nullptr;
    const auto kind = subject->type.kind;
    if (!is_tested(kind)) {
        auto& diagnostic =
            c.report.add(Code::OperationUndefined, e.span,
                         quoted(spelling_of(e.test)) + " needs text, not " + quoted(describe(c.policy, subject->type)));
        if (kind == Kind::List)
            diagnostic.help = "test the elements: `any x in …: x " + std::string(spelling_of(e.test)) + " \"…\"`";
        if (kind == Kind::Ip) diagnostic.help = "use `in` with a block: `… in \"10.0.0.0/8\"`";
        relate(c, diagnostic, *subject);
        return nullptr;
    }
    switch (e.test) {
        case TextTest::Like: return type_glob(c, e, *subject, e.text);
        case TextTest::Matches: return type_regex(c, e, *subject, e.text);
    }
    return nullptr;
}

}  // namespace writ::check

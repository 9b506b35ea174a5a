// Globs and regular expressions that let in more, or less, than they seem to.
#include <algorithm>

#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// ---- subjects -----------------------------------------------------------------------------------

/// Claims with which a permit can restrict what a subject's pattern leaves open.
struct Elsewhere {
    std::vector<std::string_view> owner, project, rest;
};

const Elsewhere& elsewhere() {
    static const Elsewhere kClaims = {
        {"repository_owner_id", "repository_id", "sub_owner_id", "sub_repository_id", "namespace_id", "project_id",
         "organization_id", "terraform_organization_id", "repository_owner", "repository", "attribute.repository_id"},
        {"repository_id", "sub_repository_id", "repository", "project_id", "pipeline_id", "terraform_workspace_id",
         "terraform_project_id", "attribute.repository_id"},
        {"ref", "ref_path", "event_name", "environment", "sub_ref", "sub_environment", "build_branch",
         "terraform_run_phase", "job_workflow_ref", "workflow_ref", "attribute.ref", "attribute.environment"},
    };
    return kClaims;
}

struct Wide {
    std::string_view what, why, attack;
};

/// The part of a pattern `KEY:OWNER/PROJECT:REST` that is left open but should be restricted; `attack` empty: none.
Wide wide_of(std::string_view pattern, const std::function<bool(const std::vector<std::string_view>&)>& told) {
    if (pattern.starts_with("*"))
        return {"starts with `**`, which matches anything", "the text before is not checked",
                "an environment or branch can have a name that ends with the rest of the pattern"};
    const std::size_t key = pattern.find(':');
    if (key == std::string_view::npos) return {};
    const std::string_view rest = pattern.substr(key + 1);
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string_view whose = rest.substr(0, colon);
    const std::size_t slash = std::min(whose.find('/'), whose.size());
    const std::string_view owner = whose.substr(0, slash);
    const std::string_view project = slash < whose.size() ? whose.substr(slash + 1) : std::string_view();
    if (owner.find('*') != std::string_view::npos && !told(elsewhere().owner))
        return {"leaves the owner open", "`octo-org*` also matches `octo-org-evil`",
                "anyone can register an owner whose name matches, and gets the credential"};
    // `name@*` leaves the identifier open and not the name; that is name-only-trust's.
    const std::string_view name = project.substr(0, project.find('@'));
    if (name.find('*') != std::string_view::npos && !told(elsewhere().project))
        return {"matches every project of its owner", "new ones too",
                "anyone who can create a repository there gets the credential"};
    const std::string_view last = colon < rest.size() ? rest.substr(colon + 1) : std::string_view();
    const bool open = last == "*" || last == "**" || last.ends_with(":**") || last == "ref:refs/heads/*" ||
                      last == "ref:refs/heads/**" || last == "ref:*" || last == "ref:refs/**";
    if (open && !told(elsewhere().rest))
        return {"matches every branch and event", "feature branches and pull requests too",
                "anyone who can push a branch, or propose a change, gets the credential"};
    return {};
}

/// The same for `system:serviceaccount:NAMESPACE:ACCOUNT` of Kubernetes.
Wide wide_of_pod(std::string_view pattern, const std::function<bool(const std::vector<std::string_view>&)>& told) {
    constexpr std::string_view kBefore = "system:serviceaccount:";
    const std::string_view space =
        pattern.starts_with(kBefore)
            ? pattern.substr(kBefore.size(), pattern.find(':', kBefore.size()) - kBefore.size())
            : "*";
    if (space.find('*') == std::string_view::npos || told({"kubernetes.io.namespace", "sub_namespace"})) return {};
    return {"leaves the namespace open", "namespaces that do not exist yet match too",
            "anyone who can create a pod in such a namespace gets the credential"};
}

void subject(Linter& l, const Case& c, const Literal& literal) {
    const Expr& e = *literal.test;
    if (!literal.positive || !is_glob(e) || e.kids[0]->op != Op::Fact) return;
    const Fact& fact = l.policy.facts[e.kids[0]->id];
    if (!one_of(l.claim_of(e.kids[0]->id), {"sub", "google.subject", "token.actions.githubusercontent.com:sub"}) ||
        fact.type.kind != Kind::Subject)
        return;
    const auto told = [&](const std::vector<std::string_view>& claims) {
        return l.restricts(c, l.issuer_of(c, e.kids[0]->id), std::span<const std::string_view>(claims));
    };
    const bool pod = l.kind_of(l.issuer_of(c, e.kids[0]->id)) == "kubernetes";
    const Wide wide = pod ? wide_of_pod(e.matcher->text, told) : wide_of(e.matcher->text, told);
    if (wide.attack.empty()) return;
    l.report(Lint::SubjectWide, e.span, "pattern for " + quoted(fact.path) + " " + std::string(wide.what),
             std::string(wide.why),
             std::string(wide.attack) + "; write it in full, or compare the separate claims, identifiers first");
}

/// A run of names that ends in a star: `/ns/prod*`, `example.*`.
bool ends_inside(std::string_view text, std::string_view separators) {
    const std::size_t star = text.find('*');
    return star != std::string_view::npos && star > 0 && separators.find(text[star - 1]) == std::string_view::npos;
}

void spiffe(Linter& l, const Rule& rule, const Literal& literal) {
    const Expr& e = *literal.test;
    if (!literal.positive || !is_glob(e)) return;
    const Expr& value = *e.kids[0];
    const std::string_view glob = e.matcher->text;
    std::string_view domain, path;
    if (value.type.kind == Kind::Spiffe) {
        const std::string_view text = glob.starts_with("spiffe://") ? glob.substr(9) : glob;
        domain = text.substr(0, text.find('/'));
        path = text.substr(std::min(domain.size(), text.size()));
    } else if (value.op == Op::PartOf && value.index == static_cast<std::uint32_t>(Part::SpiffePath)) {
        path = glob;
    } else if (value.op == Op::PartOf && value.index == static_cast<std::uint32_t>(Part::SpiffeTrustDomain)) {
        domain = glob;
    } else {
        return;
    }
    const bool any_domain = domain.find('*') != std::string_view::npos;
    if (!any_domain && !ends_inside(path, "/")) return;
    l.report(
        Lint::SpiffeWide, e.span,
        permit_of(rule) + (any_domain ? " leaves the trust domain open" : " compares only the beginning of a name"),
        any_domain ? "other trust domains match" : "longer names match too",
        any_domain ? "`example.com.evil` is somebody else's trust domain; name it in full"
                   : "`/ns/prod*` also matches `/ns/prod-evil`; end the pattern at a slash: `/ns/prod/**`");
}

// ---- regular expressions -------------------------------------------------------------------------

/// Characters of a pattern outside of classes and escapes.
struct Bare {
    std::vector<std::size_t> at;
    bool escapes = false;
};
Bare bare_of(std::string_view pattern) {
    Bare out;
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            out.escapes = true;
            ++i;
        } else if (in_class) {
            in_class = pattern[i] != ']' || pattern[i - 1] == '[';
        } else {
            in_class = pattern[i] == '[';
            out.at.push_back(i);
        }
    }
    return out;
}

void regex_dot(Linter& l, const Expr& e, const Bare& bare) {
    for (const std::size_t at : bare.at) {
        if (e.text[at] != '.' || at == 0 || at + 1 >= e.text.size()) continue;
        if (!is_word(e.text[at - 1]) || !is_word(e.text[at + 1])) continue;
        const std::string shown(e.text.substr(at - 1, 3));
        l.report(Lint::RegexDot, e.span, "dot of " + quoted(shown) + " matches any character", "`.` is not a dot here",
                 "a name with another character there, which somebody can register, matches too; write "
                 "`\\\\.`, or compare with "
                 "`==` or `in`");
        return;
    }
}

/// `.*` does not stop at a separator, unlike `*` in a glob.
void regex_across(Linter& l, const Rule& rule, const Literal& literal, const Bare& bare) {
    const Expr& e = *literal.test;
    const std::string_view separators = separators_of(e.kids[0]->type.kind);
    if (rule.kind != RuleKind::Permit || !literal.positive || separators.empty()) return;
    for (const std::size_t at : bare.at) {
        if (e.text[at] != '.' || at + 1 >= e.text.size() || (e.text[at + 1] != '*' && e.text[at + 1] != '+')) continue;
        const std::string run(e.text.substr(at, 2));
        l.report(Lint::RegexDot, e.span,
                 quoted(run) + " takes " + quoted(separators) + " as well as what is between them",
                 "several levels match",
                 "a longer name, or one with a separator in it, matches too; write " +
                     quoted("[^" + std::string(separators) + "]" + run.substr(1)) + ", or `like` with a `*`");
        return;
    }
}

/// The alternatives of a pattern that consists only of literals; empty: it does not.
std::vector<std::string_view> literals_of(std::string_view pattern) {
    std::vector<std::string_view> out;
    if (pattern.find_first_of("\\.^$*+?()[]{}") != std::string_view::npos) return out;
    for (std::size_t at = 0; at <= pattern.size();) {
        const std::size_t bar = std::min(pattern.find('|', at), pattern.size());
        if (bar == at) return {};
        out.push_back(pattern.substr(at, bar - at));
        at = bar + 1;
    }
    return out;
}

bool plain_text(Kind kind) {
    return kind == Kind::String || kind == Kind::Path || kind == Kind::Subject || kind == Kind::Dotted;
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) (c == '"' ? out += "\\\"" : out += c);
    return out + '"';
}

void regex_literal(Linter& l, const Expr& e) {
    const auto literals = literals_of(e.text);
    if (literals.empty() || !plain_text(e.kids[0]->type.kind)) return;
    std::string want(l.text_at(e.kids[0]->span));
    if (literals.size() == 1) {
        want += " == " + in_quotes(literals[0]);
    } else {
        for (std::size_t i = 0; i < literals.size(); ++i) want += (i == 0 ? " in { " : ", ") + in_quotes(literals[i]);
        want += " }";
    }
    Finding* found =
        l.report(Lint::RegexLiteral, e.span, "regular expression is no more than its literals",
                 literals.size() > 1 ? "people misread alternatives without parentheses" : "a literal",
                 "elsewhere `main|develop` matches `main-x`, and who copies this pattern brings that along; write the "
                 "literals");
    if (found == nullptr) return;
    // The expression may be in a definition, so that its place is not in this text.
    if (!l.text_at(e.span).starts_with(l.text_at(e.kids[0]->span)) || e.kids[0]->span.begin != e.span.begin) return;
    found->diagnostic.replacement = want;
    found->fix = TextEdit{e.span, want};
}

void regex_glob(Linter& l, const Expr& e, const Bare& bare) {
    for (const std::size_t at : bare.at) {
        if (e.text[at] != '*' || at == 0 || (e.text[at - 1] != '/' && e.text[at - 1] != ':' && e.text[at - 1] != '@'))
            continue;
        l.report(Lint::RegexGlob, e.span, "a glob where a regular expression is expected",
                 "`" + std::string(e.text.substr(at - 1, 2)) + "` repeats the character before the star",
                 "`refs/tags/*` matches `refs/tags//` and no tag; write `like` for a glob, or `[^/]*`");
        return;
    }
}

void glob_regex(Linter& l, const Expr& e) {
    for (const std::string_view sign : {".*", ".+", "[^", "[0-9", "[a-z", "\\.", "\\d", "(?:", "|"}) {
        const std::size_t at = e.text.find(sign);
        if (at == std::string_view::npos) continue;
        // A star behind a dot is a glob's for a host, or for the end of a name.
        if (sign == ".*" && e.kids[0]->type.kind != Kind::Path && e.kids[0]->type.kind != Kind::Subject) continue;
        if (sign == ".*" && at > 0 && is_word(e.text[at - 1])) continue;
        l.report(Lint::GlobRegex, e.span, "a regular expression where a glob is expected",
                 quoted(sign) + " is plain text for `like`, except for its stars",
                 "nothing has such a name, so the rule never applies until somebody changes it; write "
                 "`matches` for a regular expression");
        return;
    }
}

}  // namespace

void lint_patterns(Linter& l) {
    for (const RuleView& view : l.rules) {
        if (!view.given || view.rule->when == nullptr) continue;
        const Rule& rule = *view.rule;
        each_test(*rule.when, true, [&](const Literal& literal) {
            const Expr& e = *literal.test;
            if (has_operand(e, TextOperand::Regex)) {
                const Bare bare = bare_of(e.text);
                regex_dot(l, e, bare);
                regex_across(l, rule, literal, bare);
                regex_glob(l, e, bare);
                regex_literal(l, e);
            }
            if (has_operand(e, TextOperand::Glob)) glob_regex(l, e);
            if (rule.kind == RuleKind::Permit) spiffe(l, rule, literal);
        });
        if (rule.kind != RuleKind::Permit) continue;
        for (const Case& each : view.cases)
            for (const Literal& literal : each.literals) subject(l, each, literal);
    }
}

}  // namespace writ::lint

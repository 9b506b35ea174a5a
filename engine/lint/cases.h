// Shared by the lints: the rules split into cases, and the list of findings. Private to lint/.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/quoted.h"
#include "check/expr_same.h"
#include "check/types.h"
#include "lint/findings.h"

namespace writ::lint {

/// A test, and the outcome that it must have.
struct Literal {
    const check::Expr* test = nullptr;
    bool positive = true;
};

/// One way in which a condition can be true: all literals hold. Alternatives become separate cases up to a limit;
/// beyond it an `or` is one literal.
struct Case {
    std::vector<Literal> literals;
    std::vector<std::uint32_t> read;        ///< facts that the tests read, sorted
    std::vector<std::uint32_t> restricted;  ///< those of them that exclude the values of others
    std::vector<std::uint32_t> issuers;     ///< whose token it can be, ascending; empty: anyone's
};

struct RuleView {
    const check::Rule* rule = nullptr;
    bool given = false;       ///< is in a given source
    std::vector<Case> cases;  ///< one case without literals for a rule without a condition
};

class Linter {
public:
    explicit Linter(const check::Policy& policy);

    const check::Policy& policy;
    std::vector<RuleView> rules;  ///< parallel to policy.rules

    /// Adds a finding; null if the lint has one at this place already, or it is in a standard module.
    Finding* report(Lint lint, Span span, std::string message, std::string label = {}, std::string help = {});

    [[nodiscard]] bool given(Span span) const { return span.source < policy.given_sources; }
    /// The path of a claim in its schema (`kubernetes.io.namespace`), or the name of a
    /// capture; empty for any other fact.
    [[nodiscard]] const std::string& claim_of(std::uint32_t fact) const { return claims_[fact]; }
    [[nodiscard]] const std::string& kind_of(std::uint32_t issuer) const {
        return policy.kinds[policy.issuers[issuer].kind].name;
    }
    /// Whether a case restricts any of these claims of an issuer, judged by the meaning of its tests (suppose.h).
    [[nodiscard]] bool restricts(const Case& c, std::uint32_t issuer, std::span<const std::string_view> claims) const;
    [[nodiscard]] bool restricts(const Case& c, std::uint32_t issuer,
                                 std::initializer_list<std::string_view> claims) const {
        return restricts(c, issuer, std::span(claims.begin(), claims.size()));
    }
    /// An issuer under which a case reads a claim.
    [[nodiscard]] std::uint32_t issuer_of(const Case& c, std::uint32_t fact) const;
    /// What a policy calls the issuer of a case: the group, if the token can be of several.
    [[nodiscard]] const std::string& name_of(const Case& c, std::uint32_t issuer) const;
    /// The declaration of the role for a claim, in the kind of an issuer; null if the claim does not have the role.
    [[nodiscard]] const check::RoleClaim* role_of(std::uint32_t fact, std::uint32_t issuer,
                                                  check::ClaimRole role) const;
    /// Whether a case restricts any claim of an issuer that has the role.
    [[nodiscard]] bool restricts(const Case& c, std::uint32_t issuer, check::ClaimRole role) const;
    /// The declaration whose name is at this place; null if there is none.
    [[nodiscard]] const ast::Decl* declaration_of(Span name) const;
    /// Whether a rule is for a tool that acts, that is, whose tier is above the lowest.
    [[nodiscard]] bool acts(const check::Rule& rule) const;
    [[nodiscard]] std::string_view text_at(Span span) const;

    std::vector<Finding> take();

private:
    std::vector<Finding> findings_;
    std::set<std::tuple<Lint, std::uint32_t, std::uint32_t, std::uint32_t>> seen_;
    std::vector<std::string> claims_;  ///< parallel to policy.facts
    std::map<std::pair<std::uint32_t, std::uint32_t>, const ast::Decl*>
        declarations_;  ///< by source and offset of the name
};

/// Visits every expression of a declaration, as written.
void each_written(const ast::Decl& decl, const std::function<void(const ast::Expr&)>& visit);

/// The edit that removes a declaration with its doc comments and its lines.
[[nodiscard]] TextEdit removal_of(std::string_view text, Span span);

/// `FACT cmp INTEGER`, in either order, with the required outcome included in the comparison.
struct FactBound {
    const check::Expr* fact = nullptr;  ///< null: it is not one
    Cmp cmp = Cmp::Eq;
    std::int64_t value = 0;
};
[[nodiscard]] FactBound bound_of(const Literal& literal);

/// The fact that a value is, or is computed from with `lower`, `words`, conversions and parts; null if there is none.
[[nodiscard]] const check::Expr* fact_in(const check::Expr& value);

/// Whether it is a test of a text whose matcher has a glob.
[[nodiscard]] bool is_glob(const check::Expr& test);
/// Whether it is a test of a text with an operand of this kind.
[[nodiscard]] bool has_operand(const check::Expr& test, TextOperand operand);

/// A test of one fact against constants: `==` or `in` a set of them, or `contains`. Null: it is not one.
struct Pinned {
    const check::Expr* value = nullptr;     ///< the side that holds the fact
    const check::Expr* constant = nullptr;  ///< Text, Integer or a Set of them
};
[[nodiscard]] Pinned pinned(const Literal& literal);
/// The constants of a Text, Integer or Set.
[[nodiscard]] std::vector<const check::Expr*> constants_of(const check::Expr& constant);

/// The same, but only if it restricts a single-valued fact to constants: not `contains`, and not a part of the fact.
[[nodiscard]] Pinned pinned_fact(const Literal& literal);

/// Visits every test of a condition, with the outcome that helps to make it true; also in bodies of quantifiers.
void each_test(const check::Expr& e, bool positive, const std::function<void(const Literal&)>& visit);
/// Visits every expression.
void each_expr(const check::Expr& e, const std::function<void(const check::Expr&)>& visit);

/// Visits every case of every given permit, with each issuer that is possible in it.
void each_trust(Linter& l, const std::function<void(const check::Rule&, const Case&, std::uint32_t issuer)>& visit);

/// A permit in messages.
[[nodiscard]] inline std::string permit_of(const check::Rule& rule) {
    return "permit " + quoted(rule.name);
}
[[nodiscard]] bool one_of(std::string_view text, std::span<const std::string_view> words);
[[nodiscard]] inline bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return one_of(text, std::span(words.begin(), words.size()));
}

// The lints, by topic; each adds its findings.
void lint_trust(Linter& l);      // whom a permit trusts
void lint_jobs(Linter& l);       // what it asks of a CI job
void lint_claims(Linter& l);     // what claims and issuers mean
void lint_patterns(Linter& l);   // globs and regular expressions
void lint_never(Linter& l);      // conditions that exclude each other
void lint_relations(Linter& l);  // rules that cover each other
void lint_reach(Linter& l);      // rules without anything to act on
void lint_approvals(Linter& l);  // denies in place of requires
void lint_unused(Linter& l);     // declarations that nothing uses
void lint_text(Linter& l);       // literals as they are written

}  // namespace writ::lint

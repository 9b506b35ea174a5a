// Rules that cover each other. Does not compare all pairs: a rule is stored under its rarest test, and looked up by
// rules that have this test too.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/values.h"
#include "lint/cases.h"

namespace writ::lint {

namespace {

using namespace check;

constexpr std::size_t kMostTried = 256;  // rules under one key that are looked at

std::uint64_t key(std::uint64_t sort, std::uint64_t a, std::uint64_t b = 0) {
    return (sort * 0x9E3779B97F4A7C15 ^ a) * 0xBF58476D1CE4E5B9 + b * 0x94D049BB133111EB;
}

std::uint64_t constant_key(std::uint32_t fact, const Expr& constant) {
    return key(1, fact, hash_of(constant));
}
std::uint64_t fact_key(std::uint32_t fact) {
    return key(2, fact);
}
std::uint64_t issuer_key(std::uint32_t issuer) {
    return key(3, issuer);
}
std::uint64_t shape_key(const Literal& literal) {
    return key(literal.positive ? 4 : 5, hash_of(*literal.test));
}

/// The one fact that a bound, a pattern or an exclusion is about; null: it is another sort of test.
const Expr* fact_of(const Literal& literal) {
    const Expr& e = *literal.test;
    if (const FactBound bound = bound_of(literal); bound.fact != nullptr) return bound.fact;
    if (e.op == Op::TextTest && literal.positive && e.kids[0]->op == Op::Fact) return e.kids[0];
    const Pinned excluded = pinned_fact({literal.test, !literal.positive});
    return excluded.value;
}

/// The keys under which a test is stored, for any case that implies it.
std::vector<std::uint64_t> keys_of(const Policy& policy, const Literal& literal) {
    std::vector<std::uint64_t> out;
    if (const Pinned test = pinned_fact(literal); test.value != nullptr) {
        for (const Expr* constant : constants_of(*test.constant))
            out.push_back(constant_key(test.value->id, *constant));
        return out;
    }
    if (literal.test->op == Op::IssuerIs && literal.positive) {
        for (const std::uint32_t issuer : policy.members_of(IssuerId{literal.test->id}))
            out.push_back(issuer_key(issuer));
        return out;
    }
    if (const Expr* fact = fact_of(literal)) return {fact_key(fact->id)};
    return {shape_key(literal)};
}

/// The keys under which a case looks up the tests that it implies.
std::vector<std::uint64_t> questions_of(const Case& c) {
    std::vector<std::uint64_t> out;
    for (const std::uint32_t issuer : c.issuers) out.push_back(issuer_key(issuer));
    for (const Literal& literal : c.literals) {
        if (const Pinned test = pinned_fact(literal); test.value != nullptr) {
            out.push_back(constant_key(test.value->id, *constants_of(*test.constant).front()));
            out.push_back(fact_key(test.value->id));
        } else if (const Expr* fact = fact_of(literal)) {
            out.push_back(fact_key(fact->id));
        }
        out.push_back(shape_key(literal));
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

bool equal_constants(const Expr& a, const Expr& b) {
    return a.op == Op::Text ? b.op == Op::Text && a.text == b.text : b.op == Op::Integer && a.integer == b.integer;
}

/// Whether a value that is one of the constants passes the test.
bool all_pass(const std::vector<const Expr*>& constants, const Literal& test) {
    const FactBound bound = bound_of(test);
    const Pinned wanted = pinned_fact(test), excluded = pinned_fact({test.test, !test.positive});
    const bool pattern = test.test->op == Op::TextTest && test.positive;
    return std::all_of(constants.begin(), constants.end(), [&](const Expr* each) {
        const auto among = [&](const Pinned& set) {
            const auto all = constants_of(*set.constant);
            return std::any_of(all.begin(), all.end(),
                               [&](const Expr* other) { return equal_constants(*each, *other); });
        };
        if (wanted.value != nullptr) return among(wanted);
        if (bound.fact != nullptr) return compares(bound.cmp, each->integer, bound.value);
        if (excluded.value != nullptr) return !among(excluded);
        return pattern && each->op == Op::Text && test.test->matcher->matches(each->text);
    });
}

/// Whether `b` holds wherever `a` does.
bool implies(const Literal& a, const Literal& b) {
    if (a.positive == b.positive && same(*a.test, *b.test)) return true;
    const Pinned from = pinned_fact(a);
    const Pinned wanted = pinned_fact(b);
    const Expr* about = wanted.value != nullptr ? wanted.value : fact_of(b);
    if (about == nullptr) return false;
    if (from.value != nullptr) return from.value->id == about->id && all_pass(constants_of(*from.constant), b);
    const FactBound narrow = bound_of(a), wide = bound_of(b);
    if (narrow.fact == nullptr || wide.fact == nullptr || narrow.fact->id != wide.fact->id) return false;
    const bool below = (narrow.cmp == Cmp::Le || narrow.cmp == Cmp::Lt) && (wide.cmp == Cmp::Le || wide.cmp == Cmp::Lt);
    const bool above = (narrow.cmp == Cmp::Ge || narrow.cmp == Cmp::Gt) && (wide.cmp == Cmp::Ge || wide.cmp == Cmp::Gt);
    const bool strict = wide.cmp == Cmp::Lt || wide.cmp == Cmp::Gt;
    const bool equal_will_do = !strict || narrow.cmp == wide.cmp;
    if (below) return narrow.value < wide.value || (narrow.value == wide.value && equal_will_do);
    return above && (narrow.value > wide.value || (narrow.value == wide.value && equal_will_do));
}

bool implies(const Policy& policy, const Case& a, const Case& b) {
    return std::all_of(b.literals.begin(), b.literals.end(), [&](const Literal& wanted) {
        if (wanted.test->op == Op::IssuerIs && wanted.positive)
            return !a.issuers.empty() && std::ranges::all_of(a.issuers, [&](std::uint32_t issuer) {
                return policy.is_among(issuer, IssuerId{wanted.test->id});
            });
        return std::any_of(a.literals.begin(), a.literals.end(),
                           [&](const Literal& each) { return implies(each, wanted); });
    });
}

bool implies(const Policy& policy, const RuleView& a, const RuleView& b) {
    return std::all_of(a.cases.begin(), a.cases.end(), [&](const Case& each) {
        return std::any_of(b.cases.begin(), b.cases.end(),
                           [&](const Case& other) { return implies(policy, each, other); });
    });
}

bool covers_tools(const Rule& wide, const Rule& narrow) {
    if (wide.tools.empty()) return true;
    return !narrow.tools.empty() && std::all_of(narrow.tools.begin(), narrow.tools.end(), [&](ToolId id) {
        return std::find(wide.tools.begin(), wide.tools.end(), id) != wide.tools.end();
    });
}

/// The texts of a set that is constant; empty if it is not.
std::optional<std::vector<std::string_view>> texts_of(const Expr* set) {
    if (set == nullptr) return std::nullopt;
    std::vector<std::string_view> out;
    for (const Expr* each : constants_of(*set)) out.push_back(each->text);
    if (out.empty()) return std::nullopt;
    std::sort(out.begin(), out.end());
    return out;
}

/// Whether a permit grants all that another one does, and for as long.
bool grants_as_much(const Rule& wide, const Rule& narrow) {
    if (wide.ttl == nullptr || narrow.ttl == nullptr || wide.ttl->op != Op::Integer || narrow.ttl->op != Op::Integer)
        return false;
    if (wide.ttl->integer < narrow.ttl->integer) return false;
    const auto all = texts_of(wide.scopes), some = texts_of(narrow.scopes);
    return all && some && std::includes(all->begin(), all->end(), some->begin(), some->end());
}

bool same_part(const Expr* a, const Expr* b) {
    return a == nullptr || b == nullptr ? a == b : same(*a, *b);
}

bool same_effect(const Rule& a, const Rule& b) {
    const auto obligations = [](const check::Obligation& x, const check::Obligation& y) {
        return x.name == y.name &&
               std::equal(x.args.begin(), x.args.end(), y.args.begin(), y.args.end(),
                          [](const auto& p, const auto& q) { return p.name == q.name && same(*p.value, *q.value); });
    };
    return same_part(a.scopes, b.scopes) && same_part(a.ttl, b.ttl) && same_part(a.audience, b.audience) &&
           a.single_use == b.single_use && a.approvals == b.approvals && a.groups == b.groups &&
           std::equal(a.obligations.begin(), a.obligations.end(), b.obligations.begin(), b.obligations.end(),
                      obligations);
}

class Relations {
public:
    explicit Relations(Linter& l) : l_(l) {
        for (const RuleView& view : l_.rules)
            for (const Case& each : view.cases)
                for (const Literal& literal : each.literals)
                    for (const std::uint64_t at : keys_of(l_.policy, literal)) ++count_[at];
        for (std::uint32_t i = 0; i < l_.rules.size(); ++i)
            for (const Case& each : l_.rules[i].cases) enter(i, each);
    }

    void run() {
        for (std::uint32_t i = 0; i < l_.rules.size(); ++i) {
            const RuleView& view = l_.rules[i];
            if (!view.given) continue;
            // A rule that is implied by every case is implied by the first one.
            tried_.clear();
            look(i, always_);
            for (const std::uint64_t at : questions_of(view.cases.front()))
                for (const std::uint32_t tool : {tools_of(*view.rule).front(), ToolId::kNone})
                    if (const auto found = by_key_.find(key(6, at, tool)); found != by_key_.end())
                        look(i, found->second);
        }
    }

private:
    void enter(std::uint32_t rule, const Case& c) {
        if (c.literals.empty()) {
            always_.push_back(rule);
            return;
        }
        const auto weight = [&](const Literal& literal) {
            std::size_t sum = 0;
            for (const std::uint64_t at : keys_of(l_.policy, literal)) sum += count_[at];
            return sum;
        };
        const Literal* rarest = &c.literals.front();
        for (const Literal& each : c.literals)
            if (weight(each) < weight(*rarest)) rarest = &each;
        for (const std::uint64_t at : keys_of(l_.policy, *rarest))
            for (const std::uint32_t tool : tools_of(*l_.rules[rule].rule)) by_key_[key(6, at, tool)].push_back(rule);
    }

    /// The tools of a rule, or a number that means any tool.
    static std::vector<std::uint32_t> tools_of(const Rule& rule) {
        std::vector<std::uint32_t> out;
        for (const ToolId id : rule.tools) out.push_back(id.value);
        if (out.empty()) out.push_back(ToolId::kNone);
        return out;
    }

    void look(std::uint32_t narrow, const std::vector<std::uint32_t>& candidates) {
        std::size_t left = kMostTried;
        for (const std::uint32_t wide : candidates) {
            if (left-- == 0) return;
            if (wide != narrow && tried_.insert(wide).second) compare(narrow, wide);
        }
    }

    void compare(std::uint32_t narrow_index, std::uint32_t wide_index) {
        const RuleView &narrow = l_.rules[narrow_index], &wide = l_.rules[wide_index];
        const Rule &a = *narrow.rule, &b = *wide.rule;
        // A template is many rules; two templates are compared only if they use the same table.
        if (a.each != b.each || !covers_tools(b, a) || !implies(l_.policy, narrow, wide)) return;
        const bool both = covers_tools(a, b) && implies(l_.policy, wide, narrow);
        if (a.kind == b.kind && both && same_effect(a, b)) return twice(narrow_index, wide_index);
        if (a.kind == RuleKind::Permit && b.kind == RuleKind::Deny) return denied(a, b);
        if (a.each.valid()) return;
        if (a.kind == RuleKind::Deny && b.kind == RuleKind::Deny) {
            if (Finding* found =
                    l_.report(Lint::RedundantDeny, a.span,
                              "deny " + quoted(a.name) + " denies nothing that " + quoted(b.name) + " permits", "",
                              "people who change one of them may overlook the other; remove it, or "
                              "narrow " +
                                  quoted(b.name)))
                found->diagnostic.related.push_back({b.span, "covers it"});
        }
        if (a.kind != RuleKind::Permit || b.kind != RuleKind::Permit || !grants_as_much(b, a)) return;
        if ((both && grants_as_much(a, b) && narrow_index < wide_index) || extends(b, a)) return;
        if (Finding* found =
                l_.report(Lint::ShadowedPermit, a.span,
                          "permit " + quoted(a.name) + " grants nothing that " + quoted(b.name) + " does not", "",
                          "narrowing " + quoted(a.name) +
                              " narrows nothing, although it seems to; remove it, or narrow " + quoted(b.name)))
            found->diagnostic.related.push_back({b.span, "applies whenever it does, and grants as much"});
    }

    void twice(std::uint32_t narrow_index, std::uint32_t wide_index) {
        if (narrow_index < wide_index) return;
        const Rule &a = *l_.rules[narrow_index].rule, &b = *l_.rules[wide_index].rule;
        Finding* found =
            l_.report(Lint::DuplicateRule, a.span,
                      std::string(spelling_of(a.kind)) + " " + quoted(a.name) + " repeats " + quoted(b.name), "",
                      "a change to only one of them may have no effect; remove one");
        if (found == nullptr) return;
        found->diagnostic.related.push_back({b.span, "has the same content"});
        // A deny's name is its reason code, so removing the deny would change the reasons of decisions.
        const ast::Decl* decl = l_.declaration_of(a.span);
        if (a.kind != RuleKind::Deny && decl != nullptr)
            found->fix = removal_of(l_.policy.sources[a.span.source].text, decl->span);
    }

    void denied(const Rule& a, const Rule& b) {
        Finding* found = l_.report(
            Lint::DeniedPermit, a.span, "permit " + quoted(a.name) + " is always denied by " + quoted(b.name), "",
            "it has no effect now, but grants as soon as the deny is changed; remove it, or exclude in "
            "the deny the cases it is meant for");
        if (found != nullptr) found->diagnostic.related.push_back({b.span, "applies whenever it does"});
    }

    /// Whether `rule` extends `base`, and so is declared as its wider form.
    [[nodiscard]] bool extends(const Rule& rule, const Rule& base) const {
        const ast::Decl* decl = l_.declaration_of(rule.span);
        const auto* written = decl == nullptr ? nullptr : std::get_if<ast::RuleDecl>(&decl->node);
        return written != nullptr && written->extends && written->extends->parts.back().text == base.name;
    }

    Linter& l_;
    std::unordered_map<std::uint64_t, std::size_t> count_;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_key_;  ///< and by tool
    std::vector<std::uint32_t> always_;                                     ///< rules with a case without tests
    std::set<std::uint32_t> tried_;                                         ///< by the rule that is looked at
};

}  // namespace

void lint_relations(Linter& l) {
    Relations(l).run();
}

}  // namespace writ::lint

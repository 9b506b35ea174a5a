// Checks that a narrowing rule tests facts before it reads them, and reports conjuncts that exclude each other.
//
// A leaf that reads a claim, or a fact in a group that may be none, is unknown if there is none, and then a narrowing
// rule applies. With a test the condition is known: `g is some and …` is false, `g is none or …` is true. `not` swaps
// both, so polarity matters only for the help.
#include <algorithm>
#include <utility>

#include "check/contradiction.h"
#include "check/expr.h"
#include "check/passes.h"

namespace writ::check {
namespace {

/// Something that has to be tested: a fact, an element's field, or the issuer.
struct Guard {
    enum class Sort : std::uint8_t { Fact, Elem, Issuer } sort = Sort::Fact;
    std::uint32_t id = 0;                ///< fact or binder; Issuer: the IssuerId whose claim is read
    FieldId field;                       ///< Elem
    std::vector<std::uint32_t> issuers;  ///< Issuer: those that the token can be of, ascending
    friend bool operator==(const Guard&, const Guard&) = default;
};
using Guards = std::vector<Guard>;

/// Whether a known guard makes a needed one true.
bool meets(const Guard& known, const Guard& needed) {
    if (known.sort != Guard::Sort::Issuer || needed.sort != Guard::Sort::Issuer) return known == needed;
    return std::ranges::includes(needed.issuers, known.issuers);
}

bool are_met(const Guards& known, const Guard& needed) {
    return std::any_of(known.begin(), known.end(), [&](const Guard& each) { return meets(each, needed); });
}

Guard of_issuers(const Policy& policy, IssuerId id) {
    return {Guard::Sort::Issuer, id.value, {}, policy.members_of(id)};
}

void add(Guards& guards, const Guard& guard) {
    if (std::find(guards.begin(), guards.end(), guard) == guards.end()) guards.push_back(guard);
}

std::optional<Guard> subject_of(const Expr& test) {
    const auto& subject = *test.kids[0];
    if (subject.op == Op::Fact) return Guard{Guard::Sort::Fact, subject.id, {}, {}};
    if (subject.op == Op::Elem) return Guard{Guard::Sort::Elem, subject.id, subject.field, {}};
    return {};
}

/// The issuers that a comparison of `token.issuer` with constants allows; none: it is another test.
std::optional<Guard> issuers_of(const Policy& policy, const Expr& e) {
    const bool one = e.op == Op::Compare && e.cmp == Cmp::Eq;
    if ((!one && e.op != Op::In) || e.kids[0]->op != Op::Fact || policy.facts[e.kids[0]->id].path != "token.issuer")
        return {};
    const auto urls = e.kids[1]->op == Op::Set ? e.kids[1]->kids : e.kids.subspan(1);
    Guard out{Guard::Sort::Issuer, 0, {}, {}};
    for (const Expr* url : urls) {
        if (url->op != Op::Text) return {};
        for (std::uint32_t i = 0; i < policy.issuers.size(); ++i)
            if (policy.issuers[i].url == url->text) out.issuers.push_back(i);
    }
    std::sort(out.issuers.begin(), out.issuers.end());
    return out;
}

/// Adds the guard of one more test. Guards of the issuer become one: the issuers that all tests allow.
void add_known(Guards& known, const Guard& guard) {
    const auto before = std::ranges::find(known, Guard::Sort::Issuer, &Guard::sort);
    if (guard.sort != Guard::Sort::Issuer || before == known.end()) return add(known, guard);
    std::vector<std::uint32_t> left;
    std::ranges::set_intersection(before->issuers, guard.issuers, std::back_inserter(left));
    before->issuers = std::move(left);
}

/// The guards if one of two tests has the outcome: those of both tests. The issuer may be one of either test.
Guards known_of_either(const Guards& a, const Guards& b) {
    Guards out;
    for (const Guard& one : a)
        for (const Guard& other : b) {
            if (one.sort != Guard::Sort::Issuer || other.sort != Guard::Sort::Issuer) {
                if (one == other) add(out, one);
                continue;
            }
            Guard either{Guard::Sort::Issuer, one.id, {}, {}};
            std::ranges::set_union(one.issuers, other.issuers, std::back_inserter(either.issuers));
            add(out, either);
        }
    return out;
}

/// The facts that are known not to be none, and the possible issuers, if `e` has the outcome.
Guards known_if(const Policy& policy, const Expr& e, bool outcome) {
    Guards known;
    if (e.op == Op::Not) return known_if(policy, *e.kids[0], !outcome);
    if (e.op == Op::IsSome || e.op == Op::IsNone) {
        if ((e.op == Op::IsSome) == outcome)
            if (const auto subject = subject_of(e)) known.push_back(*subject);
        return known;
    }
    if (e.op == Op::IssuerIs && outcome) known.push_back(of_issuers(policy, IssuerId{e.id}));
    if (const auto issuers = issuers_of(policy, e); issuers && outcome) known.push_back(*issuers);
    if (e.op != Op::And && e.op != Op::Or) return known;
    if ((e.op == Op::And) == outcome) {
        for (const auto* kid : e.kids)
            for (const auto& guard : known_if(policy, *kid, outcome)) add_known(known, guard);
        return known;
    }
    known = known_if(policy, *e.kids[0], outcome);
    for (const auto* kid : e.kids.subspan(1)) known = known_of_either(known, known_if(policy, *kid, outcome));
    return known;
}

/// Without the parentheses around the whole, if there are any.
std::string_view bare_text(std::string_view text) {
    if (!text.starts_with('(') || !text.ends_with(')')) return text;
    int open = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        open += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (open == 0) return text;
    }
    return text.substr(1, text.size() - 2);
}

class GuardCheck {
public:
    GuardCheck(Context& c, const ast::Name& rule, Span decl) : c_(c), rule_(rule), decl_(decl) {}

    void condition(const Expr& e, const Guards& guards, bool positive, bool bare) {
        if (e.op == Op::Not) return condition(*e.kids[0], guards, !positive, false);
        if (e.op == Op::And || e.op == Op::Or) return logic(e, guards, positive);
        Guards needed;
        reads(e, needed, guards, positive, false);
        std::erase_if(needed, [&](const Guard& guard) { return are_met(guards, guard); });
        if (!needed.empty()) report(e, needed, positive, bare);
    }

private:
    void logic(const Expr& e, const Guards& guards, bool positive) {
        // Counts how many kids test each group: a kid is guarded by the others, not by itself.
        std::vector<Guards> known;
        std::vector<std::pair<Guard, std::size_t>> tests;
        for (const auto* kid : e.kids) {
            known.push_back(known_if(c_.policy, *kid, e.op == Op::And));
            for (const auto& guard : known.back()) {
                const auto at =
                    std::find_if(tests.begin(), tests.end(), [&](const auto& test) { return test.first == guard; });
                if (at == tests.end())
                    tests.emplace_back(guard, 1);
                else
                    ++at->second;
            }
        }
        for (std::size_t i = 0; i < e.kids.size(); ++i) {
            Guards inner = guards;
            for (const auto& [guard, count] : tests) {
                const bool own = std::find(known[i].begin(), known[i].end(), guard) != known[i].end();
                if (count > (own ? 1u : 0u)) add(inner, guard);
            }
            condition(*e.kids[i], inner, positive, e.op == Op::And && positive);
        }
    }

    /// Collects what a leaf reads; bodies of quantifiers are separate conditions.
    void reads(const Expr& e, Guards& needed, const Guards& guards, bool positive, bool tested) {
        if (e.op == Op::Fact) return fact(c_.policy.at(FactId{e.id}), e.id, needed, tested);
        if (e.op == Op::Elem) return element(e, needed, tested);
        if (class_of(e.op) == OpClass::Quantifier) {
            reads(*e.kids[0], needed, guards, positive, false);
            // A count can be compared in either direction; in both, a test next to the read decides the body.
            condition(*e.kids[1], guards, e.op == Op::Count || positive, true);
            return;
        }
        for (const auto* kid : e.kids) reads(*kid, needed, guards, positive, class_of(e.op) == OpClass::Presence);
    }

    void fact(const Fact& fact, std::uint32_t id, Guards& needed, bool tested) {
        if (fact.root == FactRoot::Claim || fact.root == FactRoot::Capture)
            add(needed, of_issuers(c_.policy, fact.issuer));
        for (const auto optional : fact.optionals) add(needed, {Guard::Sort::Fact, optional.value, {}, {}});
        if (tested || fact.root == FactRoot::Capture || fact.root == FactRoot::Catalog) return;
        const auto& field = c_.policy.at(fact.field);
        const bool inside_map = field.type.kind == Kind::Map && fact.type.kind != Kind::Map;
        if (field.or_none && !inside_map) add(needed, {Guard::Sort::Fact, id, {}, {}});
    }

    void element(const Expr& e, Guards& needed, bool tested) {
        if (!e.field.valid()) return;
        Guards found;
        if (!tested && c_.policy.at(e.field).or_none) found.push_back({Guard::Sort::Elem, e.id, e.field, {}});
        // Up to the list that holds the element.
        for (auto at = c_.policy.at(e.field).parent; at.valid() && c_.policy.at(at).type.kind == Kind::Record;
             at = c_.policy.at(at).parent)
            if (c_.policy.at(at).or_none) found.push_back({Guard::Sort::Elem, e.id, at, {}});
        for (auto guard = found.rbegin(); guard != found.rend(); ++guard) add(needed, *guard);
    }

    std::string name_of(const Guard& guard, const Expr& leaf) const {
        switch (guard.sort) {
            case Guard::Sort::Fact: return c_.policy.at(FactId{guard.id}).path;
            case Guard::Sort::Issuer: return c_.policy.name_of(IssuerId{guard.id});
            case Guard::Sort::Elem: break;
        }
        return std::string(element_text(leaf, guard));
    }

    /// The spelling of an element's field: the author's text up to the end of the field's name.
    std::string element_text(const Expr& e, const Guard& guard) const {
        if (e.op == Op::Elem && e.id == guard.id) {
            std::size_t below = 0;
            for (auto at = e.field; at.valid() && at != guard.field; at = c_.policy.at(at).parent) ++below;
            auto text = std::string(text_at(c_, e.span));
            for (; below > 0 && text.find('.') != std::string::npos; --below) text.resize(text.rfind('.'));
            return text;
        }
        for (const auto* kid : e.kids)
            if (auto text = element_text(*kid, guard); !text.empty()) return text;
        return {};
    }

    void report(const Expr& leaf, const Guards& needed, bool positive, bool bare) {
        std::string tests;
        const std::string_view joint = positive ? " and " : " or ";
        for (const auto& guard : needed) {
            const auto name = name_of(guard, leaf);
            const bool issuer = guard.sort == Guard::Sort::Issuer;
            tests += issuer ? "token.issuer is " : name + " is ";
            if (issuer)
                tests += (positive ? "" : "not ") + name;
            else
                tests += positive ? "some" : "none";
            tests += joint;
        }
        const auto& first = needed.front();
        const auto name = name_of(first, leaf);
        const std::string message = first.sort == Guard::Sort::Issuer
                                        ? "claims of " + quoted(name) + " are read without a test of the issuer"
                                        : quoted(name) + " may be none and is read without a test";
        const auto written = text_at(c_, leaf.span);
        const auto inside = bare_text(written);
        std::string guarded = tests + std::string(inside);
        if (!bare || inside.size() < written.size()) guarded = "(" + guarded + ")";
        const std::string unknown =
            first.sort == Guard::Sort::Issuer ? "unknown for a token of any other issuer" : "unknown if there is none";
        // A definition may belong to another module, and a test inside of it could be the opposite of what its rules
        // mean.
        const bool elsewhere =
            leaf.span.source != decl_.source || leaf.span.begin < decl_.begin || leaf.span.end > decl_.end;
        auto& diagnostic =
            c_.report.add(Code::UnguardedFact, leaf.span, message, unknown + ", and then this rule applies",
                          elsewhere ? help_for_use(first, name) : "guard it: " + quoted(guarded));
        if (!elsewhere) diagnostic.replacement = guarded;
        relate_guard(diagnostic, first);
        if (elsewhere) diagnostic.related.push_back({rule_.span, "read by this rule, which narrows"});
    }

    static std::string help_for_use(const Guard& guard, const std::string& name) {
        const bool issuer = guard.sort == Guard::Sort::Issuer;
        const std::string is = issuer ? "token.issuer is " + name : name + " is some";
        const std::string is_not = issuer ? "not token.issuer is " + name : name + " is none";
        return "guard it where the rule uses it: " + quoted(is_not + " or …") + " if the rule must apply then, " +
               quoted(is + " and …") + " if it must not";
    }

    void relate_guard(Diagnostic& diagnostic, const Guard& guard) const {
        if (guard.sort == Guard::Sort::Issuer) {
            const bool group = guard.id >= c_.policy.issuers.size();
            diagnostic.related.push_back({c_.policy.span_of(IssuerId{guard.id}),
                                          group ? "the group is declared here" : "the issuer is declared here"});
            return;
        }
        const auto field = guard.sort == Guard::Sort::Fact ? c_.policy.at(FactId{guard.id}).field : guard.field;
        diagnostic.related.push_back({c_.policy.at(field).span, "declared `or none` here"});
    }

    Context& c_;
    const ast::Name& rule_;
    Span decl_;
};

}  // namespace

void check_guards(Context& c, const ast::Name& rule, Span decl, const Expr& when) {
    GuardCheck(c, rule, decl).condition(when, {}, true, true);
}

bool report_contradiction(Context& c, std::span<const Expr* const> conjuncts) {
    std::vector<Demand> demands;
    for (const auto* conjunct : conjuncts) demands.push_back({conjunct, true});
    const auto found = contradiction(c.policy, demands);
    if (!found) return false;
    const bool two = found->before.size() == 1;
    auto& diagnostic =
        c.report.add(Code::NeverHolds, found->last->span,
                     two ? "these two conditions are never true together" : "these conditions are never true together",
                     two ? "excludes the other one" : "excludes what the others leave",
                     "join alternatives with `or`, or with `in { … }`");
    for (const auto* before : found->before)
        diagnostic.related.push_back({before->span, two ? "excluded by this" : "with this"});
    return true;
}

}  // namespace writ::check

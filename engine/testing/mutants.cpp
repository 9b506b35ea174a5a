#include "testing/mutants.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/values.h"
#include "check/expr_text.h"
#include "testing/mutant_edits.h"

namespace writ {

namespace {

constexpr Mutator kMutators[] = {
#define MUTATOR(kind, name, what) {name, what},
#include "testing/mutators.def"
};

}  // namespace

std::span<const Mutator> mutators() {
    return kMutators;
}

}  // namespace writ

namespace writ::testing {

using check::Expr;
using check::Op;
using check::Rule;

namespace {

/// A place in the sources, as a key.
using PlaceKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

PlaceKey place_of(Span span) {
    return {span.source, span.begin, span.end};
}

/// The expressions of a rule that can change.
enum class RulePart : std::uint8_t { When, Scopes, Ttl, Audience };
const Expr* Rule::* member_of(RulePart part) {
    static constexpr const Expr* Rule::* kMembers[] = {&Rule::when, &Rule::scopes, &Rule::ttl, &Rule::audience};
    return kMembers[static_cast<unsigned>(part)];
}

std::string rule_text(const Rule& rule) {
    return std::string(spelling_of(rule.kind)) + " " + rule.name;
}

/// Replaces nodes of a tree.
class Rewriter {
public:
    Rewriter(Arena& arena, const std::unordered_map<const Expr*, const Expr*>& to) : arena_(arena), to_(to) {}

    /// Output: the same node if nothing below it is replaced; null if it is left out.
    const Expr* of(const Expr& e) {
        if (const auto found = to_.find(&e); found != to_.end()) return found->second;
        const bool connective = e.op == Op::And || e.op == Op::Or;
        std::vector<const Expr*> kids;
        bool changed = false;
        for (const Expr* kid : e.kids) {
            const Expr* now = of(*kid);
            changed = changed || now != kid;
            if (now == nullptr && (connective || e.op == Op::Set)) continue;
            if (now != nullptr && now != kid && connective && now->op == e.op)
                kids.insert(kids.end(), now->kids.begin(), now->kids.end());
            else
                kids.push_back(now != nullptr ? now : kid);
        }
        if (!changed) return &e;
        if (connective && kids.size() < 2) return kids.empty() ? nullptr : kids[0];
        Expr* out = arena_.make<Expr>(e);
        out->kids = arena_.copy(kids);
        return out;
    }

private:
    Arena& arena_;
    const std::unordered_map<const Expr*, const Expr*>& to_;
};

class Collector {
public:
    Collector(const check::Policy& policy, const std::vector<std::string>& only, Mutants& out)
        : policy_(policy), out_(out) {
        for (std::size_t i = 0; i < std::size(chosen_); ++i)
            chosen_[i] = only.empty() || std::ranges::find(only, mutators()[i].name) != only.end();
        for (const ast::SourceFile& file : policy.files)
            for (const ast::Decl& decl : file.decls) {
                if (const auto* rule = std::get_if<ast::RuleDecl>(&decl.node))
                    rules_.emplace(place_of(rule->name.span), rule);
                if (const auto* define = std::get_if<ast::DefineDecl>(&decl.node); define && define->body != nullptr)
                    bodies_.insert(place_of(define->body->span));
            }
    }

    void run() {
        for (std::uint32_t i = 0; i < policy_.rules.size(); ++i)
            if (is_own(policy_.rules[i].span)) rule(i);
        for (Draft& draft : drafts_) finish(draft);
        groups();
        std::ranges::stable_sort(out_.all, {}, [](const Mutant& mutant) {
            return std::tuple(mutant.span.source, mutant.span.begin, mutant.span.end, mutant.kind);
        });
    }

private:
    /// One mutant of expressions while it is collected: what its nodes become, in each of the rules.
    struct Draft {
        Mutant mutant;
        RulePart part = RulePart::When;
        std::vector<std::uint32_t> rules;
        std::unordered_map<const Expr*, const Expr*> to;
    };
    /// Kind, part, variant, place, text of the literal, rule.
    using Key = std::tuple<MutatorKind, RulePart, unsigned, PlaceKey, std::string, std::uint32_t>;

    [[nodiscard]] bool is_own(Span span) const { return span.source < policy_.given_sources; }
    [[nodiscard]] bool chosen(MutatorKind kind) const { return chosen_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] const ast::RuleDecl* decl_of(const Rule& rule) const {
        const auto found = rules_.find(place_of(rule.span));
        return found == rules_.end() ? nullptr : found->second;
    }

    void rule(std::uint32_t index) {
        const Rule& rule = policy_.rules[index];
        leave_out_rule(index);
        if (rule.when != nullptr) condition(*rule.when, nullptr, index);
        const bool permit = rule.kind == RuleKind::Permit;
        const MutatorKind sets = permit ? MutatorKind::Scope : MutatorKind::Limit;
        if (rule.scopes != nullptr)
            set_of_effect(*rule.scopes, RulePart::Scopes, sets, permit ? "a grant of scope " : "a grant without scope ",
                          index);
        if (rule.audience != nullptr)
            set_of_effect(*rule.audience, RulePart::Audience, sets, "a grant without audience ", index);
        if (rule.ttl != nullptr) lengthen(*rule.ttl, index);
        const ast::RuleDecl* decl = decl_of(rule);
        if (decl == nullptr) return;
        lose_tool(index, *decl);
        if (rule.kind == RuleKind::Require && decl->approval) change_approvals(index, *decl->approval);
        if (rule.kind == RuleKind::Limit && decl->limit) lose_limit(index, *decl->limit);
        if (rule.kind == RuleKind::Oblige) lose_obligation(index, *decl);
    }

    // ---- expressions --------------------------------------------------------------------------

    void condition(const Expr& e, const Expr* parent, std::uint32_t rule) {
        std::vector<NodeEdit> edits;
        add_condition_edits(policy_, *out_.arena, e, parent, edits);
        add_set_edits(policy_, e, MutatorKind::Member, "a test with ", edits);
        for (NodeEdit& edit : edits) add(std::move(edit), RulePart::When, parent, rule);
        for (const Expr* kid : e.kids) condition(*kid, &e, rule);
    }

    void set_of_effect(const Expr& e, RulePart part, MutatorKind kind, const std::string& needs, std::uint32_t rule) {
        std::vector<NodeEdit> edits;
        add_set_edits(policy_, e, kind, needs, edits);
        for (NodeEdit& edit : edits) add(std::move(edit), part, nullptr, rule);
        for (const Expr* kid : e.kids) set_of_effect(*kid, part, kind, needs, rule);
    }

    void lengthen(const Expr& ttl, std::uint32_t rule) {
        const Rule& of = policy_.rules[rule];
        const std::int64_t longer = sat_add(ttl.integer, kSecond);
        if (ttl.op != Op::Integer || (of.kind == RuleKind::Permit && longer > kMaxTtl)) return;
        Expr* now = out_.arena->make<Expr>(ttl);
        now->integer = longer;
        const std::string was = format_duration(ttl.integer);
        std::string needs = of.kind == RuleKind::Require ? "an approval given " + was + " ago"
                                                         : "a test that expects `for " + was + "`";
        add({MutatorKind::Ttl, 0, &ttl, now, format_duration(longer), std::move(needs)}, RulePart::Ttl, nullptr, rule);
    }

    /// An operand that is left out counts for its rule, unless it is written inside a definition; the other edits of a
    /// definition count for all rules that use it.
    void add(NodeEdit edit, RulePart part, const Expr* parent, std::uint32_t rule) {
        if (!chosen(edit.kind)) return;
        const bool out = edit.kind == MutatorKind::Condition;
        Span span = edit.node->span;
        std::string literal;
        if (check::is_literal(edit.node->op)) literal = edit.needs;
        std::string before = check::source_line(policy_, span);
        if (!is_own(span)) {
            // A condition of the standard library cannot change, but the rule can do without it.
            if (!out || (parent != nullptr && !is_own(parent->span))) return;
            literal = before;
            span = policy_.rules[rule].span;
        }
        const bool of_rule = out && (!is_own(edit.node->span) || bodies_.contains(place_of(span)));
        const Key key{edit.kind, part, edit.variant, place_of(span), literal, of_rule ? rule : 0};
        const auto [at, fresh] = keys_.emplace(key, drafts_.size());
        if (fresh) {
            Draft& draft = drafts_.emplace_back();
            draft.part = part;
            draft.mutant.kind = edit.kind;
            draft.mutant.span = span;
            draft.mutant.before = std::move(before);
            draft.mutant.after = std::move(edit.after);
            draft.mutant.needs = std::move(edit.needs);
        }
        Draft& draft = drafts_[at->second];
        if (draft.rules.empty() || draft.rules.back() != rule) draft.rules.push_back(rule);
        draft.to.emplace(edit.node, edit.now);
        if (part != RulePart::When) return;
        const bool joined = parent != nullptr && (parent->op == Op::And || parent->op == Op::Or);
        draft.mutant.edits.push_back({rule, edit.node, edit.now, joined ? parent->op : Op::Constant});
    }

    void finish(Draft& draft) {
        Rewriter rewriter(*out_.arena, draft.to);
        for (const std::uint32_t index : draft.rules) {
            Rule changed = policy_.rules[index];
            const Expr*& part = changed.*member_of(draft.part);
            const Expr* now = rewriter.of(*part);
            if (now == part) continue;
            part = now;
            draft.mutant.rules.push_back({index, std::move(changed)});
        }
        if (!draft.mutant.rules.empty()) out_.all.push_back(std::move(draft.mutant));
    }

    // ---- the rest of a rule -------------------------------------------------------------------

    void add(MutatorKind kind, std::uint32_t index, Span span, std::string before, std::string after, std::string needs,
             std::optional<Rule> changed) {
        if (!chosen(kind)) return;
        Mutant& mutant = out_.all.emplace_back();
        mutant.kind = kind;
        mutant.span = span;
        mutant.before = std::move(before);
        mutant.after = std::move(after);
        mutant.needs = std::move(needs);
        mutant.rules.push_back({index, std::move(changed)});
    }

    void leave_out_rule(std::uint32_t index) {
        static constexpr std::string_view kNeeds[] = {
            "a test that only this rule permits", "a test that only this rule denies",
            "a test that needs approval only because of this rule", "a test with a grant that this rule narrows",
            "a test that expects an obligation of this rule"};
        const Rule& rule = policy_.rules[index];
        add(MutatorKind::Rule, index, rule.span, rule_text(rule), {},
            std::string(kNeeds[static_cast<unsigned>(rule.kind)]), std::nullopt);
    }

    void lose_tool(std::uint32_t index, const ast::RuleDecl& decl) {
        const Rule& rule = policy_.rules[index];
        if (rule.tools.size() < 2) return;
        for (const ast::QualifiedName& name : decl.tools) {
            Rule changed = rule;
            std::erase_if(changed.tools,
                          [&](check::ToolId id) { return policy_.tools[id.value].name == name.parts.back().text; });
            if (changed.tools.size() + 1 != rule.tools.size()) continue;
            const std::string text(name.parts.back().text);
            add(MutatorKind::Tool, index, name.span, text, {}, "a test for tool " + text, std::move(changed));
        }
    }

    void change_approvals(std::uint32_t index, const ast::ApprovalClause& clause) {
        const Rule& rule = policy_.rules[index];
        const std::string was = check::source_line(policy_, clause.span);
        const auto with = [&](std::uint32_t count) {
            Rule changed = rule;
            changed.approvals = count;
            const std::string after = std::to_string(count) + (count == 1 ? " approval" : " approvals");
            const std::string given = std::to_string(std::min(count, rule.approvals));
            add(MutatorKind::Approvals, index, clause.span, was, after,
                "a test with exactly " + given + (given == "1" ? " approval" : " approvals"), std::move(changed));
        };
        with(rule.approvals + 1);
        if (rule.approvals > 1) with(rule.approvals - 1);
        if (rule.groups.size() < 2) return;
        for (const auto& [group, span] : clause.groups) {
            Rule changed = rule;
            std::erase(changed.groups, group);
            add(MutatorKind::Approvals, index, span, check::literal(group), {},
                "a test that expects `from " + check::literal(group) + "`", std::move(changed));
        }
    }

    void lose_limit(std::uint32_t index, const ast::LimitClause& clause) {
        const Rule& rule = policy_.rules[index];
        const int parts = (rule.ttl != nullptr) + (rule.scopes != nullptr) + (rule.audience != nullptr) +
                          static_cast<int>(rule.single_use);
        if (parts < 2) return;
        for (const RulePart part : {RulePart::Ttl, RulePart::Scopes, RulePart::Audience}) {
            const Expr* set = rule.*member_of(part);
            if (set == nullptr) continue;
            Rule changed = rule;
            changed.*member_of(part) = nullptr;
            const std::string text = check::source_line(policy_, set->span);
            add(MutatorKind::Limit, index, is_own(set->span) ? set->span : clause.span, text, {},
                "a grant that `" + text + "` narrows", std::move(changed));
        }
        if (!rule.single_use) return;
        Rule changed = rule;
        changed.single_use = false;
        add(MutatorKind::Limit, index, clause.span, "single_use", {}, "a test that expects `single_use`",
            std::move(changed));
    }

    void lose_obligation(std::uint32_t index, const ast::RuleDecl& decl) {
        const Rule& rule = policy_.rules[index];
        if (rule.obligations.size() < 2) return;
        for (std::size_t i = 0; i < rule.obligations.size() && i < decl.obligations.size(); ++i) {
            Rule changed = rule;
            changed.obligations.erase(changed.obligations.begin() + static_cast<std::ptrdiff_t>(i));
            add(MutatorKind::Obligation, index, decl.obligations[i].span,
                check::source_line(policy_, decl.obligations[i].span), {},
                "a test that expects `with " + rule.obligations[i].name + "`", std::move(changed));
        }
    }

    // ---- groups of issuers --------------------------------------------------------------------

    void groups() {
        if (!chosen(MutatorKind::Issuer)) return;
        for (const ast::SourceFile& file : policy_.files) {
            if (file.source >= policy_.given_sources) continue;
            for (const ast::Decl& decl : file.decls)
                if (const auto* group = std::get_if<ast::IssuerGroupDecl>(&decl.node)) lose_issuer(*group);
        }
    }

    void lose_issuer(const ast::IssuerGroupDecl& decl) {
        const auto of = std::ranges::find_if(policy_.groups, [&](const check::IssuerGroup& group) {
            return place_of(group.span) == place_of(decl.name.span);
        });
        if (of == policy_.groups.end() || of->members.size() < 2) return;
        for (const ast::QualifiedName& name : decl.members)
            for (const std::uint32_t member : of->members) {
                const std::string& issuer = policy_.issuers[member].name;
                if (issuer != name.parts.back().text) continue;
                Mutant& mutant = out_.all.emplace_back();
                mutant.kind = MutatorKind::Issuer;
                mutant.span = name.span;
                mutant.before = issuer;
                mutant.needs = "a test with a token of " + issuer;
                mutant.lost = {static_cast<std::uint32_t>(of - policy_.groups.begin()), member};
            }
    }

    const check::Policy& policy_;
    Mutants& out_;
    bool chosen_[std::size(kMutators)] = {};
    std::map<PlaceKey, const ast::RuleDecl*> rules_;
    std::set<PlaceKey> bodies_;  ///< of definitions
    std::map<Key, std::size_t> keys_;
    std::vector<Draft> drafts_;
};

}  // namespace

Mutants make_mutants(const check::Policy& policy, const std::vector<std::string>& only) {
    Mutants out;
    Collector(policy, only, out).run();
    return out;
}

}  // namespace writ::testing

// Rules and conditions as parts.
#include <algorithm>

#include "base/joined.h"
#include "check/expr_text.h"
#include "check/types.h"
#include "diff/structure_parts.h"

namespace writ::diff {

namespace {

using check::Expr;
using check::Op;

bool is_constant_set(const Expr& e) {
    return e.op == Op::Set &&
           std::all_of(e.kids.begin(), e.kids.end(), [](const Expr* kid) { return check::is_literal(kid->op); });
}

class RuleParts {
public:
    RuleParts(const check::Policy& policy, check::TableId row, const check::SharedNames& shared)
        : policy_(policy), row_(row), shared_(shared), keys_(policy, shared) {}

    void add_rule(const check::Rule& rule) {
        const Direction looser = rule.kind == RuleKind::Permit ? Direction::Wider : Direction::Narrower;
        if (rule.each.valid()) {
            const std::string table = check::told_name(policy_, policy_.tables[rule.each.value], shared_.tables);
            add(sole("for each row of", table, table, Direction::Other, Direction::Other));
        }
        if (!rule.tools.empty()) {
            std::vector<PartMember> tools;
            for (const check::ToolId id : rule.tools) {
                const std::string tool = check::told_name(policy_, policy_.tools[id.value], shared_.tools);
                tools.push_back({tool, tool});
            }
            add(several("tools", "tool", as_set(std::move(tools)), opposite(looser), looser));
        }
        if (rule.when != nullptr) add_conditions(*rule.when, looser);
        switch (rule.kind) {
            case RuleKind::Permit:
                granted(rule);
                duration(rule, "ttl", Direction::Wider, Direction::Wider);
                break;
            case RuleKind::Deny: break;
            case RuleKind::Require: {
                PolicyPart count = sole("approvals", std::to_string(rule.approvals), std::to_string(rule.approvals),
                                        Direction::Narrower, Direction::Narrower);
                count.measure = rule.approvals;
                add(std::move(count));
                add(several("groups", "group", members_of(rule.groups), Direction::Narrower, Direction::Wider));
                duration(rule, "within", Direction::Narrower, Direction::Wider);
                break;
            }
            case RuleKind::Limit:
                duration(rule, "ttl", Direction::Narrower, Direction::Wider);
                scopes(rule, Direction::Narrower);
                if (rule.audience != nullptr) add(set("audience", "audience", *rule.audience, Direction::Narrower));
                if (rule.single_use) add(plain("single_use", "", "single_use", Direction::Narrower));
                break;
            case RuleKind::Oblige:
                for (const check::Obligation& each : rule.obligations) add(obligation(each));
                break;
        }
        if (!rule.because.empty()) add(sole_text("because", rule.because, Direction::Same, Direction::Same));
    }

    void add_conditions(const Expr& when, Direction looser) {
        if (when.op != Op::And) return add(condition(when, looser));
        for (const Expr* each : when.kids) add_conditions(*each, looser);
    }
    std::vector<PolicyPart> take() { return std::move(out_); }

private:
    void add(PolicyPart part) { out_.push_back(std::move(part)); }
    [[nodiscard]] std::string text(const Expr& e) const { return check::expr_text(policy_, e, row_, shared_); }
    [[nodiscard]] std::string key(const Expr& e) const { return keys_.expr(e, row_); }

    void duration(const check::Rule& rule, std::string name, Direction gain, Direction grow) {
        if (rule.ttl == nullptr) return;
        PolicyPart part = sole(std::move(name), key(*rule.ttl), text(*rule.ttl), gain, grow);
        if (rule.ttl->op == Op::Integer) part.measure = rule.ttl->integer;
        add(std::move(part));
    }

    [[nodiscard]] PolicyPart set(std::string name, std::string_view each, const Expr& e, Direction gain) const {
        if (!is_constant_set(e)) return sole(std::move(name), key(e), text(e), gain, Direction::Other);
        return several(std::move(name), each, members(e), gain, Direction::Wider);
    }
    void scopes(const check::Rule& rule, Direction gain) {
        if (rule.scopes != nullptr) add(set("scopes", "scope", *rule.scopes, gain));
    }
    /// What a permit grants; if its tools do not have the same scopes, also what it grants each of them.
    void granted(const check::Rule& rule) {
        scopes(rule, Direction::Wider);
        if (!is_constant_set(*rule.scopes)) return;
        std::vector<PolicyPart> each_tool;
        bool all = true;
        for (const check::ToolId id : rule.tools) {
            const check::Tool& tool = policy_.tools[id.value];
            std::vector<PartMember> own;
            for (const Expr* each : rule.scopes->kids)
                if (std::find(tool.scopes.begin(), tool.scopes.end(), each->text) != tool.scopes.end())
                    own.push_back({key(*each), text(*each)});
            all = all && own.size() == rule.scopes->kids.size();
            const std::string name = check::told_name(policy_, tool, shared_.tools);
            each_tool.push_back(
                several("scopes of " + name, {}, as_set(std::move(own)), Direction::Same, Direction::Wider));
        }
        if (!all)
            for (PolicyPart& part : each_tool) add(std::move(part));
    }

    [[nodiscard]] std::vector<PartMember> members(const Expr& e) const {
        std::vector<PartMember> out;
        for (const Expr* each : e.kids) out.push_back({key(*each), text(*each)});
        return as_set(std::move(out));
    }

    [[nodiscard]] PolicyPart obligation(const check::Obligation& obligation) const {
        std::string args, id;
        join_part(id, obligation.name);
        for (const check::ObligationArg& each : obligation.args) {
            args.append(args.empty() ? "" : ", ").append(each.name).append(": ").append(text(*each.value));
            join_part(id, each.name);
            join_part(id, key(*each.value));
        }
        return plain("obligation", std::move(id), obligation.name + (args.empty() ? "" : "(" + args + ")"),
                     Direction::Narrower);
    }

    [[nodiscard]] PolicyPart condition(const Expr& e, Direction looser) const {
        PolicyPart out = plain("condition", key(e), text(e), opposite(looser));
        bool negated = false;
        const Expr* inner = &e;
        for (; inner->op == Op::Not; inner = inner->kids[0]) negated = !negated;
        bound(*inner, out);
        out.grow = out.grow == Direction::Other                ? Direction::Other
                   : (out.grow == Direction::Wider) == negated ? opposite(looser)
                                                               : looser;
        if (negated && !out.about.empty()) out.about = "not " + out.about;
        return out;
    }

    /// Finds the bound in a condition. `grow`: Wider if a greater value makes the condition true
    /// more often, otherwise Narrower.
    void bound(const Expr& e, PolicyPart& out) const {
        const auto among = [&](const Expr& subject, std::string_view word, std::vector<PartMember> items,
                               Direction grow) {
            out.about = std::string(word) + " " + key(subject);
            out.members = std::move(items);
            out.grow = grow;
        };
        if (e.op == Op::Compare) {
            const bool turned = check::is_literal(e.kids[0]->op);
            const Expr &subject = *e.kids[turned ? 1 : 0], &value = *e.kids[turned ? 0 : 1];
            if (!check::is_literal(value.op)) return;
            const Cmp cmp = turned ? mirrored(e.cmp) : e.cmp;
            if (cmp == Cmp::Eq) return among(subject, "in", {{key(value), text(value)}}, Direction::Wider);
            if (cmp == Cmp::Ne) return among(subject, "not in", {{key(value), text(value)}}, Direction::Narrower);
            out.about = std::string(spelling_of(cmp)) + " " + key(subject);
            if (value.op == Op::Integer) out.measure = value.integer;
            out.grow = cmp == Cmp::Lt || cmp == Cmp::Le ? Direction::Wider : Direction::Narrower;
        } else if (e.op == Op::In && is_constant_set(*e.kids[1])) {
            among(*e.kids[0], "in", members(*e.kids[1]), Direction::Wider);
        } else if (e.op == Op::In && check::is_literal(e.kids[0]->op)) {
            out.about = "contains " + key(*e.kids[1]);
        } else if (check::class_of(e.op) == check::OpClass::SetRelation && is_constant_set(*e.kids[1])) {
            among(*e.kids[0], check::info(e.op).sign, members(*e.kids[1]), Direction::Wider);
        } else if (e.op == Op::Or) {
            out.about = "or";
            out.members = members(e);
            out.grow = Direction::Wider;
        } else if (e.op == Op::TextTest || e.op == Op::InWindow) {
            out.about = (e.op == Op::InWindow ? "window " : "like ") + key(*e.kids[0]);
        }
    }

    const check::Policy& policy_;
    check::TableId row_;
    const check::SharedNames& shared_;
    PartKeys keys_;
    std::vector<PolicyPart> out_;
};

}  // namespace

std::vector<PolicyPart> rule_parts(const check::Policy& policy, const check::Rule& rule,
                                   const check::SharedNames& shared) {
    RuleParts parts(policy, rule.each, shared);
    parts.add_rule(rule);
    return parts.take();
}

std::vector<PolicyPart> condition_parts(const check::Policy& policy, const Expr& when, Direction looser,
                                        const check::SharedNames& shared) {
    RuleParts parts(policy, {}, shared);
    parts.add_conditions(when, looser);
    return parts.take();
}

}  // namespace writ::diff

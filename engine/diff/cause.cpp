#include "diff/cause.h"

#include <algorithm>
#include <span>

#include "diff/structure.h"

namespace writ::diff {

namespace {

std::string key_of(std::string_view word, std::string_view name) {
    return std::string(word) + " " + std::string(name);
}

bool holds(const std::vector<RuleId>& ids, RuleId id) {
    return std::binary_search(ids.begin(), ids.end(), id);
}

/// The changes of a rule's text that can change a part of a decision.
bool concerns(DecisionPart part, std::string_view of_rule) {
    const auto one_of = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), of_rule) != names.end();
    };
    switch (part) {
        case DecisionPart::Effect: return one_of({"approvals", "group", "groups", "within", "scope", "scopes", "ttl"});
        case DecisionPart::Scopes: return one_of({"scope", "scopes"});
        case DecisionPart::Audience: return one_of({"audience"});
        case DecisionPart::Ttl: return one_of({"ttl", "within", "condition"});
        case DecisionPart::NotAfter: return one_of({"condition", "within"});
        case DecisionPart::SingleUse: return one_of({"single_use"});
        case DecisionPart::Obligations: return one_of({"obligation"});
        case DecisionPart::Requirements: return one_of({"approvals", "group", "groups", "within"});
    }
    return false;
}

/// The kinds of rules that can do that.
std::span<const RuleKind> kinds_for(DecisionPart part) {
    static constexpr RuleKind kEffect[] = {RuleKind::Require, RuleKind::Permit, RuleKind::Limit};
    static constexpr RuleKind kScopes[] = {RuleKind::Permit, RuleKind::Limit};
    static constexpr RuleKind kLimits[] = {RuleKind::Limit};
    static constexpr RuleKind kTime[] = {RuleKind::Permit, RuleKind::Limit, RuleKind::Require, RuleKind::Oblige,
                                         RuleKind::Deny};
    static constexpr RuleKind kDuties[] = {RuleKind::Oblige};
    static constexpr RuleKind kRequirements[] = {RuleKind::Require};
    switch (part) {
        case DecisionPart::Effect: return kEffect;
        case DecisionPart::Scopes: return kScopes;
        case DecisionPart::Audience: return kLimits;
        case DecisionPart::Ttl:
        case DecisionPart::NotAfter: return kTime;
        case DecisionPart::SingleUse: return kLimits;
        case DecisionPart::Obligations: return kDuties;
        case DecisionPart::Requirements: return kRequirements;
    }
    return kEffect;
}

class CauseFinder {
public:
    CauseFinder(DiffSide& before, DiffSide& after, const RuleBook& book)
        : before_(before), after_(after), book_(book) {}

    std::vector<Cause> run(Shift shift) {
        if (shift.of(DecisionPart::Effect) != Direction::Same) {
            effect(shift.of(DecisionPart::Effect));
        } else {
            for (std::size_t i = 0; i < kDecisionParts; ++i) {
                const auto part = static_cast<DecisionPart>(i);
                if (shift.of(part) != Direction::Same) part_of(part, shift.of(part));
            }
        }
        return std::move(out_);
    }

private:
    void add(Cause cause) {
        if (std::find(out_.begin(), out_.end(), cause) == out_.end()) out_.push_back(std::move(cause));
    }
    void add(RuleId id) { add(book_.cause(id)); }

    /// The effect rose or fell: the rule that kept the lower effect down does not apply on the higher side.
    void effect(Direction direction) {
        DiffSide& low = direction == Direction::Wider ? before_ : after_;
        DiffSide& high = direction == Direction::Wider ? after_ : before_;
        if (low.refusal) return add({"reason", low.refusal->code, {}, false});
        if (low.decision.effect == Effect::Deny && !low.applying.denies.empty()) {
            for (const RuleId id : low.applying.denies)
                if (!holds(high.applying.denies, id)) add(id);
            // Perhaps no permit would have matched either, so the permits that match now are causes too.
            low.read_permits();
            for (const RuleId id : high.applying.used)
                if (!holds(low.applying.permits, id)) add(id);
        } else if (low.decision.effect == Effect::Deny && low.applying.permits.empty()) {
            const bool checked = engine_check(low);
            if (checked) low.read_permits();
            for (const RuleId id : high.applying.used)
                if (!checked || (book_.change(id) != nullptr && !holds(low.applying.permits, id))) add(id);
        } else {
            part_of(DecisionPart::Effect, direction);
            return;
        }
        if (out_.empty()) add_reason(low);
    }

    /// Whether a check without a rule failed; then its tool or issuer is a cause.
    bool engine_check(const DiffSide& low) {
        const auto has = [&](std::initializer_list<std::string_view> codes) {
            return std::any_of(low.decision.reasons.begin(), low.decision.reasons.end(), [&](const Reason& each) {
                return each.rule == kNoRule && std::find(codes.begin(), codes.end(), each.code) != codes.end();
            });
        };
        const bool of_issuer = has({"issuer_unknown", "audience_mismatch", "token_not_current", "token_without_expiry",
                                    "token_type_mismatch", "proof_missing"});
        const bool issuer = of_issuer && add_issuer();
        const bool tool = has({"unknown_tool", "audience_not_offered"}) && add_tool();
        return issuer || tool;
    }
    /// Adds something with its names on both sides, where it exists.
    bool add_declared(std::string word, std::string before, std::string after) {
        const bool gone = after.empty();
        if (gone && before.empty()) return false;
        std::string name = gone ? before : std::move(after);
        add({std::move(word), std::move(name), std::move(before), gone});
        return true;
    }
    template <class Item, class Is>
    static std::string name_of(const DiffSide& side, const std::vector<Item>& items, Is is) {
        const auto found = std::find_if(items.begin(), items.end(), is);
        return found == items.end() ? std::string()
                                    : check::module_of(side.policy(), found->span.source) + "." + found->name;
    }
    bool add_tool() {
        const auto name = [](const DiffSide& side) {
            return name_of(side, side.policy().tools,
                           [&](const check::Tool& each) { return each.wire_name == side.decision.attribution.tool; });
        };
        return add_declared("tool", name(before_), name(after_));
    }
    bool add_issuer() {
        const auto name = [](const DiffSide& side) {
            return name_of(side, side.policy().issuers,
                           [&](const check::Issuer& each) { return each.url == side.decision.attribution.issuer; });
        };
        return add_declared("issuer", name(before_), name(after_));
    }

    /// Adds the rules that apply on one side only, in the way that fits the direction, and those on both sides whose
    /// text affects the part; otherwise everything that differs.
    void part_of(DecisionPart part, Direction direction) {
        const std::size_t had = out_.size();
        for (const RuleKind kind : kinds_for(part)) {
            const bool permit = kind == RuleKind::Permit;
            const auto fits = [&](bool came) {
                return direction == Direction::Other || (direction == Direction::Wider) == (came == permit);
            };
            // A deny for lack of scopes is decided before any permit is used.
            const auto applies = [&](const DiffSide& side, RuleId id) {
                return holds(permit && part == DecisionPart::Effect ? side.applying.permits : side.shaping(kind), id);
            };
            for (const DiffSide* side : {&before_, &after_})
                for (const RuleId id : side->shaping(kind)) {
                    const bool was = applies(before_, id), is = applies(after_, id);
                    if (was && is ? changed(part, id, direction) : fits(is)) add(id);
                }
        }
        if (out_.size() > had) return;
        if ((part == DecisionPart::Audience || part == DecisionPart::Scopes || part == DecisionPart::Effect) &&
            add_tool())
            return;
        for (const RuleKind kind : kinds_for(part))
            for (const RuleId id : after_.shaping(kind)) return add(id);
        add_reason(after_);
    }
    [[nodiscard]] bool changed(DecisionPart part, RuleId id, Direction direction) const {
        const ThingChange* change = book_.change(id);
        return change != nullptr &&
               std::any_of(change->parts.begin(), change->parts.end(), [&](const PartChange& each) {
                   return concerns(part, each.part) &&
                          each.direction != (direction == Direction::Wider ? Direction::Narrower : Direction::Wider);
               });
    }
    void add_reason(const DiffSide& side) {
        const auto& reasons = side.decision.reasons;
        add({"reason", reasons.empty() ? "unknown" : std::string(reasons.front().code), {}, false});
    }

    DiffSide &before_, &after_;
    const RuleBook& book_;
    std::vector<Cause> out_;
};

}  // namespace

RuleBook::RuleBook(DiffSide& before, DiffSide& after, const std::vector<ThingChange>& changes) {
    std::unordered_map<std::string, std::string> renamed;  // old name to new name, each with its word
    for (const ThingChange& each : changes)
        if (each.kind == ThingKind::Rule && !each.name.empty() && !each.old_name.empty() && each.name != each.old_name)
            renamed.emplace(key_of(each.word, each.old_name), each.name);
    number(after, true, {});
    number(before, false, renamed);
    changes_.resize(causes_.size());
    for (const ThingChange& each : changes) {
        if (each.kind != ThingKind::Rule) continue;
        const auto found = ids_.find(key_of(each.word, each.name.empty() ? each.old_name : each.name));
        if (found != ids_.end()) changes_[found->second] = &each;
    }
}

void RuleBook::number(DiffSide& side, bool new_side, const std::unordered_map<std::string, std::string>& renamed) {
    const Bundle& bundle = side.bundle();
    side.ids.resize(bundle.rule_count());
    for (std::size_t rule = 0; rule < bundle.rule_count(); ++rule) {
        const RuleInfo info = bundle.rule(rule);
        const std::string own = std::string(info.module) + "." + std::string(info.name);
        const auto other = renamed.find(key_of(info.kind, own));
        const std::string& name = other == renamed.end() ? own : other->second;
        const auto [at, fresh] = ids_.try_emplace(key_of(info.kind, name), static_cast<RuleId>(causes_.size()));
        if (fresh) causes_.push_back({std::string(info.kind), name, {}, !new_side});
        if (!new_side) causes_[at->second].old_name = own;
        side.ids[rule] = at->second;
    }
}

std::vector<Cause> causes_of(Shift shift, DiffSide& before, DiffSide& after, const RuleBook& book) {
    return CauseFinder(before, after, book).run(shift);
}

}  // namespace writ::diff

// Compares decisions: decides requests with both policies, and counts differences by cause.
#include "writ/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/access.h"
#include "base/json.h"
#include "check/expr_text.h"
#include "diff/cause.h"
#include "diff/side.h"
#include "diff/structure.h"
#include "reference/reference.h"

namespace writ {

namespace {

using diff::DiffSide;
using diff::RuleId;

std::vector<std::string> codes_of(const DiffSide& side) {
    std::vector<std::string> out;
    if (side.refusal) out.push_back(side.refusal->code + " " + side.refusal->context);
    for (const Reason& each : side.decision.reasons)
        if (!side.refusal && std::find(out.begin(), out.end(), each.code) == out.end()) out.emplace_back(each.code);
    return out;
}

SideSummary summary_of(const DiffSide& side) {
    const Bundle& bundle = side.bundle();
    return {std::string(bundle.digest()), bundle.rule_count(), bundle.reach()};
}

/// An invariant that one or both sides have, and the side on which it is evaluated: the new one if possible.
struct ComparedInvariant {
    HeldInvariant held;
    std::string key;  ///< the same if both sides have the same invariant
    const DiffSide* side = nullptr;
    const check::Invariant* invariant = nullptr;
    Effect forbidden = Effect::Permit;
};

struct GroupCount {
    DecisionGroup group;
    std::unordered_map<std::string, AgentCount> agents;
};

}  // namespace

struct Differ::Impl {
    DiffSide before, after;
    std::vector<ThingChange> structure, layers;
    check::SharedNames shared;
    diff::RuleBook book;
    std::vector<bool> seen;  ///< by rule: it has applied
    std::vector<ComparedInvariant> invariants;
    std::map<std::string, GroupCount> groups;
    PolicyDiff out;

    Impl(const Workspace& old_side, const Workspace& new_side, const std::vector<Bundle>& above)
        : before(old_side, above),
          after(new_side, above),
          structure(diff::structural_changes(Access::policy(old_side), Access::policy(new_side))),
          shared(diff::shared_names(Access::policy(old_side), Access::policy(new_side))),
          book(before, after, structure),
          seen(book.size(), false) {
        state_invariants(after);
        state_invariants(before);
    }

    void state_invariants(const DiffSide& side) {
        for (const check::Invariant& each : side.policy().invariants) {
            const std::string name = each.module + "." + each.name;
            const std::string never = each.never_needs_approval ? "needs_approval" : "permit";
            const std::string key =
                diff::joint_key({name, never, diff::PartKeys(side.policy(), shared).expr(*each.when)});
            auto same = std::find_if(invariants.begin(), invariants.end(),
                                     [&](const ComparedInvariant& other) { return other.key == key; });
            if (same == invariants.end()) {
                ComparedInvariant added;
                added.held.name = name;
                added.held.text = "never " + never + " when " + check::expr_text(side.policy(), *each.when, {}, shared);
                added.key = key;
                added.side = &side;
                added.invariant = &each;
                added.forbidden = each.never_needs_approval ? Effect::NeedsApproval : Effect::Permit;
                same = invariants.insert(invariants.end(), std::move(added));
            }
            (&side == &after ? same->held.stated_after : same->held.stated_before) = true;
        }
    }

    // ---- one request ----------------------------------------------------------------------------

    Result<void> decide(std::string_view name, std::string_view request) {
        before.decide(request);
        after.decide(request);
        if (before.refusal && after.refusal) {
            ++out.refused_both;
            return tl::unexpected(*after.refusal);
        }
        ++out.requests;
        out.refused_before += before.refusal ? 1 : 0;
        out.refused_after += after.refusal ? 1 : 0;
        for (const DiffSide* side : {&before, &after}) see(side->applying);
        hold_invariants(name, request);
        const Shift shift = compare(before.decision, after.decision);
        switch (shift.direction()) {
            case Direction::Same: ++out.same; return {};
            case Direction::Wider: ++out.wider; break;
            case Direction::Narrower: ++out.narrower; break;
            case Direction::Other: ++out.other; break;
        }
        count(shift, name, request);
        return {};
    }

    void see(const Applying& applying) {
        for (const auto* rules :
             {&applying.permits, &applying.denies, &applying.requirements, &applying.limits, &applying.obligations})
            for (const RuleId id : *rules) seen[id] = true;
    }

    [[nodiscard]] DiffExample example(std::string_view name, std::string_view request) const {
        return {std::string(name), std::string(request), parts_that_differ(before.decision, after.decision),
                codes_of(before), codes_of(after)};
    }

    void hold_invariants(std::string_view name, std::string_view request) {
        std::optional<json::Value> document;
        for (ComparedInvariant& each : invariants) {
            const bool by_old = before.decision.effect == each.forbidden,
                       by_new = after.decision.effect == each.forbidden;
            // A side has no facts of a request that it does not admit.
            if ((!by_old && !by_new) || each.side->refusal) continue;
            if (!document) {
                auto parsed = json::parse(request);
                if (!parsed) return;
                document = std::move(*parsed);
            }
            if (reference::invariant_condition(each.side->policy(), *each.invariant, *document) != Truth::True)
                continue;
            HeldInvariant& held = each.held;
            if ((by_new && held.broken_after == 0) || held.broken_before + held.broken_after == 0)
                held.example = example(name, request);
            held.broken_before += by_old ? 1 : 0;
            held.broken_after += by_new ? 1 : 0;
        }
    }

    void count(Shift shift, std::string_view name, std::string_view request) {
        const std::vector<Cause> causes = diff::causes_of(shift, before, after, book);
        std::string key;
        for (std::size_t part = 0; part < kDecisionParts; ++part)
            key += static_cast<char>('0' + static_cast<int>(shift.of(static_cast<DecisionPart>(part))));
        key += static_cast<char>('0' + static_cast<int>(before.decision.effect));
        key += static_cast<char>('0' + static_cast<int>(after.decision.effect));
        for (const Cause& each : causes) key.append("\n").append(each.word).append(" ").append(each.name);
        auto [at, fresh] = groups.try_emplace(std::move(key));
        GroupCount& counting = at->second;
        if (fresh)
            counting.group = {shift, before.decision.effect, after.decision.effect, causes, 0, example(name, request),
                              {}};
        ++counting.group.decisions;
        const std::string_view who =
            after.refusal ? before.decision.attribution.agent : after.decision.attribution.agent;
        AgentCount& agent = counting.agents[std::string(who)];
        if (agent.decisions++ == 0) {
            agent.agent = who;
            agent.example = name;
        }
    }

    void decide_own() {
        std::unordered_set<std::string> known;
        const auto one = [&](const std::string& name, const json::Value& document) {
            const std::string text = json::write(document);
            if (known.insert(text).second) (void)decide(name, text);
        };
        for (const DiffSide* side : {&after, &before}) {
            for (const check::TestRow& each : side->policy().tests) one("test " + each.name, each.document);
            for (const check::Fixture& each : side->policy().fixtures) one("fixture " + each.name, each.document);
        }
    }

    void compare_layers(const std::set<std::string>& were, const std::set<std::string>& are) {
        const auto add = [&](const std::string& name, Fate fate) {
            ThingChange& change = layers.emplace_back();
            change.kind = ThingKind::Layer;
            change.word = "layer";
            change.fate = fate;
            (fate == Fate::Added ? change.name : change.old_name) = name;
            change.direction = fate == Fate::Added ? Direction::Narrower : Direction::Wider;
        };
        for (const std::string& name : are)
            if (!were.contains(name)) add(name, Fate::Added);
        for (const std::string& name : were)
            if (!are.contains(name)) add(name, Fate::Removed);
    }

    PolicyDiff finish() {
        for (auto& [key, counting] : groups) {
            DecisionGroup& group = out.groups.emplace_back(std::move(counting.group));
            for (auto& [name, agent] : counting.agents) group.agents.push_back(std::move(agent));
            std::sort(group.agents.begin(), group.agents.end(), [](const AgentCount& a, const AgentCount& b) {
                return std::tie(b.decisions, a.agent) < std::tie(a.decisions, b.agent);
            });
        }
        std::stable_sort(out.groups.begin(), out.groups.end(), [](const DecisionGroup& a, const DecisionGroup& b) {
            const auto rank = [](const DecisionGroup& each) {
                return each.shift.direction() == Direction::Wider ? 0 : each.shift.widens() ? 1 : 2;
            };
            return std::tuple(rank(a), b.decisions) < std::tuple(rank(b), a.decisions);
        });
        for (ComparedInvariant& each : invariants)
            if (each.held.broken_before + each.held.broken_after > 0) out.invariants.push_back(std::move(each.held));
        out.invariants_held = invariants.size();
        for (RuleId id = 0; id < book.size(); ++id)
            if (const ThingChange* change = book.change(id);
                !seen[id] && change != nullptr && change->fate <= Fate::Changed)
                out.unseen.push_back(book.cause(id));
        std::sort(out.unseen.begin(), out.unseen.end());
        out.before = summary_of(before);
        out.after = summary_of(after);
        out.files = diff::file_changes(before.policy(), after.policy());
        out.structure = std::move(structure);
        out.structure.insert(out.structure.end(), layers.begin(), layers.end());
        return std::move(out);
    }
};

Differ::Differ(const Workspace& before, const Workspace& after, const std::vector<Bundle>& above)
    : impl_(std::make_unique<Impl>(before, after, above)) {}
Differ::~Differ() = default;
Differ::Differ(Differ&&) noexcept = default;
Differ& Differ::operator=(Differ&&) noexcept = default;

void Differ::decide_own() {
    impl_->decide_own();
}
void Differ::compare_layers(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    impl_->compare_layers({before.begin(), before.end()}, {after.begin(), after.end()});
}
Result<void> Differ::decide(std::string_view name, std::string_view request) {
    return impl_->decide(name, request);
}
PolicyDiff Differ::finish() {
    return impl_->finish();
}

std::vector<ThingChange> structural_changes(const Workspace& before, const Workspace& after) {
    return diff::structural_changes(Access::policy(before), Access::policy(after));
}

std::string_view fate_name(Fate fate) {
    switch (fate) {
        case Fate::Added: return "added";
        case Fate::Removed: return "removed";
        case Fate::Changed: return "changed";
        case Fate::Renamed: return "renamed";
        case Fate::Moved: return "moved";
    }
    return {};
}

std::string_view text_change_name(TextChange change) {
    switch (change) {
        case TextChange::None: return "none";
        case TextChange::Layout: return "layout";
        case TextChange::Comments: return "comments";
        case TextChange::Words: return "words";
    }
    return {};
}

std::string_view thing_name(ThingKind kind) {
    switch (kind) {
        case ThingKind::Rule: return "rule";
        case ThingKind::Schema: return "schema";
        case ThingKind::Tool: return "tool";
        case ThingKind::Issuer: return "issuer";
        case ThingKind::IssuerGroup: return "issuer group";
        case ThingKind::Claims: return "claims";
        case ThingKind::Enum: return "enum";
        case ThingKind::Table: return "table";
        case ThingKind::Define: return "define";
        case ThingKind::Invariant: return "invariant";
        case ThingKind::Import: return "import";
        case ThingKind::Fixture: return "fixture";
        case ThingKind::Test: return "test";
        case ThingKind::Layer: return "layer";
    }
    return {};
}

}  // namespace writ

// Counts approvals for requirements, and checks what they are bound to.
#include "base/access.h"
#include "base/person.h"
#include "base/values.h"
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// Why an approval may not count, in the order of reporting.
constexpr ReasonCode kObjections[] = {
    ReasonCode::approval_not_approved, ReasonCode::approval_expired,         ReasonCode::approval_stale,
    ReasonCode::approval_group,        ReasonCode::approval_not_independent, ReasonCode::approval_unbound,
    ReasonCode::approval_used,         ReasonCode::approval_revoked,
};

/// The bit of an objection.
constexpr std::uint32_t bit(ReasonCode code) {
    return 1u << (std::find(std::begin(kObjections), std::end(kObjections), code) - std::begin(kObjections));
}

/// The person who gave an approval: the approver's id if it is stated, otherwise the name.
const Value& person_of(const Places& places, const Value* approval) {
    const Value& id = column_of(approval, places.approver_id);
    return id.present() ? id : column_of(approval, places.approver);
}

/// Calls `each` with every fact that identifies a person whose request it is: its path and its value.
template <class Each>
void each_involved(const Facts& facts, Each each) {
    const Places& places = facts.places();
    each("run.initiator", facts[Builtin::RunInitiator]);
    each("agent.owner", facts[Builtin::AgentOwner]);
    each("agent.id", facts[Builtin::AgentId]);
    if (facts[Builtin::User].state != State::None) each("user.id", facts[Builtin::UserId]);
    if (facts[Builtin::Delegation].state != State::None) {
        each("delegation.originator", facts[Builtin::DelegationOriginator]);
        each("delegation.actor", facts[Builtin::DelegationActor]);
    }
    each_row(facts[Builtin::DelegationChain], [&](const Value* hop) {
        each("delegation.chain.actor", column_of(hop, places.hop_actor));
        each("delegation.chain.initiator", column_of(hop, places.hop_initiator));
    });
}

void state(Stated& out, const Value& who) {
    out.state = who.state;
    if (who.present()) out.name.set(who.text());
}

/// Prepares the names of the people whose request it is for comparison with every approver.
void state_involved(Outcomes& work, const Facts& facts) {
    work.involved_count = 0;
    each_involved(facts, [&](std::string_view, const Value& who) {
        if (work.involved_count == work.involved.size()) work.involved.emplace_back();
        state(work.involved[work.involved_count++], who);
    });
}

/// Whether an approver is known to differ from everyone involved in the request. Each of them must be
/// stated: nobody can be distinguished from an unknown person. An id does not make a name another person's.
/// Output: `person`: the approver.
bool independent(Outcomes& work, const Places& places, const Value* approval, PersonName& person) {
    const Value &name = column_of(approval, places.approver), &by = person_of(places, approval);
    if (by.present()) person.set(by.text());
    state(work.approver, name);
    if (!name.present() || name.length == 0 || !person.comparable()) return false;
    const bool by_name = &by == &name || work.approver.name.comparable();
    const auto other = [&](const Stated& who) {
        if (who.state != State::Present) return who.state == State::None;
        const auto different = [&](const PersonName& one) { return one.compare(who.name) == Likeness::Different; };
        return different(person) && (&by == &name || !by_name || different(work.approver.name));
    };
    state(work.requester, column_of(approval, places.requester));
    return other(work.requester) &&
           std::all_of(work.involved.begin(), work.involved.begin() + static_cast<std::ptrdiff_t>(work.involved_count),
                       other);
}

/// The first unstated fact because of which an approval is not known to be independent. Empty: there is none.
std::string_view unstated_person(const Deciding& deciding) {
    const Places& places = deciding.facts.places();
    std::string_view first;
    const auto look = [&](std::string_view path, const Value& who) {
        if (first.empty() && who.state == State::Missing) first = path;
    };
    each_involved(deciding.facts, look);
    for (const Judged& each : deciding.work.judged) {
        if ((each.against & bit(ReasonCode::approval_not_independent)) == 0) continue;
        look("approvals.approver", column_of(each.row, places.approver));
        look("approvals.requester", column_of(each.row, places.requester));
    }
    return first;
}

/// The objections to an approval that do not depend on the requirement, and the approver.
Judged judge(Deciding& deciding, const Value* approval, PersonName& person) {
    const Places& places = deciding.facts.places();
    const std::int64_t now = deciding.decision.now;
    Judged out{approval, 0, INT64_MAX};

    const Value& state = column_of(approval, places.state);
    if (!state.present() || state.integer != places.approved) out.against |= bit(ReasonCode::approval_not_approved);

    const Value& expires = column_of(approval, places.expires);
    if (expires.state == State::Missing || (expires.present() && sat_sub(expires.integer, now) < kSecond))
        out.against |= bit(ReasonCode::approval_expired);
    if (expires.present()) out.until = expires.integer;

    if (!independent(deciding.work, places, approval, person)) out.against |= bit(ReasonCode::approval_not_independent);

    const Value& digest = column_of(approval, places.binding);
    const std::int64_t ttl = digest.present() ? deciding.work.binding.covers(digest.text()) : -1;
    if (ttl < 0)
        out.against |= bit(ReasonCode::approval_unbound);
    else
        out.until = std::min(out.until, sat_add(now, ttl));

    // Uses are counted by id. Without an id in canonical spelling, it is unknown which approval was used.
    const Value &uses = column_of(approval, places.uses), &id = column_of(approval, places.approval);
    const bool named = id.present() && comparable_name(id.text());
    if (uses.state == State::Missing || (uses.present() && (uses.integer < 1 || !named)))
        out.against |= bit(ReasonCode::approval_used);

    if (const Revocations* revocations = deciding.revocations; revocations != nullptr) {
        const auto revoked = [&](RevocationKind kind, std::uint32_t column) {
            if (!revocations->any(kind, now)) return false;
            const Value& subject = column_of(approval, column);
            return subject.state == State::Missing ||
                   (subject.present() && revocations->revoked(kind, subject.text(), now, deciding.work.spelling));
        };
        // The id is optional, because the name identifies the approver too.
        const bool by_id = column_of(approval, places.approver_id).present();
        if (revoked(RevocationKind::Approval, places.approval) || revoked(RevocationKind::User, places.approver) ||
            (by_id && revoked(RevocationKind::User, places.approver_id)))
            out.against |= bit(ReasonCode::approval_revoked);
    }
    return out;
}

/// Makes the binding digest and judges the approvals, when the first requirement needs them.
void judge_all(Deciding& deciding) {
    Outcomes& work = deciding.work;
    if (work.binding.made()) return;
    work.binding.make(deciding.facts);
    deciding.decision.binding_digest = work.binding.digest();
    work.judged.clear();
    state_involved(work, deciding.facts);
    each_row(deciding.facts[Builtin::Approvals], [&](const Value* approval) {
        if (work.by.size() == work.judged.size()) work.by.emplace_back();
        work.judged.push_back(judge(deciding, approval, work.by[work.judged.size()]));
    });
    // Names are compared once here, not for each requirement.
    const Places& places = deciding.facts.places();
    const std::size_t count = work.judged.size();
    work.alike.assign(count * count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            const Value *one = work.judged[i].row, *other = work.judged[k].row;
            if ((work.judged[i].against | work.judged[k].against) != 0) continue;
            if (column_of(one, places.approver_id).present() != column_of(other, places.approver_id).present())
                continue;
            const Likeness likeness = work.by[i].compare(work.by[k]);
            work.alike[i * count + k] = work.alike[k * count + i] = likeness != Likeness::Different ? 1 : 0;
        }
    }
}

/// Keeps for each person the approval that counts longest; longest first. A person known by id and one known only by
/// name cannot be distinguished, so all kept approvals identify people in the same way: the way that satisfies more.
void keep_distinct(Outcomes& work, std::uint32_t needed) {
    std::vector<Counting>& counting = work.counting;
    std::sort(counting.begin(), counting.end(), [](const Counting& a, const Counting& b) {
        if (a.by_id != b.by_id) return a.by_id;
        return a.until != b.until ? a.until > b.until : a.index < b.index;
    });
    auto end = counting.begin();
    for (const Counting& each : counting) {
        const bool seen = std::any_of(counting.begin(), end, [&](const Counting& kept) {
            return work.alike[kept.index * work.judged.size() + each.index] != 0;
        });
        if (!seen) *end++ = each;
    }
    counting.erase(end, counting.end());
    const auto names = std::find_if(counting.begin(), counting.end(), [](const Counting& each) { return !each.by_id; });
    const auto by_id = static_cast<std::size_t>(names - counting.begin()), by_name = counting.size() - by_id;
    const bool either = by_id >= needed && by_name >= needed;
    const bool ids = either ? counting[needed - 1].until >= names[needed - 1].until : by_id >= by_name;
    if (ids)
        counting.erase(names, counting.end());
    else
        counting.erase(counting.begin(), names);
}

/// Fills `counting` with the approvals that count, one per person, longest-lived first.
/// Output:  why the others do not count, one bit per objection.
std::uint32_t gather(Deciding& deciding, const bytecode::RequirementRef& requirement) {
    judge_all(deciding);
    Outcomes& work = deciding.work;
    const Places& places = deciding.facts.places();
    const std::int64_t now = deciding.decision.now;
    const auto asked = deciding.program.items(requirement.groups);
    work.counting.clear();
    // If the request does not state a fact that must be bound, no approval can count.
    std::uint32_t all_against = work.binding.unstated().empty() ? 0 : bit(ReasonCode::approval_unbound);
    for (std::uint32_t index = 0; index < work.judged.size(); ++index) {
        const Judged& judged = work.judged[index];
        std::uint32_t against = judged.against;

        const Value& at = column_of(judged.row, places.at);
        const std::int64_t fresh = at.present() ? sat_add(at.integer, requirement.within) : now;
        if (!at.present() || at.integer > now || sat_sub(fresh, now) < kSecond)
            against |= bit(ReasonCode::approval_stale);

        const Value& groups = column_of(judged.row, places.groups);
        const bool member =
            groups.present() && std::any_of(groups.items, groups.items + groups.length, [&](const Value& group) {
                return set_has_text(deciding.program, asked, group);
            });
        if (!member) against |= bit(ReasonCode::approval_group);

        all_against |= against;
        if (against != 0) continue;
        work.counting.push_back(
            {index, std::min(judged.until, fresh), column_of(judged.row, places.approver_id).present()});
    }
    keep_distinct(work, requirement.count);
    return all_against;
}

const bytecode::RequirementRef& requirement_of(const Deciding& deciding, std::uint32_t rule) {
    return deciding.program.requirements[deciding.rule(rule).effect];
}

}  // namespace

void count_approvals(Deciding& deciding) {
    const auto& counting = deciding.work.counting;
    for (const std::uint32_t rule : deciding.work.requirements) {
        const bytecode::RequirementRef& requirement = requirement_of(deciding, rule);
        const std::uint32_t against = gather(deciding, requirement);
        if (counting.size() < requirement.count) {
            deciding.work.unmet.push_back({rule, against, static_cast<std::uint32_t>(counting.size())});
            continue;
        }
        for (std::uint32_t i = 0; i < requirement.count; ++i) {
            deciding.work.approvals.push_back(counting[i].index);
            deciding.at_most(sat_sub(counting[i].until, deciding.decision.now));
        }
    }
}

std::int64_t approved_for(Deciding& deciding, std::uint32_t rule) {
    const bytecode::RequirementRef& requirement = requirement_of(deciding, rule);
    (void)gather(deciding, requirement);
    const auto& counting = deciding.work.counting;
    if (counting.size() < requirement.count) return -1;
    return sat_sub(counting[requirement.count - 1].until, deciding.decision.now);
}

void name_approvals(Deciding& deciding) {
    auto& used = deciding.work.approvals;
    if (used.empty() && deciding.work.unmet.empty()) {
        deciding.decision.binding_digest.clear();
        return;
    }
    std::sort(used.begin(), used.end());
    const Value& approvals = deciding.facts[Builtin::Approvals];
    auto& approvers = deciding.decision.attribution.approvers;
    for (const std::uint32_t index : used) {
        const Value* row = approvals.items + static_cast<std::size_t>(index) * approvals.id;
        const std::string_view name = column_of(row, deciding.facts.places().approver).text();
        if (std::find(approvers.begin(), approvers.end(), name) == approvers.end()) approvers.push_back(name);
    }
}

/// The unstated fact because of which approvals do not count, if there is one.
static std::string_view unstated(const Deciding& deciding, ReasonCode code) {
    if (code == ReasonCode::approval_unbound) return deciding.work.binding.unstated();
    return code == ReasonCode::approval_not_independent ? unstated_person(deciding) : std::string_view{};
}

void list_requirements(Deciding& deciding) {
    Decision& decision = deciding.decision;
    const bytecode::Program& program = deciding.program;
    for (const Unmet& unmet : deciding.work.unmet) deciding.reason(ReasonCode::approval_required, unmet.rule);
    for (const ReasonCode code : kObjections)
        for (const Unmet& unmet : deciding.work.unmet)
            if ((unmet.against & bit(code)) != 0) deciding.reason(code, unmet.rule, unstated(deciding, code));
    for (const Unmet& unmet : deciding.work.unmet) {
        const bytecode::RequirementRef& requirement = program.requirements[deciding.rule(unmet.rule).effect];
        Requirement& listed = Access::add_requirement(decision);
        listed.rule = unmet.rule;
        for (const std::uint32_t group : program.items(requirement.groups))
            listed.groups.push_back(program.text(group));
        std::sort(listed.groups.begin(), listed.groups.end());
        listed.needed = requirement.count;
        listed.counted = unmet.counted;
        listed.within = requirement.within / kSecond;
        listed.expires = sat_add(decision.now, requirement.within);
    }
}

}  // namespace writ::vm

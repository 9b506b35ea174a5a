// Which approvals count towards a requirement, and what they are bound to.
#include "base/digest.h"
#include "base/values.h"
#include "vm/deciding.h"

namespace writ::vm {

using bytecode::Builtin;

namespace {

/// Why an approval may not count, in the order it is told.
constexpr ReasonCode kObjections[] = {
    ReasonCode::approval_not_approved, ReasonCode::approval_expired,         ReasonCode::approval_stale,
    ReasonCode::approval_group,        ReasonCode::approval_not_independent, ReasonCode::approval_unbound,
    ReasonCode::approval_used,         ReasonCode::approval_revoked,
};

/// One of the objections in a word of them.
constexpr std::uint32_t bit(ReasonCode code) {
    return 1u << (std::find(std::begin(kObjections), std::end(kObjections), code) - std::begin(kObjections));
}

void append_field(std::string& bytes, bool stated, std::string_view field) {
    const std::uint32_t length = stated ? static_cast<std::uint32_t>(field.size()) : 0xFFFFFFFF;
    for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<char>(static_cast<unsigned char>(length >> shift)));
    if (stated) bytes.append(field);
}

/// What an approval must be bound to: who asks for what, on what, with which parameters. Hex.
void digest_binding(Deciding& deciding) {
    std::string& bytes = deciding.work.bytes;
    bytes.clear();
    append_field(bytes, true, "writ.binding.v1");
    for (const Builtin fact : {Builtin::AgentId, Builtin::ToolName, Builtin::ToolOperation,
                               Builtin::ResourceType, Builtin::ResourceId, Builtin::ResourceTenant}) {
        const Value& value = deciding.facts[fact];
        append_field(bytes, value.present(), value.present() ? value.text() : std::string_view{});
    }
    append_field(bytes, deciding.facts.has_params(), deciding.facts.canonical_params());
    deciding.decision.binding_digest.clear();
    append_hex(deciding.decision.binding_digest, sha256(bytes));
}

/// Whether an approver is known to be none of those whose request it is. Each must be stated: of
/// someone unknown it cannot be said who he is not.
bool independent(const Facts& facts, const Value* approval) {
    const Places& places = facts.places();
    const Value& approver = column_of(approval, places.approver);
    if (!approver.present()) return false;
    const auto other = [&](const Value& who) {
        return who.state != State::Missing && !(who.present() && same_text(who, approver));
    };
    if (!other(facts[Builtin::RunInitiator]) || !other(facts[Builtin::AgentOwner]) ||
        !other(facts[Builtin::AgentId]) || !other(column_of(approval, places.requester)))
        return false;
    if (facts[Builtin::User].state != State::None && !other(facts[Builtin::UserId])) return false;
    bool apart = true;
    each_row(facts[Builtin::DelegationChain],
             [&](const Value* hop) { apart = apart && other(column_of(hop, places.hop_actor)); });
    return apart;
}

/// Why an approval does not count, a bit for each ReasonCode; 0 if it does, and then until when. One
/// that does not last a second is over: no credential lives shorter.
std::uint32_t objections(const Deciding& deciding, const bytecode::RequirementRef& requirement,
                         const Value* approval, std::int64_t& until) {
    const Facts& facts = deciding.facts;
    const Places& places = facts.places();
    const std::int64_t now = deciding.decision.now;
    std::uint32_t against = 0;

    const Value& state = column_of(approval, places.state);
    if (!state.present() || state.integer != places.approved)
        against |= bit(ReasonCode::approval_not_approved);

    const Value& expires = column_of(approval, places.expires);
    if (expires.state == State::Missing || (expires.present() && sat_sub(expires.integer, now) < kSecond))
        against |= bit(ReasonCode::approval_expired);

    const Value& at = column_of(approval, places.at);
    if (!at.present() || at.integer > now || sat_sub(sat_add(at.integer, requirement.within), now) < kSecond)
        against |= bit(ReasonCode::approval_stale);

    const Value& groups = column_of(approval, places.groups);
    const auto asked = deciding.program.items(requirement.groups);
    const bool member =
        groups.present() && std::any_of(groups.items, groups.items + groups.length, [&](const Value& group) {
            return set_has_text(deciding.program, asked, group);
        });
    if (!member) against |= bit(ReasonCode::approval_group);

    if (!independent(facts, approval)) against |= bit(ReasonCode::approval_not_independent);

    const Value& binding = column_of(approval, places.binding);
    if (!binding.present() || binding.text() != deciding.decision.binding_digest)
        against |= bit(ReasonCode::approval_unbound);

    const Value& uses = column_of(approval, places.uses);
    if (uses.state == State::Missing || (uses.present() && uses.integer < 1))
        against |= bit(ReasonCode::approval_used);

    if (const Revocations* revocations = deciding.revocations;
        revocations != nullptr && revocations->any(RevocationKind::Approval, now)) {
        const Value& id = column_of(approval, places.approval);
        if (!id.present() || revocations->revoked(RevocationKind::Approval, id.text(), now))
            against |= bit(ReasonCode::approval_revoked);
    }

    if (against == 0)
        until = std::min(expires.present() ? expires.integer : INT64_MAX,
                         sat_add(at.integer, requirement.within));
    return against;
}

/// Keeps of each approver the approval that counts for longest, longest first.
void keep_distinct(std::vector<Counting>& counting) {
    std::sort(counting.begin(), counting.end(), [](const Counting& a, const Counting& b) {
        return a.until != b.until ? a.until > b.until : a.index < b.index;
    });
    auto end = counting.begin();
    for (const Counting& each : counting) {
        const bool seen = std::any_of(counting.begin(), end, [&](const Counting& kept) {
            return same_text(*kept.approver, *each.approver);
        });
        if (!seen) *end++ = each;
    }
    counting.erase(end, counting.end());
}

/// Fills `counting` with the approvals that count, one for each approver, longest-lived first.
/// Output:  why the others do not, a bit for each ReasonCode.
std::uint32_t gather(Deciding& deciding, const bytecode::RequirementRef& requirement) {
    if (deciding.decision.binding_digest.empty()) digest_binding(deciding);
    auto& counting = deciding.work.counting;
    counting.clear();
    std::uint32_t against = 0, index = 0;
    each_row(deciding.facts[Builtin::Approvals], [&](const Value* approval) {
        std::int64_t until = 0;
        const std::uint32_t objected = objections(deciding, requirement, approval, until);
        against |= objected;
        if (objected == 0)
            counting.push_back({index, until, &column_of(approval, deciding.facts.places().approver)});
        ++index;
    });
    keep_distinct(counting);
    return against;
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

void list_requirements(Deciding& deciding) {
    Decision& decision = deciding.decision;
    const bytecode::Program& program = deciding.program;
    for (const Unmet& unmet : deciding.work.unmet) deciding.reason(ReasonCode::approval_required, unmet.rule);
    for (const ReasonCode code : kObjections)
        for (const Unmet& unmet : deciding.work.unmet)
            if ((unmet.against & bit(code)) != 0) deciding.reason(code, unmet.rule);
    for (const Unmet& unmet : deciding.work.unmet) {
        const bytecode::RequirementRef& requirement = program.requirements[deciding.rule(unmet.rule).effect];
        Requirement& listed = decision.add_requirement();
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

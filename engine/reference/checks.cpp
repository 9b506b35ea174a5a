// The checks before any rule runs, and which approvals count.
#include <algorithm>

#include "base/person.h"
#include "base/values.h"
#include "reference/evaluation.h"

namespace writ::reference {

namespace {

struct Checks {
    const Facts& facts;
    std::vector<Reason> failed;

    void refuse(std::string_view code, std::string_view detail = {}) { failed.push_back({code, kNoRule, detail}); }

    void need_value(std::string_view path) {
        if (!facts.at(path).known()) refuse("fact_missing", path);
    }
    void need_stated(std::string_view path) {
        if (facts.at(path).unknown()) refuse("fact_missing", path);
    }
    [[nodiscard]] std::optional<std::int64_t> moment(std::string_view path) const {
        const Value value = facts.at(path);
        if (const auto* at = value.as<std::int64_t>()) return *at;
        return std::nullopt;
    }
    [[nodiscard]] List list(std::string_view path) const {
        const Value value = facts.at(path);
        if (const auto* items = value.as<List>()) return *items;
        return {};
    }

    void stated();
    void issuer(const check::Policy& policy);
    void current(const check::Issuer* issuer);
    void expiries();
};

void Checks::stated() {
    need_value("now");
    need_value("token.issuer");
    need_value("agent.id");
    need_value("run.id");
    need_stated("run.parent_id");
    need_stated("run.exp");
    need_value("tenant");
    need_stated("user");
    if (facts.at("user").known()) {
        need_value("user.id");
        need_stated("user.session_exp");
    }
    need_stated("delegation");
    if (facts.at("delegation").known()) {
        const List chain = list("delegation.chain");
        if (chain.empty()) refuse("fact_missing", "delegation.chain");
        const auto lacks = [&](std::string_view name) {
            return std::any_of(chain.begin(), chain.end(),
                               [&](const Value& hop) { return facts.member(*hop.as<Group>(), name).unknown(); });
        };
        if (lacks("granted_scopes")) refuse("fact_missing", "delegation.chain.granted_scopes");
        if (lacks("exp")) refuse("fact_missing", "delegation.chain.exp");
    }
    need_value("tool.name");
    need_value("want.scopes");
    need_value("token.aud");
    need_stated("token.exp");
    need_stated("token.nbf");
    need_stated("token.iat");
}

void Checks::current(const check::Issuer* issuer) {
    const auto now = moment("now"), exp = moment("token.exp"), nbf = moment("token.nbf"), iat = moment("token.iat");
    if (facts.at("token.exp").none() && !end_of_token(facts)) refuse("token_without_expiry");
    if (!now) return;
    const std::int64_t leeway = issuer != nullptr ? issuer->leeway : 0;
    bool current = true;
    if (exp && sat_add(*exp, leeway) <= *now) current = false;
    if (nbf && *nbf > sat_add(*now, leeway)) current = false;
    if (iat && *iat > sat_add(*now, leeway)) current = false;
    if (issuer != nullptr && issuer->max_age) {
        if (iat && sat_sub(*now, *iat) > sat_add(*issuer->max_age, leeway)) current = false;
        if (facts.at("token.iat").none()) current = false;  // its age is unknown
    }
    if (!current) refuse("token_not_current");
}

void Checks::issuer(const check::Policy& policy) {
    const check::Issuer* issuer = facts.issuer();
    if (facts.at("token.issuer").known() && issuer == nullptr) refuse("issuer_unknown");
    if (issuer != nullptr && facts.at("token.aud").known()) {
        const List aud = list("token.aud");
        const bool ours = std::all_of(aud.begin(), aud.end(), [&](const Value& each) {
            const auto* text = each.as<std::string_view>();
            return std::find(issuer->audiences.begin(), issuer->audiences.end(), *text) != issuer->audiences.end();
        });
        if (aud.empty() || !ours) refuse("audience_mismatch");
    }
    current(issuer);
    if (issuer == nullptr) return;
    const check::IssuerKind& kind = policy.kinds[issuer->kind];
    const auto& types = issuer->types.empty() ? kind.types : issuer->types;
    if (!types.empty()) {
        const Value typ = facts.at("token.typ");
        const auto* text = typ.as<std::string_view>();
        if (text == nullptr || std::find(types.begin(), types.end(), *text) == types.end())
            refuse("token_type_mismatch");
    }
    if (issuer->proof_required || kind.proof_required) {
        const Value proof = facts.at("token.proof");
        // A bearer token proves no possession.
        const bool bearer = same(proof, {facts.member_index("token.proof", "bearer")});
        if (!proof.known() || bearer) refuse("proof_missing");
    }
}

void Checks::expiries() {
    const auto now = moment("now");
    if (!now) return;
    const auto passed = [&](std::optional<std::int64_t> exp) { return exp && *exp <= *now; };
    if (passed(moment("run.exp"))) refuse("run_ended");
    if (passed(moment("user.session_exp"))) refuse("user_session_ended");
    const List chain = list("delegation.chain");
    const bool ended = std::any_of(chain.begin(), chain.end(), [&](const Value& hop) {
        const Value exp = facts.member(*hop.as<Group>(), "exp");
        const auto* at = exp.as<std::int64_t>();
        return at != nullptr && *at <= *now;
    });
    if (ended) refuse("parent_expired");
}

}  // namespace

std::optional<std::int64_t> end_of_token(const Facts& facts) {
    const Value exp = facts.at("token.exp"), iat = facts.at("token.iat");
    if (const auto* stated = exp.as<std::int64_t>()) return *stated;
    const auto* issued = iat.as<std::int64_t>();
    const check::Issuer* issuer = facts.issuer();
    if (!exp.none() || issued == nullptr || issuer == nullptr || !issuer->max_age) return std::nullopt;
    const std::int64_t end = sat_add(*issued, *issuer->max_age);
    return end != kNever ? std::optional(end) : std::nullopt;
}

std::vector<Reason> refusals(const Facts& facts, const check::Policy& policy) {
    Checks checks{facts, {}};
    checks.stated();
    checks.issuer(policy);
    if (facts.at("run.parent_id").known() && facts.at("delegation").none()) checks.refuse("delegation_missing");
    if (facts.at("tool.name").known() && facts.tool() == nullptr) checks.refuse("unknown_tool");
    if (facts.at("want.scopes").known() && checks.list("want.scopes").empty()) checks.refuse("nothing_requested");
    checks.expiries();
    return std::move(checks.failed);
}

// ---- approvals --------------------------------------------------------------------------------

List approvals_of(const Facts& facts) {
    const Value stated = facts.at("approvals");
    if (const auto* list = stated.as<List>()) return *list;
    return {};
}

/// The person who gave an approval: by id if it is stated, otherwise by name.
struct Approver {
    std::string_view name;
    std::optional<std::string_view> id;

    [[nodiscard]] bool is_not(std::string_view other) const {
        if (id && compare_names(*id, other) != Likeness::Different) return false;
        // A name that cannot be compared is ignored if there is an id.
        if (id && !comparable_name(name)) return true;
        return compare_names(name, other) == Likeness::Different;
    }
    [[nodiscard]] bool is_not(const Approver& other) const {
        if (id.has_value() != other.id.has_value()) return false;
        return compare_names(id.value_or(name), other.id.value_or(other.name)) == Likeness::Different;
    }
};

/// None if the person is not certain.
static std::optional<Approver> approver_of(const Facts& facts, const Group& approval) {
    const Value name = facts.member(approval, "approver"), id = facts.member(approval, "approver_id");
    const auto* text = name.as<std::string_view>();
    if (text == nullptr || text->empty()) return std::nullopt;
    Approver out{*text, std::nullopt};
    if (const auto* stated = id.as<std::string_view>()) out.id = *stated;
    if (!comparable_name(out.id.value_or(out.name))) return std::nullopt;
    return out;
}

/// A fact that identifies a person whose request it is.
struct Involved {
    std::string_view path;
    Value who;
};

static std::vector<Involved> involved_in(const Facts& facts) {
    std::vector<Involved> out;
    for (const std::string_view path : {"run.initiator", "agent.owner", "agent.id"})
        out.push_back({path, facts.at(path)});
    if (!facts.at("user").none()) out.push_back({"user.id", facts.at("user.id")});
    if (!facts.at("delegation").none())
        for (const std::string_view path : {"delegation.originator", "delegation.actor"})
            out.push_back({path, facts.at(path)});
    const Value chain = facts.at("delegation.chain");
    if (const auto* hops = chain.as<List>())
        for (const Value& hop : *hops) {
            out.push_back({"delegation.chain.actor", facts.member(*hop.as<Group>(), "actor")});
            out.push_back({"delegation.chain.initiator", facts.member(*hop.as<Group>(), "initiator")});
        }
    return out;
}

/// Whether each person involved in the request is stated, and is not the approver.
static bool independent(const Facts& facts, const Group& approval) {
    const auto approver = approver_of(facts, approval);
    if (!approver) return false;
    std::vector<Involved> involved = involved_in(facts);
    involved.push_back({"approvals.requester", facts.member(approval, "requester")});
    return std::all_of(involved.begin(), involved.end(), [&](const Involved& each) {
        const auto* name = each.who.as<std::string_view>();
        return each.who.none() || (name != nullptr && approver->is_not(*name));
    });
}

/// Why an approval does not count for a requirement; empty if it does. `until`: when it stops counting, at least a
/// second from now.
static std::vector<std::string_view> objections(const check::Rule& rule, std::int64_t within, const Facts& facts,
                                                std::int64_t now, const Binding& request, const Group& approval,
                                                const Revocations* revoked, std::int64_t& until) {
    std::vector<std::string_view> out;
    const Value state = facts.member(approval, "state");
    if (!same(state, {facts.member_index("approvals.state", "approved")})) out.push_back("approval_not_approved");

    const Value exp = facts.member(approval, "exp");
    const auto* expires = exp.as<std::int64_t>();
    if (exp.unknown() || (expires != nullptr && sat_sub(*expires, now) < kSecond)) out.push_back("approval_expired");

    const Value at = facts.member(approval, "at");
    const auto* given = at.as<std::int64_t>();
    if (given == nullptr || *given > now || sat_sub(sat_add(*given, within), now) < kSecond)
        out.push_back("approval_stale");

    const Value groups = facts.member(approval, "groups");
    const auto* memberships = groups.as<List>();
    const bool asked =
        memberships != nullptr && std::any_of(rule.groups.begin(), rule.groups.end(), [&](const std::string& group) {
            return holds(*memberships, {std::string_view(group)});
        });
    if (!asked) out.push_back("approval_group");

    if (!independent(facts, approval)) out.push_back("approval_not_independent");

    const Value binding = facts.member(approval, "binding_digest");
    const auto* digest = binding.as<std::string_view>();
    const std::int64_t ttl = digest != nullptr ? request.covers(*digest).value_or(-1) : -1;
    if (ttl < 0) out.push_back("approval_unbound");

    const Value uses = facts.member(approval, "uses");
    const auto* left = uses.as<std::int64_t>();
    const Value id = facts.member(approval, "id");
    const auto* which = id.as<std::string_view>();
    const bool unnamed = which == nullptr || !comparable_name(*which);
    if (uses.unknown() || (left != nullptr && (*left < 1 || unnamed))) out.push_back("approval_used");

    if (revoked != nullptr && approval_revoked(facts, approval, *revoked, now)) out.push_back("approval_revoked");

    if (out.empty())
        until = std::min({expires != nullptr ? *expires : kNever, sat_add(*given, within), sat_add(now, ttl)});
    return out;
}

ApprovalState approvals_for(const check::Rule& rule, std::int64_t within, const Facts& facts, std::int64_t now,
                            const Revocations* revoked) {
    struct Counting {
        std::size_t index;
        std::int64_t until;
        Approver approver;
    };
    ApprovalState state;
    std::vector<Counting> counting;
    const Binding binding(facts);
    state.digest = binding.digest();
    state.unstated = binding.unstated();
    const List approvals = approvals_of(facts);
    for (const Involved& each : involved_in(facts))
        if (each.who.unknown()) state.unknown_persons.push_back(each.path);
    std::vector<std::string_view> against;
    for (std::size_t i = 0; i < approvals.size(); ++i) {
        const Group& approval = *approvals[i].as<Group>();
        std::int64_t until = 0;
        const auto objected = objections(rule, within, facts, now, binding, approval, revoked, until);
        against.insert(against.end(), objected.begin(), objected.end());
        if (std::find(objected.begin(), objected.end(), "approval_not_independent") != objected.end())
            for (const std::string_view who : {"approver", "requester"})
                if (facts.member(approval, who).unknown())
                    state.unknown_persons.push_back(who == "approver" ? "approvals.approver" : "approvals.requester");
        if (state.unstated.empty() &&
            std::find(objected.begin(), objected.end(), "approval_unbound") != objected.end()) {
            const Value digest = facts.member(approval, "binding_digest");
            const auto* text = digest.as<std::string_view>();
            state.unbound.push_back(
                {static_cast<std::uint32_t>(i),
                 text != nullptr ? binding.misfit(*text) : std::vector<std::string>{"it has no digest"}});
        }
        const auto approver = approver_of(facts, approval);
        if (objected.empty() && approver) counting.push_back({i, until, *approver});
    }
    if (!state.unstated.empty()) against.push_back("approval_unbound");
    // Codes in the order of reasons.def, without repetition.
    for (std::string_view code : {"approval_not_approved", "approval_expired", "approval_stale", "approval_group",
                                  "approval_not_independent", "approval_unbound", "approval_used", "approval_revoked"})
        if (std::find(against.begin(), against.end(), code) != against.end()) state.against.push_back(code);

    // The longest-lived approval of each person; the `approvals` longest-lived ones are used. People known by id and
    // people known by name are not counted together.
    std::stable_sort(counting.begin(), counting.end(),
                     [](const Counting& a, const Counting& b) { return a.until > b.until; });
    for (const bool by_id : {true, false}) {
        ApprovalState one;
        std::vector<Approver> persons;
        for (const Counting& each : counting) {
            const bool counts = each.approver.id.has_value() == by_id &&
                                std::all_of(persons.begin(), persons.end(),
                                            [&](const Approver& other) { return each.approver.is_not(other); });
            if (!counts) continue;
            persons.push_back(each.approver);
            if (persons.size() > rule.approvals) continue;
            one.used.push_back(each.index);
            one.until = std::min(one.until, each.until);
        }
        one.counted = static_cast<std::uint32_t>(persons.size());
        const bool met = one.counted >= rule.approvals, was_met = !by_id && state.counted >= rule.approvals;
        const bool better = met && was_met ? one.until > state.until : one.counted > state.counted;
        if (!by_id && !better) continue;
        state.counted = one.counted;
        state.used = met ? one.used : std::vector<std::size_t>{};
        state.until = met ? one.until : kNever;
    }
    return state;
}

}  // namespace writ::reference

// Makes a decision step by step, as the language defines it. Every step is a function.
#include "reference/reference.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/values.h"
#include "reference/evaluation.h"
#include "writ/errors.h"

namespace writ::reference {

// ---- obligations' arguments -------------------------------------------------------------------

static std::string render_value(const check::Type& type, Kind kind, const Value& value, const check::Policy& policy) {
    std::string out;
    if (const auto* text = value.as<std::string_view>()) {
        json::append_quoted(out, display_text(kind, *text));
        return out;
    }
    const auto* integer = value.as<std::int64_t>();
    if (integer == nullptr) return "null";
    if (kind == Kind::Bool) return *integer != 0 ? "true" : "false";
    if (kind == Kind::Decimal) return format_decimal(*integer);
    if (kind == Kind::Duration)
        json::append_quoted(out, format_duration(*integer));
    else if (kind == Kind::Instant)
        json::append_quoted(out, format_instant(*integer));
    else if (kind == Kind::Enum)
        json::append_quoted(out, policy.enums[type.enumeration.value].members[static_cast<std::size_t>(*integer)]);
    else
        out = std::to_string(*integer);
    return out;
}

std::string render_args(const check::Obligation& obligation, const check::Policy& policy, Evaluation& evaluation,
                        const Row& row) {
    std::string out = "{";
    for (const check::ObligationArg& arg : obligation.args) {
        const check::Expr& expr = *arg.value;
        const check::Type& type = expr.op == check::Op::Column ? row.table->columns[expr.id].type : expr.type;
        const Value value = evaluation.value(expr);
        if (out.size() > 1) out += ',';
        json::append_quoted(out, arg.name);
        out += ':';
        if (const auto* list = value.as<List>()) {
            std::vector<std::string> items;
            for (const Value& item : distinct(*list)) items.push_back(render_value(type, type.elem, item, policy));
            std::sort(items.begin(), items.end());
            out += '[';
            for (std::size_t i = 0; i < items.size(); ++i) out += (i > 0 ? "," : "") + items[i];
            out += ']';
        } else {
            out += render_value(type, type.kind, value, policy);
        }
    }
    return out + "}";
}

// ---- deciding ---------------------------------------------------------------------------------

namespace {

/// The position of a code in reasons.def, which is the order of reporting; names of deny rules come last.
std::size_t rank(std::string_view code) {
    static constexpr std::string_view kCodes[] = {
#define REASON(name, prose) #name,
#include "base/reasons.def"
#undef REASON
    };
    return static_cast<std::size_t>(std::find(std::begin(kCodes), std::end(kCodes), code) - std::begin(kCodes));
}

/// The longest horizon that matters: no grant lives longer.
constexpr std::int64_t kLookAhead = std::int64_t{24} * 3600 * kSecond;

std::string hop_name(std::size_t hop) {
    return "delegation.chain[" + std::to_string(hop) + "]";
}

/// A rule, or a template's rule for one row.
struct Instance {
    const check::Rule* rule;
    Row row;
    std::uint32_t index;
    Truth truth = Truth::Unknown;
    /// Narrowing rules apply unless false, now or within a second, because no credential lives shorter.
    bool applies = false;
    /// When a permit stops being true, or when a narrowing rule begins to apply.
    std::int64_t until = kNever;
};

class Deciding {
public:
    Deciding(const check::Policy& policy, const json::Value& document, Arena& arena,
             const Revocations* revocations = nullptr)
        : policy_(policy), arena_(arena), revocations_(revocations), facts_(policy, document, arena) {}

    Decision decide();
    /// Runs only the rules, whatever the checks find.
    void stand();
    Trace trace;

private:
    void read_clock();
    void attribute();
    void expand();
    [[nodiscard]] bool for_tool(const check::Rule& rule) const;
    [[nodiscard]] Truth truth(const Instance& instance, std::optional<std::int64_t> now) const;
    [[nodiscard]] std::string_view doubt(const Instance& instance) const;
    [[nodiscard]] std::int64_t until(const Instance& instance) const;
    [[nodiscard]] List effect_list(const Instance& instance, const check::Expr& expr) const;
    [[nodiscard]] std::int64_t effect_duration(const Instance& instance, const check::Expr& expr) const;

    void run();
    bool refused();
    // The steps, in order. A step that returns true has ended the decision with a deny.
    bool denied();
    bool without_permit();
    bool scopes();
    bool audience();
    void choose_permits();
    void meet_requirements();
    bool lifetime();
    void obligations();
    void add_obligations(const Instance& instance, std::vector<Obligation>& obligations);
    void foresee();
    [[nodiscard]] std::optional<std::int64_t> lifetime_under(const Instance& instance);

    [[nodiscard]] std::int64_t lifetime_of(const Instance& permit) const {
        return std::min(effect_duration(permit, *permit.rule->ttl), sat_sub(permit.until, decision_.now));
    }
    /// Permits that are surely true for at least a second.
    [[nodiscard]] std::vector<const Instance*> matching() const {
        std::vector<const Instance*> out;
        for (const Instance& instance : instances_)
            if (instance.rule->kind == RuleKind::Permit && instance.truth == Truth::True &&
                lifetime_of(instance) >= kSecond)
                out.push_back(&instance);
        return out;
    }

    /// Whether an instance of a narrowing kind applies: unless its condition is false.
    [[nodiscard]] std::vector<const Instance*> applying(RuleKind kind) const;
    bool deny(std::string_view code, std::uint32_t rule = kNoRule, std::string_view detail = {}) {
        decision_.reasons.push_back({code, rule, detail});
        return true;
    }
    [[nodiscard]] List list_at(std::string_view path) const {
        const Value value = facts_.at(path);
        if (const auto* list = value.as<List>()) return *list;
        return {};
    }
    [[nodiscard]] std::string_view text_at(std::string_view path) const {
        const Value value = facts_.at(path);
        const auto* text = value.as<std::string_view>();
        return text != nullptr ? *text : std::string_view{};
    }
    void live_at_most(std::int64_t lifetime, std::uint32_t rule, std::string_view fact = {}) {
        lifetime_ = std::min(lifetime_, lifetime);
        trace.lifetimes.push_back({lifetime, rule, std::string(fact)});
    }
    void live_until(const Value& expiry, std::string_view fact) {
        if (const auto* at = expiry.as<std::int64_t>()) live_at_most(sat_sub(*at, decision_.now), kNoRule, fact);
    }
    void see_until(std::int64_t moment, std::uint32_t rule) {
        horizon_ = std::min(horizon_, moment);
        if (moment != kNever) trace.horizons.push_back({moment, rule, {}});
    }
    /// Removes elements that are not allowed from the list.
    void keep(List& of, const List& allowed, bool audience, std::uint32_t rule, std::string_view by = {}) {
        std::erase_if(of, [&](const Value& each) {
            if (holds(allowed, each)) return false;
            trace.dropped.push_back({audience, std::string(*each.as<std::string_view>()), rule, std::string(by)});
            return true;
        });
    }

    const check::Policy& policy_;
    Arena& arena_;
    const Revocations* revocations_;
    Facts facts_;
    std::vector<Instance> instances_;
    std::vector<Reason> denials_;        ///< denies that apply
    std::vector<Reason> revoked_;        ///< reasons for revoked subjects
    List granted_;                       ///< scopes, as requested
    std::vector<const Instance*> used_;  ///< permits
    std::int64_t lifetime_ = kNever;     ///< microseconds
    std::int64_t horizon_ = kNever;
    std::vector<std::size_t> approvals_used_;
    Decision decision_;
};

void Deciding::attribute() {
    Attribution& who = decision_.attribution;
    who.agent = text_at("agent.id");
    who.agent_class = text_at("agent.class");
    who.deployment = text_at("agent.deployment_id");
    who.run = text_at("run.id");
    who.parent_run = text_at("run.parent_id");
    who.tenant = text_at("tenant");
    who.user = text_at("user.id");
    who.initiator = text_at("run.initiator");
    for (const Value& hop : list_at("delegation.chain")) {
        const Value actor = facts_.member(*hop.as<Group>(), "actor");
        const auto* text = actor.as<std::string_view>();
        who.chain.push_back(text != nullptr ? *text : std::string_view{});
    }
    who.workload = text_at("workload.spiffe_id");
    if (who.workload.empty()) who.workload = text_at("workload.instance_id");
    who.issuer = text_at("token.issuer");
    who.token_id = text_at("token.jti");
    who.tool = text_at("tool.name");
    who.resource = text_at("resource.id");
}

void Deciding::expand() {
    std::uint32_t index = 0;
    for (const check::Rule& rule : policy_.rules) {
        if (!rule.each.valid()) {
            instances_.push_back({&rule, {}, index++});
            continue;
        }
        const check::Table& table = policy_.tables[rule.each.value];
        for (std::size_t row = 0; row < table.rows.size(); ++row) instances_.push_back({&rule, {&table, row}, index++});
    }
    for (Instance& instance : instances_) {
        instance.truth = truth(instance, decision_.now);
        instance.until = until(instance);
        instance.applies = instance.truth != Truth::False ||
                           (instance.until != kNever && sat_sub(instance.until, decision_.now) < kSecond);
        const bool of_row = instance.row.table != nullptr;
        trace.rules.push_back({instance.rule, of_row ? std::optional(instance.row.index) : std::nullopt, instance.truth,
                               instance.applies});
    }
}

bool Deciding::for_tool(const check::Rule& rule) const {
    return rule.tools.empty() || std::any_of(rule.tools.begin(), rule.tools.end(), [&](check::ToolId id) {
               return &policy_.tools[id.value] == facts_.tool();
           });
}

/// `for tool` and `when` together, at a moment; none: at any moment.
Truth Deciding::truth(const Instance& instance, std::optional<std::int64_t> now) const {
    if (!for_tool(*instance.rule)) return Truth::False;
    if (instance.rule->when == nullptr) return Truth::True;
    return Evaluation(policy_, facts_, arena_, now, instance.row).condition(*instance.rule->when);
}

/// Why a rule is in doubt. Requires: it is.
std::string_view Deciding::doubt(const Instance& instance) const {
    Evaluation evaluation(policy_, facts_, arena_, decision_.now, instance.row);
    evaluation.foresee();
    return evaluation.condition(*instance.rule->when) == Truth::Unknown ? "fact_missing" : "time_in_future";
}

/// The first moment at which a permit stops being surely true, or another rule becomes possibly true. Never, if the
/// other facts decide the rule at any time, or if it does not happen within a day, because no grant lives longer.
/// Found by stepping through the changes of its time conditions.
std::int64_t Deciding::until(const Instance& instance) const {
    if (truth(instance, std::nullopt) != Truth::Unknown) return kNever;
    const Truth line = instance.rule->kind == RuleKind::Permit ? Truth::True : Truth::Unknown;
    const bool before = instance.truth >= line;
    const std::int64_t last = sat_add(decision_.now, kLookAhead);
    std::int64_t moment = decision_.now;
    for (;;) {
        moment = Evaluation(policy_, facts_, arena_, moment, instance.row).next_change(*instance.rule->when);
        if (moment > last || moment == kNever) return kNever;
        const bool after = truth(instance, moment) >= line;
        if (after != before) return moment;
    }
}

std::vector<const Instance*> Deciding::applying(RuleKind kind) const {
    std::vector<const Instance*> out;
    for (const Instance& instance : instances_)
        if (instance.rule->kind == kind && instance.applies) out.push_back(&instance);
    return out;
}

List Deciding::effect_list(const Instance& instance, const check::Expr& expr) const {
    const Value value = Evaluation(policy_, facts_, arena_, decision_.now, instance.row).value(expr);
    const auto* list = value.as<List>();
    return list != nullptr ? *list : List{};
}

std::int64_t Deciding::effect_duration(const Instance& instance, const check::Expr& expr) const {
    const Value value = Evaluation(policy_, facts_, arena_, decision_.now, instance.row).value(expr);
    const auto* duration = value.as<std::int64_t>();
    return duration != nullptr ? *duration : 0;
}

bool Deciding::denied() {
    bool any = false;
    for (const Instance* rule : applying(RuleKind::Deny)) {
        denials_.push_back({rule->rule->code, rule->index, {}});
        any = true;
        if (rule->truth == Truth::Unknown) deny(doubt(*rule), rule->index);
    }
    return any;
}

bool Deciding::without_permit() {
    if (!matching().empty()) return false;
    bool brief = false;
    for (const Instance& instance : instances_) {
        if (instance.rule->kind != RuleKind::Permit) continue;
        if (instance.truth == Truth::Unknown) deny(doubt(instance), instance.index);
        brief = brief || instance.truth == Truth::True;
    }
    return deny(brief ? "ttl_exhausted" : "no_permit");
}

/// granted = requested, of the tool, offered by some permit, within every limit, within every hop's grant.
bool Deciding::scopes() {
    const List asked = distinct(list_at("want.scopes"));
    List declared, offered;
    for (const std::string& each : facts_.tool()->scopes) declared.push_back({std::string_view(each)});
    for (const Instance* permit : matching()) {
        const List more = effect_list(*permit, *permit->rule->scopes);
        offered.insert(offered.end(), more.begin(), more.end());
    }
    granted_ = asked;
    keep(granted_, declared, false, kNoRule, "the tool does not have it");
    keep(granted_, offered, false, kNoRule, "no permit that holds offers it");
    if (granted_.empty()) return deny("scope_not_offered");
    for (const Instance* limit : applying(RuleKind::Limit))
        if (limit->rule->scopes != nullptr)
            keep(granted_, effect_list(*limit, *limit->rule->scopes), false, limit->index);
    if (granted_.empty()) return deny("scope_limited");
    const List chain = list_at("delegation.chain");
    for (std::size_t hop = 0; hop < chain.size(); ++hop) {
        const Value held = facts_.member(*chain[hop].as<Group>(), "granted_scopes");
        const auto* list = held.as<List>();
        keep(granted_, list != nullptr ? *list : List{}, false, kNoRule, hop_name(hop) + ".granted_scopes");
    }
    if (granted_.empty()) return deny("scope_exceeds_parent");
    const Value all_or_nothing = facts_.at("want.all_or_nothing");
    if (same(all_or_nothing, {std::int64_t{1}}) && granted_.size() < asked.size()) return deny("partial_grant");
    for (const Value& scope : granted_) decision_.grant.scopes.push_back(*scope.as<std::string_view>());
    return false;
}

bool Deciding::audience() {
    List audience;
    for (const std::string& each : facts_.tool()->audiences) audience.push_back({std::string_view(each)});
    if (facts_.at("want.audience").known()) keep(audience, list_at("want.audience"), true, kNoRule, "want.audience");
    if (audience.empty()) return deny("audience_not_offered");
    for (const Instance* limit : applying(RuleKind::Limit))
        if (limit->rule->audience != nullptr)
            keep(audience, effect_list(*limit, *limit->rule->audience), true, limit->index);
    for (const Value& each : audience) decision_.grant.audience.push_back(*each.as<std::string_view>());
    return audience.empty() && deny("audience_limited");
}

/// For each granted scope, the matching permit that offers it longest.
void Deciding::choose_permits() {
    const auto longer = [&](const Instance& a, const Instance& b) {
        return std::pair(lifetime_of(a), a.until) > std::pair(lifetime_of(b), b.until);
    };
    for (const Value& scope : granted_) {
        const Instance* best = nullptr;
        for (const Instance* permit : matching()) {
            if (!holds(effect_list(*permit, *permit->rule->scopes), scope)) continue;
            if (best == nullptr || longer(*permit, *best)) best = permit;
        }
        if (std::find(used_.begin(), used_.end(), best) == used_.end()) used_.push_back(best);
    }
    std::sort(used_.begin(), used_.end(), [](const Instance* a, const Instance* b) { return a->index < b->index; });
    for (const Instance* permit : used_) {
        trace.used.push_back(permit->index);
        live_at_most(effect_duration(*permit, *permit->rule->ttl), permit->index);
        see_until(permit->until, permit->index);
    }
}

/// How long the grant may live with a rule that will apply later; none if the rule would change the grant.
std::optional<std::int64_t> Deciding::lifetime_under(const Instance& instance) {
    const check::Rule& rule = *instance.rule;
    const Grant& grant = decision_.grant;
    switch (rule.kind) {
        case RuleKind::Permit:
        case RuleKind::Deny: return std::nullopt;
        case RuleKind::Require: {
            const ApprovalState state =
                approvals_for(rule, effect_duration(instance, *rule.ttl), facts_, decision_.now, revocations_);
            if (state.counted < rule.approvals) return std::nullopt;
            return sat_sub(state.until, decision_.now);
        }
        case RuleKind::Limit:
            if (rule.single_use && !grant.single_use) return std::nullopt;
            if (rule.scopes != nullptr)
                for (const Value& scope : granted_)
                    if (!holds(effect_list(instance, *rule.scopes), scope)) return std::nullopt;
            if (rule.audience != nullptr)
                for (std::string_view each : grant.audience)
                    if (!holds(effect_list(instance, *rule.audience), {each})) return std::nullopt;
            return rule.ttl != nullptr ? effect_duration(instance, *rule.ttl) : kNever;
        case RuleKind::Oblige: {
            std::vector<Obligation> obligations = grant.obligations;
            add_obligations(instance, obligations);
            if (obligations.size() != grant.obligations.size()) return std::nullopt;
            return kNever;
        }
    }
    return std::nullopt;
}

/// Rules that will apply later: the grant ends when it would change, unless it already satisfies them.
void Deciding::foresee() {
    for (const Instance& rule : instances_) {
        if (rule.rule->kind == RuleKind::Permit || rule.applies || rule.until == kNever) continue;
        const auto under = lifetime_under(rule);
        if (!under)
            see_until(rule.until, rule.index);
        else if (*under != kNever)
            live_at_most(std::max(*under, sat_sub(rule.until, decision_.now)), rule.index);
    }
}

void Deciding::meet_requirements() {
    for (const Instance* rule : applying(RuleKind::Require)) {
        const std::int64_t within = effect_duration(*rule, *rule->rule->ttl);
        const ApprovalState state = approvals_for(*rule->rule, within, facts_, decision_.now, revocations_);
        const std::string_view person = state.unstated_for("approval_not_independent");
        const bool of_request = !person.starts_with("approvals.");
        trace.approvals.push_back({rule->index,
                                   rule->rule->approvals,
                                   state.counted,
                                   rule->rule->groups,
                                   within,
                                   {state.against.begin(), state.against.end()},
                                   state.unstated.empty() && of_request ? std::string(person) : state.unstated,
                                   state.unbound});
        if (state.counted >= rule->rule->approvals) {
            live_at_most(sat_sub(state.until, decision_.now), rule->index, "approvals");
            approvals_used_.insert(approvals_used_.end(), state.used.begin(), state.used.end());
            continue;
        }
        decision_.reasons.push_back({"approval_required", rule->index, {}});
        for (std::string_view code : state.against)
            decision_.reasons.push_back({code, rule->index, arena_.copy(state.unstated_for(code))});
        Requirement unmet;
        unmet.rule = rule->index;
        // A set: sorted, without repetition.
        const std::set<std::string_view> groups(rule->rule->groups.begin(), rule->rule->groups.end());
        unmet.groups.assign(groups.begin(), groups.end());
        unmet.needed = rule->rule->approvals;
        unmet.counted = state.counted;
        unmet.within = within / kSecond;
        unmet.expires = sat_add(decision_.now, within);
        decision_.requirements.push_back(std::move(unmet));
    }
    if (!decision_.requirements.empty() || !approvals_used_.empty())
        decision_.binding_digest = Binding(facts_).digest();
    std::sort(approvals_used_.begin(), approvals_used_.end());
    const List approvals = approvals_of(facts_);
    std::vector<std::string_view>& approvers = decision_.attribution.approvers;
    for (std::size_t index : approvals_used_) {
        const Value approver = facts_.member(*approvals[index].as<Group>(), "approver");
        const std::string_view name = *approver.as<std::string_view>();
        if (std::find(approvers.begin(), approvers.end(), name) == approvers.end()) approvers.push_back(name);
    }
}

/// The earliest of all expiries.
bool Deciding::lifetime() {
    const Value asked = facts_.at("want.ttl");
    if (const auto* ttl = asked.as<std::int64_t>()) live_at_most(*ttl, kNoRule, "want.ttl");
    for (const Instance* limit : applying(RuleKind::Limit)) {
        if (limit->rule->ttl != nullptr) live_at_most(effect_duration(*limit, *limit->rule->ttl), limit->index);
        if (limit->rule->single_use) decision_.grant.single_use = true;
    }
    foresee();
    if (const auto end = end_of_token(facts_))
        live_until({*end}, facts_.at("token.exp").known() ? "token.exp" : "token.iat");
    for (const std::string_view expiry : {"run.exp", "user.session_exp"}) live_until(facts_.at(expiry), expiry);
    const List chain = list_at("delegation.chain");
    for (std::size_t hop = 0; hop < chain.size(); ++hop)
        live_until(facts_.member(*chain[hop].as<Group>(), "exp"), hop_name(hop) + ".exp");
    if (horizon_ != kNever) {
        lifetime_ = std::min(lifetime_, sat_sub(horizon_, decision_.now));
        decision_.grant.not_after = horizon_;
    }
    decision_.grant.ttl = lifetime_ / kSecond;
    return lifetime_ < kSecond;
}

void Deciding::add_obligations(const Instance& instance, std::vector<Obligation>& obligations) {
    Evaluation evaluation(policy_, facts_, arena_, decision_.now, instance.row);
    for (const check::Obligation& obligation : instance.rule->obligations) {
        const std::string_view args = arena_.copy(render_args(obligation, policy_, evaluation, instance.row));
        const bool there = std::any_of(obligations.begin(), obligations.end(), [&](const Obligation& each) {
            return each.name == obligation.name && each.args == args;
        });
        if (!there) obligations.push_back({obligation.name, args});
    }
}

void Deciding::obligations() {
    for (const Instance* rule : applying(RuleKind::Oblige)) add_obligations(*rule, decision_.grant.obligations);
}

Decision Deciding::decide() {
    run();
    std::stable_sort(decision_.reasons.begin(), decision_.reasons.end(),
                     [](const Reason& a, const Reason& b) { return rank(a.code) < rank(b.code); });
    // Denies come last, in the order of rules, also one that is named like a reason of the engine.
    decision_.reasons.insert(decision_.reasons.end(), denials_.begin(), denials_.end());
    // Reported after all others, in the order of the facts: those of the request first, then hop by hop.
    decision_.reasons.insert(decision_.reasons.end(), revoked_.begin(), revoked_.end());
    return std::move(decision_);
}

bool Deciding::refused() {
    decision_.reasons = refusals(facts_, policy_);
    if (revocations_ != nullptr) {
        need_revocable(facts_, *revocations_, decision_.now, decision_.reasons);
        refuse_revoked(facts_, *revocations_, decision_.now, revoked_, trace.revoked);
    }
    return !decision_.reasons.empty() || !revoked_.empty();
}

void Deciding::read_clock() {
    const Value now = facts_.at("now");
    decision_.now = now.known() ? *now.as<std::int64_t>() : 0;
}

void Deciding::stand() {
    read_clock();
    expand();
}

void Deciding::run() {
    read_clock();
    attribute();
    if (refused()) return;
    expand();
    if (denied() || without_permit() || scopes() || audience()) {
        decision_.grant = {};
        return;
    }
    choose_permits();
    meet_requirements();
    obligations();
    if (lifetime()) {
        decision_.reasons.clear();
        decision_.requirements.clear();
        decision_.binding_digest.clear();
        decision_.attribution.approvers.clear();
        decision_.grant = {};
        deny("ttl_exhausted");
        return;
    }
    if (!decision_.requirements.empty()) {
        decision_.effect = Effect::NeedsApproval;
        decision_.grant = {};
        return;
    }
    decision_.effect = Effect::Permit;
    for (const Instance* permit : used_) decision_.reasons.push_back({"permitted", permit->index, {}});
}

}  // namespace

Decision decide(const check::Policy& policy, const json::Value& document, Arena& arena, Trace* trace,
                const Revocations* revocations) {
    Deciding deciding(policy, document, arena, revocations);
    Decision decision = deciding.decide();
    if (trace != nullptr) *trace = std::move(deciding.trace);
    return decision;
}

std::vector<Standing> standings(const check::Policy& policy, const json::Value& document) {
    Arena made;
    Deciding deciding(policy, document, made);
    deciding.stand();
    return std::move(deciding.trace.rules);
}

Truth invariant_condition(const check::Policy& policy, const check::Invariant& invariant, const json::Value& document) {
    Arena made;
    const Facts facts(policy, document, made);
    const Value now = facts.at("now");
    const auto* moment = now.as<std::int64_t>();
    if (moment == nullptr) return Truth::Unknown;
    return Evaluation(policy, facts, made, *moment, {}).condition(*invariant.when);
}

}  // namespace writ::reference

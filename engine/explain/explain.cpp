#include "explain/explain.h"

#include <algorithm>

#include "base/json.h"
#include "base/report.h"
#include "base/values.h"
#include "explain/nearest.h"

namespace writ::explain {

namespace {

/// Why a rule is listed, if it mattered.
std::optional<Role> role_of(const reference::Trace& trace, std::uint32_t index, Effect effect,
                            const Decision& decision) {
    const reference::Standing& standing = trace.rules[index];
    const bool granting = !trace.used.empty();  // permits were chosen
    const auto has_reason = [&](std::string_view code) {
        return std::any_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& each) {
            return each.rule == index && (code.empty() || each.code == code);
        });
    };
    switch (standing.rule->kind) {
        case RuleKind::Deny:
            if (effect != Effect::Deny || !has_reason({})) return std::nullopt;
            return has_reason("fact_missing") || has_reason("time_in_future") ? Role::Suspected : Role::Denies;
        case RuleKind::Permit:
            if (std::find(trace.used.begin(), trace.used.end(), index) == trace.used.end()) return std::nullopt;
            return Role::Permits;
        case RuleKind::Require: {
            const auto state = std::find_if(trace.approvals.begin(), trace.approvals.end(),
                                            [&](const SeenApprovals& each) { return each.rule == index; });
            if (state == trace.approvals.end()) return std::nullopt;
            return state->counted < state->needed ? Role::Asks : Role::Met;
        }
        case RuleKind::Limit: {
            const bool took = std::any_of(trace.dropped.begin(), trace.dropped.end(),
                                          [&](const Dropped& each) { return each.rule == index; });
            return took || (granting && standing.applies) ? std::optional(Role::Limits) : std::nullopt;
        }
        case RuleKind::Oblige: return granting && standing.applies ? std::optional(Role::Obliges) : std::nullopt;
    }
    return std::nullopt;
}

/// Whether a rule has this name, alone or with its module.
bool is_called(const check::Rule& rule, std::string_view name) {
    return name == rule.name || name == rule.module + "." + rule.name;
}

Error no_such_rule(const check::Policy& policy, std::string_view name) {
    std::vector<std::string_view> names;
    for (const check::Rule& each : policy.rules) names.push_back(each.name);
    const std::string_view near = nearest(name, names);
    return failure(Code::UnknownRule, "there is no rule `" + std::string(name) + "`" +
                                          (near.empty() ? "" : "; did you mean `" + std::string(near) + "`?"));
}

void see_rules(Explanation& out, const check::Policy& policy, const json::Value& document,
               const reference::Trace& trace, std::string_view named) {
    for (std::uint32_t index = 0; index < trace.rules.size(); ++index) {
        std::optional<Role> role = role_of(trace, index, out.decision.effect, out.decision);
        const bool asked_for = !named.empty() && is_called(*trace.rules[index].rule, named);
        if (!role && asked_for) role = Role::Named;
        if (!role || (!named.empty() && !asked_for)) continue;
        SeenRule& rule = out.rules.emplace_back(see_rule(policy, document, trace.rules[index], index));
        rule.role = *role;
    }
    std::stable_sort(out.rules.begin(), out.rules.end(),
                     [](const SeenRule& a, const SeenRule& b) { return a.role < b.role; });
}

/// Adds the revocations behind a check, and when they end.
void note_revoked(std::vector<SeenCheck>& checks, const std::vector<reference::Revoked>& revoked,
                  const Revocations* revocations) {
    for (SeenCheck& check : checks)
        for (const reference::Revoked& each : revoked) {
            if (each.reason != check.code) continue;
            std::string text = "revoked: " + std::string(revocation_name(each.kind)) + " ";
            json::append_quoted(text, each.subject);
            const auto subject = canonical_subject(each.kind, each.subject);
            for (const Revocation& entry : revocations->items())
                if (entry.kind == each.kind && subject && entry.subject == *subject && entry.expires_at != 0)
                    text += " until " + format_instant(entry.expires_at);
            if (check.note.find(text) != std::string::npos) continue;  // several facts name it
            check.note += (check.note.empty() ? "" : ", ") + text;
        }
}

}  // namespace

Result<Explanation> explain(const check::Policy& policy, const Bundle& bundle, std::string_view request_json,
                            std::string_view rule, const RequestLimits& limits,
                            const std::shared_ptr<const Revocations>& revocations) {
    if (!rule.empty() && std::none_of(policy.rules.begin(), policy.rules.end(),
                                      [&](const check::Rule& each) { return is_called(each, rule); }))
        return tl::unexpected(no_such_rule(policy, rule));
    Explanation out{bundle, Request(bundle), {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    if (auto read = out.request.parse(request_json, limits); !read) return tl::unexpected(std::move(read.error()));
    Evaluator evaluator(bundle);
    evaluator.revoke(revocations);
    out.decision = evaluator.evaluate(out.request);
    const auto document = json::parse(request_json, limits);
    if (!document) return tl::unexpected(document.error());

    reference::Trace trace;
    Arena made;
    Decision same = reference::decide(policy, *document, made, &trace, revocations.get());
    same.bundle_digest = bundle.digest();
    if (to_json(same, bundle, View::Operator) != to_json(out.decision, bundle, View::Operator))
        return fail(Code::EvaluatorsDisagree,
                    "the two evaluators decide differently; this is a defect, please report it");

    out.sources.sources = policy.sources;
    out.checks = see_checks(policy, *document, out.decision.reasons);
    note_revoked(out.checks, trace.revoked, revocations.get());
    const bool ran = !trace.rules.empty();
    // A rule that the caller asked for is listed even then.
    if (!ran && !rule.empty()) trace.rules = reference::standings(policy, *document);
    see_rules(out, policy, *document, trace, rule);
    const auto sooner = [](const Bound& a, const Bound& b) { return a.micros < b.micros; };
    out.lifetimes = std::move(trace.lifetimes);
    out.horizons = std::move(trace.horizons);
    std::stable_sort(out.lifetimes.begin(), out.lifetimes.end(), sooner);
    std::stable_sort(out.horizons.begin(), out.horizons.end(), sooner);
    out.dropped = trace.dropped;
    out.approvals = trace.approvals;
    const TracedDecision decided{policy, bundle, *document, out.decision, trace, limits, revocations};
    if (out.decision.effect == Effect::Deny && ran && rule.empty()) out.nearest = nearest_permits(decided);
    if (out.decision.effect == Effect::NeedsApproval && rule.empty()) out.once_approved = once_approved(decided);
    return out;
}

}  // namespace writ::explain

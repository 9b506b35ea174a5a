#include "cli/formats/decision.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

std::string list(const std::vector<std::string_view>& items) {
    std::string out;
    for (const std::string_view item : items) out += (out.empty() ? "" : ", ") + safe(item);
    return out.empty() ? "none" : out;
}

constexpr std::string_view kMissing = "fact_missing", kAhead = "time_in_future", kRequired = "approval_required";

class Sheet {
public:
    Sheet(const Decision& decision, const Layers& layers, bool colour)
        : decision_(decision), layers_(layers), colours_(palette(colour)) {}

    std::string draw(View reader) {
        effect();
        if (decision_.effect == Effect::Permit) grant();
        if (reader == View::Operator) {
            requirements();
            reasons();
            out_ += '\n';
            attribution();
        } else {
            requirements_for_caller();
            // The reason is one of a few classes; the JSON for callers defines their names.
            const auto answer = nlohmann::json::parse(to_json(decision_, layers_, View::Caller));
            row("because", safe(answer.at("reason").get<std::string>()));
        }
        return std::move(out_);
    }

private:
    void row(std::string_view name, std::string_view text) {
        if (!text.empty()) out_ += fmt::format("  {:<12} {}\n", name, text);
    }

    void effect() {
        switch (decision_.effect) {
            case Effect::Permit: out_ += fmt::format("{}permit{}\n", colours_.good, colours_.reset); break;
            case Effect::NeedsApproval:
                out_ += fmt::format("{}needs approval{}\n", colours_.warning, colours_.reset);
                break;
            case Effect::Deny: out_ += fmt::format("{}deny{}\n", colours_.error, colours_.reset); break;
        }
    }

    void grant() {
        const Grant& grant = decision_.grant;
        row("scopes", list(grant.scopes));
        row("audience", list(grant.audience));
        row("ttl", span_of(grant.ttl));
        if (grant.not_after) row("not after", moment(*grant.not_after));
        if (grant.single_use) row("use", "once");
        for (const Obligation& obligation : grant.obligations)
            row("obligation", safe(obligation.name) + " " + safe(obligation.args));
    }

    void requirements() {
        for (const Requirement& r : decision_.requirements) {
            row("approval", fmt::format("{} of {} given, from {}, each at most {} old", r.counted, r.needed,
                                        list(r.groups), span_of(r.within)));
            row("", "required by " + rule_text(r.layer, r.rule));
            std::vector<std::string_view> against;
            std::vector<std::string_view> unstated;
            for (const Reason& reason : decision_.reasons) {
                if (reason.code == kRequired || !same_rule(reason, r)) continue;
                against.push_back(reason.code);
                if (!reason.detail.empty()) unstated.push_back(reason.detail);
            }
            if (!against.empty()) row("", "not counted: " + list(against));
            for (const std::string_view fact : unstated)
                row("", fact.starts_with("approvals.") ? "an approval does not state " + safe(fact)
                                                       : "no approval counts while " + safe(fact) + " is not stated");
        }
        if (!decision_.requirements.empty()) row("binding", decision_.binding_digest);
    }

    void requirements_for_caller() {
        for (const Requirement& r : decision_.requirements)
            row("approval", fmt::format("{} from {}, until {}", r.needed, list(r.groups), moment(r.expires)));
        if (!decision_.requirements.empty()) row("binding", decision_.binding_digest);
    }

    /// Reasons shown with a requirement are not repeated; suspicions are shown with their rule.
    void reasons() {
        for (const Reason& reason : decision_.reasons) {
            if (is_suspicion(reason) || told(reason)) continue;
            row("because", reason_text(reason));
            for (const Reason& each : decision_.reasons)
                if (is_suspicion(each) && same_rule(each, reason))
                    row("", fmt::format("{}: not known to apply: {}", each.code, doubt_text(each)));
        }
        for (const Reason& reason : decision_.reasons)
            if (is_suspicion(reason) && !has_reason(reason, false)) row("because", suspicion_text(reason));
    }

    std::string reason_text(const Reason& reason) const {
        const auto rule = rule_of(reason.layer, reason.rule);
        std::string text = safe(reason.code);
        if (!reason.detail.empty() && reason.code == kMissing)
            text += ": " + safe(reason.detail) + " is not stated, or its provenance is too weak";
        else if (!reason.detail.empty())
            text += " (" + safe(reason.detail) + ")";
        if (!rule) return text;
        // A deny's name is its code; a permit that permitted needs no mention.
        const bool plain = reason.code == rule->name || decision_.effect == Effect::Permit;
        return (plain ? "" : text + " by ") + rule_text(reason.layer, reason.rule);
    }

    static std::string_view doubt_text(const Reason& reason) {
        return reason.code == kAhead ? "a moment whose age it reads is in the future"
                                     : "a fact that it reads is missing";
    }
    /// A permit that would apply but for an unknown fact.
    std::string suspicion_text(const Reason& reason) const {
        const auto rule = rule_of(reason.layer, reason.rule);
        return fmt::format("{}: {} is not known to apply: {}", safe(reason.code), rule ? name_of(*rule) : "a rule",
                           doubt_text(reason));
    }

    bool is_suspicion(const Reason& reason) const {
        return (reason.code == kMissing || reason.code == kAhead) && rule_of(reason.layer, reason.rule).has_value();
    }
    /// Whether there is another reason about the same rule that is, or is not, a suspicion.
    bool has_reason(const Reason& about, bool suspicion) const {
        return std::any_of(decision_.reasons.begin(), decision_.reasons.end(), [&](const Reason& each) {
            return same_rule(each, about) && is_suspicion(each) == suspicion;
        });
    }
    bool told(const Reason& reason) const {
        return std::any_of(decision_.requirements.begin(), decision_.requirements.end(),
                           [&](const Requirement& each) { return same_rule(each, reason); });
    }
    template <class A, class B>
    static bool same_rule(const A& a, const B& b) {
        return a.rule == b.rule && a.layer == b.layer;
    }

    std::optional<RuleInfo> rule_of(std::uint32_t layer, std::uint32_t index) const {
        if (layer >= layers_.bundles().size() || index >= layers_.bundles()[layer].rule_count()) return std::nullopt;
        return layers_.bundles()[layer].rule(index);
    }

    static std::string name_of(const RuleInfo& rule) {
        return fmt::format("{} {} at {}:{}", rule.kind, safe(rule.name), safe(rule.file), rule.line);
    }

    std::string rule_text(std::uint32_t layer, std::uint32_t index) const {
        const auto rule = rule_of(layer, index);
        if (!rule) return {};
        return name_of(*rule) + (rule->because.empty() ? "" : ": " + safe(rule->because));
    }

    void attribution() {
        const Attribution& a = decision_.attribution;
        row("agent", safe(a.agent));
        row("class", safe(a.agent_class));
        row("deployment", safe(a.deployment));
        row("run", safe(a.run));
        row("parent run", safe(a.parent_run));
        row("tenant", safe(a.tenant));
        row("user", safe(a.user));
        row("initiator", safe(a.initiator));
        if (!a.chain.empty()) row("chain", list(a.chain));
        row("workload", safe(a.workload));
        row("issuer", safe(a.issuer));
        row("token", safe(a.token_id));
        row("tool", safe(a.tool));
        row("resource", safe(a.resource));
        if (!a.approvers.empty()) row("approvers", list(a.approvers));
        row("now", moment(decision_.now));
        for (const Bundle& bundle : layers_.bundles()) row("bundle", bundle.digest());
    }

    const Decision& decision_;
    const Layers& layers_;
    Palette colours_;
    std::string out_;
};

}  // namespace

std::string render_decision(const Decision& decision, const Layers& layers, View reader, bool colour) {
    return Sheet(decision, layers, colour).draw(reader);
}

}  // namespace writ::cli

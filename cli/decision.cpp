#include "cli/decision.h"

#include <string_view>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace writ::cli {

namespace {

std::string moment(std::int64_t micros) {
    const std::int64_t seconds = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
    constexpr std::int64_t kYear9999 = 253'402'300'799;  // beyond, calendars are guesses
    if (seconds < 0 || seconds > kYear9999) return fmt::format("{} s since 1970", seconds);
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string span_of(std::int64_t seconds) {
    std::string out;
    const auto add = [&](std::int64_t count, char unit) {
        if (count > 0) out += fmt::format("{}{}{}", out.empty() ? "" : " ", count, unit);
    };
    add(seconds / 3600, 'h');
    add(seconds / 60 % 60, 'm');
    add(seconds % 60, 's');
    return out.empty() ? "0s" : out;
}

std::string list(const std::vector<std::string_view>& items) {
    std::string out;
    for (const std::string_view item : items) out += (out.empty() ? "" : ", ") + safe(item);
    return out.empty() ? "none" : out;
}

class Sheet {
public:
    Sheet(const Decision& decision, const Layers& layers, bool colour)
        : decision_(decision), layers_(layers), colours_(palette(colour)) {}

    std::string draw(Audience reader) {
        effect();
        if (decision_.effect == Effect::Permit) grant();
        if (reader == Audience::Operator) {
            requirements();
            reasons();
            attribution();
        } else {
            requirements_for_caller();
            // One of a few classes of reason, named where the JSON for callers is made.
            const auto answer = nlohmann::json::parse(to_json(decision_, layers_, Audience::Caller));
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
            case Effect::NeedsApproval: out_ += fmt::format("{}needs approval{}\n", colours_.warning, colours_.reset); break;
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
        for (const Obligation& duty : grant.obligations) row("obligation", safe(duty.name) + " " + safe(duty.args));
    }

    void requirements() {
        for (const Requirement& r : decision_.requirements) {
            row("approval", fmt::format("{} of {} given, from {}, each at most {} old", r.counted, r.needed, list(r.groups),
                                        span_of(r.within)));
            row("", "asked for by " + rule_text(r.layer, r.rule));
        }
        if (!decision_.requirements.empty()) row("binding", decision_.binding_digest);
    }

    void requirements_for_caller() {
        for (const Requirement& r : decision_.requirements)
            row("approval", fmt::format("{} from {}, until {}", r.needed, list(r.groups), moment(r.expires)));
        if (!decision_.requirements.empty()) row("binding", decision_.binding_digest);
    }

    void reasons() {
        for (const Reason& reason : decision_.reasons) {
            std::string text = safe(reason.code);
            if (!reason.detail.empty()) text += " (" + safe(reason.detail) + ")";
            const std::string rule = rule_text(reason.layer, reason.rule);
            if (!rule.empty()) text += " by " + rule;
            row("because", text);
        }
    }

    std::string rule_text(std::uint32_t layer, std::uint32_t index) const {
        if (layer >= layers_.bundles().size() || index >= layers_.bundles()[layer].rule_count()) return {};
        const RuleInfo rule = layers_.bundles()[layer].rule(index);
        std::string out = fmt::format("{} {} at {}:{}", rule.kind, safe(rule.name), safe(rule.file), rule.line);
        if (!rule.because.empty()) out += ": " + safe(rule.because);
        return out;
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

std::string render_decision(const Decision& decision, const Layers& layers, Audience reader, bool colour) {
    return Sheet(decision, layers, colour).draw(reader);
}

}  // namespace writ::cli

// Describes rules and checks.
#include "explain/seen.h"

#include <algorithm>

#include "base/report.h"
#include "base/values.h"
#include "explain/reader.h"

namespace writ::explain {

bool is_for_tool(const check::Policy& policy, const json::Value& document, const check::Rule& rule) {
    const json::Value* name = value_at(document, {"tool", "name"});
    return rule.tools.empty() || std::any_of(rule.tools.begin(), rule.tools.end(), [&](check::ToolId id) {
               return name != nullptr && policy.tools[id.value].wire_name == name->text;
           });
}

SeenRule see_rule(const check::Policy& policy, const json::Value& document, const reference::Standing& standing,
                  std::uint32_t index) {
    const DocumentReader reader(policy, document);
    SeenRule out;
    out.rule = index;
    out.truth = standing.truth;
    out.for_tool = is_for_tool(policy, document, *standing.rule);
    out.row = reader.row(standing);
    out.does = reader.effect(standing);
    for (const check::Expr* condition : DocumentReader::conjuncts(*standing.rule)) {
        reference::Evaluation evaluation = reader.evaluation(standing);
        out.conditions.push_back(reader.condition(*condition, evaluation));
    }
    return out;
}

std::size_t count_failing(const check::Policy& policy, const json::Value& document,
                          const reference::Standing& standing) {
    const DocumentReader reader(policy, document);
    std::size_t failing = 0;
    for (const check::Expr* condition : DocumentReader::conjuncts(*standing.rule)) {
        reference::Evaluation evaluation = reader.evaluation(standing);
        failing += evaluation.condition(*condition) != Truth::True;
    }
    return failing;
}

std::vector<std::string> offered_scopes(const check::Policy& policy, const json::Value& document,
                                        const reference::Standing& permit) {
    const DocumentReader reader(policy, document);
    std::vector<std::string> out;
    const check::Tool* tool = reader.facts().tool();
    const reference::Value offered = reader.evaluation(permit).value(*permit.rule->scopes);
    if (const auto* list = offered.as<reference::List>(); list != nullptr && tool != nullptr)
        for (const reference::Value& scope : reference::distinct(*list)) {
            const std::string_view text = *scope.as<std::string_view>();
            if (std::find(tool->scopes.begin(), tool->scopes.end(), text) != tool->scopes.end()) out.emplace_back(text);
        }
    return out;
}

// ---- checks -----------------------------------------------------------------------------------

namespace {

std::string_view prose_of(std::string_view code) {
    struct Prose {
        std::string_view code, text;
    };
    static constexpr Prose kProse[] = {
#define REASON(name, prose) {#name, prose},
#include "base/reasons.def"
#undef REASON
    };
    for (const Prose& each : kProse)
        if (each.code == code) return each.text;
    return {};
}

/// The facts that a reason without a rule is about.
std::vector<std::string_view> facts_of(std::string_view code) {
    struct About {
        std::string_view code;
        std::vector<std::string_view> facts;
    };
    static const About kAbout[] = {
        {"issuer_unknown", {"token.issuer"}},
        {"audience_mismatch", {"token.aud"}},
        {"token_not_current", {"now", "token.exp", "token.nbf", "token.iat"}},
        {"token_without_expiry", {"token.exp", "token.iat"}},
        {"token_type_mismatch", {"token.typ"}},
        {"proof_missing", {"token.proof"}},
        {"delegation_missing", {"run.parent_id", "delegation"}},
        {"unknown_tool", {"tool.name"}},
        {"nothing_requested", {"want.scopes"}},
        {"run_ended", {"now", "run.exp"}},
        {"user_session_ended", {"now", "user.session_exp"}},
        {"parent_expired", {"now"}},
        {"scope_not_offered", {"want.scopes"}},
        {"audience_not_offered", {"want.audience"}},
        {"partial_grant", {"want.scopes", "want.all_or_nothing"}},
    };
    for (const About& each : kAbout)
        if (each.code == code) return each.facts;
    return {};
}

std::string quoted_list(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) {
        if (!out.empty()) out += ", ";
        json::append_quoted(out, item);
    }
    return out;
}

/// "did you mean …?" and the existing names.
std::string among(std::string_view given, const std::vector<std::string>& names, std::string_view what) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    std::string out;
    if (const std::string_view near = nearest(given, views); !near.empty())
        out = "did you mean \"" + std::string(near) + "\"? ";
    constexpr std::size_t kMost = 6;
    if (names.empty()) return out + "no " + std::string(what) + " is declared";
    const bool few = names.size() <= kMost;
    const std::vector<std::string> some(names.begin(), few ? names.end() : names.begin() + kMost);
    return out + "declared: " + quoted_list(some) + (few ? "" : ", …");
}

std::string note_on(std::string_view code, const DocumentReader& reader) {
    const check::Policy& policy = reader.policy();
    const check::Issuer* issuer = reader.facts().issuer();
    const check::Tool* tool = reader.facts().tool();
    const auto stated = [&](const std::vector<std::string>& path) {
        const json::Value* value = value_at(reader.document(), path);
        return value != nullptr ? value->text : std::string();
    };
    if (code == "issuer_unknown") {
        std::vector<std::string> urls;
        for (const check::Issuer& each : policy.issuers) urls.push_back(each.url);
        return among(stated({"token", "issuer"}), urls, "issuer");
    }
    if (code == "unknown_tool") {
        std::vector<std::string> names;
        for (const check::Tool& each : policy.tools) names.push_back(each.wire_name);
        return among(stated({"tool", "name"}), names, "tool");
    }
    if (tool != nullptr && (code == "nothing_requested" || code == "scope_not_offered"))
        return "tool " + tool->name + " has " + quoted_list(tool->scopes);
    if (tool != nullptr && code == "audience_not_offered")
        return "tool " + tool->name + " has " + quoted_list(tool->audiences);
    if (issuer == nullptr) return {};
    const std::string of = "issuer " + issuer->name;
    if (code == "audience_mismatch") return of + " accepts " + quoted_list(issuer->audiences);
    if (code == "token_type_mismatch") {
        const auto& types = issuer->types.empty() ? policy.kinds[issuer->kind].types : issuer->types;
        return of + " accepts " + quoted_list(types);
    }
    if (code == "proof_missing") return of + " requires more than a bearer token";
    if (code == "token_without_expiry")
        return issuer->max_age
                   ? of + " limits tokens to " + format_duration(*issuer->max_age) + " after iat, which is not stated"
                   : of + " declares no max_age";
    if (code == "token_not_current") {
        std::string note =
            issuer->max_age ? of + " accepts tokens for " + format_duration(*issuer->max_age) + " after iat" : "";
        if (issuer->leeway > 0)
            note += (note.empty() ? of + " has" : ", with") + std::string(" a leeway of ") +
                    format_duration(issuer->leeway);
        return note;
    }
    return {};
}

}  // namespace

std::vector<SeenCheck> see_checks(const check::Policy& policy, const json::Value& document,
                                  const std::vector<Reason>& reasons) {
    const DocumentReader reader(policy, document);
    std::vector<SeenCheck> out;
    for (const Reason& reason : reasons) {
        if (reason.rule != kNoRule) continue;
        if (out.empty() || out.back().code != reason.code) {
            SeenCheck& check = out.emplace_back();
            check.code = reason.code;
            check.what = prose_of(reason.code);
        }
        SeenCheck& check = out.back();
        if (!reason.detail.empty()) check.facts.push_back(reader.fact_at(reason.detail));
        for (const std::string_view path : facts_of(reason.code)) check.facts.push_back(reader.fact_at(path));
        check.note = note_on(reason.code, reader);
    }
    return out;
}

}  // namespace writ::explain

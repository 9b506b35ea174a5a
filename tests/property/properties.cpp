#include "properties.h"

#include <algorithm>

#include "base/values.h"

namespace writ::property {

std::optional<std::string> same_decision(Subject& subject, const PolicyText&, const json::Value& document) {
    if (!subject.bind(document)) return std::nullopt;
    const std::string machine = subject.json_of(subject.decide());
    const std::string reference = subject.json_of(subject.decide(By::Reference));
    if (machine == reference) return std::nullopt;
    return "machine:   " + machine + "\nreference: " + reference;
}

std::optional<std::string> same_unindexed(Subject& subject, const PolicyText&, const json::Value& document) {
    if (!subject.bind(document)) return std::nullopt;
    const std::string indexed = subject.json_of(subject.decide());
    const std::string unindexed = subject.json_of(subject.decide(By::Unindexed));
    if (indexed == unindexed) return std::nullopt;
    return "indexed:   " + indexed + "\nunindexed: " + unindexed;
}

std::optional<std::string> within_step_bound(Subject& subject, const PolicyText&, const json::Value& document) {
    if (!subject.bind(document)) return std::nullopt;
    const std::uint64_t steps = subject.decide().steps, bound = subject.bundle().step_bound();
    if (steps <= bound) return std::nullopt;
    return "cost " + std::to_string(steps) + " steps, the bound is " + std::to_string(bound);
}

std::optional<std::string> repeatable(Subject& subject, const PolicyText&, const json::Value& document) {
    if (!subject.bind(document)) return std::nullopt;
    const std::string first = subject.json_of(subject.decide());
    if (!subject.bind(document)) return "accepted once, then refused: " + subject.refusal().message;
    const std::string second = subject.json_of(subject.decide());
    if (first == second) return std::nullopt;
    return "first:  " + first + "\nsecond: " + second;
}

// ---- attenuation ------------------------------------------------------------------------------

static const json::Value* at(const json::Value& document, std::initializer_list<std::string_view> path) {
    const json::Value* value = &document;
    for (std::string_view step : path) {
        if (value == nullptr || value->type != json::Type::Object) return nullptr;
        value = value->find(step);
    }
    return value;
}

/// An instant of a request in microseconds; empty for none.
static std::optional<std::int64_t> instant(const json::Value* value) {
    if (value == nullptr) return std::nullopt;
    if (value->type == json::Type::Int) return sat_mul(value->integer, kSecond);
    if (value->type == json::Type::String) return parse_instant(value->text);
    if (value->type == json::Type::Number) return parse_numeric_date(value->text);
    return std::nullopt;
}

static bool lists(const json::Value* list, std::string_view item) {
    return list != nullptr && std::any_of(list->items.begin(), list->items.end(),
                                          [&](const json::Value& each) { return each.text == item; });
}

std::optional<std::string> attenuated(Subject& subject, const PolicyText&, const json::Value& document) {
    const auto found = outcome_of(subject, document);
    if (!found || found->effect != Effect::Permit) return std::nullopt;
    const json::Value* asked = at(document, {"want", "scopes"});
    const json::Value* chain = at(document, {"delegation", "chain"});
    const std::vector<std::string>* declared = nullptr;
    for (const check::Tool& tool : universe().policy().tools)
        if (tool.wire_name == at(document, {"tool", "name"})->text) declared = &tool.scopes;
    for (const std::string& scope : found->scopes) {
        if (declared == nullptr || std::find(declared->begin(), declared->end(), scope) == declared->end())
            return "granted `" + scope + "`, which the tool does not have: " + found->json;
        if (!lists(asked, scope)) return "granted `" + scope + "`, which was not asked for: " + found->json;
        for (std::size_t i = 0; chain != nullptr && i < chain->items.size(); ++i)
            if (!lists(chain->items[i].find("granted_scopes"), scope))
                return "granted `" + scope + "`, which hop " + std::to_string(i) + " does not hold: " + found->json;
    }
    const std::int64_t end = found->now + found->ttl * kSecond;
    const auto past = [&](std::optional<std::int64_t> bound) { return bound && end > *bound; };
    if (past(instant(at(document, {"token", "exp"})))) return "outlives the token: " + found->json;
    if (const json::Value* exp = at(document, {"token", "exp"}); exp != nullptr && exp->type == json::Type::Null) {
        const auto issued = instant(at(document, {"token", "iat"}));
        std::optional<std::int64_t> bound;
        for (const check::Issuer& issuer : universe().policy().issuers)
            if (issuer.url == at(document, {"token", "issuer"})->text && issuer.max_age && issued)
                bound = sat_add(*issued, *issuer.max_age);
        if (!bound) return "a token without an end got a permit: " + found->json;
        if (past(bound)) return "outlives its token's greatest age: " + found->json;
    }
    if (past(instant(at(document, {"run", "exp"})))) return "outlives the run: " + found->json;
    if (past(instant(at(document, {"user", "session_exp"})))) return "outlives the session: " + found->json;
    if (past(found->not_after)) return "outlives its horizon: " + found->json;
    for (std::size_t i = 0; chain != nullptr && i < chain->items.size(); ++i)
        if (past(instant(chain->items[i].find("exp")))) return "outlives a parent's grant: " + found->json;
    if (const json::Value* ttl = at(document, {"want", "ttl"})) {
        const auto most =
            ttl->type == json::Type::Int ? sat_mul(ttl->integer, kSecond) : parse_duration(ttl->text).value_or(0);
        if (found->ttl * kSecond > most) return "lives longer than was asked for: " + found->json;
    }
    return std::nullopt;
}

// ---- the order of decisions -------------------------------------------------------------------

static bool among(const std::vector<std::string>& all, const std::vector<std::string>& some) {
    return std::all_of(some.begin(), some.end(),
                       [&](const std::string& each) { return std::find(all.begin(), all.end(), each) != all.end(); });
}

std::optional<std::string> wider(const Outcome& less, const Outcome& more, Subject& more_subject,
                                 const json::Value& more_document) {
    const std::string both = "\nbefore: " + more.json + "\nafter:  " + less.json;
    if (less.effect > more.effect) return "the effect rose" + both;
    if (less.effect != Effect::Permit) return std::nullopt;
    if (!among(more.audience, less.audience)) return "the audience grew" + both;
    if (!among(less.obligations, more.obligations)) return "an obligation vanished" + both;
    if (more.single_use && !less.single_use) return "reuse became possible" + both;
    for (const std::string& scope : less.scopes) {
        if (std::find(more.scopes.begin(), more.scopes.end(), scope) == more.scopes.end())
            return "`" + scope + "` was gained" + both;
        if (less.ttl <= more.ttl) continue;
        // With more scopes, one of them can come from a permit with a shorter ttl, which then applies to all. So
        // compare with a request for this scope alone.
        json::Value alone = more_document;
        json::Value only = json::Value::array();
        only.items.push_back(json::Value::of(std::string_view(scope)));
        alone.find("want")->set("scopes", std::move(only));
        const auto single = outcome_of(more_subject, alone);
        if (!single || single->effect != Effect::Permit) return "`" + scope + "` alone was not to be had" + both;
        // An obligation or limit that starts later ends the ttl at that moment. If it applies from the start, the ttl
        // is not shortened: the grant has less authority for a longer time.
        const bool otherwise_less = !among(single->obligations, less.obligations) ||
                                    !among(less.audience, single->audience) || (less.single_use && !single->single_use);
        if (otherwise_less && single->ends_at_horizon()) continue;
        if (less.ttl > single->ttl) return "`" + scope + "` lives longer" + both + "\nalone:  " + single->json;
    }
    return std::nullopt;
}

}  // namespace writ::property

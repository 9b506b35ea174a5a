// Records as JSON, for `writ ledger show`, `tail` and `export`.
#include <algorithm>

#include "base/json.h"
#include "base/values.h"
#include "base/words.h"
#include "ledger/hash.h"
#include "ledger/record_json.h"
#include "writ/ledger.h"

namespace writ::ledger {

namespace {

using json::Value;

Value number(std::uint64_t value) {
    return Value::of(static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX)));
}
Value text_or_null(std::string_view text) {
    return text.empty() ? Value::null() : Value::of(text);
}
Value instant_or_null(std::int64_t micros) {
    return micros == 0 ? Value::null() : Value::of(format_instant(micros));
}

template <class List>
Value texts(const List& values) {
    Value out = Value::array();
    for (const auto& value : values) out.items.push_back(Value::of(std::string_view(value)));
    return out;
}

/// The text if it is JSON; otherwise as a string.
Value embedded(std::string_view text) {
    auto read = json::parse(text);
    return read ? std::move(*read) : Value::of(text);
}

Value json_of(const RecordedRule& rule) {
    Value out = Value::object();
    out.set("layer", number(rule.layer));
    out.set("kind", Value::of(rule.kind));
    out.set("module", Value::of(rule.module));
    out.set("name", Value::of(rule.name));
    out.set("file", Value::of(rule.file));
    out.set("line", number(rule.line));
    out.set("because", text_or_null(rule.because));
    return out;
}

Value rule_of(const Record& record, std::uint32_t layer, std::uint32_t index) {
    for (const RecordedRule& rule : record.rules)
        if (rule.layer == layer && rule.index == index) return json_of(rule);
    return Value::null();
}

Value grant_of(const Decision& decision) {
    if (decision.effect != Effect::Permit) return Value::null();
    const Grant& grant = decision.grant;
    Value out = Value::object();
    out.set("scopes", texts(grant.scopes));
    out.set("audience", texts(grant.audience));
    out.set("ttl", Value::of(grant.ttl));
    out.set("not_after", grant.not_after ? Value::of(format_instant(*grant.not_after)) : Value::null());
    out.set("single_use", Value::of(grant.single_use));
    Value obligations = Value::array();
    for (const Obligation& obligation : grant.obligations) {
        Value each = Value::object();
        each.set("name", Value::of(obligation.name));
        each.set("args", embedded(obligation.args));
        obligations.items.push_back(std::move(each));
    }
    out.set("obligations", std::move(obligations));
    return out;
}

Value decision_of(const Record& record) {
    const Decision& decision = record.decision;
    Value out = Value::object();
    out.set("effect", Value::of(spelling_of(decision.effect)));
    out.set("grant", grant_of(decision));
    Value requirements = Value::array();
    for (const Requirement& each : decision.requirements) {
        Value one = Value::object();
        one.set("rule", rule_of(record, each.layer, each.rule));
        one.set("groups", texts(each.groups));
        one.set("needed", number(each.needed));
        one.set("counted", number(each.counted));
        one.set("within", Value::of(each.within));
        one.set("expires", Value::of(format_instant(each.expires)));
        requirements.items.push_back(std::move(one));
    }
    out.set("requirements", std::move(requirements));
    out.set("binding_digest", text_or_null(decision.binding_digest));
    Value reasons = Value::array();
    for (const Reason& each : decision.reasons) {
        Value one = Value::object();
        one.set("code", Value::of(each.code));
        one.set("fact", text_or_null(each.detail));
        one.set("rule", rule_of(record, each.layer, each.rule));
        reasons.items.push_back(std::move(one));
    }
    out.set("reasons", std::move(reasons));
    const Attribution& who = decision.attribution;
    Value attribution = Value::object();
    const std::pair<const char*, std::string_view> names[] = {
        {"agent", who.agent}, {"class", who.agent_class},     {"deployment", who.deployment},
        {"run", who.run},     {"parent_run", who.parent_run}, {"tenant", who.tenant},
        {"user", who.user},   {"initiator", who.initiator}};
    for (const auto& [name, value] : names) attribution.set(name, text_or_null(value));
    attribution.set("chain", texts(who.chain));
    const std::pair<const char*, std::string_view> more[] = {{"workload", who.workload},
                                                             {"issuer", who.issuer},
                                                             {"token_id", who.token_id},
                                                             {"tool", who.tool},
                                                             {"resource", who.resource}};
    for (const auto& [name, value] : more) attribution.set(name, text_or_null(value));
    attribution.set("approvers", texts(who.approvers));
    out.set("attribution", std::move(attribution));
    out.set("now", Value::of(format_instant(decision.now)));
    out.set("steps", number(decision.steps));
    return out;
}

void write_decision(const Record& record, Value& out) {
    const Surroundings& around = record.around;
    out.set("mode", Value::of(record.shadow ? "shadow" : "enforced"));
    out.set("overruled", Value::of(record.overruled));
    out.set("repeats", record.repeats ? number(*record.repeats) : Value::null());
    out.set("decision", decision_of(record));
    out.set("bundles", texts(record.bundles));
    const std::pair<const char*, std::string_view> names[] = {{"request_id", around.request_id},
                                                              {"broker", around.broker},
                                                              {"trace_id", around.trace_id},
                                                              {"span_id", around.span_id},
                                                              {"idempotency_key", around.idempotency_key},
                                                              {"operation", around.operation},
                                                              {"environment", around.environment},
                                                              {"credential_kind", around.credential_kind},
                                                              {"proof", around.proof},
                                                              {"tier", around.tier}};
    for (const auto& [name, value] : names) out.set(name, text_or_null(value));
    out.set("approvals", texts(around.approvals));
    out.set("uses", texts(record.uses));
    out.set("masked", texts(record.masked));
    Hash digest = sha256({record.request});
    if (record.request_digest.size() == digest.size())
        record.request_digest.copy(reinterpret_cast<char*>(digest.data()), digest.size());
    out.set("request_digest", Value::of(to_hex(digest)));
    out.set("request", record.request.empty() ? Value::null() : embedded(record.request));
}

}  // namespace

std::string to_json(const Record& record, std::uint64_t sequence) {
    constexpr std::string_view kKinds[] = {"", "decision", "receipt", "use", "drops"};
    Value out = Value::object();
    out.set("schema_version", Value::of(std::int64_t{1}));
    out.set("sequence", number(sequence));
    out.set("kind", Value::of(kKinds[static_cast<std::size_t>(record.kind)]));
    out.set("time", Value::of(format_instant(record.time)));
    switch (record.kind) {
        case RecordKind::Decision: write_decision(record, out); break;
        case RecordKind::Receipt:
            out.set("of", number(record.receipt.decision));
            out.set("credential", text_or_null(record.receipt.credential));
            out.set("resource", text_or_null(record.receipt.resource));
            out.set("issued_at", instant_or_null(record.receipt.issued_at));
            out.set("accepted_at", instant_or_null(record.receipt.accepted_at));
            out.set("revoked_at", instant_or_null(record.receipt.revoked_at));
            break;
        case RecordKind::Use: out.set("used", Value::of(record.used)); break;
        case RecordKind::Drops: out.set("dropped", number(record.dropped)); break;
    }
    return json::write(out);
}

std::string with_record(std::string json, std::optional<std::uint64_t> record, const std::optional<Earlier>& earlier) {
    Value before = Value::null();
    if (earlier) {
        const Record& first = earlier->record;
        before = Value::object();
        before.set("record", number(earlier->sequence));
        before.set("now", Value::of(format_instant(first.decision.now)));
        before.set("grant", grant_of(first.decision));
        Value rules = Value::array(), bundles = Value::array();
        for (const RecordedRule& rule : first.rules) rules.items.push_back(json_of(rule));
        for (const std::string_view digest : first.bundles) {
            Value bundle = Value::object();
            bundle.set("digest", Value::of(digest));
            bundles.items.push_back(std::move(bundle));
        }
        before.set("rules", std::move(rules));
        before.set("bundles", std::move(bundles));
    }
    json.back() = ',';
    json += "\"record\":" + (record ? std::to_string(*record) : "null");
    json += ",\"earlier\":" + json::write(before) + "}";
    return json;
}

std::string to_json(const Answer& answer, const Layers& layers, View reader) {
    std::string out = writ::to_json(answer.decision, layers, reader);
    if (reader == View::Caller) return out;
    return with_record(std::move(out), answer.sequence, answer.earlier);
}

}  // namespace writ::ledger

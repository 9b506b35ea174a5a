// The order of a record's fields: docs/ledger.md, "Records".
#include "writ/record.h"

#include <algorithm>

#include "ledger/codec.h"
#include "ledger/fields.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

/// No kind is zero, so that zeros do not read as a record.
bool begin(Decoder& in, RecordKind& kind, std::int64_t& time) {
    in.choice(kind, RecordKind::Drops);
    in.signed_number(time);
    return in.ok() && static_cast<std::uint8_t>(kind) != 0;
}

}  // namespace

void encode_answer(const Record& record, std::string& out) {
    Encoder to(out);
    answer_fields(to, record);
}

void encode(const Record& record, std::string& out) {
    Encoder to(out);
    to.choice(record.kind, RecordKind::Drops);
    to.signed_number(record.time);
    switch (record.kind) {
        case RecordKind::Decision: {
            thread_local std::string answer;
            answer.clear();
            encode_answer(record, answer);
            to.text(answer);
            other_fields(to, record);
            break;
        }
        case RecordKind::Receipt: receipt_fields(to, record.receipt); break;
        case RecordKind::Use: to.text(record.used); break;
        case RecordKind::Drops: to.number(record.dropped); break;
    }
}

Result<void> decode(std::string_view bytes, Record& record) {
    Decoder in(bytes);
    bool whole = begin(in, record.kind, record.time);
    if (whole) switch (record.kind) {
            case RecordKind::Decision: {
                std::string_view answer;
                in.text(answer);
                Decoder inner(answer);
                answer_fields(inner, record);
                record.decision.bundle_digest = record.bundles.empty() ? std::string_view{} : record.bundles.front();
                whole = inner.ok() && inner.at_end();
                other_fields(in, record);
                break;
            }
            case RecordKind::Receipt: receipt_fields(in, record.receipt); break;
            case RecordKind::Use: in.text(record.used); break;
            case RecordKind::Drops: in.number(record.dropped); break;
        }
    if (whole && in.ok() && in.at_end()) return {};
    return fail(Code::MalformedRecord, "the record does not have the form that Writ writes");
}

std::string_view answer_in(std::string_view bytes) {
    Decoder in(bytes);
    RecordKind kind{};
    std::int64_t time = 0;
    std::string_view answer;
    if (begin(in, kind, time) && kind == RecordKind::Decision) in.text(answer);
    return in.ok() ? answer : std::string_view{};
}

void describe_rules(Record& record, const Layers& layers) {
    record.rules.clear();
    record.bundles.clear();
    for (const Bundle& bundle : layers.bundles()) record.bundles.push_back(bundle.digest());
    const auto add = [&](std::uint32_t layer, std::uint32_t index) {
        if (layer >= layers.bundles().size() || index >= layers.bundles()[layer].rule_count()) return;
        const auto known = [&](const RecordedRule& rule) { return rule.layer == layer && rule.index == index; };
        if (std::any_of(record.rules.begin(), record.rules.end(), known)) return;
        const RuleInfo info = layers.bundles()[layer].rule(index);
        record.rules.push_back({layer, index, info.kind, info.module, info.name, info.file, info.line, info.because});
    };
    for (const Reason& each : record.decision.reasons) add(each.layer, each.rule);
    for (const Requirement& each : record.decision.requirements) add(each.layer, each.rule);
}

}  // namespace writ::ledger

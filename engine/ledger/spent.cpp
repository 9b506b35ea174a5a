#include "ledger/spent.h"

#include <algorithm>

#include "ledger/codec.h"
#include "ledger/fields.h"
#include "ledger/hash.h"

namespace writ::ledger {

namespace {

std::string_view bytes_of(const std::uint64_t& number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

std::vector<Spent> Entry::spent(std::uint64_t sequence) const {
    std::vector<Spent> out;
    const std::uint64_t held_for = repeats ? grant : sequence;
    if (takes_key) out.push_back({key, ask, held_for});
    for (const std::string& name : uses) out.push_back({name, Hash{}, held_for});
    return out;
}

Entry entry_of(std::string_view bytes) {
    Entry out;
    out.bytes = bytes;
    out.leaf = leaf_hash(bytes);
    thread_local Record record;
    std::string_view answer;
    Decoder in(bytes);
    in.choice(record.kind, RecordKind::Drops);
    in.signed_number(record.time);
    if (record.kind == RecordKind::Use) {
        in.text(record.used);
        if (in.ok()) out.uses.push_back("u" + std::string(record.used));
    }
    if (record.kind == RecordKind::Receipt) {
        receipt_fields(in, record.receipt);
        out.of = record.receipt.decision;
    }
    if (record.kind != RecordKind::Decision) return out;
    in.text(answer);
    other_fields(in, record);
    if (!in.ok() || record.shadow) return out;
    out.repeats = record.repeats.has_value();
    out.grant = record.repeats.value_or(0);
    const Surroundings& around = record.around;
    if (around.key.size() == sizeof(Hash) && around.ask.size() == sizeof(Hash) && !out.repeats) {
        out.key = "k" + std::string(around.key);
        around.ask.copy(reinterpret_cast<char*>(out.ask.data()), out.ask.size());
        // The answer starts with its effect.
        out.takes_key = !answer.empty() && answer[0] == static_cast<char>(Effect::Permit);
    }
    for (const std::string_view name : record.uses) out.uses.push_back("u" + std::string(name));
    return out;
}

void SpentHash::add(std::uint64_t sequence, const Spent& one) {
    value_ = sha256({"writ.spent.v1\n", ledger::bytes_of(value_), bytes_of(sequence), bytes_of(one.grant),
                     ledger::bytes_of(one.ask), one.name});
}

void SpentHash::add(std::uint64_t sequence, const Entry& entry) {
    if (!entry.takes_key && entry.uses.empty()) return;
    for (const Spent& one : entry.spent(sequence)) add(sequence, one);
}

std::string shown(const Spent& one) {
    if (one.name.starts_with('k')) return "an idempotency key";
    return "`" + one.name.substr(std::min<std::size_t>(1, one.name.size())) + "`";
}

}  // namespace writ::ledger

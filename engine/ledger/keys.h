// What may be there once: idempotency keys and names that are used up, as records have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "writ/ledger.h"

namespace writ::ledger {

/// A key of one tenant's one agent: another's is another key.
[[nodiscard]] std::string scoped_key(std::string_view tenant, std::string_view agent, std::string_view key);

/// Who had a key or a name first.
struct Holder {
    std::uint64_t sequence = 0;
    Hash ask{};
};

/// Calls `each(name, ask)` for the key of a record, if it has one, and `each(name, {})` for every name it
/// used up, in the form in which they are looked up.
template <class Each>
void each_key(const Record& record, Each each) {
    if (record.kind == RecordKind::Use) return each("u" + std::string(record.used), Hash{});
    if (record.kind != RecordKind::Decision) return;
    const Surroundings& around = record.around;
    const Attribution& who = record.decision.attribution;
    if (!around.idempotency_key.empty() && around.ask.size() == sizeof(Hash)) {
        Hash ask{};
        around.ask.copy(reinterpret_cast<char*>(ask.data()), ask.size());
        each("k" + scoped_key(who.tenant, who.agent, around.idempotency_key), ask);
    }
    for (const std::string_view name : record.uses) each("u" + std::string(name), Hash{});
}

}  // namespace writ::ledger

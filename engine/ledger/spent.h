// Names that records spend, each only once: idempotency keys, and names of things that can be used once.
// Not here: looking names up (ledger.cpp), and the index that finds old ones (index.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/merkle.h"

namespace writ::ledger {

/// One name that a record spends.
struct Spent {
    std::string name;         ///< `k` and the 32 bytes of a key, or `u` and a name
    Hash ask{};               ///< for a key: what was requested with it; otherwise zeros
    std::uint64_t grant = 0;  ///< the record whose grant spends it: this one, or the one that it repeats
    friend bool operator==(const Spent&, const Spent&) = default;
};

/// Who spent a name first.
struct Holder {
    std::uint64_t sequence = 0;
    Hash ask{};
    std::uint64_t grant = 0;
};

/// A record, with values computed from its bytes before it has a number.
struct Entry {
    std::string_view bytes;
    Hash leaf{};
    std::string key;         ///< looked up before the append; empty: none
    Hash ask{};              ///< what is requested with the key
    bool takes_key = false;  ///< the record grants, so the key is spent
    bool repeats = false;    ///< it repeats what record `grant` granted
    std::uint64_t grant = 0;
    std::vector<std::string> uses;
    std::optional<std::uint64_t> of;  ///< for a receipt: the decision that it reports on

    /// The names that the record spends once it has this number.
    [[nodiscard]] std::vector<Spent> spent(std::uint64_t sequence) const;
};

/// Reads a record's bytes. Malformed bytes spend nothing.
[[nodiscard]] Entry entry_of(std::string_view bytes);

/// The running hash over everything spent, in order.
class SpentHash {
public:
    void add(std::uint64_t sequence, const Spent& one);
    void add(std::uint64_t sequence, const Entry& entry);
    [[nodiscard]] const Hash& value() const { return value_; }

    SpentHash() = default;
    explicit SpentHash(const Hash& value) : value_(value) {}

private:
    Hash value_{};
};

/// A name as shown in messages.
[[nodiscard]] std::string shown(const Spent& one);

}  // namespace writ::ledger

// The lower bounds: the cost of a decision in a program written by hand for exactly these rules. They name no rule,
// grant nothing and explain nothing; they are a yardstick, not a competitor. None allocates.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "workload.h"

namespace bench {

/// A request whose texts are already numbers; 0 is a text that no rule contains.
struct Interned {
    int issuer = 0, ns = 0, tenant = 0, tool = 0;
    int tier = 0, depth = 0;
    bool approved = false;
};

/// Maps text to a number with one keyed hash, linear probing, and one comparison of the bytes.
class Vocabulary {
public:
    void add(const std::string& text, int id);
    /// Requires: no add() afterwards.
    void build();

    [[nodiscard]] int find(std::string_view text) const {
        const std::uint64_t hash = hash_of(text);
        for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
            const Slot& slot = slots_[at];
            if (slot.id == 0) return 0;
            if (slot.hash == static_cast<std::uint32_t>(hash >> 32) && slot.size == text.size() &&
                std::memcmp(slot.text, text.data(), text.size()) == 0)
                return slot.id;
        }
    }

private:
    struct Slot {
        const char* text = nullptr;
        std::uint32_t hash = 0;
        std::uint16_t size = 0, id = 0;
    };
    [[nodiscard]] std::uint64_t hash_of(std::string_view text) const {
        // Multiply and fold, sixteen bytes a step; the last step may overlap the one before it.
        const char* p = text.data();
        std::size_t left = text.size();
        std::uint64_t seed = key_[0] ^ left;
        if (left >= 16) {
            for (; left > 16; left -= 16, p += 16) seed = fold(load(p) ^ key_[1], load(p + 8) ^ seed);
            p = text.data() + text.size() - 16;
            return fold(load(p) ^ key_[1], load(p + 8) ^ seed);
        }
        std::uint64_t a = 0, b = 0;
        if (left >= 8) {
            a = load(p);
            b = load(p + left - 8);
        } else {
            std::memcpy(&a, p, left);
        }
        return fold(a ^ key_[1], b ^ seed);
    }
    static std::uint64_t load(const char* p) {
        std::uint64_t word;
        std::memcpy(&word, p, sizeof word);
        return word;
    }
    static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = static_cast<Wide>(a) * b;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::vector<std::pair<std::string, int>> words_;
    std::vector<Slot> slots_;
    std::size_t mask_ = 0;
    std::uint64_t key_[2] = {};
};

/// The hash index: one table with the key (issuer, namespace, tenant, tool), whose entries give the greatest allowed
/// depth of each tier, and one bit for each denied (namespace, tool).
class Floor {
public:
    /// From rules.json and vocab.json.
    explicit Floor(const fs::path& folder);
    Floor(const Floor&) = delete;

    [[nodiscard]] Interned intern(const TextFacts& facts) const {
        return {issuers_.find(facts.issuer),
                spaces_.find(facts.space),
                tenants_.find(facts.tenant),
                tools_.find(facts.tool),
                facts.tier,
                facts.depth,
                facts.approval == "approved"};
    }
    [[nodiscard]] bool decide(const Interned& r) const {
        if (denied(r.ns, r.tool)) return false;
        if (r.tier == 2 && !r.approved) return false;
        const std::uint64_t key = key_of(r.issuer, r.ns, r.tenant, r.tool);
        for (std::size_t at = slot_of(key); entries_[at].key != 0; at = (at + 1) & mask_)
            if (entries_[at].key == key) return r.depth <= entries_[at].depth[r.tier];
        return false;
    }
    [[nodiscard]] bool decide(const TextFacts& facts) const { return decide(intern(facts)); }

    /// The tier of a tool in the catalogue; requests in Writ's form do not state it.
    [[nodiscard]] int tier_of(int tool) const { return tiers_[tool]; }
    /// Learns the catalogue from requests that state tiers.
    void learn_tiers(const std::vector<TextFacts>& requests);

private:
    struct Entry {
        std::uint64_t key = 0;
        std::int8_t depth[3] = {-1, -1, -1};  ///< the deepest allowed, by tier
    };
    [[nodiscard]] static std::uint64_t key_of(int issuer, int ns, int tenant, int tool) {
        return static_cast<std::uint64_t>(issuer) << 48 | static_cast<std::uint64_t>(ns) << 32 |
               static_cast<std::uint64_t>(tenant) << 16 | static_cast<std::uint64_t>(tool);
    }
    [[nodiscard]] std::size_t slot_of(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15u) >> shift_; }
    [[nodiscard]] bool denied(int ns, int tool) const {
        const std::size_t bit = static_cast<std::size_t>(ns) * stride_ + tool;
        return (denied_[bit / 64] >> (bit % 64) & 1) != 0;
    }

    Vocabulary issuers_, spaces_, tenants_, tools_;
    std::vector<Entry> entries_;
    std::size_t mask_ = 0, stride_ = 0;
    int shift_ = 0;
    std::vector<std::uint64_t> denied_;
    std::vector<int> tiers_;
};

/// Reads JSON text with the two libraries. Each keeps its parser and its memory between requests.
class JsonFloor {
public:
    explicit JsonFloor(const Floor& floor);
    ~JsonFloor();

    /// The workload's own flat document. Requires: 64 readable bytes after the text.
    [[nodiscard]] bool flat_simdjson(std::string_view text);
    [[nodiscard]] bool flat_nlohmann(std::string_view text);
    /// Writ's request document with the same facts.
    [[nodiscard]] bool writ_simdjson(std::string_view text);

private:
    struct Parser;
    const Floor& floor_;
    std::unique_ptr<Parser> parser_;
};

/// The twelve conditions, written by hand.
[[nodiscard]] bool micro_floor(const MicroFacts& facts);
/// The same, from Writ's request document with simdjson.
class MicroJsonFloor {
public:
    MicroJsonFloor();
    ~MicroJsonFloor();
    [[nodiscard]] bool decide(std::string_view text);

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

/// `straight.inc` of one size, compiled by run.sh to a separate library.
class Straight {
public:
    /// Loads FOLDER/straight.so, if it exists.
    explicit Straight(const fs::path& folder);
    [[nodiscard]] explicit operator bool() const { return decide_ != nullptr; }
    [[nodiscard]] bool decide(const Interned& facts) const { return decide_(facts); }

private:
    bool (*decide_)(const Interned&) = nullptr;
};

}  // namespace bench

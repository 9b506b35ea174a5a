// The fair floor of the neutral workload. Permits are found by (issuer, namespace, tenant, tool) and denies by
// (namespace, tool), in two hash tables.
#pragma once

#include <memory>

#include "fair_read.h"
#include "vocabulary.h"
#include "workload.h"

namespace bench::fair {

/// The facts of a request, checked; those that rules compare are numbers.
struct NeutralFacts {
    Who who;
    std::int64_t now = 0, token_exp = 0, ttl = 0, attempt = 0;
    Text audience, space, approval;
    Texts scopes;
    std::uint64_t stated = 0;  ///< a bit for each field
    std::uint16_t issuer_id = 0, space_id = 0, tenant_id = 0, tool_id = 0;
    std::uint8_t environment = 0;
    bool approved = false;
    bool sound = false;  ///< every check before the rules passed
};

class Neutral {
public:
    using Facts = NeutralFacts;

    /// The rules of a folder; the tools and issuers are those of the rules and of the requests.
    Neutral(const fs::path& folder, const writ::Bundle& bundle, const std::vector<TextFacts>& requests);

    /// Text in. Output: false if the request is refused.
    [[nodiscard]] bool state(const TextFacts& request, Facts& facts) const;
    /// JSON in. The facts view the parser.
    [[nodiscard]] bool read(Parser& parser, Text json, Facts& facts) const;
    void decide(const Facts& facts, Decision& decision) const;
    [[nodiscard]] const Rules& rules() const { return rules_; }

private:
    struct Permit {
        std::uint32_t rule;
        std::uint8_t max_tier;
        std::int64_t max_attempt;
    };
    /// Part of a list, by key; 0 is no key.
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t first = 0, count = 0;
    };
    class Index {
    public:
        explicit Index(std::size_t entries);
        void add(const Entry& entry);
        [[nodiscard]] const Entry* find(std::uint64_t key) const {
            for (std::size_t at = slot_of(key); entries_[at].key != 0; at = (at + 1) & mask_)
                if (entries_[at].key == key) return &entries_[at];
            return nullptr;
        }

    private:
        [[nodiscard]] std::size_t slot_of(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15u) >> shift_; }
        std::vector<Entry> entries_;
        std::size_t mask_;
        int shift_;
    };
    static std::uint64_t key_of(std::uint64_t issuer, std::uint64_t space, std::uint64_t tenant, std::uint64_t tool) {
        return issuer << 48 | space << 32 | tenant << 16 | tool;
    }
    bool bind(Facts& facts) const;
    void refuse(const Facts& facts, Decision& decision) const;

    Rules rules_;
    Vocabulary issuers_, spaces_, tenants_, tools_;
    std::vector<Permit> permits_;
    std::vector<std::uint32_t> denies_;
    std::unique_ptr<Index> permits_by_, denies_by_;
    std::vector<std::uint8_t> tiers_;  ///< by tool
};

}  // namespace bench::fair

// The catalogue of a bundle: its tools, tiers and issuers. For programs that compare their own configuration with a
// policy, such as a table that maps calls to tools.
// Not here: which tools an agent may call (search.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/request.h"

namespace writ {

/// A parameter of a tool, or a claim of an issuer's tokens. The fields of a record follow it.
struct CatalogueField {
    /// As in a policy after `params.` or the issuer's name: "amount", "device.id". The fields of the records in a list
    /// are "items[].id"; those of the values of a map are "labels[].owner".
    std::string path;
    std::string type;  ///< as in a policy: "decimal", "set<string>", "map<string, int>", "record", the name of an enum
    std::vector<std::string_view> members;  ///< of an enum, in order; otherwise empty
    /// It must have a value. If false, it is declared `or none`, and a request may state that there is none (null).
    bool required = true;
    /// Some rule reads it, or a field of it; of records in a list, any field of them. If a request does not state such
    /// a field, that rule does not know it.
    bool read = false;
    std::uint32_t most = 0;               ///< text that is read: bytes; lists and maps: elements; otherwise 0
    Provenance from = Provenance::Model;  ///< with a weaker provenance, it counts as not stated
};

struct CatalogueTool {
    std::string_view name;                   ///< in policies
    std::string_view wire_name;              ///< in requests
    std::string_view tier;                   ///< empty if the policy has no tiers
    std::uint32_t tier_rank = 0;             ///< 1 for the lowest tier; 0 without tiers
    std::vector<std::string_view> audience;  ///< in order
    std::vector<std::string_view> scopes;    ///< sorted; no permit grants another one
    std::vector<CatalogueField> params;      ///< in order
};

struct CatalogueIssuer {
    std::string_view name;                    ///< in policies
    std::string_view url;                     ///< in requests
    std::vector<std::string_view> audiences;  ///< sorted; tokens must be for one of them
    std::vector<std::string_view> types;      ///< sorted; token types that are accepted. Empty: all
    std::optional<std::chrono::milliseconds> max_age;
    std::chrono::milliseconds leeway{0};
    bool proof_required = false;         ///< tokens need a proof of possession
    std::vector<CatalogueField> claims;  ///< in order
};

/// Views point into the bundle, and are valid while it or a copy of it exists.
struct Catalogue {
    std::vector<std::string_view> tiers;   ///< the lowest first
    std::vector<CatalogueTool> tools;      ///< in the order of the policy
    std::vector<CatalogueIssuer> issuers;  ///< in the order of the policy
};

/// Reads the catalogue out of a bundle. Opening a bundle does not do that.
[[nodiscard]] Catalogue catalogue_of(const Bundle& bundle);

/// One line of JSON, keys in a fixed order. `schema_version` is first.
/// Source: docs/catalogue-format.md
[[nodiscard]] std::string to_json(const Catalogue& catalogue);

}  // namespace writ

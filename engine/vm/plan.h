// Plans for binding documents that differ only in values: documents with the same form, issuer, tool and provenance.
// With a plan, binding processes only the values that something reads or that can still be invalid.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/json_reader.h"
#include "base/kind.h"
#include "vm/place.h"

namespace writ::vm {

/// One action for one value.
struct Step {
    enum class Action : std::uint8_t {
        Value,   ///< check it, and store it if something reads it
        Group,   ///< record that the group is present
        Claims,  ///< check that the claims name the issuer
        Keep,    ///< keep the whole value, because approvals are bound to it
    };
    std::uint32_t node = 0;  ///< node of the document
    Place place;             ///< node of the program, and where its value is stored
    Action action = Action::Value;
    Provenance trust = Provenance::Model, floor = Provenance::Model;
    bool in_claims = false;
};

struct Plan {
    /// What documents must have in common.
    struct Key {
        std::uint32_t form = 0;              ///< 0: none
        std::uint32_t issuer = 0, tool = 0;  ///< 0 if there are no claims or parameters
        std::uint64_t trust = 0;             ///< the words of `provenance` in their order
        friend bool operator==(const Key&, const Key&) = default;
    };
    Key key;
    std::vector<Step> steps;
};

/// Where documents of one form have the values of the key; 0: nowhere.
struct Landmarks {
    std::uint32_t form = 0;
    std::uint32_t issuer = 0, tool = 0, provenance = 0;
    bool has_claims = false, has_params = false;  ///< not empty
};

/// Each entry has one possible place; a new entry replaces the old one.
class Plans {
public:
    [[nodiscard]] Landmarks& landmarks(std::uint32_t form) { return landmarks_[form % kMost]; }
    [[nodiscard]] Plan& plan(const Plan::Key& key) {
        return plans_[(key.form + 7 * key.issuer + 13 * key.tool + 29 * key.trust) % kMost];
    }

private:
    static constexpr std::size_t kMost = 256;
    std::vector<Landmarks> landmarks_{kMost};
    std::vector<Plan> plans_{kMost};
};

}  // namespace writ::vm

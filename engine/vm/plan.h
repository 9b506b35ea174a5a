// What binding a document came to, kept for documents that differ in values alone: of the same form, by the same
// issuer, for the same tool and as far to be trusted. Binding one is then to go through the few values that
// something reads or that can still be wrong.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/json_reader.h"
#include "base/kind.h"
#include "writ/request.h"

namespace writ::vm {

/// One thing to do for one value.
struct Step {
    enum class Action : std::uint8_t {
        Value,   ///< check it, and store it if something reads it
        Group,   ///< it is there
        Claims,  ///< the claims name the issuer
        Keep,    ///< approvals are bound to the whole of it
    };
    std::uint32_t node = 0;  ///< of the document
    Place place;             ///< of the program: the node and where its value goes
    Action action = Action::Value;
    Provenance trust = Provenance::Model, floor = Provenance::Model;
    bool in_claims = false;
};

struct Plan {
    /// What must be the same.
    struct Key {
        std::uint32_t form = 0;              ///< 0: none
        std::uint32_t issuer = 0, tool = 0;  ///< 0 where there are no claims, no parameters
        std::uint64_t trust = 0;             ///< the words of `provenance`, in their order
        friend bool operator==(const Key&, const Key&) = default;
    };
    Key key;
    std::vector<Step> steps;
};

/// Where documents of one form have what the rest depends on; 0: nowhere.
struct Landmarks {
    std::uint32_t form = 0;
    std::uint32_t issuer = 0, tool = 0, provenance = 0;
    bool has_claims = false, has_params = false;  ///< with something in them
};

/// Each has one place where it can be; what comes later takes it.
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

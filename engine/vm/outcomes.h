// Working memory of one decision: the rules that matter and their results. The interpreter keeps it, so
// that a decision does not allocate.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/person.h"
#include "vm/binding.h"
#include "vm/facts.h"

namespace writ::vm {

/// A permit whose condition is certainly true.
struct Match {
    std::uint32_t rule = 0;
    std::int64_t until = INT64_MAX;     ///< when that ends
    std::int64_t lifetime = INT64_MAX;  ///< longest lifetime of a grant by it
    bool used = false;
};

/// A rule that will narrow from a known moment on.
struct Dormant {
    std::uint32_t rule = 0;
    std::int64_t onset = INT64_MAX;  ///< a second from now or more
};

/// A person that a request states, or does not state.
struct Stated {
    State state = State::Missing;
    PersonName name;
};

/// Results about an approval that do not depend on the requirement.
struct Judged {
    const Value* row = nullptr;
    std::uint32_t against = 0;  ///< one bit per objection
    std::int64_t until = 0;     ///< when it stops counting, apart from a requirement's `within`
};

/// An approval that counts for the current requirement.
struct Counting {
    std::uint32_t index = 0;  ///< in the request's approvals
    std::int64_t until = 0;   ///< when it stops counting
    bool by_id = false;       ///< the person is identified by the approver's id, not by a name
};

/// An unmet requirement.
struct Unmet {
    std::uint32_t rule = 0;
    std::uint32_t against = 0;  ///< one bit per objection: why approvals did not count
    std::uint32_t counted = 0;
};

struct Outcomes {
    std::vector<std::uint32_t> candidates;  ///< rules to try
    std::vector<Match> permits;
    std::vector<std::uint32_t> denies, requirements, limits, obligations;  ///< rules that apply
    std::vector<Dormant> dormant;
    std::vector<std::uint32_t> ahead;  ///< rules that are in doubt only because a moment is in the future
    std::vector<std::uint32_t> brief;  ///< permits that match, but for less than a second
    std::vector<const Value*> granted;
    Binding binding;
    std::vector<Judged> judged;       ///< the request's approvals, once the binding digest is known
    std::vector<std::uint8_t> alike;  ///< for each two of them, 1 if they may be by the same person
    std::vector<PersonName> by;       ///< the approver of each of them
    std::vector<Stated> involved;     ///< people whose request it is; further entries are memory kept for reuse
    std::size_t involved_count = 0;
    Stated approver, requester;  ///< of the current approval
    std::vector<Counting> counting;
    std::vector<std::uint32_t> approvals;  ///< indices of the approvals used
    std::vector<Unmet> unmet;
    std::string spelling;  ///< of a subject that is looked up in the revocations

    /// Whether a rule narrows, now or later.
    [[nodiscard]] bool narrows() const {
        return !(denies.empty() && requirements.empty() && limits.empty() && obligations.empty() && dormant.empty());
    }
    void clear() {
        permits.clear();
        denies.clear();
        requirements.clear();
        limits.clear();
        obligations.clear();
        dormant.clear();
        ahead.clear();
        brief.clear();
        granted.clear();
        binding.clear();
        approvals.clear();
        unmet.clear();
    }
};

}  // namespace writ::vm

// Working memory of one decision: which rules matter, and what came of them. Kept by the
// interpreter so that a decision allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/person.h"
#include "vm/binding.h"
#include "vm/facts.h"

namespace writ::vm {

/// A permit whose condition is surely true.
struct Match {
    std::uint32_t rule = 0;
    std::int64_t until = INT64_MAX;     ///< when it stops being so
    std::int64_t lifetime = INT64_MAX;  ///< how long a grant by it can live
    bool used = false;
};

/// A rule that narrows, not yet, but at a moment that is known.
struct Dormant {
    std::uint32_t rule = 0;
    std::int64_t onset = INT64_MAX;  ///< a second from now or more
};

/// Somebody that a request states, or does not.
struct Stated {
    State state = State::Missing;
    PersonName name;
};

/// What is said of an approval whatever it is to count towards.
struct Judged {
    const Value* row = nullptr;
    std::uint32_t against = 0;  ///< bit for each objection
    std::int64_t until = 0;     ///< when it stops counting, but for a requirement's `within`
};

/// An approval that counts towards the requirement at hand.
struct Counting {
    std::uint32_t index = 0;  ///< in the request's approvals
    std::int64_t until = 0;   ///< when it stops counting
    bool by_id = false;       ///< the person is known by the approver's id, and not by a name
};

/// A requirement that is not met.
struct Unmet {
    std::uint32_t rule = 0;
    std::uint32_t against = 0;  ///< bit for each objection: why approvals present did not count
    std::uint32_t counted = 0;
};

struct Outcomes {
    std::vector<std::uint32_t> candidates;  ///< rules to try
    std::vector<Match> permits;
    std::vector<std::uint32_t> denies, requirements, limits, duties;  ///< rules that apply
    std::vector<Dormant> dormant;
    std::vector<std::uint32_t> ahead;  ///< rules in doubt for nothing but a moment that is still to come
    std::vector<std::uint32_t> brief;  ///< permits that match, but not for a second
    std::vector<const Value*> granted;
    Binding binding;
    std::vector<Judged> judged;       ///< the request's approvals, once the binding is made
    std::vector<std::uint8_t> alike;  ///< for each two of them, 1 if they may be by one person
    std::vector<PersonName> by;       ///< whom each of them is by
    std::vector<Stated> involved;     ///< those whose request it is; more than there are now is memory kept
    std::size_t involved_count = 0;
    Stated approver, requester;  ///< of the approval at hand
    std::vector<Counting> counting;
    std::vector<std::uint32_t> approvals;  ///< used, by index
    std::vector<Unmet> unmet;
    std::string spelling;  ///< of a subject that is looked up among the revoked

    void clear() {
        permits.clear();
        denies.clear();
        requirements.clear();
        limits.clear();
        duties.clear();
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

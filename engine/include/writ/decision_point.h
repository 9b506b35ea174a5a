// A broker's policy decision point: an object that follows a channel of a store. One call decides a request, records
// the decision in a ledger, and returns the recorded decision. Part of libwrit-pdp.
// Not here: following a channel (policy_handle.h), and recording (ledger.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/ledger.h"
#include "writ/policy_handle.h"
#include "writ/request.h"

namespace writ {

struct DecisionPointOptions {
    /// The channel to follow. If `candidate` is set, differing decisions of the candidate are also recorded, as shadow
    /// decisions, before `diverged` is called.
    FollowOptions follow;
    std::string ledger;  ///< the ledger's folder
    ledger::LedgerOptions open;
    ledger::RecordOptions record;
    RequestLimits limits;  ///< of each request document
};

/// A recorded decision, which the broker may give out. It owns its content; any thread may use it.
struct Decided {
    DetachedDecision decision;
    Layers layers{std::vector<Bundle>{}};  ///< the bundles that decided, for to_json(); empty if there was no policy
    std::string json;                      ///< for the operator, as ledger::to_json() writes it
    std::optional<std::uint64_t> record;   ///< the number of the record, if it is known
    std::optional<std::uint64_t>
        earlier;                 ///< the earlier record that granted the same request under the same idempotency key
    std::optional<Error> error;  ///< why there is no record, or why the request was rejected
};

/// Any thread may call it.
class DecisionPoint {
public:
    /// Opens the ledger, reads the store once, and follows it from then on. A store that cannot be read is not an
    /// error: until it can be read, requests are denied, or decided with the saved state.
    /// Errors: those of Ledger::open, Recorder::make and PolicyHandle::follow.
    [[nodiscard]] static Result<DecisionPoint> open(DecisionPointOptions options);
    /// Every call must have returned.
    ~DecisionPoint();
    DecisionPoint(DecisionPoint&&) noexcept;
    DecisionPoint& operator=(DecisionPoint&&) noexcept;

    /// Decides a request document with the active policy and records the decision. Output: always the recorded
    /// decision. If it repeats an earlier grant, it is narrowed accordingly. It is a deny with the reason
    /// `audit_unavailable` if it cannot be recorded, `policy_stale` if no policy is fresh, or the error's code if the
    /// document is not a valid request.
    /// Input:   traceparent as in W3C Trace Context; a malformed one is ignored.
    [[nodiscard]] Decided decide(std::string_view request, std::string_view traceparent = {});

    /// The followed policy, for its status.
    [[nodiscard]] const PolicyHandle& policy() const;
    /// The ledger, for single uses and receipts.
    [[nodiscard]] ledger::Ledger& ledger() const;

private:
    struct Impl;
    explicit DecisionPoint(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ

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

/// A recorded decision, which the broker may give out.
using ledger::Decided;

/// Any thread may call it.
class DecisionPoint {
public:
    /// Opens the ledger, reads the store once, and follows it from then on. A store that cannot be read is not an
    /// error: until it can be read, requests are denied, or decided with the saved state.
    /// Errors: those of Ledger::open, Recorder::make and PolicyHandle::follow.
    [[nodiscard]] static Result<DecisionPoint> open(DecisionPointOptions options);
    /// Waits for what is queued, and gives the answers. Every call must have returned.
    ~DecisionPoint();
    DecisionPoint(DecisionPoint&&) noexcept;
    DecisionPoint& operator=(DecisionPoint&&) noexcept;

    /// Decides a request document with the active policy and records the decision. Output: always the recorded
    /// decision. If it repeats an earlier grant, it is narrowed accordingly. It is a deny with the reason
    /// `audit_unavailable` if it cannot be recorded, `policy_stale` if no policy is fresh, or the error's code if the
    /// document is not a valid request.
    /// Input:   traceparent as in W3C Trace Context; a malformed one is ignored.
    [[nodiscard]] Decided decide(std::string_view request, std::string_view traceparent = {});

    /// The same, but returns as soon as the record is queued, and never waits for the disk. `done` gets the answer on
    /// the ledger's thread once the record is durable; with best effort, once it is written or dropped. The rules of
    /// ledger::OnAppended apply: it must not throw, decide() or use(), and must not call the point while it is
    /// destroyed. Output: the answer, if there is nothing to wait for, and `done` is not called: the queue of
    /// LedgerOptions is full (G0014, a deny `audit_unavailable`; with best effort the record is dropped), nothing
    /// can be recorded, or best effort does not await the number of the record. Otherwise none.
    [[nodiscard]] std::optional<Decided> decide_async(std::string_view request, ledger::OnDecided done,
                                                      std::string_view traceparent = {});

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

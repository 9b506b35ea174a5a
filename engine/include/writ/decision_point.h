// A broker's policy decision point: one object that follows a channel of a store, and one call that decides a
// request, records the decision in a ledger, and answers with what was recorded. Part of libwrit-pdp.
// Not here: how a channel is followed (policy_handle.h), what is recorded and how (ledger.h).
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

namespace writ {

struct DecisionPointOptions {
    /// The channel, and with `candidate` another that is decided by beside: where it says otherwise, that is
    /// recorded too, as a shadow, before `diverged` is called.
    FollowOptions follow;
    std::string ledger;  ///< the ledger's folder
    ledger::LedgerOptions open;
    ledger::RecordOptions record;
};

/// What may be given, its record made. All its own: good for as long as it is kept, on any thread.
struct Decided {
    DetachedDecision decision;
    Layers layers{std::vector<Bundle>{}};  ///< what decided, for to_json(); empty where there was no policy
    std::string json;                      ///< for the operator, as ledger::to_json() writes it
    std::optional<std::uint64_t> record;   ///< its number, where it is known
    std::optional<std::uint64_t> earlier;  ///< the record that granted the same ask under the same idempotency key
    std::optional<Error> error;            ///< why there is no record, or why the request was refused
};

/// Any thread may call it.
class DecisionPoint {
public:
    /// Opens the ledger, reads the store once and follows it from then on. A store that cannot be read is no error:
    /// requests are denied, or decided by the state that is kept, until it can.
    /// Errors: those of Ledger::open, Recorder::make and PolicyHandle::follow.
    [[nodiscard]] static Result<DecisionPoint> open(DecisionPointOptions options);
    /// Every call must have returned.
    ~DecisionPoint();
    DecisionPoint(DecisionPoint&&) noexcept;
    DecisionPoint& operator=(DecisionPoint&&) noexcept;

    /// Decides a request document by the policy that is active now, and records that. The answer is the decision as it
    /// was recorded and never another: less than what was decided where it repeats an earlier grant, a deny
    /// `audit_unavailable` where there can be no record, `policy_stale` without a policy that is fresh, and a deny
    /// with the code of the refusal for what is no request.
    /// Input:   traceparent as in W3C Trace Context; one that is malformed is ignored.
    [[nodiscard]] Decided decide(std::string_view request, std::string_view traceparent = {});

    /// What is followed, for its status.
    [[nodiscard]] const PolicyHandle& policy() const;
    /// What is recorded in, for single uses and receipts.
    [[nodiscard]] ledger::Ledger& ledger() const;

private:
    struct Impl;
    explicit DecisionPoint(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ

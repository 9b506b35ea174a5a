// The fair floor of examples/refund, with the rules of std.baseline that it imports.
#pragma once

#include "fair_read.h"

namespace bench::fair {

/// The claims of the cluster that are read.
struct RefundClaims {
    Text issuer, id, space, service_account;
    Texts audience;
    std::int64_t exp = 0, nbf = 0, iat = 0;
};

struct RefundFacts {
    Who who;
    std::int64_t now = 0, token_exp = 0, token_nbf = 0, token_iat = 0, session_exp = 0;
    std::int64_t amount = 0;  ///< in millionths
    Texts audience, roles, scopes;
    Text currency, user_tenant, resource_type, resource_tenant;
    RefundClaims claims;
    std::uint64_t stated = 0;
    std::uint8_t workload_environment = 0, resource_environment = 0, run_state = 0, credential = 0;
    bool workload_revoked = false, agent_revoked = false, background = false, session_active = false, reuse = false;
    bool sound = false;
};

class Refund {
public:
    using Facts = RefundFacts;

    explicit Refund(const writ::Bundle& bundle);

    [[nodiscard]] bool read(Parser& parser, Text json, Facts& facts) const;
    void decide(const Facts& facts, Decision& decision) const;
    [[nodiscard]] const Rules& rules() const { return rules_; }

private:
    [[nodiscard]] bool denied(const Facts& facts, Decision& decision) const;

    Rules rules_;
    std::uint32_t permit_, approval_, unauthorized_, identity_, ended_, paused_, session_, static_, node_, passthrough_,
        wildcard_, environment_, tenant_;
};

}  // namespace bench::fair

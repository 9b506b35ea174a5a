// The fair floor of the case with twelve conditions.
#pragma once

#include "fair_read.h"
#include "text_in.h"
#include "workload.h"

namespace bench::fair {

/// A hop of the delegation chain.
struct Hop {
    Text issuer;
    Texts scopes;
    std::uint8_t tier = 0;
};

/// The claims that are read.
struct MicroClaims {
    Text issuer, audience, owner, repository, ref, environment, event, runner, workflow;
    std::int64_t issued = 0, attempt = 0;
};

struct MicroFacts {
    Who who;
    std::int64_t now = 0, token_exp = 0, token_iat = 0;
    Text audience;
    MicroClaims claims;
    Few<Hop, 8> chain;
    Texts scopes;
    std::uint64_t stated = 0;
    bool sound = false;
};

class Micro {
public:
    using Facts = MicroFacts;

    explicit Micro(const writ::Bundle& bundle) : rules_(bundle), permit_(rules_.find("release")) {}

    /// Text in, with the claims and the chain as JSON, one parser each. The facts view the parsers.
    [[nodiscard]] bool state(Parser& claims, Parser& chain, const bench::MicroFacts& request, const MicroJson& json,
                             Facts& facts) const;
    [[nodiscard]] bool read(Parser& parser, Text json, Facts& facts) const;
    void decide(const Facts& facts, Decision& decision) const;
    [[nodiscard]] const Rules& rules() const { return rules_; }

private:
    Rules rules_;
    std::uint32_t permit_;
};

}  // namespace bench::fair

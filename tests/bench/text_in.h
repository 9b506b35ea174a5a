// How a broker that has its facts at hand states them: the neutral workload's requests, and those of its
// twelve-condition case, through fields found once. The same facts as render_workload.py puts into documents.
#pragma once

#include <string>

#include "workload.h"
#include "writ/evaluator.h"

namespace bench {

/// Requests of the neutral workload: twelve texts, three integers, and what is the same for all of them.
class NeutralText {
public:
    explicit NeutralText(const writ::Bundle& bundle);
    /// Requires: what `facts` views lives until the decision is done with.
    [[nodiscard]] const writ::Request& state(const TextFacts& facts);

private:
    writ::Request request_;
    writ::Field now_, request_id_, issuer_, aud_, token_exp_, nbf_, iat_, space_, spiffe_, environment_, agent_, model_,
        run_, parent_, run_exp_, attempt_, tenant_, user_, delegation_, tool_, resource_type_, resource_, scopes_, ttl_,
        approval_;
};

/// What of a request of the twelve-condition case is stated as JSON: claims and chain have no fields of their own.
struct MicroJson {
    std::string claims, chain;
};
[[nodiscard]] std::vector<MicroJson> micro_json(const Lines& requests);

class MicroText {
public:
    explicit MicroText(const writ::Bundle& bundle);
    [[nodiscard]] const writ::Request& state(const MicroFacts& facts, const MicroJson& json);

private:
    writ::Request request_;
    writ::Field now_, request_id_, issuer_, aud_, token_exp_, nbf_, iat_, claims_, agent_, run_, parent_, run_exp_,
        tenant_, user_, tool_, scopes_, chain_;
};

}  // namespace bench

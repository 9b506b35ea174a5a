// States requests field by field, with fields that are looked up once: the requests of the neutral workload and of its
// twelve-condition case. The facts are the same as in the documents of render_workload.py.
#pragma once

#include <string>

#include "workload.h"
#include "writ/evaluator.h"

namespace bench {

/// Requests of the neutral workload: twelve texts, three integers, and facts that are equal in all of them.
class NeutralText {
public:
    explicit NeutralText(const writ::Bundle& bundle);
    /// Requires: the texts that `facts` views outlive the use of the decision.
    [[nodiscard]] const writ::Request& state(const TextFacts& facts);

private:
    writ::Request request_;
    writ::Field now_, request_id_, issuer_, aud_, token_exp_, nbf_, iat_, space_, spiffe_, environment_, agent_, model_,
        run_, parent_, run_exp_, attempt_, tenant_, user_, delegation_, tool_, resource_type_, resource_, scopes_, ttl_,
        approval_;
};

/// The parts of a request of the twelve-condition case that are stated as JSON: claims and chain, which have no fields.
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

// Decides without a JSON document: the broker states its facts field by field.
// usage: fields BUNDLE      (a bundle of examples/refund; exit code: 0 permit, 1 no permit, 3 bad input)
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "writ/bundle.h"
#include "writ/evaluator.h"
#include "writ/request.h"

namespace {

constexpr std::int64_t kNow = 1790000060;

writ::Field field(const writ::Request& request, std::string_view path) {
    auto found = request.field(path);
    if (found) return *found;
    std::cerr << found.error().message << '\n';
    std::exit(3);
}

}  // namespace

int main(int argc, char** argv) {
    auto bundle = argc == 2 ? writ::Bundle::open(argv[1]) : writ::Bundle::load({});
    if (!bundle) {
        std::cerr << bundle.error().code << ": " << bundle.error().message << '\n';
        return 3;
    }
    writ::Request request(*bundle);
    writ::Evaluator evaluator(*bundle);

    // Once: look up the fields. A group that the broker has as JSON can be stated as a whole.
    const writ::Field now = field(request, "now"), issuer = field(request, "token.issuer"),
                      audience = field(request, "token.aud"), expires = field(request, "token.exp"),
                      issued = field(request, "token.iat"), not_before = field(request, "token.nbf"),
                      kind = field(request, "token.credential_kind"), claims = field(request, "token.claims"),
                      workload = field(request, "workload"), agent = field(request, "agent"),
                      run = field(request, "run"), tenant = field(request, "tenant"), user = field(request, "user"),
                      delegation = field(request, "delegation"), tool = field(request, "tool.name"),
                      params = field(request, "tool.params"), resource = field(request, "resource"),
                      scopes = field(request, "want.scopes"), reuse = field(request, "want.reuse_subject_token");

    // For each request: state what is known, and its provenance.
    request.begin(writ::Provenance::Verified);
    request.set_int(now, kNow);
    request.set_text(issuer, "https://k8s-west.example.com");
    const std::string_view audiences[] = {"https://broker.example.com"};
    request.set_texts(audience, audiences);
    request.set_int(expires, kNow + 600);
    request.set_int(issued, kNow - 60);
    request.set_none(not_before);
    request.set_text(kind, "federated");
    request.set_json(claims, R"({"iss": "https://k8s-west.example.com", "kubernetes.io":
        {"namespace": "agents-prod", "serviceaccount": {"name": "refund-agent", "uid": "u1"}}})");
    request.trust(writ::Provenance::Broker);
    request.set_json(workload, R"({"environment": "prod", "revoked": false})");
    request.set_json(agent, R"({"id": "refund-agent", "class": "support", "deployment_id": "d1", "revoked": false})");
    request.set_json(run, R"({"id": "r7", "parent_id": null, "exp": null, "background": false, "state": "running"})");
    request.set_text(tenant, "t1");
    request.set_json(
        user, R"({"id": "ana", "tenant": "t1", "roles": ["refunds"], "session_active": true, "session_exp": null})");
    request.set_none(delegation);
    request.set_json(resource, R"({"environment": "prod", "tenant": "t1"})");
    request.trust(writ::Provenance::Asserted);
    request.set_text(tool, "refund");
    request.set_json(params, R"({"amount": 40.00, "currency": "USD"})");
    const std::string_view wanted[] = {"refund:create"};
    request.set_texts(scopes, wanted);
    request.set_bool(reuse, false);
    if (auto finished = request.finish(); !finished) {
        std::cerr << finished.error().code << ": " << finished.error().message << '\n';
        return 3;
    }

    const writ::Decision decision = evaluator.evaluate(request);
    std::cout << (decision.effect == writ::Effect::Permit ? "permit\n" : "not permitted\n");
    return decision.effect == writ::Effect::Permit ? 0 : 1;
}

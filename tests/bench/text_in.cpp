#include "text_in.h"

#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace bench {
namespace {

constexpr std::int64_t kNow = 1760000000;
constexpr std::string_view kScopes[] = {"use"};

writ::Field found(const writ::Request& request, std::string_view path) {
    auto field = request.field(path);
    if (field) return *std::move(field);
    std::fprintf(stderr, "%s\n", field.error().message.c_str());
    std::exit(3);
}

const writ::Request& finished(writ::Request& request) {
    if (!request.finish()) std::abort();
    return request;
}

}  // namespace

NeutralText::NeutralText(const writ::Bundle& bundle)
    : request_(bundle),
      now_(found(request_, "now")),
      request_id_(found(request_, "request_id")),
      issuer_(found(request_, "token.issuer")),
      aud_(found(request_, "token.aud")),
      token_exp_(found(request_, "token.exp")),
      nbf_(found(request_, "token.nbf")),
      iat_(found(request_, "token.iat")),
      space_(found(request_, "workload.namespace")),
      spiffe_(found(request_, "workload.spiffe_id")),
      environment_(found(request_, "workload.environment")),
      agent_(found(request_, "agent.id")),
      model_(found(request_, "agent.class")),
      run_(found(request_, "run.id")),
      parent_(found(request_, "run.parent_id")),
      run_exp_(found(request_, "run.exp")),
      attempt_(found(request_, "run.attempt")),
      tenant_(found(request_, "tenant")),
      user_(found(request_, "user")),
      delegation_(found(request_, "delegation")),
      tool_(found(request_, "tool.name")),
      resource_type_(found(request_, "resource.type")),
      resource_(found(request_, "resource.id")),
      scopes_(found(request_, "want.scopes")),
      ttl_(found(request_, "want.ttl")),
      approval_(found(request_, "sets[\"approval\"]")) {}

const writ::Request& NeutralText::state(const TextFacts& facts) {
    request_.begin(writ::Provenance::Verified);
    request_.set_int(now_, kNow);
    request_.set_text(request_id_, facts.request_id);
    request_.set_text(issuer_, facts.issuer);
    request_.set_text(aud_, facts.audience);
    request_.set_int(token_exp_, kNow + 3600);
    request_.set_none(nbf_);
    request_.set_none(iat_);
    request_.set_text(space_, facts.space);
    request_.set_text(spiffe_, facts.subject);
    request_.set_text(environment_, facts.environment);
    request_.set_text(agent_, facts.agent);
    request_.set_text(model_, facts.model);
    request_.set_text(run_, facts.request_id);
    request_.set_none(parent_);
    request_.set_none(run_exp_);
    request_.set_int(attempt_, facts.depth);
    request_.set_text(tenant_, facts.tenant);
    request_.set_none(user_);
    request_.set_none(delegation_);
    request_.set_text(tool_, facts.tool);
    request_.set_text(resource_type_, "region");
    request_.set_text(resource_, facts.region);
    request_.set_texts(scopes_, kScopes);
    request_.set_int(ttl_, facts.ttl);
    request_.set_text(approval_, facts.approval);
    return finished(request_);
}

std::vector<MicroJson> micro_json(const Lines& requests) {
    std::vector<MicroJson> all;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto document = nlohmann::json::parse(requests[i]);
        MicroJson& json =
            all.emplace_back(document.at("token").at("claims").dump(), document.at("delegation").at("chain").dump());
        for (std::string* text : {&json.claims, &json.chain}) text->reserve(text->size() + kReadable);
    }
    return all;
}

MicroText::MicroText(const writ::Bundle& bundle)
    : request_(bundle),
      now_(found(request_, "now")),
      request_id_(found(request_, "request_id")),
      issuer_(found(request_, "token.issuer")),
      aud_(found(request_, "token.aud")),
      token_exp_(found(request_, "token.exp")),
      nbf_(found(request_, "token.nbf")),
      iat_(found(request_, "token.iat")),
      claims_(found(request_, "token.claims")),
      agent_(found(request_, "agent.id")),
      run_(found(request_, "run.id")),
      parent_(found(request_, "run.parent_id")),
      run_exp_(found(request_, "run.exp")),
      tenant_(found(request_, "tenant")),
      user_(found(request_, "user")),
      tool_(found(request_, "tool.name")),
      scopes_(found(request_, "want.scopes")),
      chain_(found(request_, "delegation.chain")) {}

const writ::Request& MicroText::state(const MicroFacts& facts, const MicroJson& json) {
    request_.begin(writ::Provenance::Verified);
    // See render_workload.py: at exactly the maximum age the grant would have no length.
    request_.set_int(now_, facts.now - facts.issued == 300 ? facts.now - 1 : facts.now);
    request_.set_text(request_id_, "req-1");
    request_.set_text(issuer_, facts.issuer);
    request_.set_text(aud_, facts.audience);
    request_.set_int(token_exp_, facts.issued + 3600);
    request_.set_none(nbf_);
    request_.set_int(iat_, facts.issued);
    request_.set_json(claims_, json.claims);
    request_.set_text(agent_, "agent-1");
    request_.set_text(run_, "run-1");
    request_.set_none(parent_);
    request_.set_none(run_exp_);
    request_.set_text(tenant_, "t1");
    request_.set_none(user_);
    request_.set_text(tool_, "deploy");
    request_.set_texts(scopes_, kScopes);
    request_.set_json(chain_, json.chain);
    return finished(request_);
}

}  // namespace bench

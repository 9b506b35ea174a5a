// A request document from a token's claims: what the token says is filled in, the rest are examples
// that say so by their names, ready to edit.
#include <algorithm>
#include <variant>

#include "base/json.h"
#include "base/report.h"
#include "base/values.h"
#include "stdlib/stdlib.h"
#include "syntax/parse.h"
#include "writ/tools.h"

namespace writ {

namespace {

constexpr std::string_view kExampleIssuer = "https://issuer.example";
constexpr std::string_view kExampleAudience = "https://broker.example";

/// Everything a decision asks for, stated. Facts that narrow are stated as the harmless case, so
/// that what an author edits is what changes the decision.
constexpr std::string_view kTemplate = R"({
  "now": 0,
  "request_id": "example-request",
  "broker": "example-broker",
  "token": {
    "issuer": "", "aud": [], "exp": null, "nbf": null, "iat": null, "jti": null, "typ": null,
    "proof": "bearer", "credential_kind": "federated", "claims": {}
  },
  "workload": {
    "platform": "", "namespace": null, "service_account": null, "spiffe_id": null, "environment": "prod",
    "instance_id": null, "attestation": null, "attested_at": null, "revoked": false
  },
  "agent": {
    "id": "example-agent", "class": "example-class", "owner": null, "deployment_id": "example-deployment",
    "risk_tier": "low", "shared_count": 1, "capabilities": [], "revoked": false
  },
  "run": {
    "id": "example-run", "parent_id": null, "thread_id": null, "initiator": null, "started": 0, "exp": null,
    "background": false, "state": "running", "attempt": 1, "context_taint": []
  },
  "tenant": "example-tenant",
  "user": null,
  "delegation": null,
  "tool": { "name": "example-tool", "operation": null, "params": {} },
  "resource": {
    "type": "example-type", "id": "example-resource", "tenant": "example-tenant", "environment": "prod",
    "owner": null, "path": null, "tags": {}
  },
  "want": { "scopes": ["example:scope"], "ttl": 300, "reuse_subject_token": false, "all_or_nothing": false },
  "approvals": null,
  "gates": {},
  "egress": [],
  "budget": null,
  "sets": {},
  "host": { "audit_available": true, "policy_signed": true, "replayed": false },
  "provenance": {
    "now": "broker", "token": "verified", "workload": "broker", "agent": "broker", "run": "broker", "tenant": "broker",
    "user": "broker", "delegation": "broker", "tool": "broker", "resource": "broker", "want": "asserted",
    "approvals": "broker", "gates": "broker", "egress": "broker", "budget": "broker", "sets": "broker",
    "host": "broker"
  }
})";

/// A claims schema that a standard module exports.
struct StandardKind {
    std::string name;
    std::string_view module;
};

/// Read from the modules themselves, so that there is no second list to keep.
std::vector<StandardKind> standard_kinds() {
    std::vector<StandardKind> kinds;
    for (const std::string_view module : stdlib::modules()) {
        Report report;
        const ast::File file = syntax::parse(0, stdlib::module(module), CompileOptions{}.max_depth, report);
        for (const ast::Decl& decl : file.decls)
            if (const auto* claims = std::get_if<ast::ClaimsDecl>(&decl.node); claims != nullptr && decl.exported)
                kinds.push_back({std::string(claims->name.text), module});
    }
    std::sort(kinds.begin(), kinds.end(), [](const StandardKind& a, const StandardKind& b) { return a.name < b.name; });
    return kinds;
}

Error unknown_kind(std::string_view kind, const std::vector<StandardKind>& kinds) {
    std::vector<std::string_view> names;
    std::string list;
    for (const StandardKind& known : kinds) {
        names.push_back(known.name);
        list += (list.empty() ? "" : ", ") + known.name;
    }
    const std::string_view near = nearest(kind, names);
    std::string message = "unknown issuer kind `" + std::string(kind) + "`; ";
    if (!near.empty()) message += "did you mean `" + std::string(near) + "`? ";
    message += "the kinds are " + list;
    return {"K0001", std::move(message), {}};
}

/// The text at a path of keys, or null.
const json::Value* at(const json::Value& value, std::initializer_list<std::string_view> keys) {
    const json::Value* here = &value;
    for (const std::string_view key : keys) {
        here = here->find(key);
        if (here == nullptr) return nullptr;
    }
    return here;
}

void fill(json::Value& group, std::string_view field, const json::Value* value) {
    if (value != nullptr && value->type == json::Type::String) group.set(field, *value);
}

/// The words of `prefix{a}middle{b}` in a text, if it has that form and the words are plain.
void fill_two(json::Value& workload, std::string_view text, std::string_view prefix, std::string_view middle) {
    if (text.substr(0, prefix.size()) != prefix) return;
    text.remove_prefix(prefix.size());
    const std::size_t cut = text.find(middle);
    if (cut == std::string_view::npos) return;
    const std::string_view first = text.substr(0, cut), second = text.substr(cut + middle.size());
    const auto plain = [](std::string_view word) { return !word.empty() && word.find_first_of(":/@") == std::string_view::npos; };
    if (!plain(first) || !plain(second)) return;
    workload.set("namespace", json::Value::of(first));
    workload.set("service_account", json::Value::of(second));
}

void fill_spiffe(json::Value& workload, const json::Value& claims) {
    const json::Value* id = at(claims, {"sub"});
    const json::Value* names = at(claims, {"uri_sans"});
    if (id == nullptr && names != nullptr && names->items.size() == 1) id = &names->items.front();
    if (id == nullptr || id->type != json::Type::String) return;
    const auto canonical = canonical_text(Kind::Spiffe, id->text);
    if (!canonical) return;
    workload.set("spiffe_id", json::Value::of(std::string_view(*canonical)));
    fill_two(workload, part_of(Part::SpiffePath, *canonical).value_or(""), "/ns/", "/sa/");
}

void fill_kubernetes(json::Value& workload, const json::Value& claims) {
    if (const json::Value* sub = at(claims, {"sub"})) fill_two(workload, sub->text, "system:serviceaccount:", ":");
    fill(workload, "namespace", at(claims, {"kubernetes.io", "namespace"}));
    fill(workload, "service_account", at(claims, {"kubernetes.io", "serviceaccount", "name"}));
    fill(workload, "instance_id", at(claims, {"kubernetes.io", "pod", "uid"}));
}

void fill_github(json::Value& workload, const json::Value& claims) {
    fill(workload, "namespace", at(claims, {"repository_owner"}));
    fill(workload, "instance_id", at(claims, {"run_id"}));
    // GitHub's environments have any name; ours are four.
    const json::Value* environment = at(claims, {"environment"});
    constexpr std::string_view kOurs[] = {"dev", "test", "staging", "prod"};
    if (environment != nullptr && std::find(std::begin(kOurs), std::end(kOurs), environment->text) != std::end(kOurs))
        fill(workload, "environment", environment);
}

void fill_workload(json::Value& workload, std::string_view kind, const json::Value& claims) {
    workload.set("platform", json::Value::of(kind));
    if (kind == "kubernetes") fill_kubernetes(workload, claims);
    if (kind == "spiffe") fill_spiffe(workload, claims);
    if (kind == "github") fill_github(workload, claims);
}

/// Claims hold moments as seconds; what the schema of the claims would refuse is reported later.
void fill_moment(json::Value& token, std::string_view name, const json::Value& claims) {
    const json::Value* value = claims.find(name);
    if (value == nullptr) return;
    const bool text = value->type == json::Type::String && parse_instant(value->text);
    const bool number = value->type == json::Type::Int || (value->type == json::Type::Number && parse_numeric_date(value->text));
    if (number || text) token.set(name, *value);
}

void fill_token(json::Value& token, const json::Value& claims) {
    token.set("issuer", json::Value::of(kExampleIssuer));
    fill(token, "issuer", claims.find("iss"));
    json::Value audience = json::Value::array();
    if (const json::Value* aud = claims.find("aud"); aud != nullptr) {
        audience = *aud;
    } else {
        audience.items.push_back(json::Value::of(kExampleAudience));
    }
    token.set("aud", std::move(audience));
    for (const std::string_view name : {"exp", "nbf", "iat"}) fill_moment(token, name, claims);
    fill(token, "jti", claims.find("jti"));
    token.set("claims", claims);
}

/// Binds the document to a policy that declares an issuer of the kind and nothing else.
Result<void> validate(json::Value document, const StandardKind& kind) {
    SourceSet sources;
    sources.sources.push_back({"request.writ", "import " + std::string(kind.module) + "\ntier read\nissuer source: " + kind.name +
                                                   " \"" + std::string(kExampleIssuer) + "\" { audience \"" +
                                                   std::string(kExampleAudience) + "\" }\n"});
    auto bundle = compile(sources);
    if (!bundle) {
        const auto& items = bundle.error().items;
        return tl::unexpected(Error{"K0002", items.empty() ? "the kind does not compile" : items.front().message, kind.name});
    }
    // The schema belongs to whatever issuer the policy will declare; here it is the example.
    json::Value& token = *document.find("token");
    token.set("issuer", json::Value::of(kExampleIssuer));
    token.find("claims")->remove("iss");
    Request request(*bundle);
    return request.parse(json::write(document));
}

}  // namespace

std::vector<std::string> issuer_kinds() {
    std::vector<std::string> names;
    for (StandardKind& kind : standard_kinds()) names.push_back(std::move(kind.name));
    return names;
}

Result<std::string> request_from_claims(std::string_view claims_text, std::string_view kind, std::int64_t now) {
    const std::vector<StandardKind> kinds = standard_kinds();
    const auto known = std::find_if(kinds.begin(), kinds.end(), [&](const StandardKind& k) { return k.name == kind; });
    if (known == kinds.end()) return tl::unexpected(unknown_kind(kind, kinds));
    const auto claims = json::parse(claims_text);
    if (!claims) return tl::unexpected(claims.error());
    const json::Value* iss = claims->find("iss");
    if (claims->type != json::Type::Object)
        return tl::unexpected(Error{"Q0010", "claims are an object, not " + std::string(json::name_of(claims->type)), "$"});
    if (iss != nullptr && iss->type != json::Type::String)
        return tl::unexpected(Error{"Q0010", "the issuer is a string, not " + std::string(json::name_of(iss->type)), "$.iss"});

    auto document = json::parse(kTemplate);
    if (!document) return tl::unexpected(document.error());
    document->set("now", json::Value::of(now));
    document->find("run")->set("started", json::Value::of(now));
    fill_token(*document->find("token"), *claims);
    fill_workload(*document->find("workload"), kind, *claims);
    if (auto valid = validate(*document, *known); !valid) return tl::unexpected(std::move(valid.error()));
    return json::write_pretty(*document) + "\n";
}

}  // namespace writ

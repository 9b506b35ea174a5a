// Runs the conformance cases (format: README.md) with the compiled evaluator and the reference evaluator, and tests the
// claims schemas with the token documents. Uses only include/writ.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "source_root.h"
#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/evaluator.h"
#include "writ/request.h"
#include "writ/tools.h"

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

const fs::path kRoot = fs::path(writ::source_root()) / "tests" / "conformance";

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE_MESSAGE(file, "cannot read ", path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> case_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(kRoot / "cases")) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// A policy; analysed only once, even if several cases use it.
writ::Workspace& workspace_of_file(const std::string& name) {
    static std::map<std::string, writ::Workspace> cache;
    auto found = cache.find(name);
    if (found == cache.end()) {
        auto sources = writ::read_sources({(kRoot / "policies" / name).string()});
        REQUIRE_MESSAGE(sources.has_value(), name);
        found = cache.emplace(name, writ::Workspace(std::move(*sources))).first;
        for (const auto& d : found->second.diagnostics().items)
            if (d.severity == writ::Severity::Error) FAIL_CHECK(name, ": ", d.code, " ", d.message);
    }
    return found->second;
}

writ::Workspace& workspace_of_text(const std::string& text) {
    static std::map<std::string, writ::Workspace> cache;
    auto found = cache.find(text);
    if (found == cache.end()) {
        writ::SourceSet sources;
        sources.sources.push_back({"policy.writ", text});
        found = cache.emplace(text, writ::Workspace(std::move(sources))).first;
    }
    return found->second;
}

/// One case with the settings that it inherits from its file.
struct Case {
    std::string name;
    writ::Workspace* workspace = nullptr;
    std::string request;  ///< empty: the case tests only the policy
    Json document;        ///< the same, if the request is not given as text
    Json expect;
};

Case load(const fs::path& path, const Json& file, const Json& entry) {
    Case out;
    const auto pick = [&](const char* key) -> std::string {
        return entry.contains(key) ? entry[key] : file.contains(key) ? file[key] : Json("");
    };
    out.name = path.stem().string() + ": " + entry["name"].get<std::string>();
    out.expect = entry["expect"];
    out.workspace =
        entry.contains("policy_text") ? &workspace_of_text(entry["policy_text"]) : &workspace_of_file(pick("policy"));
    if (entry.contains("request_text")) {
        out.request = entry["request_text"];
    } else if (const auto base = pick("request"); !base.empty()) {
        out.document = Json::parse(read(kRoot / "requests" / base));
        if (entry.contains("patch")) out.document = out.document.patch(entry["patch"]);
        out.request = out.document.dump();
    }
    return out;
}

template <class Visit>
void each_case(Visit&& visit) {
    for (const auto& path : case_files()) {
        const Json file = Json::parse(read(path));
        for (const auto& entry : file["cases"]) visit(path, file, entry);
    }
}

std::string_view name_of(writ::Effect effect) {
    switch (effect) {
        case writ::Effect::Deny: return "deny";
        case writ::Effect::NeedsApproval: return "needs_approval";
        case writ::Effect::Permit: return "permit";
    }
    return "";
}

std::vector<std::string> strings(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
}

/// The decision in the form of the `expect` member, with every key that a case may contain.
Json observed(const writ::Decision& decision, const writ::Bundle& bundle) {
    Json out;
    const Json text = Json::parse(writ::to_json(decision, bundle, writ::View::Operator));
    if (decision.effect == writ::Effect::Permit) out["not_after"] = text["grant"]["not_after"];
    out["effect"] = name_of(decision.effect);
    out["scopes"] = strings(decision.grant.scopes);
    out["audience"] = strings(decision.grant.audience);
    out["ttl"] = decision.grant.ttl;
    out["single_use"] = decision.grant.single_use;
    for (const auto* list : {"obligations", "reasons", "rules", "groups"}) out[list] = Json::array();
    for (const auto& obligation : decision.grant.obligations) out["obligations"].push_back(obligation.name);
    for (const auto& reason : decision.reasons) {
        out["reasons"].push_back(reason.code);
        if (reason.rule == writ::kNoRule) continue;
        const auto name = bundle.rule(reason.rule).name;
        out["rules"].push_back(name.substr(name.rfind('.') + 1));
    }
    for (const auto& requirement : decision.requirements) {
        for (const auto& group : requirement.groups) out["groups"].push_back(group);
        out["needed"] = requirement.needed;
        out["counted"] = requirement.counted;
        out["expires"] = requirement.expires / 1'000'000;
    }
    out["binding_digest"] = decision.binding_digest;
    const auto& who = decision.attribution;
    out["attribution"] = {{"agent", who.agent},
                          {"tenant", who.tenant},
                          {"user", who.user},
                          {"run", who.run},
                          {"issuer", who.issuer},
                          {"tool", who.tool},
                          {"approvers", strings(who.approvers)}};
    return out;
}

/// Keys whose expected values must be among the observed ones; all other keys must be equal.
bool is_subset_key(const std::string& key) {
    return key == "reasons" || key == "rules" || key == "groups" || key == "obligations";
}

void check_expectations(const Case& c, const Json& got) {
    for (const auto& [key, want] : c.expect.items()) {
        REQUIRE_MESSAGE(got.contains(key), c.name, ": nothing is known of ", key, " in ", got.dump());
        if (is_subset_key(key)) {
            for (const auto& item : want)
                CHECK_MESSAGE(std::count(got[key].begin(), got[key].end(), item) > 0, c.name, ": no ", item.dump(),
                              " in ", got[key].dump());
        } else if (key == "attribution") {
            for (const auto& [name, value] : want.items())
                CHECK_MESSAGE(got[key][name] == value, c.name, ": attribution ", got[key].dump());
        } else {
            CHECK_MESSAGE(got[key] == want, c.name, ": ", key, " is ", got[key].dump(), ", expected ", want.dump(),
                          ", reasons ", got["reasons"].dump());
        }
    }
}

void run_decision(const Case& c) {
    const auto& bundle = c.workspace->bundle();
    REQUIRE_MESSAGE(bundle.has_value(), c.name, ": the policy does not compile");
    writ::Request request(*bundle);
    const auto parsed = request.parse(c.request);
    const auto reference = c.workspace->reference(c.request);
    if (c.expect.contains("refused")) {
        REQUIRE_MESSAGE(!parsed.has_value(), c.name, ": the request was accepted");
        CHECK_MESSAGE(parsed.error().code == c.expect["refused"].get<std::string>(), c.name, ": ", parsed.error().code,
                      " ", parsed.error().message);
        CHECK_MESSAGE(!parsed.error().context.empty(), c.name, ": the error has no JSON path");
        REQUIRE_MESSAGE(!reference.has_value(), c.name);
        CHECK_MESSAGE(reference.error().code == parsed.error().code, c.name);
        return;
    }
    REQUIRE_MESSAGE(parsed.has_value(), c.name, ": ", parsed.error().code, " ", parsed.error().message, " at ",
                    parsed.error().context);
    writ::Evaluator evaluator(*bundle);
    const auto decision = evaluator.evaluate(request);
    check_expectations(c, observed(decision, *bundle));

    const auto text = writ::to_json(decision, *bundle, writ::View::Operator);
    REQUIRE_MESSAGE(reference.has_value(), c.name, ": ", reference.error().message);
    CHECK_MESSAGE(*reference == text, c.name);
    CHECK_MESSAGE(decision.steps <= bundle->step_bound(), c.name);
    CHECK_MESSAGE(writ::to_json(evaluator.evaluate(request), *bundle, writ::View::Operator) == text, c.name);
}

void run_diagnostics(const Case& c) {
    CHECK_MESSAGE(!c.workspace->bundle().has_value(), c.name, ": the policy compiles");
    std::vector<std::string> codes;
    for (const auto& d : c.workspace->diagnostics().items) codes.push_back(d.code);
    for (const auto& want : c.expect["diagnostics"])
        CHECK_MESSAGE(std::count(codes.begin(), codes.end(), want.get<std::string>()) > 0, c.name, ": got ",
                      Json(codes).dump());
}

// ---- facts taken away -----------------------------------------------------------------------------

/// The paths of all members that are facts, except those that state what is requested. Elements of lists are not
/// included: a list is one fact, and a shorter list is another fact. An approver's id is not included: with the name it
/// is one fact.
void member_paths(const Json& value, const Json::json_pointer& at, std::vector<Json::json_pointer>& out) {
    if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) member_paths(value[i], at / i, out);
        return;
    }
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.items()) {
        if ((at.empty() && key == "want") || key == "approver_id") continue;
        out.push_back(at / key);
        member_paths(member, at / key, out);
    }
}

Json without(const Json& document, const Json::json_pointer& path) {
    return document.patch({{{"op", "remove"}, {"path", path.to_string()}}});
}

/// `less` has no more authority than `more`.
bool not_above(const writ::Decision& less, const writ::Decision& more) {
    if (less.effect != more.effect) return less.effect < more.effect;
    if (less.effect != writ::Effect::Permit) return true;
    const auto holds = [&](std::string_view scope) {
        return std::count(more.grant.scopes.begin(), more.grant.scopes.end(), scope) > 0;
    };
    return std::all_of(less.grant.scopes.begin(), less.grant.scopes.end(), holds) && less.grant.ttl <= more.grant.ttl &&
           less.grant.single_use >= more.grant.single_use &&
           less.grant.obligations.size() >= more.grant.obligations.size();
}

// ---- claims ---------------------------------------------------------------------------------------

/// The schema for documents of a kind, and the module that declares it.
struct Schema {
    const char* kind;
    const char* schema;
    const char* module;
};
constexpr Schema kSchemas[] = {
    {"github_actions", "github", "github"},
    {"gitlab_ci", "gitlab", "gitlab"},
    {"kubernetes", "kubernetes", "kubernetes"},
    {"kubernetes_eks", "kubernetes", "kubernetes"},
    {"kubernetes_aks", "kubernetes", "kubernetes"},
    {"aws_sts", "aws_sts", "aws"},
    {"aws_sts_context", "aws_sts_context", "aws"},
    {"aws_agentcore", "aws_agentcore", "aws"},
    {"gcp", "gcp", "gcp"},
    {"gcp_sts_context", "gcp_sts_context", "gcp"},
    {"gcp_agent_identity", "gcp_agent_identity", "gcp"},
    {"entra", "entra", "entra"},
    {"entra_agent_id", "entra_agent_id", "entra"},
    {"entra_fic", "entra_fic", "entra"},
    {"spiffe", "spiffe", "spiffe"},
    {"buildkite", "buildkite", "buildkite"},
    {"descope", "descope", "descope"},
    {"oauth_token_exchange", "oauth_token_exchange", "oauth"},
    {"oauth_jwt_bearer", "oauth_jwt_bearer", "oauth"},
    {"txn_token", "txn_token", "oauth"},
    {"openid_agent_draft", "openid_agent_draft", "oauth"},
    {"mcp", "mcp", "mcp"},
    {"wimse", "wimse", "wimse"},
    {"id_jag", "id_jag", "oauth"},
    {"oidc_user", "oidc_user", "oidc"},
    {"kubernetes_legacy", "kubernetes_legacy", "kubernetes"},
    {"vercel", "vercel", "vercel"},
    {"bitbucket", "bitbucket", "bitbucket"},
    {"azure_devops", "azure_devops", "azure_devops"},
    {"fly", "fly", "fly"},
    {"modal", "modal", "modal"},
    {"circleci", "circleci", "circleci"},
};

const Schema& schema_of(const std::string& kind) {
    for (const auto& schema : kSchemas)
        if (kind == schema.kind) return schema;
    FAIL("no schema for issuer kind ", kind);
    return kSchemas[0];
}

/// Claims that anyone can add, so that they have no type here.
bool is_open(const std::string& pointer) {
    return pointer.rfind("/tctx/", 0) == 0 || pointer.rfind("/repo_property_", 0) == 0;
}

std::vector<Json> token_documents() {
    std::vector<Json> out;
    std::ifstream file(kRoot / "tokens.jsonl");
    for (std::string line; std::getline(file, line);) out.push_back(Json::parse(line));
    REQUIRE(out.size() == 54);
    return out;
}

/// A bundle with one issuer of the document's kind, and a request with the document as its claims.
struct Presented {
    writ::Workspace* workspace = nullptr;
    Json request;
};

Presented present(const Json& document) {
    const auto& schema = schema_of(document["issuer_kind"]);
    const std::string url = document["claims"].value("iss", "https://issuer.example.com");
    const std::string text = std::string("import std.") + schema.module +
                             "\ntier read < write\nissuer it: " + schema.schema + " \"" + url +
                             "\" { audience \"https://broker.example.com\" }\n";
    Presented out;
    out.workspace = &workspace_of_text(text);
    REQUIRE_MESSAGE(out.workspace->bundle().has_value(), text);
    out.request["provenance"] = "verified";
    out.request["token"] = {{"issuer", url}, {"claims", document["claims"]}};
    return out;
}

std::string refusal(const Presented& p) {
    writ::Request request(*p.workspace->bundle());
    const auto parsed = request.parse(p.request.dump());
    return parsed ? "" : parsed.error().code;
}

void scalars(const Json& value, const Json::json_pointer& at, std::vector<Json::json_pointer>& out) {
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) scalars(member, at / key, out);
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) scalars(value[i], at / i, out);
    } else {
        out.push_back(at);
    }
}

/// Values of other JSON types than this value.
std::vector<Json> wrong_types(const Json& value) {
    std::vector<Json> out{Json::object()};
    if (!value.is_string()) out.push_back("not a value of the type");
    if (!value.is_number()) out.push_back(7);
    if (!value.is_boolean()) out.push_back(true);
    return out;
}

/// Q0010; for an instant given as text, also the error for malformed times.
bool is_refusal(const std::string& code, const Json& was, const Json& wrong) {
    return code == "Q0010" || (code == "Q0015" && was.is_number() && wrong.is_string());
}

}  // namespace

TEST_CASE("conformance: every case decides as expected, and as the reference does") {
    int decisions = 0, diagnostics = 0;
    std::map<std::string, int> effects;
    each_case([&](const fs::path& path, const Json& file, const Json& entry) {
        const Case c = load(path, file, entry);
        if (c.expect.contains("diagnostics")) {
            run_diagnostics(c);
            ++diagnostics;
            return;
        }
        run_decision(c);
        ++decisions;
        ++effects[c.expect.contains("refused") ? "refused" : c.expect["effect"].get<std::string>()];
    });
    CHECK(decisions > 400);
    std::cout << "conformance: " << case_files().size() << " files, " << decisions << " requests (" << effects["permit"]
              << " permit, " << effects["needs_approval"] << " need approval, " << effects["deny"] << " denied, "
              << effects["refused"] << " refused), " << diagnostics << " policies that must not compile\n";
}

TEST_CASE("conformance: every row has a file, with a permitted twin or a word on what covers it") {
    const std::vector<int> scenarios{1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 12, 13, 16, 17, 18, 21, 22, 23, 25, 28, 29,
                                     30, 31, 32, 33, 34, 35, 37, 38, 39, 40, 41, 42, 44, 47, 48, 50, 51, 52, 53, 55};
    std::vector<std::string> sources;
    for (const auto& path : case_files()) sources.push_back(Json::parse(read(path))["source"]);
    const auto has = [&](const std::string& source) { return std::count(sources.begin(), sources.end(), source) == 1; };
    for (const int n : scenarios) CHECK_MESSAGE(has("identity §4 #" + std::to_string(n)), "scenario ", n);
    for (int n = 1; n <= 42; ++n) CHECK_MESSAGE(has("identity §3 L" + std::to_string(n)), "row L", n);
    for (const auto& path : case_files()) {
        const Json file = Json::parse(read(path));
        if (file["source"].get<std::string>().find("§3") == std::string::npos) continue;
        const bool twin = std::any_of(file["cases"].begin(), file["cases"].end(), [](const Json& entry) {
            return entry["expect"].value("effect", "") == "permit";
        });
        CHECK_MESSAGE((twin || file.contains("covered_by")), path.string());
    }
}

TEST_CASE("conformance: a fact taken away never moves a decision up") {
    long tried = 0;
    each_case([&](const fs::path& path, const Json& file, const Json& entry) {
        const Case c = load(path, file, entry);
        if (c.document.is_null() || !c.expect.contains("effect")) return;
        const auto& bundle = *c.workspace->bundle();
        writ::Evaluator evaluator(bundle);
        writ::Request whole(bundle), part(bundle), same(bundle);
        REQUIRE(whole.parse(c.request).has_value());
        const auto before = evaluator.evaluate(whole);
        std::vector<Json::json_pointer> paths;
        member_paths(c.document, Json::json_pointer(), paths);
        for (const auto& at : paths) {
            if (!part.parse(without(c.document, at).dump())) continue;
            const auto after = evaluator.evaluate(part);
            ++tried;
            if (not_above(after, before)) continue;
            // A request for fewer scopes can get a longer ttl, and what is requested is not a fact. So compare with the
            // decision on the complete request for only these scopes.
            Json document = c.document;
            document["want"]["scopes"] = strings(after.grant.scopes);
            REQUIRE(same.parse(document.dump()).has_value());
            CHECK_MESSAGE(not_above(after, evaluator.evaluate(same)), c.name, " without ", at.to_string());
        }
    });
    CHECK(tried > 10'000);
    std::cout << "conformance: " << tried << " decisions with one fact less, none higher\n";
}

TEST_CASE("conformance: an altered bundle is not loaded, and altered sources are not given out") {
    const auto& bundle = *workspace_of_file("refund.writ").bundle();
    std::vector<std::byte> bytes(bundle.bytes().begin(), bundle.bytes().end());
    REQUIRE(writ::Bundle::load(bytes).has_value());
    const std::size_t stride = std::max<std::size_t>(1, bytes.size() / 3000);
    std::size_t in_sources = 0;
    for (std::size_t i = 0; i < bytes.size(); i += stride) {
        bytes[i] ^= std::byte{0x40};
        // The part that decides is checked on loading; the sources, which decide nothing,
        // are checked when they are read.
        if (const auto loaded = writ::Bundle::load(bytes)) {
            ++in_sources;
            CHECK_MESSAGE(!loaded->sources().has_value(), "byte ", i);
            CHECK(loaded->digest() == bundle.digest());
        }
        bytes[i] ^= std::byte{0x40};
    }
    CHECK(in_sources > 0);
    CHECK(in_sources < 3000);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1})
        CHECK_MESSAGE(!writ::Bundle::load(std::span(bytes).first(size)).has_value(), "cut to ", size);
}

TEST_CASE("claims: every document is accepted by the schema of its kind") {
    for (const auto& document : token_documents()) {
        const std::string name = document["name"];
        CHECK_MESSAGE(refusal(present(document)) == "", name);
        const std::string claims = document["claims"].dump();
        writ::ClaimsInput input;
        input.claims = claims;
        input.kind = schema_of(document["issuer_kind"]).schema;
        input.now = 1'790'000'000;
        const auto made = writ::request_from_claims(input);
        CHECK_MESSAGE(made.has_value(), name);
    }
}

TEST_CASE("claims: a value of another JSON type is refused, whichever claim has it") {
    int tried = 0, open = 0;
    for (const auto& document : token_documents()) {
        const Presented whole = present(document);
        const auto base = Json::json_pointer("/token/claims");
        std::vector<Json::json_pointer> paths;
        scalars(document["claims"], Json::json_pointer(), paths);
        for (const auto& at : paths) {
            if (is_open(at.to_string())) {
                ++open;
                continue;
            }
            for (const auto& wrong : wrong_types(document["claims"][at])) {
                Presented altered = whole;
                altered.request[base / at] = wrong;
                const auto code = refusal(altered);
                CHECK_MESSAGE(is_refusal(code, document["claims"][at], wrong), document["name"].get<std::string>(),
                              at.to_string(), " as ", wrong.dump(), ": ", code);
                ++tried;
            }
        }
    }
    CHECK(open == 6);
    CHECK(tried > 1000);
    std::cout << "claims: " << tried << " wrong types refused; " << open << " claims are open to any type\n";
}

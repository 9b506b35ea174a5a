// Makes a request document from a token's claims and the broker's facts. It states only what these state, and lists the
// missing facts that the broker has to add.
#include <algorithm>
#include <variant>

#include "base/access.h"
#include "base/builtin_facts.h"
#include "base/chain_order.h"
#include "base/json.h"
#include "base/report.h"
#include "base/values.h"
#include "base/words.h"
#include "bytecode/program.h"
#include "stdlib/stdlib.h"
#include "syntax/parse.h"
#include "workspace/kind_policy.h"
#include "writ/tools.h"

namespace writ {

namespace {

constexpr std::string_view kExampleIssuer = "https://issuer.example";
constexpr std::string_view kExampleAudience = "https://broker.example";

// ---- kinds ------------------------------------------------------------------------------------

/// A claims schema that a standard module exports.
struct StandardKind {
    std::string name;
    std::string_view module;
};

/// Read from the modules, so that there is no second list to maintain.
std::vector<StandardKind> standard_kinds() {
    std::vector<StandardKind> kinds;
    for (const std::string_view module : stdlib::modules()) {
        Report report;
        const ast::SourceFile file = syntax::parse(0, stdlib::module(module), CompileOptions{}.max_depth, report);
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
    return failure(Code::UnknownWord, std::move(message));
}

// ---- what claims say --------------------------------------------------------------------------

/// The value at a path of keys, or null.
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
    const auto plain = [](std::string_view word) {
        return !word.empty() && word.find_first_of(":/@") == std::string_view::npos;
    };
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

json::Value workload_of(std::string_view kind, const json::Value& claims) {
    json::Value workload = json::Value::object();
    workload.set("platform", json::Value::of(kind));
    if (kind == "kubernetes") fill_kubernetes(workload, claims);
    if (kind == "spiffe") fill_spiffe(workload, claims);
    if (kind == "github") fill_github(workload, claims);
    return workload;
}

/// Registered claims and the fields of `token` that they are. A token that lacks one of the last four has none;
/// one without issuer or audience leaves those unknown.
constexpr struct {
    std::string_view claim, field;
    bool none_if_lacking;
} kRegistered[] = {{"iss", "issuer", false}, {"aud", "aud", false}, {"exp", "exp", true},
                   {"nbf", "nbf", true},     {"iat", "iat", true},  {"jti", "jti", true}};

json::Value token_of(const json::Value& claims) {
    json::Value token = json::Value::object();
    for (const auto& each : kRegistered) {
        const json::Value* value = claims.find(each.claim);
        if (value != nullptr)
            token.set(each.field, *value);
        else if (each.none_if_lacking)
            token.set(each.field, json::Value::null());
    }
    token.set("claims", claims);
    return token;
}

// ---- the broker's facts -----------------------------------------------------------------------

std::string_view weaker(std::string_view a, std::string_view b) {
    // An unknown provenance is rejected with the document; until then it counts as stronger.
    const auto rank = [](std::string_view word) {
        return std::find(std::begin(words::kProvenance), std::end(words::kProvenance), word);
    };
    return rank(a) < rank(b) ? a : b;
}

/// How far the facts say that a group of theirs can be trusted.
std::string_view trust_of(const json::Value& facts, std::string_view group) {
    const json::Value* stated = facts.find("provenance");
    if (stated != nullptr && stated->type == json::Type::Object) stated = stated->find(group);
    return stated != nullptr && stated->type == json::Type::String ? std::string_view(stated->text)
                                                                   : spelling_of(Provenance::Model);
}

tl::unexpected<Error> refuse(std::string_view code, std::string message, std::string_view file, std::string_view path) {
    return tl::unexpected(Error{std::string(code), std::move(message), std::string(file) + ": " + std::string(path)});
}

class Drafting {
public:
    Drafting(const ClaimsInput& input, const StandardKind& kind) : input_(input), kind_(kind) {}

    Result<DraftRequest> run() {
        if (auto read = read_both(); !read) return tl::unexpected(std::move(read.error()));
        if (auto made = make(); !made) return tl::unexpected(std::move(made.error()));
        std::optional<Bundle> policy;
        if (input_.policy != nullptr)
            policy = *input_.policy;
        else if (auto made = policy_of_kind(kind_.name, kind_.module))
            policy = std::move(*made);
        else
            return tl::unexpected(std::move(made.error()));
        if (auto valid = validate(*policy); !valid) return tl::unexpected(std::move(valid.error()));
        DraftRequest out;
        out.document = json::write_pretty(document_) + "\n";
        look(Access::program(*policy), out);
        return out;
    }

private:
    Result<void> read_both() {
        auto claims = json::parse(input_.claims);
        if (!claims)
            return refuse(claims.error().code, claims.error().message, input_.claims_name, claims.error().context);
        claims_ = std::move(*claims);
        if (claims_.type != json::Type::Object)
            return refuse(code_name(Code::WrongType),
                          "the claims must be an object, not " + std::string(json::name_of(claims_.type)),
                          input_.claims_name, "$");
        if (const json::Value* iss = claims_.find("iss"); iss != nullptr && iss->type != json::Type::String)
            return refuse(code_name(Code::WrongType),
                          "the issuer must be a string, not " + std::string(json::name_of(iss->type)),
                          input_.claims_name, "$.iss");
        facts_ = json::Value::object();
        if (input_.facts.empty()) return {};
        auto facts = json::parse(input_.facts);
        if (!facts) return refuse(facts.error().code, facts.error().message, input_.facts_name, facts.error().context);
        facts_ = std::move(*facts);
        if (facts_.type != json::Type::Object)
            return refuse(code_name(Code::WrongType),
                          "a request must be an object, not " + std::string(json::name_of(facts_.type)),
                          input_.facts_name, "$");
        return {};
    }

    /// The document: first the claims, then the facts.
    Result<void> make() {
        document_ = json::Value::object();
        provenance_ = json::Value::object();
        if (input_.now) state("now", json::Value::of(*input_.now), "broker");
        const std::string_view trust = spelling_of(input_.verified ? Provenance::Verified : Provenance::Asserted);
        for (auto& [group, said] :
             {std::pair{"token", token_of(claims_)}, {"workload", workload_of(kind_.name, claims_)}}) {
            json::Value both = said;
            const json::Value* known = facts_.find(group);
            if (known != nullptr && known->type != json::Type::Object)
                return refuse(code_name(Code::WrongType),
                              "this must be an object, not " + std::string(json::name_of(known->type)),
                              input_.facts_name, std::string("$.") + group);
            for (const auto& [field, value] : known != nullptr ? known->members : std::vector<json::Member>{}) {
                if (said.find(field) != nullptr)
                    return refuse(code_name(Code::ClaimStatedAgain), "the claims already state this; remove it",
                                  input_.facts_name, std::string("$.") + group + "." + field);
                both.set(field, value);
            }
            state(group, std::move(both), known != nullptr ? weaker(trust, trust_of(facts_, group)) : trust);
        }
        for (const auto& [name, value] : facts_.members)
            if (name != "provenance" && document_.find(name) == nullptr) state(name, value, trust_of(facts_, name));
        document_.set("provenance", std::move(provenance_));
        return {};
    }

    void state(std::string_view name, json::Value value, std::string_view trust) {
        document_.set(name, std::move(value));
        provenance_.set(name, json::Value::of(trust));
    }

    /// Binds the document, and reports errors with their place in the files.
    Result<void> validate(const Bundle& policy) const {
        json::Value bound = document_;
        if (input_.policy == nullptr) {
            // The schema belongs to the issuer that the policy will declare; here it is the example issuer.
            json::Value& token = *bound.find("token");
            token.set("issuer", json::Value::of(kExampleIssuer));
            token.find("claims")->remove("iss");
            // Tools and tiers are the policy's own.
            bound.remove("delegation");
            if (json::Value* tool = bound.find("tool"); tool != nullptr && tool->type == json::Type::Object)
                tool->remove("params");
        }
        Request request(policy);
        auto read = request.parse(json::write(bound));
        if (read) return {};
        Error error = std::move(read.error());
        const auto [file, path] = place_of(error.context);
        error.context = std::string(file) + ": " + path;
        return tl::unexpected(std::move(error));
    }

    /// The file that a path of the document is from, and the path within it.
    [[nodiscard]] std::pair<std::string_view, std::string> place_of(std::string_view path) const {
        constexpr std::string_view kClaims = "$.token.claims";
        if (path.substr(0, kClaims.size()) == kClaims)
            return {input_.claims_name, "$" + std::string(path.substr(kClaims.size()))};
        for (const auto& each : kRegistered) {
            const std::string field = "$.token." + std::string(each.field);
            if (path.substr(0, field.size()) != field) continue;
            return {input_.claims_name, "$." + std::string(each.claim) + std::string(path.substr(field.size()))};
        }
        return {input_.facts_name, std::string(path)};
    }

    // ---- missing facts ------------------------------------------------------------------------

    void look(const bytecode::Program& program, DraftRequest& out) const {
        out.missing.clear();
        want(program, program.manifest[0].request_shape, &document_, "", out.missing);
        const json::Value* iss = claims_.find("iss");
        const std::string_view issuer = input_.policy == nullptr ? kExampleIssuer
                                        : iss != nullptr         ? std::string_view(iss->text)
                                                                 : "";
        for (const bytecode::IssuerRef& each : program.issuers)
            if (program.text(each.url) == issuer) {
                out.issuer_declared = true;
                undeclared(program, each.claims, claims_, "$", out.undeclared);
            }
    }

    /// Facts without which no approval counts: the people involved in the request, and the
    /// facts that an approval is bound to.
    static bool approvals_need(const bytecode::ShapeNode& node) {
        using bytecode::Builtin;
        constexpr Builtin kFacts[] = {Builtin::RunInitiator,  Builtin::AgentOwner,           Builtin::AgentId,
                                      Builtin::UserId,        Builtin::DelegationOriginator, Builtin::DelegationActor,
                                      Builtin::ToolOperation, Builtin::ResourceType,         Builtin::ResourceId};
        return std::any_of(std::begin(kFacts), std::end(kFacts),
                           [&](Builtin fact) { return node.slot == static_cast<std::uint32_t>(fact); });
    }

    /// Whether a rule reads the fact, or the engine requires it.
    static bool needed(const bytecode::Program& program, const bytecode::ShapeNode& node) {
        if (node.slot == bytecode::kNone) return false;
        if (node.slot >= std::size(builtin::kFacts)) return true;
        if (!program.requirements.empty() && approvals_need(node)) return true;
        return builtin::kFacts[node.slot].presence != Presence::Optional || (node.flags & bytecode::kCompared) != 0;
    }

    void want(const bytecode::Program& program, std::uint32_t index, const json::Value* value, const std::string& path,
              std::vector<std::string>& out) const {
        const bytecode::ShapeNode& node = program.shape[index];
        if (value != nullptr && value->type == json::Type::Null) return;  // stated: there is none
        if (path == "delegation" && value != nullptr) want_order(program, node, *value, out);
        if (value == nullptr && (needed(program, node) || node.key_count > 0)) {
            out.push_back(path);
            return;
        }
        if (static_cast<Kind>(node.kind) != Kind::Record) return;
        for (std::uint32_t i = node.first_child; i < node.first_child + node.child_count; ++i) {
            const std::string_view name = program.text(program.shape[i].name);
            if (path == "delegation" && is_made(name)) continue;
            want(program, i, value == nullptr ? nullptr : value->find(name),
                 path.empty() ? std::string(name) : path + "." + std::string(name), out);
        }
    }

    static bool is_made(std::string_view name) { return name == kFirstHop || name == kLastHop || name == kHopPairs; }

    /// The order of the chain, if a rule reads it.
    static void want_order(const bytecode::Program& program, const bytecode::ShapeNode& delegation,
                           const json::Value& value, std::vector<std::string>& out) {
        bool read = false;  // a made fact has a node only if a rule reads it
        for (std::uint32_t i = 0; i < delegation.child_count; ++i)
            read = read || is_made(program.text(program.shape[delegation.first_child + i].name));
        if (!read) return;
        if (value.find("depth") == nullptr) out.emplace_back("delegation.depth");
        const json::Value* chain = value.find("chain");
        if (chain == nullptr || std::any_of(chain->items.begin(), chain->items.end(),
                                            [](const json::Value& hop) { return hop.find("position") == nullptr; }))
            out.emplace_back("delegation.chain.position");
    }

    /// Claims that the issuer's schema does not have.
    static void undeclared(const bytecode::Program& program, std::uint32_t index, const json::Value& value,
                           const std::string& path, std::vector<std::string>& out) {
        const bytecode::ShapeNode& node = program.shape[index];
        if (static_cast<Kind>(node.kind) != Kind::Record || value.type != json::Type::Object) return;
        for (const auto& [name, member] : value.members) {
            std::string there = path;
            json::append_step(there, name);
            std::uint32_t found = bytecode::kNone;
            for (std::uint32_t i = node.first_child; i < node.first_child + node.child_count; ++i)
                if (program.text(program.shape[i].name) == name) found = i;
            if (found == bytecode::kNone)
                out.push_back(std::move(there));
            else
                undeclared(program, found, member, there, out);
        }
    }

    const ClaimsInput& input_;
    const StandardKind& kind_;
    json::Value claims_, facts_, document_, provenance_;
};

}  // namespace

Result<Bundle> policy_of_kind(const std::string& kind, std::string_view module) {
    SourceSet sources;
    sources.sources.push_back({"request.writ", "import std.baseline\nimport " + std::string(module) +
                                                   "\ntier read\nissuer source: " + kind + " \"" +
                                                   std::string(kExampleIssuer) + "\" { audience \"" +
                                                   std::string(kExampleAudience) + "\" }\n"});
    auto bundle = compile(sources);
    if (bundle) return std::move(*bundle);
    const auto& items = bundle.error().items;
    return fail(Code::KindDoesNotCompile, items.empty() ? "the kind does not compile" : items.front().message, kind);
}

std::vector<std::string> issuer_kinds() {
    std::vector<std::string> names;
    for (StandardKind& kind : standard_kinds()) names.push_back(std::move(kind.name));
    return names;
}

Result<DraftRequest> request_from_claims(const ClaimsInput& input) {
    const std::vector<StandardKind> kinds = standard_kinds();
    const auto known =
        std::find_if(kinds.begin(), kinds.end(), [&](const StandardKind& k) { return k.name == input.kind; });
    if (known == kinds.end()) return tl::unexpected(unknown_kind(input.kind, kinds));
    return Drafting(input, *known).run();
}

}  // namespace writ

#include "fair_micro.h"

#include <algorithm>
#include <iterator>

#include "blocks.h"

namespace bench::fair {
namespace {

constexpr Text kCi = "https://token.ci.example.com", kBroker = "https://credentials.example.com", kDeploy = "deploy",
               kTools = "https://tools.example.com", kUse = "use";
/// The issuers of hops; the policy declares them too.
constexpr Text kTrusted[] = {"https://ci.id.example.com", "https://agents.id.example.com",
                             "https://workforce.id.example.com"};
constexpr Text kRepositories[] = {"acme/payments", "acme/ledger", "acme/identity", "acme/search", "acme/edge"};
constexpr Text kTiers[] = {"observe", "change", "destroy"};
constexpr std::uint8_t kChange = 1;
constexpr std::int64_t kLifetime = 900 * kSecond, kMaxAge = 300 * kSecond, kLeeway = 60 * kSecond;

/// The fields, those that must be stated first and in the order in which they are reported.
enum : std::uint64_t {
    kNow = 1 << 0,
    kTokenIssuer = 1 << 1,
    kAgentId = 1 << 2,
    kRunId = 1 << 3,
    kRunParent = 1 << 4,
    kRunExp = 1 << 5,
    kTenant = 1 << 6,
    kUser = 1 << 7,
    kDelegation = 1 << 8,
    kToolName = 1 << 9,
    kWantScopes = 1 << 10,
    kTokenAud = 1 << 11,
    kTokenExp = 1 << 12,
    kTokenNbf = 1 << 13,
    kTokenIat = 1 << 14,
    kRequestId = 1 << 15,
    kProvenance = 1 << 16,
    kToken = 1 << 17,
    kClaims = 1 << 18,
    kAgent = 1 << 19,
    kRun = 1 << 20,
    kTool = 1 << 21,
    kWant = 1 << 22,
    kChain = 1 << 23,
};
constexpr Text kRequired[] = {"now",         "token.issuer", "agent.id",  "run.id",     "run.parent_id",
                              "run.exp",     "tenant",       "user",      "delegation", "tool.name",
                              "want.scopes", "token.aud",    "token.exp", "token.nbf",  "token.iat"};
constexpr std::uint64_t kAllRequired = (1 << std::size(kRequired)) - 1;
constexpr std::uint64_t kAll = (kChain << 1) - 1;

// ---- reading ------------------------------------------------------------------------------------

bool read_claims(Value value, MicroClaims& claims) {
    std::uint64_t seen = 0;
    Text ignored;
    const auto path = [](Value of, Text& out) { return read(of, out) && is_path<Block>(out, '@'); };
    const bool known = members(value, seen, [&](Key key, Value of) {
        switch (word(key.text)) {
            case word("iss"): return key.is("iss", 1 << 0) && read(of, claims.issuer);
            case word("aud"): return key.is("aud", 1 << 1) && read(of, claims.audience);
            case word("sub"): return key.is("sub", 1 << 2) && read(of, ignored);
            case word("iat"): return key.is("iat", 1 << 3) && read_seconds(of, claims.issued);
            case word("repository_owner"): return key.is("repository_owner", 1 << 4) && read(of, claims.owner);
            case word("repository"): return key.is("repository", 1 << 5) && path(of, claims.repository);
            case word("ref"): return key.is("ref", 1 << 6) && path(of, claims.ref);
            case word("environment"): return key.is("environment", 1 << 7) && read(of, claims.environment);
            case word("event_name"): return key.is("event_name", 1 << 8) && read(of, claims.event);
            case word("runner_environment"): return key.is("runner_environment", 1 << 9) && read(of, claims.runner);
            case word("workflow_ref"): return key.is("workflow_ref", 1 << 10) && path(of, claims.workflow);
            case word("run_attempt"): return key.is("run_attempt", 1 << 11) && read(of, claims.attempt);
            default: return false;
        }
    });
    return known && seen == (1 << 12) - 1;
}

bool read_hop(Value value, Hop& hop, Text& actor) {
    std::uint64_t seen = 0;
    const bool known = members(value, seen, [&](Key key, Value of) {
        switch (word(key.text)) {
            case word("actor"): return key.is("actor", 1 << 0) && read(of, actor);
            case word("issuer"): return key.is("issuer", 1 << 1) && read(of, hop.issuer);
            case word("tier"): return key.is("tier", 1 << 2) && read_member(of, kTiers, hop.tier);
            case word("granted_scopes"): return key.is("granted_scopes", 1 << 3) && read_texts(of, hop.scopes);
            case word("exp"): return key.is("exp", 1 << 4) && is_null(of);
            default: return false;
        }
    });
    return known && seen == (1 << 5) - 1;
}

template <class Source>
bool read_chain(Source&& source, MicroFacts& facts) {
    simdjson::ondemand::array array;
    if (source.get_array().get(array) != simdjson::SUCCESS) return false;
    facts.chain.clear();
    facts.who.chain.clear();
    for (auto element : array) {
        Value value;
        Hop hop;
        Text actor;
        if (facts.chain.full() || element.get(value) != simdjson::SUCCESS || !read_hop(value, hop, actor)) return false;
        facts.chain.push_back(hop);
        facts.who.chain.push_back(actor);
    }
    return !facts.chain.empty();
}

/// A token may say less than its claims, never more; moments may differ by a second of rounding.
bool agree(const MicroFacts& facts) {
    const auto missing = [&](std::uint64_t field) { return (facts.stated & field) == 0; };
    const MicroClaims& claims = facts.claims;
    return (missing(kTokenIssuer) || facts.who.issuer == claims.issuer) &&
           (missing(kTokenAud) || facts.audience == claims.audience) &&
           (missing(kTokenIat) || facts.token_iat <= claims.issued + kSecond);
}

/// Makes the checks that need no rule.
bool bind(MicroFacts& facts) {
    if (!agree(facts)) return false;
    const Text issuer = facts.who.issuer;
    facts.sound = (facts.stated & kAllRequired) == kAllRequired && (same(issuer, kCi) || has(kTrusted, issuer)) &&
                  same(facts.audience, kBroker) && facts.token_exp > facts.now && facts.token_iat <= facts.now &&
                  same(facts.who.tool, kDeploy) && !facts.scopes.empty();
    return true;
}

// ---- deciding -----------------------------------------------------------------------------------

void refuse(const MicroFacts& facts, Decision& decision) {
    for (std::size_t i = 0; i < std::size(kRequired); ++i)
        if ((facts.stated >> i & 1) == 0) decision.reason("fact_missing", writ::kNoRule, kRequired[i]);
    const auto stated = [&](std::uint64_t field) { return (facts.stated & field) != 0; };
    const bool known = same(facts.who.issuer, kCi) || has(kTrusted, facts.who.issuer);
    if (stated(kTokenIssuer) && !known) decision.reason("issuer_unknown");
    if (known && stated(kTokenAud) && !same(facts.audience, kBroker)) decision.reason("audience_mismatch");
    const bool expired = stated(kTokenExp) && facts.token_exp <= facts.now;
    const bool early = stated(kTokenIat) && facts.token_iat > facts.now;
    if (stated(kNow) && (expired || early)) decision.reason("token_not_current");
    if (stated(kToolName) && !same(facts.who.tool, kDeploy)) decision.reason("unknown_tool");
    if (stated(kWantScopes) && facts.scopes.empty()) decision.reason("nothing_requested");
}

/// `acme/ci/.github/workflows/deploy-*.yml@refs/tags/v*`; `*` is any text without a slash.
bool is_deployment(Text workflow) {
    constexpr Text kBefore = "acme/ci/.github/workflows/deploy-", kTag = ".yml@refs/tags/v";
    if (!workflow.starts_with(kBefore)) return false;
    const Text rest = workflow.substr(kBefore.size());
    const std::size_t slash = rest.find('/'), to_slash = kTag.find('/');
    if (slash == Text::npos || slash < to_slash || !rest.substr(slash - to_slash).starts_with(kTag)) return false;
    return rest.find('/', slash - to_slash + kTag.size()) == Text::npos;
}

/// All conditions apart from the age.
bool may_release(const MicroFacts& facts) {
    const MicroClaims& claims = facts.claims;
    return same(facts.who.issuer, kCi) && same(claims.owner, "acme") && has(kRepositories, claims.repository) &&
           claims.ref.starts_with("refs/heads/release/") && same(claims.environment, "production") &&
           (same(claims.event, "push") || same(claims.event, "workflow_dispatch")) &&
           !same(claims.runner, "self-hosted") && is_deployment(claims.workflow) && claims.attempt <= 3 &&
           std::all_of(facts.chain.begin(), facts.chain.end(),
                       [](const Hop& hop) { return hop.tier <= kChange && has(kTrusted, hop.issuer); });
}

}  // namespace

bool Micro::state(Parser& claims, Parser& chain, const bench::MicroFacts& request, const MicroJson& json,
                  Facts& facts) const {
    // As in the documents of render_workload.py.
    facts.now = request.now - request.issued == 300 ? request.now - 1 : request.now;
    facts.token_iat = request.issued;
    facts.token_exp = request.issued + 3'600;
    facts.who = {.agent = "agent-1",
                 .agent_class = {},
                 .deployment = {},
                 .run = "run-1",
                 .tenant = "t1",
                 .user = {},
                 .initiator = {},
                 .chain = {},
                 .workload = {},
                 .issuer = request.issuer,
                 .token_id = {},
                 .tool = kDeploy,
                 .resource = {}};
    facts.audience = request.audience;
    facts.scopes.clear();
    facts.scopes.push_back(kUse);
    facts.stated = kAll;
    const Who& who = facts.who;
    for (const Text text :
         {who.agent, who.run, who.tenant, who.issuer, who.tool, facts.audience, facts.scopes[0], Text("req-1")})
        if (!valid(text) || text.size() > kLongestText) return false;
    simdjson::ondemand::document document, hops;
    Value value;
    const auto open = [](Parser& parser, const std::string& text, simdjson::ondemand::document& out) {
        return parser.iterate(text.data(), text.size(), text.size() + kReadable).get(out) == simdjson::SUCCESS;
    };
    const auto ended = [](simdjson::ondemand::document& of) {
        const char* rest = nullptr;
        return of.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
    };
    return to_micros(facts.now) && to_micros(facts.token_iat) && to_micros(facts.token_exp) &&
           open(claims, json.claims, document) && document.get_value().get(value) == simdjson::SUCCESS &&
           read_claims(value, facts.claims) && ended(document) && open(chain, json.chain, hops) &&
           read_chain(hops, facts) && ended(hops) && bind(facts);
}

bool Micro::read(Parser& parser, Text json, Facts& facts) const {
    facts.who = {};
    facts.now = 0;
    facts.scopes.clear();
    std::uint64_t seen = 0;
    Text ignored;
    Who& who = facts.who;
    const auto token = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("issuer"): return key.is("issuer", kTokenIssuer) && fair::read(value, who.issuer);
            case word("aud"): return key.is("aud", kTokenAud) && fair::read(value, facts.audience);
            case word("exp"): return key.is("exp", kTokenExp) && read_seconds(value, facts.token_exp);
            case word("nbf"): return key.is("nbf", kTokenNbf) && is_null(value);
            case word("iat"): return key.is("iat", kTokenIat) && read_seconds(value, facts.token_iat);
            case word("claims"): return key.is("claims", kClaims) && read_claims(value, facts.claims);
            default: return false;
        }
    };
    const auto agent = [&](Key key, Value value) { return key.is("id", kAgentId) && fair::read(value, who.agent); };
    const auto run = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kRunId) && fair::read(value, who.run);
            case word("parent_id"): return key.is("parent_id", kRunParent) && is_null(value);
            case word("exp"): return key.is("exp", kRunExp) && is_null(value);
            default: return false;
        }
    };
    const auto tool = [&](Key key, Value value) { return key.is("name", kToolName) && fair::read(value, who.tool); };
    const auto want = [&](Key key, Value value) {
        return key.is("scopes", kWantScopes) && read_texts(value, facts.scopes);
    };
    const auto delegation = [&](Key key, Value value) { return key.is("chain", kChain) && read_chain(value, facts); };
    const auto top = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("now"): return key.is("now", kNow) && read_seconds(value, facts.now);
            case word("request_id"): return key.is("request_id", kRequestId) && fair::read(value, ignored);
            case word("provenance"):
                return key.is("provenance", kProvenance) && fair::read(value, ignored) && same(ignored, "verified");
            case word("token"): return key.is("token", kToken) && members(value, seen, token);
            case word("agent"): return key.is("agent", kAgent) && members(value, seen, agent);
            case word("run"): return key.is("run", kRun) && members(value, seen, run);
            case word("tenant"): return key.is("tenant", kTenant) && fair::read(value, who.tenant);
            case word("user"): return key.is("user", kUser) && is_null(value);
            case word("tool"): return key.is("tool", kTool) && members(value, seen, tool);
            case word("want"): return key.is("want", kWant) && members(value, seen, want);
            case word("delegation"): return key.is("delegation", kDelegation) && members(value, seen, delegation);
            default: return false;
        }
    };
    if (!read_document(parser, json, seen, top) || (seen | kAllRequired) != kAll) return false;
    facts.stated = seen;
    return bind(facts);
}

void Micro::decide(const Facts& facts, Decision& decision) const {
    decision.start(facts.now, facts.who);
    if (!facts.sound) return refuse(facts, decision);
    const std::int64_t issued = facts.claims.issued;
    // An age is unknown if its moment is too far in the future.
    const bool ahead = issued > facts.now + kLeeway, young = facts.now - issued <= kMaxAge;
    if (!young || !may_release(facts)) return decision.reason("no_permit");
    if (ahead) {
        decision.reason("time_in_future", permit_);
        return decision.reason("no_permit");
    }
    const std::int64_t ends = issued + kMaxAge + 1;  // when the token is too old
    if (ends - facts.now < kSecond) return decision.reason("ttl_exhausted");
    for (const Text scope : facts.scopes)
        if (same(scope, kUse)) decision.scopes.push_back(scope);
    if (decision.scopes.empty()) return decision.reason("scope_not_offered");
    if (std::any_of(facts.chain.begin(), facts.chain.end(), [](const Hop& hop) { return !has(hop.scopes, kUse); }))
        return decision.refuse("scope_exceeds_parent");
    decision.audience.push_back(kTools);
    decision.not_after = ends;
    const std::int64_t life = std::min({kLifetime, facts.token_exp - facts.now, ends - facts.now});
    if (life < kSecond) return decision.refuse("ttl_exhausted");
    decision.ttl = life / kSecond;
    decision.reason("permitted", permit_);
    decision.effect = writ::Effect::Permit;
}

}  // namespace bench::fair

#include "fair_refund.h"

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "blocks.h"

namespace bench::fair {
namespace {

constexpr Text kCluster = "https://k8s-west.example.com", kBroker = "https://broker.example.com", kRefund = "refund",
               kCreate = "refund:create", kPayments = "https://payments.example.com", kRole = "refunds";
constexpr std::int64_t kLifetime = 120 * kSecond, kMaxAge = 600 * kSecond, kBackground = 300 * kSecond,
                       kWithin = 900 * kSecond;
constexpr std::int64_t kOne = 1'000'000, kSmall = 500 * kOne, kLarge = 10'000 * kOne;  // amounts
constexpr Text kObligation = R"({"name":"audit","args":{"level":"full"}})";
constexpr Text kTerms = R"("groups":["refund-leads"],"needed":1,"counted":0,"within":900)";

constexpr Text kProofs[] = {"bearer", "mtls", "dpop", "wpt"};
constexpr Text kCredentials[] = {"federated", "static", "node"};
constexpr std::uint8_t kStatic = 1, kNode = 2;
constexpr Text kStates[] = {"running", "paused", "ended"};
constexpr std::uint8_t kPaused = 1, kEnded = 2;
constexpr Text kTrust[] = {"model", "asserted", "broker", "verified"};

/// The fields, those that must be stated first and in the order in which they are reported.
enum : std::uint64_t {
    kNow = 1 << 0,
    kTokenIssuer = 1 << 1,
    kAgentId = 1 << 2,
    kRunId = 1 << 3,
    kRunParent = 1 << 4,
    kRunExp = 1 << 5,
    kTenant = 1 << 6,
    kUserId = 1 << 7,
    kSessionExp = 1 << 8,
    kDelegation = 1 << 9,
    kToolName = 1 << 10,
    kWantScopes = 1 << 11,
    kTokenAud = 1 << 12,
    kTokenExp = 1 << 13,
    kTokenNbf = 1 << 14,
    kTokenIat = 1 << 15,
    kRequestId = 1 << 16,
    kProvenance = 1 << 17,
    kToken = 1 << 18,
    kTokenId = 1 << 19,
    kTokenType = 1 << 20,
    kProof = 1 << 21,
    kCredential = 1 << 22,
    kClaims = 1 << 23,
    kWorkload = 1 << 24,
    kPlatform = 1 << 25,
    kNamespace = 1 << 26,
    kServiceAccount = 1 << 27,
    kWorkloadEnvironment = 1 << 28,
    kInstance = 1 << 29,
    kWorkloadRevoked = 1 << 30,
    kAgent = std::uint64_t{1} << 31,
    kAgentClass = std::uint64_t{1} << 32,
    kAgentOwner = std::uint64_t{1} << 33,
    kDeployment = std::uint64_t{1} << 34,
    kAgentRevoked = std::uint64_t{1} << 35,
    kRun = std::uint64_t{1} << 36,
    kInitiator = std::uint64_t{1} << 37,
    kBackgroundRun = std::uint64_t{1} << 38,
    kRunState = std::uint64_t{1} << 39,
    kUser = std::uint64_t{1} << 40,
    kUserTenant = std::uint64_t{1} << 41,
    kRoles = std::uint64_t{1} << 42,
    kSessionActive = std::uint64_t{1} << 43,
    kTool = std::uint64_t{1} << 44,
    kOperation = std::uint64_t{1} << 45,
    kParams = std::uint64_t{1} << 46,
    kAmount = std::uint64_t{1} << 47,
    kCurrency = std::uint64_t{1} << 48,
    kResource = std::uint64_t{1} << 49,
    kResourceType = std::uint64_t{1} << 50,
    kResourceId = std::uint64_t{1} << 51,
    kResourceTenant = std::uint64_t{1} << 52,
    kResourceEnvironment = std::uint64_t{1} << 53,
    kWant = std::uint64_t{1} << 54,
    kReuse = std::uint64_t{1} << 55,
    kApprovals = std::uint64_t{1} << 56,
};
constexpr Text kRequired[] = {"now",       "token.issuer", "agent.id",  "run.id",           "run.parent_id",
                              "run.exp",   "tenant",       "user.id",   "user.session_exp", "delegation",
                              "tool.name", "want.scopes",  "token.aud", "token.exp",        "token.nbf",
                              "token.iat"};
constexpr std::uint64_t kAllRequired = (1 << std::size(kRequired)) - 1;
constexpr std::uint64_t kAll = (kApprovals << 1) - 1;

// ---- reading ------------------------------------------------------------------------------------

bool read_or_null(Value value, Text& out) {
    out = {};
    return is_null(value) || (read(value, out) && !out.empty());
}

/// A number with at most six digits after the point, in millionths.
bool read_decimal(Value value, std::int64_t& out) {
    constexpr int kMostDigits = 6;
    const Text number = value.raw_json_token();
    std::size_t at = number.starts_with('-') ? 1 : 0;
    const auto digit = [&] { return at < number.size() && number[at] >= '0' && number[at] <= '9'; };
    const std::size_t first = at;
    std::int64_t amount = 0;
    const auto take = [&] {
        return !__builtin_mul_overflow(amount, 10, &amount) &&
               !__builtin_add_overflow(amount, number[at++] - '0', &amount);
    };
    while (digit())
        if (!take()) return false;
    if (at == first || (number[first] == '0' && at > first + 1)) return false;
    int decimals = 0;
    if (at < number.size() && number[at] == '.') {
        for (++at; digit(); ++decimals)
            if (decimals == kMostDigits || !take()) return false;
        if (decimals == 0) return false;
    }
    for (; decimals < kMostDigits; ++decimals)
        if (__builtin_mul_overflow(amount, 10, &amount)) return false;
    out = number.starts_with('-') ? -amount : amount;
    return number.find_first_not_of(" \t\r\n", at) == Text::npos;
}

/// A name and a uid.
bool read_named(Value value, Text& name) {
    std::uint64_t seen = 0;
    Text ignored;
    const bool known = members(value, seen, [&](Key key, Value of) {
        switch (word(key.text)) {
            case word("name"): return key.is("name", 1 << 0) && read(of, name);
            case word("uid"): return key.is("uid", 1 << 1) && read(of, ignored);
            default: return false;
        }
    });
    return known && seen == 3;
}

bool read_cluster(Value value, RefundClaims& claims) {
    std::uint64_t seen = 0;
    Text ignored;
    const bool known = members(value, seen, [&](Key key, Value of) {
        switch (word(key.text)) {
            case word("namespace"): return key.is("namespace", 1 << 0) && read(of, claims.space);
            case word("node"): return key.is("node", 1 << 1) && read_named(of, ignored);
            case word("pod"): return key.is("pod", 1 << 2) && read_named(of, ignored);
            case word("serviceaccount"):
                return key.is("serviceaccount", 1 << 3) && read_named(of, claims.service_account);
            default: return false;
        }
    });
    return known && seen == (1 << 4) - 1;
}

bool read_claims(Value value, RefundClaims& claims) {
    std::uint64_t seen = 0;
    Text ignored;
    const bool known = members(value, seen, [&](Key key, Value of) {
        switch (word(key.text)) {
            case word("iss"): return key.is("iss", 1 << 0) && read(of, claims.issuer);
            case word("sub"): return key.is("sub", 1 << 1) && read(of, ignored);
            case word("aud"): return key.is("aud", 1 << 2) && read_texts(of, claims.audience);
            case word("exp"): return key.is("exp", 1 << 3) && read_seconds(of, claims.exp);
            case word("iat"): return key.is("iat", 1 << 4) && read_seconds(of, claims.iat);
            case word("nbf"): return key.is("nbf", 1 << 5) && read_seconds(of, claims.nbf);
            case word("jti"): return key.is("jti", 1 << 6) && read(of, claims.id);
            case word("kubernetes.io"): return key.is("kubernetes.io", 1 << 7) && read_cluster(of, claims);
            default: return false;
        }
    });
    return known && seen == (1 << 8) - 1;
}

/// How far each group can be trusted. A group that is trusted less than its fields need is refused.
bool read_provenance(Value value) {
    constexpr std::uint8_t kModel = 0, kAsserted = 1, kBy = 2, kVerified = 3;
    std::uint64_t seen = 0;
    const bool known = members(value, seen, [&](Key key, Value of) {
        const auto group = [&](Text name, std::uint64_t bit, std::uint8_t least) {
            std::uint8_t trust = 0;
            return key.is(name, bit) && read_member(of, kTrust, trust) && trust >= least;
        };
        switch (word(key.text)) {
            case word("now"): return group("now", 1 << 0, kBy);
            case word("token"): return group("token", 1 << 1, kVerified);
            case word("workload"): return group("workload", 1 << 2, kBy);
            case word("agent"): return group("agent", 1 << 3, kBy);
            case word("run"): return group("run", 1 << 4, kBy);
            case word("tenant"): return group("tenant", 1 << 5, kBy);
            case word("user"): return group("user", 1 << 6, kBy);
            case word("delegation"): return group("delegation", 1 << 7, kBy);
            case word("tool"): return group("tool", 1 << 8, kAsserted);
            case word("resource"): return group("resource", 1 << 9, kBy);
            case word("want"): return group("want", 1 << 10, kModel);
            case word("approvals"): return group("approvals", 1 << 11, kBy);
            default: return false;
        }
    });
    return known && seen == (1 << 12) - 1;
}

/// An empty list.
bool read_nothing(Value value) {
    simdjson::ondemand::array array;
    bool empty = false;
    return value.get_array().get(array) == simdjson::SUCCESS && array.is_empty().get(empty) == simdjson::SUCCESS &&
           empty;
}

/// A token may say less than its claims, never more; moments may differ by a second of rounding.
bool agree(const RefundFacts& facts) {
    const auto missing = [&](std::uint64_t field) { return (facts.stated & field) == 0; };
    const RefundClaims& claims = facts.claims;
    return (missing(kTokenIssuer) || facts.who.issuer == claims.issuer) && facts.who.token_id == claims.id &&
           (missing(kTokenExp) || facts.token_exp <= claims.exp + kSecond) &&
           (missing(kTokenNbf) || facts.token_nbf >= claims.nbf - kSecond) &&
           (missing(kTokenIat) || facts.token_iat <= claims.iat + kSecond) &&
           std::all_of(facts.audience.begin(), facts.audience.end(),
                       [&](Text each) { return has(claims.audience, each); });
}

bool for_us(const RefundFacts& facts) {
    return !facts.audience.empty() &&
           std::all_of(facts.audience.begin(), facts.audience.end(), [](Text each) { return same(each, kBroker); });
}
bool is_current(const RefundFacts& facts) {
    const auto stated = [&](std::uint64_t field) { return (facts.stated & field) != 0; };
    const std::int64_t now = facts.now;
    return (!stated(kTokenExp) || facts.token_exp > now) && (!stated(kTokenNbf) || facts.token_nbf <= now) &&
           (!stated(kTokenIat) || (facts.token_iat <= now && now - facts.token_iat <= kMaxAge));
}

/// Makes the checks that need no rule.
bool bind(RefundFacts& facts) {
    if (!agree(facts)) return false;
    facts.sound = (facts.stated & kAllRequired) == kAllRequired && same(facts.who.issuer, kCluster) && for_us(facts) &&
                  is_current(facts) && same(facts.who.tool, kRefund) && !facts.scopes.empty() &&
                  facts.session_exp > facts.now;
    return true;
}

// ---- deciding -----------------------------------------------------------------------------------

void refuse(const RefundFacts& facts, Decision& decision) {
    for (std::size_t i = 0; i < std::size(kRequired); ++i)
        if ((facts.stated >> i & 1) == 0) decision.reason("fact_missing", writ::kNoRule, kRequired[i]);
    const auto stated = [&](std::uint64_t fields) { return (facts.stated & fields) == fields; };
    const bool known = same(facts.who.issuer, kCluster);
    if (stated(kTokenIssuer) && !known) decision.reason("issuer_unknown");
    if (known && stated(kTokenAud) && !for_us(facts)) decision.reason("audience_mismatch");
    if (stated(kNow) && !is_current(facts)) decision.reason("token_not_current");
    if (stated(kToolName) && !same(facts.who.tool, kRefund)) decision.reason("unknown_tool");
    if (stated(kWantScopes) && facts.scopes.empty()) decision.reason("nothing_requested");
    if (stated(kNow | kSessionExp) && facts.session_exp <= facts.now) decision.reason("user_session_ended");
}

void append_json(std::string& out, Text text) {
    out += '"';
    const std::size_t before = out.size();
    out.resize(before + 6 * text.size() + 1);
    out.resize(static_cast<std::size_t>(escape(out.data() + before, text) - out.data()));
    out += '"';
}

/// The shortest decimal.
void append_decimal(std::string& out, std::int64_t millionths) {
    const bool negative = millionths < 0;
    const auto size = negative ? 0 - static_cast<std::uint64_t>(millionths) : static_cast<std::uint64_t>(millionths);
    if (negative) out += '-';
    out += std::to_string(size / kOne);
    std::uint64_t fraction = size % kOne;
    if (fraction == 0) return;
    out += '.';
    for (std::uint64_t unit = kOne / 10; fraction != 0; fraction %= unit, unit /= 10)
        out += static_cast<char>('0' + fraction / unit);
}

/// An item of a list in the digest.
void append_item(std::string& out, Text text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr Text kHex = "0123456789ABCDEF";
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           Text("-._:@").find(c) != Text::npos;
        if (plain)
            out += c;
        else
            out += '%', out += kHex[byte >> 4], out += kHex[byte & 15];
    }
}

/// What an approval must be bound to: docs/decision-format.md.
void bind_approval(const RefundFacts& facts, std::string& digest) {
    thread_local std::string lines;
    const Who& who = facts.who;
    lines = "writ.binding.v2\n";
    const auto line = [&](Text name, Text value) {
        lines += name;
        append_json(lines, value);
        lines += '\n';
    };
    line("agent.id=", who.agent);
    line("run.id=", who.run);
    line("tenant=", who.tenant);
    line("user.id=", who.user);
    line("tool.name=", who.tool);
    lines += "tool.operation=null\ntool.params={\"amount\":";
    append_decimal(lines, facts.amount);
    lines += ",\"currency\":";
    append_json(lines, facts.currency);
    lines += "}\n";
    line("resource.type=", facts.resource_type);
    line("resource.id=", who.resource);
    line("resource.environment=", kEnvironments[facts.resource_environment]);
    line("resource.tenant=", facts.resource_tenant);

    Texts scopes = facts.scopes;
    std::sort(scopes.begin(), scopes.end());
    digest = "v2;scopes=";
    for (const Text& each : scopes) {
        if (&each != scopes.begin()) {
            if (each == *(&each - 1)) continue;
            digest += ',';
        }
        append_item(digest, each);
    }
    digest += ";audience=";
    append_item(digest, kPayments);
    digest += ";ttl=policy;resource=environment,tenant;sha256=";
    writ::append_hex(digest, writ::sha256(lines));
}

}  // namespace

Refund::Refund(const writ::Bundle& bundle)
    : rules_(bundle),
      permit_(rules_.find("refund_current_tenant")),
      approval_(rules_.find("large_refund_approval")),
      unauthorized_(rules_.find("user_not_authorized")),
      identity_(rules_.find("identity_revoked")),
      ended_(rules_.find("run_ended")),
      paused_(rules_.find("run_paused")),
      session_(rules_.find("user_session_ended")),
      static_(rules_.find("credential_static")),
      node_(rules_.find("credential_node")),
      passthrough_(rules_.find("token_passthrough")),
      wildcard_(rules_.find("scope_wildcard")),
      environment_(rules_.find("environment_mismatch")),
      tenant_(rules_.find("tenant_mismatch")) {}

bool Refund::read(Parser& parser, Text json, Facts& facts) const {
    facts.who = {};
    facts.now = 0;
    facts.scopes.clear();
    facts.audience.clear();
    std::uint64_t seen = 0;
    std::uint8_t proof = 0;
    Text ignored;
    Who& who = facts.who;
    const auto token = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("issuer"): return key.is("issuer", kTokenIssuer) && fair::read(value, who.issuer);
            case word("aud"): return key.is("aud", kTokenAud) && read_texts(value, facts.audience);
            case word("exp"): return key.is("exp", kTokenExp) && read_seconds(value, facts.token_exp);
            case word("nbf"): return key.is("nbf", kTokenNbf) && read_seconds(value, facts.token_nbf);
            case word("iat"): return key.is("iat", kTokenIat) && read_seconds(value, facts.token_iat);
            case word("jti"): return key.is("jti", kTokenId) && fair::read(value, who.token_id);
            case word("typ"): return key.is("typ", kTokenType) && read_or_null(value, ignored);
            case word("proof"): return key.is("proof", kProof) && read_member(value, kProofs, proof);
            case word("credential_kind"):
                return key.is("credential_kind", kCredential) && read_member(value, kCredentials, facts.credential);
            case word("claims"): return key.is("claims", kClaims) && read_claims(value, facts.claims);
            default: return false;
        }
    };
    const auto workload = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("platform"): return key.is("platform", kPlatform) && fair::read(value, ignored);
            case word("namespace"): return key.is("namespace", kNamespace) && read_or_null(value, ignored);
            case word("service_account"):
                return key.is("service_account", kServiceAccount) && read_or_null(value, ignored);
            case word("environment"):
                return key.is("environment", kWorkloadEnvironment) &&
                       read_member(value, kEnvironments, facts.workload_environment);
            case word("instance_id"): return key.is("instance_id", kInstance) && read_or_null(value, who.workload);
            case word("revoked"):
                return key.is("revoked", kWorkloadRevoked) && fair::read(value, facts.workload_revoked);
            default: return false;
        }
    };
    const auto agent = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kAgentId) && fair::read(value, who.agent);
            case word("class"): return key.is("class", kAgentClass) && fair::read(value, who.agent_class);
            case word("owner"): return key.is("owner", kAgentOwner) && read_or_null(value, ignored);
            case word("deployment_id"):
                return key.is("deployment_id", kDeployment) && fair::read(value, who.deployment);
            case word("revoked"): return key.is("revoked", kAgentRevoked) && fair::read(value, facts.agent_revoked);
            default: return false;
        }
    };
    const auto run = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kRunId) && fair::read(value, who.run);
            case word("parent_id"): return key.is("parent_id", kRunParent) && is_null(value);
            case word("initiator"): return key.is("initiator", kInitiator) && read_or_null(value, who.initiator);
            case word("exp"): return key.is("exp", kRunExp) && is_null(value);
            case word("background"): return key.is("background", kBackgroundRun) && fair::read(value, facts.background);
            case word("state"): return key.is("state", kRunState) && read_member(value, kStates, facts.run_state);
            default: return false;
        }
    };
    const auto user = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kUserId) && fair::read(value, who.user);
            case word("tenant"): return key.is("tenant", kUserTenant) && fair::read(value, facts.user_tenant);
            case word("roles"): return key.is("roles", kRoles) && read_texts(value, facts.roles);
            case word("session_active"):
                return key.is("session_active", kSessionActive) && fair::read(value, facts.session_active);
            case word("session_exp"):
                return key.is("session_exp", kSessionExp) && read_seconds(value, facts.session_exp);
            default: return false;
        }
    };
    const auto params = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("amount"): return key.is("amount", kAmount) && read_decimal(value, facts.amount);
            case word("currency"): return key.is("currency", kCurrency) && fair::read(value, facts.currency);
            default: return false;
        }
    };
    const auto tool = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("name"): return key.is("name", kToolName) && fair::read(value, who.tool);
            case word("operation"): return key.is("operation", kOperation) && is_null(value);
            case word("params"): return key.is("params", kParams) && members(value, seen, params);
            default: return false;
        }
    };
    const auto resource = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("type"): return key.is("type", kResourceType) && fair::read(value, facts.resource_type);
            case word("id"): return key.is("id", kResourceId) && fair::read(value, who.resource);
            case word("tenant"): return key.is("tenant", kResourceTenant) && fair::read(value, facts.resource_tenant);
            case word("environment"):
                return key.is("environment", kResourceEnvironment) &&
                       read_member(value, kEnvironments, facts.resource_environment);
            default: return false;
        }
    };
    const auto want = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("scopes"): return key.is("scopes", kWantScopes) && read_texts(value, facts.scopes);
            case word("reuse_subject_token"):
                return key.is("reuse_subject_token", kReuse) && fair::read(value, facts.reuse);
            default: return false;
        }
    };
    const auto top = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("provenance"): return key.is("provenance", kProvenance) && read_provenance(value);
            case word("now"): return key.is("now", kNow) && read_seconds(value, facts.now);
            case word("request_id"): return key.is("request_id", kRequestId) && fair::read(value, ignored);
            case word("token"): return key.is("token", kToken) && members(value, seen, token);
            case word("workload"): return key.is("workload", kWorkload) && members(value, seen, workload);
            case word("agent"): return key.is("agent", kAgent) && members(value, seen, agent);
            case word("run"): return key.is("run", kRun) && members(value, seen, run);
            case word("tenant"): return key.is("tenant", kTenant) && fair::read(value, who.tenant);
            case word("user"): return key.is("user", kUser) && members(value, seen, user);
            case word("delegation"): return key.is("delegation", kDelegation) && is_null(value);
            case word("tool"): return key.is("tool", kTool) && members(value, seen, tool);
            case word("resource"): return key.is("resource", kResource) && members(value, seen, resource);
            case word("want"): return key.is("want", kWant) && members(value, seen, want);
            case word("approvals"): return key.is("approvals", kApprovals) && read_nothing(value);
            default: return false;
        }
    };
    if (!read_document(parser, json, seen, top) || (seen | kAllRequired) != kAll) return false;
    facts.stated = seen;
    return bind(facts);
}

/// The denies that apply, in the order of the policy.
bool Refund::denied(const Facts& facts, Decision& decision) const {
    const auto deny = [&](bool applies, std::uint32_t rule) {
        if (applies) decision.reason(rules_.name(rule), rule);
    };
    const Text tenant = facts.who.tenant;
    deny(!has(facts.roles, kRole), unauthorized_);
    deny(facts.workload_revoked || facts.agent_revoked, identity_);
    deny(facts.run_state == kEnded, ended_);
    deny(facts.run_state == kPaused, paused_);
    deny(!facts.session_active, session_);  // the tool writes
    deny(facts.credential == kStatic, static_);
    deny(facts.credential == kNode, node_);
    deny(facts.reuse, passthrough_);
    deny(
        std::any_of(facts.scopes.begin(), facts.scopes.end(), [](Text scope) { return scope.find('*') != Text::npos; }),
        wildcard_);
    deny(facts.workload_environment != facts.resource_environment, environment_);
    deny(facts.resource_tenant != tenant || facts.user_tenant != tenant, tenant_);
    return !decision.reasons.empty();
}

void Refund::decide(const Facts& facts, Decision& decision) const {
    decision.start(facts.now, facts.who);
    if (!facts.sound) return refuse(facts, decision);
    if (denied(facts, decision)) return;
    const bool ours = same(facts.claims.space, "agents-prod") && same(facts.claims.service_account, "refund-agent") &&
                      facts.resource_tenant == facts.who.tenant && same(facts.currency, "USD") && facts.amount > 0 &&
                      facts.amount <= kLarge;
    if (!ours) return decision.reason("no_permit");
    for (const Text scope : facts.scopes)
        if (same(scope, kCreate)) decision.scopes.push_back(scope);
    if (decision.scopes.empty()) return decision.reason("scope_not_offered");
    decision.audience.push_back(kPayments);
    const std::int64_t ends = std::min(facts.token_exp, facts.token_iat + kMaxAge);
    std::int64_t life = std::min({kLifetime, ends - facts.now, facts.session_exp - facts.now});
    if (facts.background) life = std::min(life, kBackground);
    if (life < kSecond) return decision.refuse("ttl_exhausted");
    if (facts.amount > kSmall) {
        decision.scopes.clear();
        decision.audience.clear();
        bind_approval(facts, decision.binding_digest);
        decision.requirement = approval_;
        decision.requirement_terms = kTerms;
        decision.expires = facts.now + kWithin;
        decision.reason("approval_required", approval_);
        decision.effect = writ::Effect::NeedsApproval;
        return;
    }
    decision.obligations = kObligation;
    decision.ttl = life / kSecond;
    decision.reason("permitted", permit_);
    decision.effect = writ::Effect::Permit;
}

}  // namespace bench::fair

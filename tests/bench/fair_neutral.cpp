#include "fair_neutral.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <nlohmann/json.hpp>

#include "blocks.h"

namespace bench::fair {
namespace {

constexpr Text kBroker = "https://credentials.example.com", kUse = "use", kTools = "https://tools.example.com";
constexpr std::int64_t kLifetime = 900 * kSecond;
constexpr std::uint8_t kDestroy = 2;

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
    kWorkload = 1 << 18,
    kNamespace = 1 << 19,
    kSpiffeId = 1 << 20,
    kEnvironment = 1 << 21,
    kAgent = 1 << 22,
    kAgentClass = 1 << 23,
    kRun = 1 << 24,
    kAttempt = 1 << 25,
    kTool = 1 << 26,
    kResource = 1 << 27,
    kResourceType = 1 << 28,
    kResourceId = 1 << 29,
    kWant = 1 << 30,
    kWantTtl = std::uint64_t{1} << 31,
    kSets = std::uint64_t{1} << 32,
    kApproval = std::uint64_t{1} << 33,
};
constexpr Text kRequired[] = {"now",         "token.issuer", "agent.id",  "run.id",     "run.parent_id",
                              "run.exp",     "tenant",       "user",      "delegation", "tool.name",
                              "want.scopes", "token.aud",    "token.exp", "token.nbf",  "token.iat"};
constexpr std::uint64_t kAllRequired = (1 << std::size(kRequired)) - 1;
constexpr std::uint64_t kAll = (kApproval << 1) - 1;

}  // namespace

// ---- reading ------------------------------------------------------------------------------------

bool Neutral::state(const TextFacts& request, Facts& facts) const {
    constexpr std::int64_t kWhen = 1'760'000'000;  // as in the documents of render_workload.py
    facts.who = {.agent = request.agent,
                 .agent_class = request.model,
                 .deployment = {},
                 .run = request.request_id,
                 .tenant = request.tenant,
                 .user = {},
                 .initiator = {},
                 .chain = {},
                 .workload = request.subject,
                 .issuer = request.issuer,
                 .token_id = {},
                 .tool = request.tool,
                 .resource = request.region};
    facts.now = kWhen;
    facts.token_exp = kWhen + 3'600;
    facts.ttl = request.ttl;
    facts.attempt = request.depth;
    facts.audience = request.audience;
    facts.space = request.space;
    facts.approval = request.approval;
    facts.scopes.clear();
    facts.scopes.push_back(kUse);
    facts.stated = kAll;
    const Who& who = facts.who;
    for (const Text text :
         {who.agent, who.agent_class, who.run, who.tenant, who.workload, who.issuer, who.tool, who.resource,
          facts.audience, facts.space, facts.approval, request.request_id, facts.scopes[0], Text("region")})
        if (!valid(text) || text.size() > kLongestText) return false;
    return read_member(request.environment, kEnvironments, facts.environment) && to_micros(facts.now) &&
           to_micros(facts.token_exp) && to_micros(facts.ttl) && bind(facts);
}

bool Neutral::read(Parser& parser, Text json, Facts& facts) const {
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
            case word("iat"): return key.is("iat", kTokenIat) && is_null(value);
            default: return false;
        }
    };
    const auto workload = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("namespace"): return key.is("namespace", kNamespace) && fair::read(value, facts.space);
            case word("spiffe_id"): return key.is("spiffe_id", kSpiffeId) && fair::read(value, who.workload);
            case word("environment"):
                return key.is("environment", kEnvironment) && read_member(value, kEnvironments, facts.environment);
            default: return false;
        }
    };
    const auto agent = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kAgentId) && fair::read(value, who.agent);
            case word("class"): return key.is("class", kAgentClass) && fair::read(value, who.agent_class);
            default: return false;
        }
    };
    const auto run = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("id"): return key.is("id", kRunId) && fair::read(value, who.run);
            case word("parent_id"): return key.is("parent_id", kRunParent) && is_null(value);
            case word("exp"): return key.is("exp", kRunExp) && is_null(value);
            case word("attempt"): return key.is("attempt", kAttempt) && fair::read(value, facts.attempt);
            default: return false;
        }
    };
    const auto tool = [&](Key key, Value value) { return key.is("name", kToolName) && fair::read(value, who.tool); };
    const auto resource = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("type"): return key.is("type", kResourceType) && fair::read(value, ignored);
            case word("id"): return key.is("id", kResourceId) && fair::read(value, who.resource);
            default: return false;
        }
    };
    const auto want = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("scopes"): return key.is("scopes", kWantScopes) && read_texts(value, facts.scopes);
            case word("ttl"): return key.is("ttl", kWantTtl) && read_seconds(value, facts.ttl);
            default: return false;
        }
    };
    const auto sets = [&](Key key, Value value) {
        return key.is("approval", kApproval) && fair::read(value, facts.approval);
    };
    const auto top = [&](Key key, Value value) {
        switch (word(key.text)) {
            case word("now"): return key.is("now", kNow) && read_seconds(value, facts.now);
            case word("request_id"): return key.is("request_id", kRequestId) && fair::read(value, ignored);
            case word("provenance"):
                return key.is("provenance", kProvenance) && fair::read(value, ignored) && same(ignored, "verified");
            case word("token"): return key.is("token", kToken) && members(value, seen, token);
            case word("workload"): return key.is("workload", kWorkload) && members(value, seen, workload);
            case word("agent"): return key.is("agent", kAgent) && members(value, seen, agent);
            case word("run"): return key.is("run", kRun) && members(value, seen, run);
            case word("tenant"): return key.is("tenant", kTenant) && fair::read(value, who.tenant);
            case word("user"): return key.is("user", kUser) && is_null(value);
            case word("delegation"): return key.is("delegation", kDelegation) && is_null(value);
            case word("tool"): return key.is("tool", kTool) && members(value, seen, tool);
            case word("resource"): return key.is("resource", kResource) && members(value, seen, resource);
            case word("want"): return key.is("want", kWant) && members(value, seen, want);
            case word("sets"): return key.is("sets", kSets) && members(value, seen, sets);
            default: return false;
        }
    };
    if (!read_document(parser, json, seen, top) || (seen | kAllRequired) != kAll) return false;
    facts.stated = seen;
    return bind(facts);
}

/// Looks the texts up that rules compare, and makes the checks that need no rule.
bool Neutral::bind(Facts& facts) const {
    const Who& who = facts.who;
    if (!is_spiffe<Block>(who.workload)) return false;
    facts.issuer_id = issuers_.find(who.issuer);
    facts.space_id = spaces_.find(facts.space);
    facts.tenant_id = tenants_.find(who.tenant);
    facts.tool_id = tools_.find(who.tool);
    facts.approved = same(facts.approval, "approved");
    facts.sound = (facts.stated & kAllRequired) == kAllRequired && facts.issuer_id != 0 && facts.tool_id != 0 &&
                  same(facts.audience, kBroker) && facts.token_exp > facts.now && !facts.scopes.empty();
    return true;
}

// ---- deciding -----------------------------------------------------------------------------------

void Neutral::refuse(const Facts& facts, Decision& decision) const {
    for (std::size_t i = 0; i < std::size(kRequired); ++i)
        if ((facts.stated >> i & 1) == 0) decision.reason("fact_missing", writ::kNoRule, kRequired[i]);
    const auto stated = [&](std::uint64_t field) { return (facts.stated & field) != 0; };
    if (stated(kTokenIssuer) && facts.issuer_id == 0) decision.reason("issuer_unknown");
    if (facts.issuer_id != 0 && stated(kTokenAud) && !same(facts.audience, kBroker))
        decision.reason("audience_mismatch");
    if (stated(kNow) && stated(kTokenExp) && facts.token_exp <= facts.now) decision.reason("token_not_current");
    if (stated(kToolName) && facts.tool_id == 0) decision.reason("unknown_tool");
    if (stated(kWantScopes) && facts.scopes.empty()) decision.reason("nothing_requested");
}

void Neutral::decide(const Facts& facts, Decision& decision) const {
    decision.start(facts.now, facts.who);
    if (!facts.sound) return refuse(facts, decision);
    const std::uint64_t space = facts.space_id, tool = facts.tool_id;
    if (const Entry* denied = denies_by_->find(key_of(0, space, 0, tool)); denied != nullptr) {
        for (std::uint32_t i = denied->first; i < denied->first + denied->count; ++i)
            decision.reason(rules_.name(denies_[i]), denies_[i]);
        return;
    }
    const std::uint8_t tier = tiers_[tool];
    const Entry* found = permits_by_->find(key_of(facts.issuer_id, space, facts.tenant_id, tool));
    const Permit* used = nullptr;
    if (found != nullptr && (tier != kDestroy || facts.approved)) {
        const Permit* const end = permits_.data() + found->first + found->count;
        used = std::find_if(permits_.data() + found->first, end, [&](const Permit& permit) {
            return tier <= permit.max_tier && facts.attempt <= permit.max_attempt;
        });
        if (used == end) used = nullptr;
    }
    if (used == nullptr) return decision.reason("no_permit");
    for (const Text scope : facts.scopes)
        if (same(scope, kUse)) decision.scopes.push_back(scope);
    if (decision.scopes.empty()) return decision.reason("scope_not_offered");
    decision.audience.push_back(kTools);
    const std::int64_t life = std::min({kLifetime, facts.token_exp - facts.now, facts.ttl});
    if (life < kSecond) return decision.refuse("ttl_exhausted");
    decision.ttl = life / kSecond;
    decision.reason("permitted", used->rule);
    decision.effect = writ::Effect::Permit;
}

// ---- the tables ---------------------------------------------------------------------------------

Neutral::Index::Index(std::size_t entries)
    : entries_(std::bit_ceil(2 * entries + 2)),
      mask_(entries_.size() - 1),
      shift_(64 - std::countr_zero(entries_.size())) {}

void Neutral::Index::add(const Entry& entry) {
    std::size_t at = slot_of(entry.key);
    while (entries_[at].key != 0) at = (at + 1) & mask_;
    entries_[at] = entry;
}

Neutral::Neutral(const fs::path& folder, const writ::Bundle& bundle, const std::vector<TextFacts>& requests)
    : rules_(bundle) {
    std::map<Text, std::uint32_t> by_name;
    for (std::uint32_t i = 0; i < bundle.rule_count(); ++i) by_name.emplace(rules_.name(i), i);
    std::map<std::uint64_t, std::vector<Permit>> permits;
    std::map<std::uint64_t, std::vector<std::uint32_t>> denies;
    for (const auto& rule : nlohmann::json::parse(slurp(folder / "rules.json"))) {
        const auto text = [&](const char* field) { return rule.at(field).get<std::string>(); };
        const std::uint32_t number = by_name.at(text("id"));
        const std::uint64_t space = spaces_.add(text("namespace"));
        if (text("effect") == "deny") {
            denies[key_of(0, space, 0, tools_.add(text("tool")))].push_back(number);
            continue;
        }
        const std::uint64_t issuer = issuers_.add(text("issuer")), tenant = tenants_.add(text("tenant"));
        for (const auto& tool : rule.at("tools"))
            permits[key_of(issuer, space, tenant, tools_.add(tool.get<std::string>()))].push_back(
                {number, rule.at("max_tier").get<std::uint8_t>(), rule.at("max_depth").get<std::int64_t>()});
    }
    tiers_.resize(1 + UINT16_MAX);
    for (const TextFacts& request : requests) {
        issuers_.add(request.issuer);
        tiers_[tools_.add(request.tool)] = static_cast<std::uint8_t>(request.tier);
    }
    for (Vocabulary* each : {&issuers_, &spaces_, &tenants_, &tools_}) each->build();

    permits_by_ = std::make_unique<Index>(permits.size());
    for (auto& [key, all] : permits) {
        std::sort(all.begin(), all.end(), [](const Permit& a, const Permit& b) { return a.rule < b.rule; });
        permits_by_->add({key, static_cast<std::uint32_t>(permits_.size()), static_cast<std::uint32_t>(all.size())});
        permits_.insert(permits_.end(), all.begin(), all.end());
    }
    denies_by_ = std::make_unique<Index>(denies.size());
    for (auto& [key, all] : denies) {
        std::sort(all.begin(), all.end());
        denies_by_->add({key, static_cast<std::uint32_t>(denies_.size()), static_cast<std::uint32_t>(all.size())});
        denies_.insert(denies_.end(), all.begin(), all.end());
        if (all.size() > Decision::kReasons) std::exit(std::fprintf(stderr, "too many rules deny one request\n"));
    }
}

}  // namespace bench::fair

#include "serve/issuance_mapping.h"

#include <algorithm>
#include <limits>
#include <set>

#include "base/values.h"
#include "serve/issuance_names.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::string_view kScopes = "want.scopes";
constexpr std::int64_t kMostWindow = 86'400;

/// A name in a gate: a lower-case letter, then at most 20 of `a-z0-9_`.
bool is_short_name(std::string_view text) {
    return !text.empty() && text.size() <= 21 && text.front() >= 'a' && text.front() <= 'z' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

const Value* text_in(RuleReader& reader, const Value& from, const std::string& place, std::string_view key) {
    const Value* value = from.find(key);
    if (value != nullptr && (value->type != Type::String || value->text.empty()))
        reader.wrong(RuleReader::below(place, key), "write a text");
    return value != nullptr && value->type == Type::String ? value : nullptr;
}

/// An object; reports another value.
bool is_object(RuleReader& reader, const Value* from, const std::string& place) {
    if (from != nullptr && from->type != Type::Object) reader.wrong(place, "write an object");
    return from != nullptr && from->type == Type::Object;
}

IssuanceMapping::Claims read_claims(RuleReader& reader, const Value* from, const std::string& place) {
    IssuanceMapping::Claims out;
    if (!is_object(reader, from, place)) return out;
    reader.members(*from, place, {"call", "single_use", "duties"});
    std::set<std::string_view> used;
    for (const auto& [key, to] :
         {std::pair{"call", &out.call}, {"single_use", &out.single_use}, {"duties", &out.duties}}) {
        const Value* name = text_in(reader, *from, place, key);
        if (name == nullptr) continue;
        *to = name->text;
        const auto& reserved = draft::kReservedClaims;
        if (std::find(reserved.begin(), reserved.end(), name->text) != reserved.end())
            reader.wrong(RuleReader::below(place, key),
                         "`" + name->text + "` is a claim of the authorization server; choose another name");
        if (!used.insert(name->text).second)
            reader.wrong(RuleReader::below(place, key), "two claims cannot have the same name");
    }
    return out;
}

std::optional<IssuanceMapping::Approvals> read_approvals(RuleReader& reader, const Value* from,
                                                         const std::string& place) {
    if (!is_object(reader, from, place)) return {};
    reader.members(*from, place, {"endpoint", "audience", "seconds", "key"});
    IssuanceMapping::Approvals out;
    const Value *endpoint = text_in(reader, *from, place, "endpoint"),
                *audience = text_in(reader, *from, place, "audience"), *seconds = from->find("seconds");
    if (endpoint == nullptr || !endpoint->text.starts_with("https://"))
        reader.wrong(RuleReader::below(place, "endpoint"), "write the https address where approvals are asked for");
    else
        out.endpoint = endpoint->text;
    if (audience == nullptr)
        reader.wrong(RuleReader::below(place, "audience"),
                     "write the identifier of the service that takes access requests");
    else
        out.audience = audience->text;
    if (seconds != nullptr) {
        if (seconds->type != Type::Int || seconds->integer < 1 || seconds->integer > kMostWindow)
            reader.wrong(RuleReader::below(place, "seconds"), "write a number of seconds, at most a day");
        out.seconds = seconds->integer;
    }
    if (const Value* key = text_in(reader, *from, place, "key")) {
        const auto read = os::read_public_line(key->text);
        if (read)
            out.trust = ApprovalTrust{*read, out.audience};
        else
            reader.wrong(RuleReader::below(place, "key"), "write the public key, `writ-ed25519-public:ID:BASE64`");
    }
    return out;
}

/// The scopes that rules name as a constant.
std::vector<std::string> scopes_of(const MappingRules& rules) {
    std::vector<std::string> out;
    for (const MappingRule& rule : rules)
        if (rule.to_text == kScopes)
            for (const Value& each : rule.value.items) out.push_back(each.text);
    return out;
}

/// Seconds since 1970 of a moment in a document; INT64_MAX if there is none. One that cannot be read has passed.
std::int64_t moment(const Value& document, const FieldPath& path) {
    const Value* found = at(&document, path);
    if (found == nullptr || found->type == Type::Null) return std::numeric_limits<std::int64_t>::max();
    const auto micros =
        found->type == Type::String ? parse_instant(found->text) : parse_numeric_date(json::write(*found));
    return micros.value_or(0) / 1'000'000;
}

/// Fields on which all sources agree.
class Agreed {
public:
    void weaken(const MappingRule& rule) { groups_.weaken(rule.to.front(), rule.provenance); }
    /// One source: a value, or none.
    void add(const MappingRule& rule, std::optional<StatedFact> fact) {
        const auto [found, first] = fields_.emplace(rule.to, std::nullopt);
        std::optional<Value>& field = found->second;
        if (first && fact)
            field = std::move(fact->value);
        else if (!fact || (field && json::write(fact->value) != json::write(*field)))
            field.reset();
    }
    void write_to(Value& document) const {
        for (const auto& [path, value] : fields_)
            if (value) put(document, path, *value);
        groups_.write_to(document);
    }

private:
    std::map<FieldPath, std::optional<Value>> fields_;  ///< none: not stated, whatever other sources say
    Provenances groups_;
};

}  // namespace

std::string_view token_type_of(std::string_view gate) {
    if (!gate.starts_with(draft::kGate)) return {};
    gate.remove_prefix(draft::kGate.size());
    const std::size_t colon = gate.find(':');
    if (colon == std::string_view::npos || !is_short_name(gate.substr(colon + 1))) return {};
    for (const auto& [name, urn] : draft::kTokenTypes)
        if (name == gate.substr(0, colon)) return urn;
    return {};
}

IssuanceMapping IssuanceMapping::read(RuleReader& reader, const Value& from, const std::string& place) {
    IssuanceMapping out;
    if (!is_object(reader, &from, place)) return out;
    reader.members(
        from, place,
        {"gates", "always", "subjects", "requesting", "targets", "scopes", "details", "claims", "approvals"});
    const auto below = [&](std::string_view key) { return RuleReader::below(place, key); };
    const auto section = [&](std::string_view key, std::string_view each, const std::vector<std::string_view>& own,
                             bool needed) {
        const Value* const found = from.find(key);
        return found == nullptr && !needed ? Section() : reader.section(found, below(key), each, own);
    };
    out.gates_ = reader.texts(from.find("gates"), below("gates"), "a gate");
    if (out.gates_.empty())
        reader.wrong(below("gates"), "write what may be asked for: [\"issue:access_token:token_exchange\"]");
    for (const std::string& gate : out.gates_)
        if (token_type_of(gate).empty())
            reader.wrong(below("gates"), "`" + gate +
                                             "` is no gate; write `issue:access_token:GRANT_TYPE`, or another type of "
                                             "token that the profiles have");
    const std::vector<std::string_view> party{"id", "type", "properties.NAME", "directory.NAME"};
    const std::vector<std::string_view> action{"name", "properties.NAME"};
    out.always_ = reader.rules(from.find("always"), below("always"), {});
    out.subjects_ = section("subjects", "subject type", party, true);
    out.requesting_ = section("requesting", "type of requesting party", party, false);
    out.targets_ = section("targets", "target", {"id", "directory.NAME"}, true);
    out.scopes_ = section("scopes", "scope", action, false);
    if (const Value* details = from.find("details"); is_object(reader, details, below("details")))
        for (const json::Member& type : details->members) {
            const std::string here = RuleReader::below(below("details"), type.first);
            if (type.first == draft::kAudience || type.first == draft::kProtectedResource)
                reader.wrong(here, "this type is the one of gates or scopes, not of `authorization_details`");
            Detail& detail = out.details_[type.first];
            if (!is_object(reader, &type.second, here)) continue;
            reader.members(type.second, here, {"resource", "actions"});
            detail.resource = reader.rules(type.second.find("resource"), RuleReader::below(here, "resource"), party);
            detail.actions =
                reader.section(type.second.find("actions"), RuleReader::below(here, "actions"), "action", action);
        }
    out.claims_ = read_claims(reader, from.find("claims"), below("claims"));
    out.approvals_ = read_approvals(reader, from.find("approvals"), below("approvals"));
    if (!reader.error) out.check(reader, place);
    return out;
}

/// Reports rules that state what is not theirs, and rules that can apply together and contradict each other.
void IssuanceMapping::check(RuleReader& reader, const std::string& place) const {
    std::vector<const MappingRules*> may_ask;  // lists that may name scopes
    for (const auto& each : targets_) may_ask.push_back(&each.second);
    for (const auto& [type, detail] : details_)
        for (const auto& [action, rules] : detail.actions) {
            may_ask.push_back(&rules);
            if (scopes_of(rules).empty())
                reader.wrong(
                    RuleReader::below(place, "details") + "." + type,
                    "the rules of `" + action + "` name no scope; write {\"to\": \"want.scopes\", \"value\": [\"…\"]}");
        }
    if (!details_.empty() && claims_.call.empty())
        reader.wrong(RuleReader::below(place, "claims"),
                     "with `details`, name the claim that says what was permitted; write \"call\": \"acme_call\"");
    for (const MappingRules* list : lists())
        for (const MappingRule& rule : *list) {
            const bool scopes = rule.to_text == kScopes;
            const bool texts = rule.source == MappingRule::Source::Value && rule.value.type == Type::Array &&
                               std::all_of(rule.value.items.begin(), rule.value.items.end(),
                                           [](const Value& each) { return each.type == Type::String; });
            if (scopes && std::find(may_ask.begin(), may_ask.end(), list) == may_ask.end())
                reader.wrong(rule.place, "only the rules of a target, or of an action of `details`, name scopes");
            else if (scopes && !texts)
                reader.wrong(rule.place, "write the scopes as a constant: \"value\": [\"refund:create\"]");
            else if (rule.to.front() == "want" && !scopes && rule.to_text != "want.ttl" &&
                     rule.to_text != "want.all_or_nothing")
                reader.wrong(rule.place, "the service itself states `" + rule.to_text + "`; remove this rule");
            else if (rule.to.front() == "approvals" && approvals_ && approvals_->trust)
                reader.wrong(rule.place,
                             "approvals that `approvals.key` signed are stated by the service; remove this rule");
        }

    // One list of each applies.
    std::vector<std::vector<const MappingRules*>> groups{{&always_}};
    for (const Section* section : {&subjects_, &requesting_, &targets_}) {
        auto& group = groups.emplace_back();
        for (const auto& each : *section) group.push_back(&each.second);
    }
    // Of these, several can apply, if they state whole fields.
    std::vector<const MappingRules*> items;
    for (const auto& each : scopes_) items.push_back(&each.second);
    for (const auto& [type, detail] : details_) {
        items.push_back(&detail.resource);
        for (const auto& each : detail.actions) {
            reader.conflict(detail.resource, each.second);
            items.push_back(&each.second);
        }
    }
    for (std::size_t i = 0; i < groups.size(); ++i)
        for (const MappingRules* one : groups[i]) {
            reader.conflict(*one, *one);
            for (std::size_t j = i + 1; j < groups.size(); ++j)
                for (const MappingRules* other : groups[j]) reader.conflict(*one, *other);
            // A target names scopes for requests without any.
            for (const MappingRules* other : items) reader.conflict(*one, *other, i == 3);
        }
    for (std::size_t i = 0; i < items.size(); ++i) {
        reader.conflict(*items[i], *items[i]);
        for (std::size_t j = i + 1; j < items.size(); ++j) reader.conflict(*items[i], *items[j], true);
    }
}

bool IssuanceMapping::concerns(std::string_view resource_type) const {
    return resource_type == draft::kAudience || resource_type == draft::kProtectedResource ||
           details_.find(resource_type) != details_.end();
}

bool IssuanceMapping::allows(std::string_view gate) const {
    return std::find(gates_.begin(), gates_.end(), gate) != gates_.end();
}

bool IssuanceMapping::knows(const TokenRequest& request) const {
    const auto type = [](const Value& entity) -> std::string_view { return entity.find("type")->text; };
    return rules_of(subjects_, type(*request.subject)) != nullptr &&
           (request.requesting == nullptr || rules_of(requesting_, type(*request.requesting)) != nullptr) &&
           rules_of(targets_, request.target) != nullptr &&
           std::all_of(request.cells.begin(), request.cells.end(), [&](const AccessQuestion& cell) {
               return rules_of(details_.find(type(cell.resource))->second.actions, cell.action.find("name")->text) !=
                      nullptr;
           });
}

FilledToken IssuanceMapping::fill(const TokenRequest& request, const Directory& directory, std::int64_t now) const {
    FilledToken out;
    Agreed facts;
    std::vector<AccessQuestion> all = request.of_subject;
    for (const AccessQuestion& each : request.of_requesting) all.push_back(each);
    const auto attributes = [&](const Value& entity) {
        return directory.find(entity.find("type")->text, entity.find("id")->text);
    };
    /// What rules state about entities. What they read from the context, every question of the request must have.
    const auto apply = [&](const MappingRules& rules, const std::vector<const Value*>& entities, const auto& found) {
        for (const MappingRule& rule : rules) {
            if (rule.to_text == kScopes) continue;
            facts.weaken(rule);
            if (rule.source == MappingRule::Source::Context)
                for (const AccessQuestion& each : all)
                    facts.add(rule, fact_of(rule, {nullptr, nullptr, each.context, now}));
            else
                for (const Value* each : entities) facts.add(rule, fact_of(rule, {each, found(each), nullptr, now}));
        }
    };
    const auto none = [](const Value*) -> const Value* { return nullptr; };
    const auto of_entity = [&](const Value* entity) { return attributes(*entity); };
    const auto party = [&](const Section& section, const Value& who, const std::vector<AccessQuestion>& about) {
        std::vector<const Value*> entities;
        for (const AccessQuestion& each : about) entities.push_back(&each.subject);
        apply(*rules_of(section, who.find("type")->text), entities, of_entity);
    };
    apply(always_, {nullptr}, none);
    party(subjects_, *request.subject, request.of_subject);
    if (request.requesting != nullptr) party(requesting_, *request.requesting, request.of_requesting);
    const MappingRules& of_target = *rules_of(targets_, request.target);
    Value target = Value::object();
    target.set("id", Value::of(request.target));
    apply(of_target, {&target}, [&](const Value*) { return directory.find(draft::kAudience, request.target); });

    std::vector<std::string> scopes;
    const auto ask = [&](const Value& action) {
        const std::string& name = action.find("name")->text;
        scopes.push_back(name);
        const MappingRules* const rules = rules_of(scopes_, name);
        if (rules == nullptr) return;
        apply(*rules, {&action}, none);
        out.dropped += unread_properties(action, *rules);
    };
    // What the rules of scopes, or of cells, state must be the same for each: one decision is about one call.
    std::optional<std::string> call;
    const auto compare = [&](const std::vector<std::pair<const MappingRules*, const Value*>>& sources) {
        std::map<FieldPath, std::string> stated;
        for (const auto& [rules, entity] : sources) {
            const Value* const known = entity->find("id") != nullptr ? attributes(*entity) : nullptr;
            for (const MappingRule& rule : *rules)
                if (rule.to_text != kScopes)
                    if (const auto fact = fact_of(rule, {entity, known, nullptr, now}))
                        stated[rule.to] = json::write(fact->value);
        }
        std::string text;
        for (const auto& [path, value] : stated) {
            for (const std::string& step : path) text += step + '\0';
            text += value + '\0';
        }
        out.one_call = out.one_call && (!call || *call == text);
        call = std::move(text);
    };
    static const MappingRules kNoRules;
    // Beside details, scopes are not asked for: their answers are false.
    for (const AccessQuestion& tuple : request.scope_tuples) {
        if (!request.cells.empty()) break;
        const MappingRules* const rules = rules_of(scopes_, tuple.action.find("name")->text);
        compare({{rules == nullptr ? &kNoRules : rules, &tuple.action}});
        ask(tuple.action);
    }
    if (request.scope_tuples.empty() && request.cells.empty())
        for (const std::string& scope : scopes_of(of_target)) {
            Value action = Value::object();
            action.set("name", Value::of(std::string_view(scope)));
            ask(action);
        }
    for (const AccessQuestion& cell : request.cells) {
        const Detail& detail = details_.find(cell.resource.find("type")->text)->second;
        const MappingRules& rules = *rules_of(detail.actions, cell.action.find("name")->text);
        compare({{&detail.resource, &cell.resource}, {&rules, &cell.action}});
        apply(detail.resource, {&cell.resource}, of_entity);
        apply(rules, {&cell.action}, none);
        out.dropped += unread_properties(cell.action, rules);
        out.of_cells.push_back(scopes_of(rules));
        scopes.insert(scopes.end(), out.of_cells.back().begin(), out.of_cells.back().end());
    }

    Value document = document_of(now);
    facts.write_to(document);
    Value list = Value::array();
    std::set<std::string> seen;
    for (const std::string& each : scopes)
        if (seen.insert(each).second) list.items.push_back(Value::of(std::string_view(each)));
    put(document, {"want", "scopes"}, std::move(list));
    Value audience = Value::array();
    audience.items.push_back(Value::of(request.target));
    put(document, {"want", "audience"}, std::move(audience));
    put(document, {"want", "token_type"}, Value::of(request.token_type));
    put(document, {"want", "reuse_subject_token"}, Value::of(false));
    if (request.approvals) {
        put(document, {"approvals"}, *request.approvals);
        put(document, {"provenance", "approvals"}, Value::of("broker"));
    }

    out.call = Value::object();
    for (const auto& [name, path] : {std::pair<const char*, FieldPath>{"tool", {"tool", "name"}},
                                     {"operation", {"tool", "operation"}},
                                     {"params", {"tool", "params"}},
                                     {"resource", {"resource"}}})
        if (const Value* part = at(&document, path)) out.call.set(name, *part);
    out.ends = std::min({moment(document, {"token", "exp"}), moment(document, {"run", "exp"}),
                         moment(document, {"user", "session_exp"})});
    const Value* delegation = document.find("delegation");
    out.delegated = delegation != nullptr && delegation->type == Type::Object;
    out.document = json::write(document);
    return out;
}

std::vector<const MappingRules*> IssuanceMapping::lists() const {
    std::vector<const MappingRules*> out{&always_};
    for (const Section* section : {&subjects_, &requesting_, &targets_, &scopes_})
        for (const auto& each : *section) out.push_back(&each.second);
    for (const auto& each : details_) {
        out.push_back(&each.second.resource);
        for (const auto& action : each.second.actions) out.push_back(&action.second);
    }
    return out;
}

}  // namespace writ::serve

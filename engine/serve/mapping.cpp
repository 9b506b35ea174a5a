#include "serve/mapping.h"

#include <algorithm>

#include "base/digest.h"
#include "os/files.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

constexpr std::size_t kMaxMapping = 1u << 20;

/// Reports the first two rules that can both apply and state the same field.
void find_conflict(RuleReader& reader, const MappingRules& always, std::initializer_list<const Section*> sections) {
    std::vector<std::vector<const MappingRules*>> groups{{&always}};
    for (const Section* section : sections) {
        auto& group = groups.emplace_back();
        for (const auto& each : *section) group.push_back(&each.second);
    }
    for (std::size_t i = 0; i < groups.size(); ++i)
        for (const MappingRules* one : groups[i]) {
            reader.conflict(*one, *one);
            // Of one section, only one list applies.
            for (std::size_t j = i + 1; j < groups.size(); ++j)
                for (const MappingRules* other : groups[j]) reader.conflict(*one, *other);
        }
}

}  // namespace

void Mapping::read_http(const Value& from, RuleReader& reader) {
    auto read = HttpRoutes::read(from, "$.http");
    if (!read) return reader.wrong(read.error().context, read.error().message);
    for (const auto& [action, place] : read->actions())
        if (rules_of(actions_, action) == nullptr)
            reader.wrong(place, "`actions` has no rules for `" + std::string(action) + "`");
    http_ = std::move(*read);
}

Result<Mapping> Mapping::read(const std::string& path) {
    const auto content = os::read_file(path, kMaxMapping);
    if (!content) return fail(Code::MappingNotValid, content.error().reason, path);
    return parse(*content, path);
}

Result<Mapping> Mapping::parse(std::string_view text, const std::string& name) {
    const auto document = json::parse(text, {.max_bytes = kMaxMapping});
    if (!document) return fail(Code::MappingNotValid, document.error().message, name + ": " + document.error().context);
    Mapping out;
    out.name_ = name;
    out.version_ = sha256_hex(text);
    RuleReader reader(name);
    if (document->type != Type::Object) {
        reader.wrong("$", "a mapping is an object with `subjects`, `resources` and `actions`");
        return tl::unexpected(std::move(*reader.error));
    }
    reader.members(*document, "$",
                   {"always", "subjects", "resources", "actions", "http", "obligations", "explain", "issuance"});
    const Value* const issuance = document->find("issuance");
    const auto section = [&](std::string_view key, std::string_view each, const std::vector<std::string_view>& own) {
        const Value* const from = document->find(key);
        // With `issuance`, a mapping may be for token requests alone.
        return from == nullptr && issuance != nullptr ? Section()
                                                      : reader.section(from, RuleReader::below("$", key), each, own);
    };
    out.always_ = reader.rules(document->find("always"), "$.always", {});
    const std::vector<std::string_view> entity{"id", "type", "properties.NAME", "directory.NAME"};
    out.subjects_ = section("subjects", "subject type", entity);
    out.resources_ = section("resources", "resource type", entity);
    out.actions_ = section("actions", "action", {"name", "properties.NAME"});
    if (const Value* http = document->find("http")) out.read_http(*http, reader);
    out.explain_ = reader.flag(*document, "$", "explain");
    out.obligations_ = reader.texts(document->find("obligations"), "$.obligations", "an obligation");
    if (!reader.error) find_conflict(reader, out.always_, {&out.subjects_, &out.resources_, &out.actions_});
    if (issuance != nullptr) {
        reader.overlays = false;
        out.issuance_ = IssuanceMapping::read(reader, *issuance, "$.issuance");
        for (const auto& each : out.resources_)
            if (out.issuance_->concerns(each.first))
                reader.wrong(RuleReader::below("$.resources", each.first),
                             "questions about this type are token requests; write the rules in `issuance`");
    }
    if (reader.error) return tl::unexpected(std::move(*reader.error));
    return out;
}

Result<void> Mapping::check(const Layers& layers) const {
    std::vector<const MappingRules*> lists{&always_};
    for (const Section* section : {&subjects_, &resources_, &actions_})
        for (const auto& each : *section) lists.push_back(&each.second);
    if (issuance_)
        for (const MappingRules* each : issuance_->lists()) lists.push_back(each);
    return check_rules(layers, lists, name_);
}

Filled Mapping::fill(const AccessQuestion& question, const Directory& directory, std::int64_t now) const {
    Filled out;
    Value document = document_of(now);
    const std::string& type = question.resource.find("type")->text;
    const MappingRules* const subject = rules_of(subjects_, question.subject.find("type")->text);
    const MappingRules* const resource = rules_of(resources_, type);
    const MappingRules* const action = rules_of(actions_, question.action.find("name")->text);
    if (subject == nullptr || resource == nullptr || action == nullptr || (issuance_ && issuance_->concerns(type))) {
        out.document = json::write(document);
        return out;
    }
    Provenances groups;
    const auto apply = [&](const MappingRules& rules, const Value* entity, const Value* attributes) {
        for (const MappingRule& rule : rules) {
            auto fact = fact_of(rule, {entity, attributes, question.context, now});
            // What a client leaves out must not make the rest of the group more trusted.
            groups.weaken(rule.to.front(), fact ? fact->provenance : rule.provenance);
            if (fact) put(document, rule.to, std::move(fact->value));
        }
    };
    const auto attributes = [&](const Value& entity) {
        return directory.find(entity.find("type")->text, entity.find("id")->text);
    };
    apply(always_, nullptr, nullptr);
    apply(*subject, &question.subject, attributes(question.subject));
    apply(*resource, &question.resource, attributes(question.resource));
    apply(*action, &question.action, nullptr);
    out.dropped = unread_properties(question.action, *action);
    groups.write_to(document);
    if (const Value* scopes = at(&document, {"want", "scopes"}); scopes != nullptr)
        for (const Value& each : scopes->items) out.scopes.push_back(each.text);
    out.document = json::write(document);
    return out;
}

std::vector<std::string_view> Mapping::actions() const {
    std::vector<std::string_view> out;
    for (const auto& each : actions_)
        if (each.first != "*") out.push_back(each.first);
    return out;
}

bool Mapping::fulfils(std::string_view obligation) const {
    return std::find(obligations_.begin(), obligations_.end(), obligation) != obligations_.end();
}

}  // namespace writ::serve

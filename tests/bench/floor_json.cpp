// The lower bounds that start from JSON text.
#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "floor.h"

namespace bench {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string_view text(const element& value) {
    return value.get_string().value_unsafe();
}
int integer(const element& value) {
    return static_cast<int>(value.get_int64().value_unsafe());
}
/// A member of a small object.
element member(const object& of, std::string_view name) {
    return of.at_key(name).value_unsafe();
}
object group(const element& value) {
    return value.get_object().value_unsafe();
}

}  // namespace

struct JsonFloor::Parser {
    simdjson::dom::parser dom;
};

JsonFloor::JsonFloor(const Floor& floor) : floor_(floor), parser_(std::make_unique<Parser>()) {}
JsonFloor::~JsonFloor() = default;

bool JsonFloor::flat_simdjson(std::string_view json) {
    element document;
    if (parser_->dom.parse(json.data(), json.size(), false).get(document) != simdjson::SUCCESS) return false;
    TextFacts facts;
    // One pass over the members instead of one lookup for each field.
    for (const auto& [name, value] : group(document)) {
        if (name == "issuer")
            facts.issuer = text(value);
        else if (name == "namespace")
            facts.space = text(value);
        else if (name == "tenant")
            facts.tenant = text(value);
        else if (name == "tool")
            facts.tool = text(value);
        else if (name == "tier")
            facts.tier = integer(value);
        else if (name == "depth")
            facts.depth = integer(value);
        else if (name == "approval")
            facts.approval = text(value);
    }
    return floor_.decide(facts);
}

bool JsonFloor::writ_simdjson(std::string_view json) {
    element document;
    if (parser_->dom.parse(json.data(), json.size(), false).get(document) != simdjson::SUCCESS) return false;
    TextFacts facts;
    for (const auto& [name, value] : group(document)) {
        if (name == "token")
            facts.issuer = text(member(group(value), "issuer"));
        else if (name == "workload")
            facts.space = text(member(group(value), "namespace"));
        else if (name == "tenant")
            facts.tenant = text(value);
        else if (name == "tool")
            facts.tool = text(member(group(value), "name"));
        else if (name == "run")
            facts.depth = integer(member(group(value), "attempt"));
        else if (name == "sets")
            facts.approval = text(member(group(value), "approval"));
    }
    Interned interned = floor_.intern(facts);
    interned.tier = floor_.tier_of(interned.tool);
    return floor_.decide(interned);
}

bool JsonFloor::flat_nlohmann(std::string_view json) {
    const auto document = nlohmann::json::parse(json);
    const auto view = [&](const char* name) -> std::string_view {
        return document.at(name).get_ref<const std::string&>();
    };
    TextFacts facts;
    facts.issuer = view("issuer");
    facts.space = view("namespace");
    facts.tenant = view("tenant");
    facts.tool = view("tool");
    facts.approval = view("approval");
    facts.tier = document.at("tier").get<int>();
    facts.depth = document.at("depth").get<int>();
    return floor_.decide(facts);
}

struct MicroJsonFloor::Parser {
    simdjson::dom::parser dom;
};

MicroJsonFloor::MicroJsonFloor() : parser_(std::make_unique<Parser>()) {}
MicroJsonFloor::~MicroJsonFloor() = default;

bool MicroJsonFloor::decide(std::string_view json) {
    element document;
    if (parser_->dom.parse(json.data(), json.size(), false).get(document) != simdjson::SUCCESS) return false;
    const auto number = [](const element& value) { return static_cast<long>(value.get_int64().value_unsafe()); };
    MicroFacts facts;
    for (const auto& [name, value] : group(document)) {
        if (name == "now") {
            facts.now = number(value);
        } else if (name == "token") {
            for (const auto& [part, claim] : group(value)) {
                if (part == "issuer") facts.issuer = text(claim);
                if (part == "aud") facts.audience = text(claim);
                if (part != "claims") continue;
                for (const auto& [key, held] : group(claim)) {
                    if (key == "repository_owner")
                        facts.owner = text(held);
                    else if (key == "repository")
                        facts.repository = text(held);
                    else if (key == "ref")
                        facts.ref = text(held);
                    else if (key == "environment")
                        facts.environment = text(held);
                    else if (key == "event_name")
                        facts.event = text(held);
                    else if (key == "runner_environment")
                        facts.runner = text(held);
                    else if (key == "workflow_ref")
                        facts.workflow = text(held);
                    else if (key == "run_attempt")
                        facts.attempt = number(held);
                    else if (key == "iat")
                        facts.issued = number(held);
                }
            }
        } else if (name == "delegation") {
            std::size_t next = 0;
            const simdjson::dom::array chain = member(group(value), "chain").get_array().value_unsafe();
            for (const element hop : chain) {
                if (next == facts.chain.size()) return false;
                MicroFacts::Hop& into = facts.chain[next++];
                into.issuer = text(member(group(hop), "issuer"));
                into.tier = text(member(group(hop), "tier")) == "destroy" ? 2 : 0;
            }
        }
    }
    return micro_floor(facts);
}

}  // namespace bench

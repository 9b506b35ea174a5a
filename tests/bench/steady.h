// Repeats one decision in each way: bound, from text, from JSON, from JSON to JSON. The tests count its instructions
// and allocations.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "writ/evaluator.h"

namespace bench {

inline std::string read_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Steady {
public:
    static constexpr std::string_view kWays[] = {"bound", "text", "json", "json_to_json"};

    Steady(const writ::Bundle& bundle, std::string json)
        : json_(std::move(json)), layers_(bundle), evaluator_(layers_), bound_(layers_), request_(layers_) {
        ready_ = bound_.parse(json_).has_value();
        for (const std::string_view path : kPaths) {
            auto field = request_.field(path);
            ready_ = ready_ && field.has_value();
            if (field) fields_.push_back(*std::move(field));
        }
    }

    /// Decides the request in one of kWays. Output: whether it is permitted. From text only steady.json can be decided.
    [[nodiscard]] bool permits(std::string_view way) {
        if (!ready_) return false;
        if (way == "bound") return permits(bound_);
        if (way == "text") state();
        const bool stated = (way == "text" ? request_.finish() : request_.parse(json_)).has_value();
        if (!stated || !permits(request_)) return false;
        if (way == "json_to_json") to_json(decision_, layers_, writ::View::Operator, document_);
        return true;
    }

    /// The last decision.
    [[nodiscard]] const writ::Decision& decision() const { return decision_; }

private:
    static constexpr std::string_view kPaths[] = {
        "now",           "request_id",         "token.issuer", "token.aud",      "token.exp",     "token.nbf",
        "token.iat",     "workload.namespace", "agent.id",     "agent.class",    "run.id",        "run.parent_id",
        "run.exp",       "run.attempt",        "run.started",  "run.background", "tenant",        "user.id",
        "user.tenant",   "user.session_exp",   "delegation",   "tool.name",      "resource.type", "resource.id",
        "resource.path", "want.scopes",        "approvals"};
    static constexpr std::string_view kScopes[] = {"deploy:create"};

    bool permits(const writ::Request& request) {
        evaluator_.evaluate(request, decision_);
        return decision_.effect == writ::Effect::Permit;
    }
    /// States the facts of steady.json, in the order of kPaths.
    void state() {
        request_.begin(writ::Provenance::Verified);
        const writ::Field* field = fields_.data();
        const auto text = [&](std::string_view value) { request_.set_text(*field++, value); };
        const auto integer = [&](std::int64_t value) { request_.set_int(*field++, value); };
        const auto none = [&] { request_.set_none(*field++); };
        integer(1790000060);
        text("req-1001");
        text("https://ci.example.com");
        text("https://broker.example.com");
        integer(1790003600);
        none();
        integer(1790000000);
        text("payments-prod");
        text("agent-17");
        text("release");
        text("run-7f3a");
        none();
        none();
        integer(1);
        integer(1789999000);
        request_.set_bool(*field++, false);
        text("acme");
        text("alice@example.com");
        text("acme");
        integer(1790007200);
        none();
        text("deploy");
        text("service");
        text("ledger");
        text("/services/ledger/live");
        request_.set_texts(*field++, kScopes);
        none();
    }

    std::string json_, document_;
    writ::Layers layers_;
    writ::Evaluator evaluator_;
    writ::Request bound_, request_;
    std::vector<writ::Field> fields_;
    writ::Decision decision_;
    bool ready_ = false;
};

}  // namespace bench

// The example of token requests, with a decision point that counts instead of recording.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/json.h"
#include "folder.h"
#include "serve/authzen.h"
#include "source_root.h"

namespace writ::testing::tokens {

using json::Value;
using serve::AuthZen;
using serve::AuthZenOptions;
using serve::DecideRecorded;
using serve::DocumentJudge;
using serve::HttpAnswer;
using serve::judge_with;
using serve::Reply;

constexpr std::int64_t kNow = 1'790'000'060;
constexpr const char* kTarget = "https://payments.example.com";

inline std::string example(const std::string& name) {
    return read_bytes(source_root() + "/examples/authzen/issuance/" + name);
}

inline Value parsed(const std::string& text) {
    auto value = json::parse(text, {.max_bytes = 1u << 20});
    if (!value) MESSAGE(text);
    REQUIRE(value);
    return *value;
}

inline Bundle policy_of(const std::string& text) {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", text});
    auto bundle = compile(sources);
    REQUIRE(bundle);
    return *bundle;
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    REQUIRE_MESSAGE(place != std::string::npos, from);
    return text.replace(place, from.size(), to);
}

inline std::string text_of(const Value* value) {
    return value == nullptr ? "" : json::write(*value);
}

/// The files of the example.
struct Files {
    std::string mapping = example("mapping.json"), policy = example("policy.writ"), key;
};

/// The example with changed files, and a decision point that counts instead of recording.
struct Server {
    Folder folder;
    Bundle policy;
    std::vector<std::string> recorded;
    std::function<void(ledger::Decided&)> spoil;  ///< changes a decision
    std::optional<AuthZen> api;

    explicit Server(const Files& files = {}) : policy(policy_of(files.policy)) {
        AuthZenOptions options;
        write_bytes(folder.at("mapping.json"), files.mapping);
        options.mapping = folder.at("mapping.json");
        options.directory = source_root() + "/examples/authzen/issuance/directory.json";
        options.url = "https://pdp.example.com";
        options.binding_key = files.key;
        options.clock = [] { return kNow; };
        options.judge = [this] { return judge_with(policy, nullptr); };
        auto opened = AuthZen::open(std::move(options));
        const std::string refused = opened ? "" : opened.error().message + " " + opened.error().context;
        REQUIRE(refused == "");
        api.emplace(std::move(*opened));
    }

    HttpAnswer post(const std::string& path, const std::string& body) {
        std::optional<HttpAnswer> out;
        const DecideRecorded decide = [&](const std::string& document, const auto& done) {
            ledger::Decided decided;
            recorded.push_back(document);
            decided.record = recorded.size();
            const DocumentJudge judge = judge_with(policy, nullptr);
            if (const Decision* decision = judge(document))
                decided.decision = DetachedDecision(*decision);
            else
                decided.error = Error{"Q0010", "refused", "$"};
            if (spoil) spoil(decided);
            done(std::move(decided));
        };
        const Reply reply = [&](HttpAnswer answer) { out = std::move(answer); };
        if (path == "evaluation")
            api->evaluation(body, decide, reply);
        else if (path == "evaluations")
            api->evaluations(body, decide, reply);
        else if (path == "action")
            api->search_action(body, reply);
        else if (path == "/access/v1/keys")
            api->keys(path, reply);
        else
            api->metadata(path, reply);
        REQUIRE(out);
        return std::move(*out);
    }
    /// The decisions of a batch.
    std::vector<Value> ask(const std::string& body) {
        HttpAnswer answer = post("evaluations", body);
        REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return parsed(answer.body).find("evaluations")->items;
    }
    /// Which are true: `110`.
    std::string yes(const std::string& body) {
        std::string out;
        for (const Value& each : ask(body)) out += each.find("decision")->boolean ? '1' : '0';
        return out;
    }
    /// The first decision's `context`, or a member of its `issuance`.
    std::string context(const std::string& body) { return text_of(ask(body).front().find("context")); }
    std::string issuance(const std::string& body, const std::string& member) {
        const Value first = ask(body).front();
        const Value* context = first.find("context");
        const Value* issuance = context == nullptr ? nullptr : context->find("issuance");
        return issuance == nullptr ? "" : text_of(issuance->find(member));
    }
};

inline std::string refund_body() {
    return example("requests/refund.json");
}
inline std::string large_body() {
    return example("requests/refund_large.json");
}
inline std::string scopes_body() {
    return example("requests/scopes.json");
}
inline std::string gates_body() {
    return example("requests/gates.json");
}

/// A request with other members of its context.
inline std::string with_context(const std::string& body, const std::string& members) {
    return replaced(body, R"("run": "run-1",)", R"("run": "run-1", )" + members + ",");
}

/// A request with one more evaluation.
inline std::string with_item(const std::string& body, const std::string& item) {
    const std::size_t end = body.rfind(']');
    return body.substr(0, end) + "," + item + body.substr(end);
}

inline std::string cell_of(const std::string& properties) {
    return R"({"subject": {"type": "user", "id": "alice"}, "action": {"name": "refund", "properties": {)" + properties +
           R"(}}, "resource": {"type": "payment", "id": "https://payments.example.com",
           "properties": {"payment": "pay-5512", "tenant": "acme"}}})";
}

}  // namespace writ::testing::tokens

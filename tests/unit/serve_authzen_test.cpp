// Tests the AuthZEN API as functions of a body: every case of the fixtures, and what they do not have.
#include <doctest/doctest.h>

#include <utime.h>

#include <set>

#include "base/json.h"
#include "folder.h"
#include "serve/authzen.h"
#include "source_root.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;
using json::Value;

namespace {

Bundle policy_of(const std::string& path) {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", read_bytes(path)});
    auto bundle = compile(sources);
    REQUIRE(bundle);
    return *bundle;
}

Value parsed(const std::string& text) {
    auto value = json::parse(text, {.max_bytes = 1u << 20});
    if (!value) MESSAGE(text);
    REQUIRE(value);
    return *value;
}

/// An example, with a decision point that counts instead of recording.
struct Point {
    std::string folder;
    Bundle policy;
    std::vector<std::string> recorded;         ///< the documents
    std::optional<Error> fails;                ///< every record fails, and so denies
    bool stale = false;                        ///< no policy is active
    std::vector<std::function<void()>> later;  ///< answers that wait
    bool waits = false;
    std::optional<AuthZen> api;

    explicit Point(const std::string& example = "certification", std::function<void(AuthZenOptions&)> change = {})
        : folder(source_root() + "/examples/authzen/" + example), policy(policy_of(folder + "/policy.writ")) {
        AuthZenOptions options;
        options.mapping = folder + "/mapping.json";
        options.directory = folder + "/directory.json";
        options.url = "https://pdp.example.com";
        options.judge = [this] { return stale ? DocumentJudge() : judge_with(policy, nullptr); };
        if (change) change(options);
        auto opened = AuthZen::open(std::move(options));
        const std::string refused = opened ? "" : opened.error().message + " " + opened.error().context;
        REQUIRE(refused == "");
        api.emplace(std::move(*opened));
    }

    DecideRecorded decide() {
        return [this](std::string document, std::function<void(ledger::Decided)> done) {
            ledger::Decided decided;
            recorded.push_back(document);
            const DocumentJudge judge = judge_with(policy, nullptr);
            if (fails)
                decided.error = fails;
            else if (const Decision* decision = judge(document))
                decided.decision = DetachedDecision(*decision);
            else
                decided.error = Error{"Q0010", "refused", "$"};
            if (!waits) return done(std::move(decided));
            later.push_back([done, decided] { done(decided); });
        };
    }

    HttpAnswer post(const std::string& path, const std::string& body) {
        std::optional<HttpAnswer> out;
        const Reply reply = [&](HttpAnswer answer) {
            REQUIRE_FALSE(out);
            out = std::move(answer);
        };
        if (path == "/access/v1/evaluation")
            api->evaluation(body, decide(), reply);
        else if (path == "/access/v1/evaluations")
            api->evaluations(body, decide(), reply);
        else if (path == "/access/v1/search/subject")
            api->search_subject(body, reply);
        else if (path == "/access/v1/search/resource")
            api->search_resource(body, reply);
        else if (path == "/access/v1/search/action")
            api->search_action(body, reply);
        else
            api->metadata(path, reply);
        // The last answer first: the order must not matter.
        while (!later.empty()) {
            const auto next = std::move(later.back());
            later.pop_back();
            next();
        }
        REQUIRE(out);
        return std::move(*out);
    }
    /// The status, and the body without its line end.
    std::string said(const std::string& path, const std::string& body) {
        HttpAnswer answer = post(path, body);
        REQUIRE(answer.body.ends_with('\n'));
        answer.body.pop_back();
        return std::to_string(answer.status) + " " + answer.body;
    }
    std::string evaluate(const std::string& body) { return said("/access/v1/evaluation", body); }
    std::string batch(const std::string& body) { return said("/access/v1/evaluations", body); }
};

const std::string kAlice = R"("subject": {"type": "user", "id": "alice"})";
const std::string kBob = R"("subject": {"type": "user", "id": "bob"})";
const std::string kRead = R"("action": {"name": "read"})";
const std::string kWrite = R"("action": {"name": "write"})";
const std::string kRecord = R"("resource": {"type": "record", "id": "record-1"})";

std::string object(std::initializer_list<std::string> members) {
    std::string out = "{";
    for (const std::string& each : members) out += (out.size() > 1 ? ", " : "") + each;
    return out + "}";
}

std::set<std::string> each_of(const Value& list) {
    std::set<std::string> out;
    for (const Value& each : list.items) out.insert(json::write(each));
    return out;
}

/// Why an answer is not what a case expects; empty: it is.
std::string difference(const HttpAnswer& answer, const Value& expect) {
    const std::string& compare = expect.find("compare")->text;
    if (answer.status != static_cast<unsigned>(expect.find("status")->integer))
        return "status " + std::to_string(answer.status);
    if (compare == "status") return "";
    const Value body = parsed(answer.body);
    if (compare == "page") return body.find("page") != nullptr && body.members.front().first == "page" ? "" : "no page";
    if (compare == "metadata") {
        for (const Value& each : expect.find("required")->items)
            if (body.find(each.text) == nullptr) return each.text + " is missing";
        return "";
    }
    const Value& wanted = *expect.find("body");
    if (compare == "decision" || compare == "decisions" || compare == "decisions-exact")
        return json::write(body) == json::write(wanted) ? "" : json::write(body);
    const std::set<std::string> found = each_of(*body.find("results")), named = each_of(*wanted.find("results"));
    if (compare == "results-superset")
        return std::includes(found.begin(), found.end(), named.begin(), named.end()) ? "" : answer.body;
    return found == named ? "" : answer.body;
}

/// Runs the cases of a file that are not about HTTP itself.
int run(const std::string& file, const std::string& example) {
    Point point(example);
    const Value document = parsed(read_bytes(source_root() + "/tests/serve/data/" + file + ".json"));
    int ran = 0;
    for (const Value& each : document.find("cases")->items) {
        const bool http = each.find("content_type") != nullptr || each.find("auth") != nullptr;
        const std::string& path = each.find("path")->text;
        const Value* const sent = each.find("request");
        if (http || each.find("advisory") != nullptr || each.find("optional") != nullptr) continue;
        if (each.find("method")->text != (path.starts_with("/.well-known") ? "GET" : "POST")) continue;
        std::string body = sent != nullptr                    ? json::write(*sent)
                           : each.find("raw_body") != nullptr ? each.find("raw_body")->text
                                                              : "";
        // The token of the page before.
        if (const std::size_t place = body.find("<next_token of"); place != std::string::npos) {
            const Value first = parsed(point
                                           .post(path, R"({"subject":{"type":"user"},"action":{"name":"read"},
                "resource":{"type":"record","id":"record-1"},"page":{"limit":1}})")
                                           .body);
            body.replace(place, body.find('>', place) + 1 - place, first.find("page")->find("next_token")->text);
        }
        const std::string differs = difference(point.post(path, body), *each.find("expect"));
        CHECK_MESSAGE(differs == "", each.find("id")->text);
        ++ran;
    }
    return ran;
}

}  // namespace

TEST_CASE("serve authzen: the cases of the fixtures") {
    CHECK(run("certification", "certification") == 85);
    CHECK(run("todo", "todo") == 43);
    CHECK(run("gateway", "todo") == 25);
    CHECK(run("search", "search") == 198);
    CHECK(run("idp", "search") == 6);
}

TEST_CASE("serve authzen: every evaluation is recorded, and only those of the answer") {
    Point point;
    CHECK(point.evaluate(object({kAlice, kRead, kRecord})) == R"(200 {"decision":true})");
    CHECK(point.recorded.size() == 1);
    CHECK(point.evaluate(object({kAlice, kRead})) == "400 `resource` is missing");
    CHECK(point.recorded.size() == 1);
    point.recorded.clear();
    const std::string list =
        R"("evaluations": [{"action": {"name": "read"}}, {"action": {"name": "write"}}, {"action": {"name": "read"}}])";
    CHECK(point.batch(object({kBob, kRecord, list})) ==
          R"(200 {"evaluations":[{"decision":true},{"decision":false},{"decision":true}]})");
    CHECK(point.recorded.size() == 3);
    point.recorded.clear();
    CHECK(point.batch(object({kBob, kRecord, list, R"("options": {"evaluations_semantic": "deny_on_first_deny"})"})) ==
          R"(200 {"evaluations":[{"decision":true},{"decision":false}]})");
    CHECK(point.recorded.size() == 2);
    point.recorded.clear();
    CHECK(point.batch(
              object({kBob, kRecord, list, R"("options": {"evaluations_semantic": "permit_on_first_permit"})"})) ==
          R"(200 {"evaluations":[{"decision":true}]})");
    CHECK(point.recorded.size() == 1);
    point.recorded.clear();
    CHECK(point.said("/access/v1/search/subject", object({R"("subject": {"type": "user"})", kRead, kRecord}))
              .starts_with("200 "));
    CHECK(point.recorded.empty());
}

TEST_CASE("serve authzen: answers of a batch keep the order of its elements") {
    Point point;
    point.waits = true;
    const std::string list =
        R"("evaluations": [{"action": {"name": "read"}}, {}, 7, {"action": {"name": "write"}}, {"action": {"name": 1}}])";
    CHECK(
        point.batch(object({kAlice, kRecord, list})) ==
        R"(200 {"evaluations":[{"decision":true},{"decision":false},{"decision":false},{"decision":true},{"decision":false}]})");
    CHECK(point.recorded.size() == 2);
}

TEST_CASE("serve authzen: the three semantics") {
    Point point;
    const auto answer = [&](const std::string& semantic, const std::string& list) {
        return point.batch(object({kBob, kRecord, "\"options\": {\"evaluations_semantic\": " + semantic + "}",
                                   "\"evaluations\": [" + list + "]"}));
    };
    const std::string yes = "{" + kRead + "}", no = "{" + kWrite + "}", bad = R"({"action": {}})", comma = ",";
    CHECK(answer("\"deny_on_first_deny\"", yes + comma + yes) ==
          R"(200 {"evaluations":[{"decision":true},{"decision":true}]})");
    CHECK(answer("\"deny_on_first_deny\"", yes + comma + bad + comma + yes) ==
          R"(200 {"evaluations":[{"decision":true},{"decision":false}]})");
    CHECK(answer("\"permit_on_first_permit\"", bad + comma + no + comma + yes + comma + yes) ==
          R"(200 {"evaluations":[{"decision":false},{"decision":false},{"decision":true}]})");
    CHECK(answer("\"permit_on_first_permit\"", no + comma + no) ==
          R"(200 {"evaluations":[{"decision":false},{"decision":false}]})");
    CHECK(answer("null", no + comma + yes) == R"(200 {"evaluations":[{"decision":false},{"decision":true}]})");
    CHECK(answer("\"all\"", yes).starts_with("400 `options.evaluations_semantic` is not"));
    CHECK(answer("1", yes).starts_with("400 "));
    // Without a policy, the decisions themselves end the answer.
    point.stale = true;
    CHECK(answer("\"deny_on_first_deny\"", no + comma + yes) == R"(200 {"evaluations":[{"decision":false}]})");
}

TEST_CASE("serve authzen: a policy that changes in the middle of a batch gives no cut answer") {
    Point point;
    // The look ahead is by another policy, which permits nothing.
    point.api.reset();
    const Bundle other = policy_of(source_root() + "/examples/authzen/todo/policy.writ");
    Point changed("certification",
                  [&](AuthZenOptions& options) { options.judge = [&] { return judge_with(other, nullptr); }; });
    const std::string list = R"("evaluations": [{}, {}], "options": {"evaluations_semantic": "deny_on_first_deny"})";
    CHECK(changed.batch(object({kAlice, kRead, kRecord, list})) == "503 the policy has just changed; ask again");
}

TEST_CASE("serve authzen: defaults of a batch are replaced as a whole") {
    Point point;
    const auto answer = [&](const std::string& members) { return point.batch("{" + members + "}"); };
    const std::string one_true = R"(200 {"evaluations":[{"decision":true}]})",
                      one_false = R"(200 {"evaluations":[{"decision":false}]})";
    CHECK(answer(kAlice + "," + kRead + R"(, "resource": {}, "evaluations": [{)" + kRecord + "}]") == one_true);
    CHECK(answer(kAlice + "," + kRead +
                 R"(, "resource": {"type": "record"}, "evaluations": [{"resource": {"id": "record-1"}}])") ==
          one_false);
    CHECK(answer(kAlice + "," + kRead + "," + kRecord + R"(, "evaluations": [{"subject": null}])") == one_false);
    CHECK(answer(kAlice + "," + kRead + R"(, "resource": "record-1", "evaluations": [{)" + kRecord + "}]") ==
          "400 `resource` is not an object");
    CHECK(answer(kAlice + "," + kRead + "," + kRecord + R"(, "evaluations": {})") ==
          "400 `evaluations` is not an array");
    CHECK(answer(kAlice + "," + kRead + "," + kRecord + R"(, "evaluations": [{}], "options": [])") ==
          "400 `options` is not an object");
    CHECK(answer(kAlice + "," + kRead + "," + kRecord + R"(, "evaluations": null)") == R"(200 {"decision":true})");
    // A single evaluation has no semantic.
    CHECK(answer(kAlice + "," + kRead + "," + kRecord + R"(, "options": {"evaluations_semantic": 1})") ==
          R"(200 {"decision":true})");
    std::string many = kAlice + "," + kRead + "," + kRecord + ", \"evaluations\": [{}";
    for (int i = 0; i < 256; ++i) many += ",{}";
    CHECK(answer(many + "]") == "413 at most 256 evaluations are allowed");
}

TEST_CASE("serve authzen: what is no question") {
    Point point;
    CHECK(point.evaluate("").starts_with("400 the body is not valid JSON"));
    CHECK(point.evaluate("[]") == "400 the body is not a JSON object");
    CHECK(point.evaluate("{\"subject\": {}, \"subject\": {}}").starts_with("400 the body is not valid JSON"));
    CHECK(point.evaluate(object({R"("subject": {"type": "user", "id": null})", kRead, kRecord})) ==
          "400 `subject.id` is missing");
    CHECK(point.evaluate(object({R"("subject": {"type": 1, "id": "x"})", kRead, kRecord})) ==
          "400 `subject.type` is not text");
    CHECK(point.evaluate(object({R"("subject": {"type": "user", "id": "x", "properties": []})", kRead, kRecord})) ==
          "400 `subject.properties` is not an object");
    CHECK(point.evaluate(object({kAlice, kRead, kRecord, R"("context": "x")"})) == "400 `context` is not an object");
    CHECK(point.evaluate(object({kAlice, kRead, kRecord, R"("context": null)"})) == R"(200 {"decision":true})");
    CHECK(point.post("/access/v1/evaluation", "").type == "text/plain; charset=utf-8");
}

TEST_CASE("serve authzen: an unknown type or action, and a document that is refused, are denied") {
    Point point;
    CHECK(point.evaluate(object({R"("subject": {"type": "robot", "id": "alice"})", kRead, kRecord})) ==
          R"(200 {"decision":false})");
    CHECK(point.evaluate(object({kAlice, R"("action": {"name": "fly"})", kRecord})) == R"(200 {"decision":false})");
    CHECK(point.evaluate(object({R"("subject": {"type": "user", "id": "alice", "properties": {"role": 5}})", kRead,
                                 kRecord})) == R"(200 {"decision":false})");
    CHECK(point.recorded.size() == 3);
}

TEST_CASE("serve authzen: a decision without a record") {
    Point point;
    point.fails = Error{"G0014", "full", ""};
    const HttpAnswer answer = point.post("/access/v1/evaluation", object({kAlice, kRead, kRecord}));
    CHECK(answer.status == 503);
    CHECK(answer.body == "the decision could not be recorded\n");
    CHECK(point.batch(object({kAlice, kRead, kRecord, R"("evaluations": [{}])"})) ==
          R"(200 {"evaluations":[{"decision":false}]})");
}

namespace {

/// The example with another policy or mapping.
struct Changed {
    Folder folder;
    Point point;

    static std::string write(const Folder& folder, const std::string& from, const std::string& to) {
        std::string text = read_bytes(source_root() + "/examples/authzen/certification/mapping.json");
        const std::size_t place = text.find(from);
        REQUIRE(place != std::string::npos);
        write_bytes(folder.at("mapping.json"), text.replace(place, from.size(), to));
        return folder.at("mapping.json");
    }
    Changed(const std::string& from, const std::string& to, const std::string& rules = "")
        : point("certification", [&](AuthZenOptions& options) { options.mapping = write(folder, from, to); }) {
        SourceSet sources;
        sources.sources.push_back({"policy.writ", read_bytes(point.folder + "/policy.writ") + rules});
        auto bundle = compile(sources);
        REQUIRE(bundle);
        point.policy = *bundle;
    }
};

}  // namespace

TEST_CASE("serve authzen: reasons are shown if the mapping says so") {
    Changed with("{", R"({ "explain": true,)");
    CHECK(with.point.evaluate(object({kAlice, kRead, kRecord})) ==
          R"(200 {"decision":true,"context":{"reasons":["permitted"]}})");
    CHECK(with.point.evaluate(object({kBob, kWrite, kRecord})) ==
          R"(200 {"decision":false,"context":{"reasons":["no_permit"]}})");
    CHECK(
        with.point.batch(object({kAlice, kRead, R"("evaluations": [{}])"})) ==
        R"(200 {"evaluations":[{"decision":false,"context":{"error":{"status":400,"message":"`resource` is missing"}}}]})");
}

TEST_CASE("serve authzen: a permit with an obligation that no client fulfils is false") {
    const std::string rule = "\noblige log for tool record_read with audit(level: \"full\")\n";
    Changed without("{", "{", rule);
    CHECK(without.point.evaluate(object({kAlice, kRead, kRecord})) == R"(200 {"decision":false})");
    Changed with("{", R"({ "obligations": ["audit"],)", rule);
    CHECK(with.point.evaluate(object({kAlice, kRead, kRecord})) ==
          R"(200 {"decision":true,"context":{"obligations":[{"name":"audit","args":{"level":"full"}}]}})");
}

TEST_CASE("serve authzen: a permit for a part of the scopes is false, and so is one that needs an approval") {
    const char* scope = R"(["records:read"])";
    Changed part(scope, R"(["records:read", "records:list"])");
    CHECK(part.point.evaluate(object({kAlice, kRead, kRecord})) == R"(200 {"decision":false})");
    Changed waits(scope, scope, "\nrequire asked for tool record_read approval from group \"leads\" within 5m\n");
    CHECK(waits.point.evaluate(object({kAlice, kRead, kRecord})) == R"(200 {"decision":false})");
}

TEST_CASE("serve authzen: pages") {
    Point point("search");
    const std::string base =
        R"("subject": {"type": "user", "id": "alice"}, "action": {"name": "view"}, "resource": {"type": "record"})";
    const auto page = [&](const std::string& members) {
        return point.said("/access/v1/search/resource", "{" + base + R"(, "page": {)" + members + "}}");
    };
    const auto token_in = [](const std::string& said) {
        return parsed(said.substr(4)).find("page")->find("next_token")->text;
    };
    CHECK(point.said("/access/v1/search/resource", "{" + base + "}")
              .starts_with(R"(200 {"results":[{"type":"record","id":"101"},)"));

    // All pages together are the whole answer; later ones need no limit.
    std::set<std::string> seen;
    std::string answer = page(R"("limit": 3)");
    int pages = 1;
    for (;; ++pages) {
        const Value body = parsed(answer.substr(4));
        CHECK(body.find("results")->items.size() <= 3);
        for (const std::string& each : each_of(*body.find("results"))) CHECK(seen.insert(each).second);
        const std::string token = token_in(answer);
        if (token.empty()) break;
        answer = page("\"token\": \"" + token + "\"");
    }
    CHECK(seen.size() == 20);
    CHECK(pages == 7);

    const std::string token = token_in(page(R"("limit": 3)"));
    const std::string with = "\"token\": \"" + token + "\"";
    CHECK(page(R"("limit": 3)") == page(R"("limit": 3)"));
    CHECK(page(with + R"(, "limit": 3)") == page(with));
    CHECK(page(with + R"(, "limit": 4)") == "400 `page.limit` differs from the one of the first page");
    CHECK(
        point
            .said(
                "/access/v1/search/resource",
                R"({"subject": {"type": "user", "id": "bob"}, "action": {"name": "view"}, "resource": {"type": "record"},
          "page": {)" +
                    with + "}}")
            .starts_with("400 `page.token` does not belong"));
    for (const std::string& bad :
         std::vector<std::string>{"x", "3", "3.3.", "3.4" + token.substr(3), "18446744073709551616.3.x"})
        CHECK(page("\"token\": \"" + bad + "\"").starts_with("400 `page.token` does not belong"));
    CHECK(page(R"("token": 1)") == "400 `page.token` is not text");
    CHECK(page(R"("limit": -1)").starts_with("400 `page.limit`"));
    CHECK(page(R"("limit": 1.5)").starts_with("400 `page.limit`"));
    CHECK(page(R"("limit": "1")").starts_with("400 `page.limit`"));
    CHECK(page(R"("limit": 0)").ends_with(R"("results":[]})"));
    CHECK(token_in(page(R"("limit": 0)")) != "");
    CHECK(
        page(R"("limit": null, "token": "", "other": 1)").starts_with(R"(200 {"page":{"next_token":""},"results":[{)"));
    CHECK(point.said("/access/v1/search/resource", "{" + base + R"(, "page": []})") == "400 `page` is not an object");

    point.stale = true;
    CHECK(page("") == "503 no policy is active and fresh");
}

TEST_CASE("serve authzen: a search stops after so many candidates, and goes on with the next page") {
    Point point("search", [](AuthZenOptions& options) { options.max_candidates = 6; });
    const std::string body =
        R"({"subject": {"type": "user", "id": "felix"}, "action": {"name": "delete"}, "resource": {"type": "record"})";
    std::set<std::string> seen;
    std::string token;
    int pages = 0;
    do {
        const Value answer =
            parsed(point.post("/access/v1/search/resource", body + R"(, "page": {"token": ")" + token + "\"}}").body);
        seen.merge(each_of(*answer.find("results")));
        token = answer.find("page")->find("next_token")->text;
        ++pages;
    } while (!token.empty());
    CHECK(pages == 4);
    CHECK(seen.size() == 3);
}

TEST_CASE("serve authzen: metadata") {
    Point root;
    CHECK(
        root.said("/.well-known/authzen-configuration", "") ==
        R"(200 {"policy_decision_point":"https://pdp.example.com","access_evaluation_endpoint":"https://pdp.example.com/access/v1/evaluation",)"
        R"("access_evaluations_endpoint":"https://pdp.example.com/access/v1/evaluations",)"
        R"("search_subject_endpoint":"https://pdp.example.com/access/v1/search/subject",)"
        R"("search_resource_endpoint":"https://pdp.example.com/access/v1/search/resource",)"
        R"("search_action_endpoint":"https://pdp.example.com/access/v1/search/action"})");
    CHECK(root.post("/.well-known/authzen-configuration/tenant1", "").status == 404);
    Point below("certification",
                [](AuthZenOptions& options) { options.url = "https://pdp.example.com:8443/tenant1/"; });
    CHECK(below.post("/.well-known/authzen-configuration", "").status == 404);
    const Value body = parsed(below.post("/.well-known/authzen-configuration/tenant1", "").body);
    CHECK(body.find("policy_decision_point")->text == "https://pdp.example.com:8443/tenant1/");
    CHECK(body.find("search_action_endpoint")->text == "https://pdp.example.com:8443/tenant1/access/v1/search/action");
    Point none("certification", [](AuthZenOptions& options) { options.url.clear(); });
    CHECK(none.post("/.well-known/authzen-configuration", "").status == 404);
    for (const char* url : {"http://pdp.example.com", "https://", "https:///x", "https://a?b", "https://a#b", "pdp"}) {
        AuthZenOptions options;
        options.mapping = root.folder + "/mapping.json";
        options.url = url;
        const auto opened = AuthZen::open(std::move(options));
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == "H0004");
    }
}

TEST_CASE("serve authzen: the files are read again, and what was read before stays in use if they are damaged") {
    Changed with("{", "{");
    AuthZen& api = *with.point.api;
    const std::string path = with.folder.at("mapping.json");
    const auto change = [&](const std::string& text) {
        write_bytes(path, text);
        static std::time_t later = 2'000'000'000;
        const utimbuf times{++later, later};
        REQUIRE(utime(path.c_str(), &times) == 0);
    };
    const std::string good = read_bytes(path);
    change("{");
    const auto damaged = api.reload();
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().code == "H0006");
    CHECK(with.point.evaluate(object({kAlice, kRead, kRecord})) == R"(200 {"decision":true})");
    change(R"({"explain": true,)" + good.substr(1));
    CHECK(api.reload());
    CHECK(with.point.evaluate(object({kAlice, kRead, kRecord})) ==
          R"(200 {"decision":true,"context":{"reasons":["permitted"]}})");
    CHECK(api.check(with.point.policy));
    CHECK_FALSE(api.check(policy_of(source_root() + "/examples/authzen/todo/policy.writ")));
}

TEST_CASE("serve authzen: dropped properties are counted") {
    Point point;
    CHECK(point.evaluate(object({kAlice, R"("action": {"name": "read", "properties": {"method": "GET"}})", kRecord})) ==
          R"(200 {"decision":true})");
    CHECK(point.api->dropped() == 1);
}

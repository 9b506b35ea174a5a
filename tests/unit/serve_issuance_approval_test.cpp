// Tests approvals of token requests: how one is asked for, and what comes back.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "os/keys.h"
#include "token_server.h"

using namespace writ;
using namespace writ::serve;
using namespace writ::testing;
using namespace writ::testing::tokens;
using json::Value;

namespace {

/// The bytes of text in base64 for URLs.
std::string from_url(std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    const auto bytes = from_base64(text);
    REQUIRE(bytes);
    return *bytes;
}

/// A server with a key.
struct Signing {
    Folder folder;
    os::KeyBytes seed{};
    std::optional<Server> server;

    explicit Signing(Files files = {}) {
        seed.fill(7);
        files.key = folder.at("key");
        write_bytes(files.key, os::secret_line(seed) + "\n");
        REQUIRE(::chmod(files.key.c_str(), 0600) == 0);
        server.emplace(files);
    }
};

}  // namespace

TEST_CASE("serve issuance: a request for an approval, bound by a signed token") {
    CHECK(Server().context(large_body()) == "");
    Signing with;
    CHECK(with.server->yes(large_body()) == "000");
    const std::vector<Value> answer = with.server->ask(large_body());
    CHECK(json::write(answer[1]) == R"({"decision":false})");
    CHECK(json::write(answer[2]) == R"({"decision":false})");
    const Value& context = *answer[0].find("context");
    CHECK(context.find("reason")->text == "approval_required");
    CHECK(context.find("evaluation_id")->text == "2");
    CHECK(context.find("evaluated_at")->text == "2026-09-21T14:14:20Z");
    const Value& request = *context.find("access_request");
    CHECK(request.find("expires_at")->text == "2026-09-21T14:24:20Z");
    CHECK(request.find("endpoint")->text == "https://approvals.example.com/access/v1/requests");

    const std::string token = request.find("binding_token")->text;
    const std::size_t dot = token.find('.'), second = token.find('.', dot + 1);
    const os::KeyBytes half = os::public_half_of(with.seed);
    CHECK(os::verifies(half, token.substr(0, second), from_url(token.substr(second + 1))));
    CHECK(from_url(token.substr(0, dot)) == R"({"alg":"EdDSA","typ":"JWT","kid":")" + os::key_id(half) + "\"}");
    const Value claims = parsed(from_url(token.substr(dot + 1, second - dot - 1)));
    CHECK(claims.find("iss")->text == "https://pdp.example.com");
    CHECK(claims.find("aud")->text == "https://approvals.example.com");
    CHECK(claims.find("iat")->integer == kNow);
    CHECK(claims.find("exp")->integer == kNow + 600);
    CHECK(claims.find("denial_expires_at")->text == "2026-09-21T14:24:20Z");
    CHECK(claims.find("evaluation_id")->text == "2");
    CHECK(text_of(claims.find("binding_context_members")) == "[]");
    CHECK(text_of(claims.find("writ_requirements")) == R"([{"groups":["refund-leads"],"needed":1}])");
    CHECK(claims.find("writ_binding_digest")->text.starts_with("v2;scopes=refund:create;audience="));
    CHECK(text_of(claims.find("writ_call")->find("params")) == R"({"amount":900.0,"currency":"USD"})");
    // Written by hand from RFC 8785.
    const Digest hash = sha256(R"({"action":{"name":"issue:access_token:token_exchange"},"context":{},)"
                               R"("resource":{"id":"https://payments.example.com","type":"audience"},)"
                               R"("subject":{"id":"alice","type":"user"}})");
    CHECK(from_url(claims.find("binding_hash")->text) == std::string(reinterpret_cast<const char*>(hash.data()), 32));

    const Value keys = parsed(with.server->post("/access/v1/keys", "").body);
    const Value& key = keys.find("keys")->items[0];
    CHECK(from_url(key.find("x")->text) == std::string(reinterpret_cast<const char*>(half.data()), 32));
    CHECK(key.find("kid")->text == os::key_id(half));
    CHECK(Server().post("/access/v1/keys", "").status == 404);
}

TEST_CASE("serve issuance: no request for an approval that could not count or be bound") {
    Signing with;
    CHECK(with.server->context(replaced(large_body(), "4102444800", "1790000100")).find("T14:15:00Z") !=
          std::string::npos);
    CHECK(with.server->context(replaced(large_body(), "4102444800", "1790000100.75")).find("T14:15:00Z") !=
          std::string::npos);
    CHECK(with.server->context(replaced(large_body(), "4102444800", "\"2026-09-21T16:15:00+02:00\""))
              .find("T14:15:00Z") != std::string::npos);
    CHECK(with.server->context(replaced(large_body(), "4102444800", "1790000060.75")) == "");
    // A fact that an approval is bound to is not stated.
    CHECK(with.server->context(replaced(large_body(), R"("payment": "pay-5512", )", "")) == "");
    // Text and numbers that not everybody writes in the same way.
    const auto bound = [&](const std::string& properties) {
        return !with.server
                    ->context(replaced(large_body(), R"({"type": "user", "id": "alice"})",
                                       R"({"type": "user", "id": "alice", "properties": )" + properties + "}"))
                    .empty();
    };
    CHECK(bound(R"({"a": [1, -2.5, null, true, "é"]})"));
    CHECK_FALSE(bound(R"({"a": 9007199254740993})"));
    CHECK_FALSE(bound(R"({"a": 0.12345678})"));
    CHECK_FALSE(bound(R"({"a": 1234567890123.4567})"));
    CHECK_FALSE(bound(R"({"a": "\n"})"));
    CHECK_FALSE(bound(R"({"a": "\u0085"})"));
    CHECK_FALSE(bound(R"({"😀": 1})"));
    with.server->spoil = [](ledger::Decided& decided) { decided.record.reset(); };
    CHECK(with.server->context(large_body()) == "");
    Files files;
    const std::size_t from = files.mapping.find(",\n    \"approvals\""), to = files.mapping.find('\n', from + 2);
    files.mapping.erase(from, to - from);
    CHECK(Signing(files).server->context(large_body()) == "");
}

TEST_CASE("serve issuance: the metadata say what is configured") {
    const auto metadata = [](Server& server) {
        return parsed(server.post("/.well-known/authzen-configuration", "").body);
    };
    Server server;
    CHECK(text_of(metadata(server).find("capabilities")) ==
          R"(["urn:openid:authzen:capability:token-issuance","urn:openid:authzen:capability:obligations"])");
    CHECK(text_of(metadata(server).find("supported_obligations")) == R"(["custom"])");
    CHECK(metadata(server).find("access_request_endpoint") == nullptr);
    Signing with;
    const Value all = metadata(*with.server);
    CHECK(all.find("capabilities")->items[2].text == "urn:openid:authzen:capability:access-request");
    CHECK(all.find("access_request_endpoint")->text == "https://approvals.example.com/access/v1/requests");
    CHECK(all.find("jwks_uri")->text == "https://pdp.example.com/access/v1/keys");
    Files files;
    files.mapping = read_bytes(source_root() + "/examples/authzen/certification/mapping.json");
    Server plain(files);
    CHECK(metadata(plain).find("capabilities") == nullptr);
    CHECK(metadata(plain).find("supported_obligations") == nullptr);
}

TEST_CASE("serve issuance: a key that cannot be used") {
    AuthZenOptions options;
    options.mapping = source_root() + "/examples/authzen/issuance/mapping.json";
    options.binding_key = "/nowhere/key";
    CHECK(AuthZen::open(options).error().message == "`binding-key` signs as `pdp-url`; set both");
    options.url = "https://pdp.example.com";
    const auto opened = AuthZen::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == "H0004");
    CHECK(opened.error().message.starts_with("`binding-key`: "));
}

namespace {

std::string to_url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text.substr(0, text.find('='));
}

/// A server of approvals, and a decision point that believes it.
struct Approving {
    os::KeyBytes seed{};
    std::optional<Signing> with;
    std::string header = R"({"alg":"EdDSA"})";

    Approving() {
        seed.fill(9);
        Files files;
        files.mapping = replaced(files.mapping, R"("audience": "https://approvals.example.com")",
                                 R"("audience": "https://approvals.example.com", "key": ")" +
                                     os::public_line(os::public_half_of(seed)) + "\"");
        with.emplace(files);
    }
    Server& server() { return *with->server; }
    /// What it signs about the large refund, with a change.
    Value claims() {
        server().ask(large_body());
        Value out =
            parsed(R"({"iss": "https://approvals.example.com", "aud": "https://pdp.example.com", "exp": 1790000960,
            "approval_id": "apr-1", "writ_requester": "alice", "writ_uses": 1, "writ_approvers": [
              {"approver": "bea", "approver_id": null, "groups": ["refund-leads"], "at": 1790000050}]})");
        const DocumentJudge judge = judge_with(server().policy, nullptr);
        out.set("writ_binding_digest", Value::of(std::string_view(judge(server().recorded.back())->binding_digest)));
        return out;
    }
    std::string state(const Value& claims) const {
        const std::string text = to_url(header) + "." + to_url(json::write(claims));
        return text + "." + to_url(os::sign(seed, text));
    }
    static std::string asked(const std::string& body, const std::string& state, const std::string& id = "apr-1") {
        return with_context(body, R"("approval": {"id": ")" + id + R"(", "state": ")" + state +
                                      R"(", "approved_until": "2099-01-01T00:00:00Z"})");
    }
};

}  // namespace

TEST_CASE("serve issuance: an approval that was signed lifts the denial") {
    Approving with;
    const std::string body = with.asked(large_body(), with.state(with.claims()));
    CHECK(with.server().yes(body) == "111");
    const Value document = parsed(with.server().recorded.back());
    CHECK(text_of(document.find("approvals")).starts_with(R"([{"id":"apr-1","state":"approved","approver":"bea",)"));
    CHECK(document.find("provenance")->find("approvals")->text == "broker");
    const Value context = *with.server().ask(body)[0].find("context");
    // Of what is signed, not of what the server says beside it.
    CHECK(text_of(context.find("approval")) == R"({"id":"apr-1","approved_until":"2026-09-21T14:29:20Z"})");
    CHECK(text_of(context.find("issuance")->find("token_lifetime")) == "120");
    // The token does not outlive the approval.
    Value claims = with.claims();
    claims.set("exp", Value::of(kNow + 30));
    CHECK(with.server().issuance(with.asked(large_body(), with.state(claims)), "token_lifetime") == "30");
    // It is for this refund, and this agent.
    CHECK(with.server().yes(replaced(body, "900.0", "901.0")) == "000");
    CHECK(with.server().yes(replaced(body, "pay-5512", "pay-5513")) == "000");
    // Every question must have it.
    CHECK(with.server().yes(with_item(
              body, replaced(cell_of(R"("amount": 900.0, "currency": "USD")"), "{",
                             R"({"context": )" + text_of(parsed(large_body()).find("context")) + ","))) == "0000");
    // Without the key nothing is believed.
    CHECK(Signing().server->yes(body) == "000");
}

TEST_CASE("serve issuance: an approval that is not wholly signed for this decision point is none") {
    Approving with;
    const Value good = with.claims();
    const auto context = [&](const std::string& state, const std::string& id = "apr-1") {
        CHECK(with.server().yes(with.asked(large_body(), state, id)) == "000");
        return with.server().context(with.asked(large_body(), state, id));
    };
    const std::string no = R"({"reason":"approval_unverifiable","next_action":"none"})";
    for (const char* name :
         {"iss", "aud", "exp", "approval_id", "writ_requester", "writ_uses", "writ_approvers", "writ_binding_digest"}) {
        Value claims = good;
        claims.remove(name);
        CHECK(context(with.state(claims)) == no);
    }
    const auto changed = [&](const char* name, const std::string& value) {
        Value claims = good;
        claims.set(name, parsed(value));
        return context(with.state(claims));
    };
    CHECK(changed("iss", R"("https://other.example.com")") == no);
    CHECK(changed("aud", R"("https://other.example.com")") == no);
    CHECK(changed("aud", R"(["https://other.example.com"])") == no);
    CHECK(changed("exp", "1790000060") == no);
    CHECK(changed("exp", "9223372036854775807") == no);
    CHECK(changed("exp", R"("2099-01-01T00:00:00Z")") == no);
    CHECK(changed("writ_approvers", "[]") == no);
    CHECK(changed("writ_approvers", "[1]") == no);
    CHECK(changed("nbf", "1790000061") == no);
    CHECK(changed("nbf", "null") == no);
    // Two would be two approvals, each with the uses of one, and no revocation would name both.
    Value two = good;
    two.find("writ_approvers")->items.push_back(two.find("writ_approvers")->items.front());
    CHECK(context(with.state(two)) == no);
    CHECK(context(with.state(good), "apr-2") == no);
    CHECK(context("") == no);
    CHECK(context("a.b") == no);
    const std::string state = with.state(good);
    CHECK(context(state + "A") == no);
    CHECK(context("A" + state) == no);
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"EdDSA","crit":["x"]})", R"({"typ":"JWT"})"}) {
        with.header = header;
        CHECK(context(with.state(good)) == no);
    }
    with.header = R"({"alg":"EdDSA"})";
    with.seed.fill(8);
    CHECK(context(with.state(good)) == no);
}

TEST_CASE("serve issuance: why an approval does not count, and whether to ask again") {
    Approving with;
    const Value good = with.claims();
    const auto reason = [&](const char* name, const std::string& value) {
        Value claims = good;
        if (name != nullptr) claims.set(name, parsed(value));
        const Value first = with.server().ask(with.asked(
            name == nullptr ? replaced(large_body(), "900.0", "901.0") : large_body(), with.state(claims)))[0];
        const Value* context = first.find("context");
        REQUIRE(context != nullptr);
        CHECK(context->find("next_action")->text == "request");
        CHECK(context->find("access_request") != nullptr);
        return context->find("reason")->text;
    };
    const auto by = [](const std::string& who, const std::string& groups, const std::string& at) {
        return R"([{"approver": ")" + who + R"(", "groups": )" + groups + R"(, "at": )" + at + "}]";
    };
    CHECK(reason(nullptr, "") == "out_of_scope");
    CHECK(reason("writ_uses", "0") == "approval_expired");
    CHECK(reason("writ_approvers", by("bea", R"(["refund-leads"])", "1789999000")) == "approval_expired");
    CHECK(reason("writ_approvers", by("alice", R"(["refund-leads"])", "1790000050")) == "approval_unverifiable");
    CHECK(reason("writ_approvers", by("bea", R"(["others"])", "1790000050")) == "approval_unverifiable");
    CHECK(reason("writ_approvers", R"([{"approver": "bea"}])") == "approval_expired");
}

#include "store_fixture.h"

#include <thread>

#include <sys/stat.h>

#include "base/values.h"
#include "store/state.h"
#include "writ/policy_handle.h"

using namespace writ;
using namespace writ::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 10s;  // longer than anything takes on a busy machine

FollowOptions follow(const Made& made) {
    FollowOptions options;
    options.store = made.path;
    options.channel = "prod";
    options.poll = 1ms;
    return options;
}

PolicyHandle started(FollowOptions options) {
    auto handle = PolicyHandle::follow(std::move(options));
    const std::string refused = handle ? "" : handle.error().code + " " + handle.error().message;
    REQUIRE(refused == "");
    return std::move(*handle);
}

/// Waits until a condition is true.
template <class Condition>
bool eventually(Condition holds) {
    for (const auto end = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < end;) {
        if (holds()) return true;
        std::this_thread::sleep_for(1ms);
    }
    return holds();
}

/// The minutes that are permitted now; 0 for a deny, with its first reason in *why.
std::int64_t minutes(LiveEvaluator& evaluator, std::string* why = nullptr, const std::string& agent = "a-1") {
    Decision decision;
    REQUIRE(evaluator.evaluate(lookup_request(agent), decision));
    if (why != nullptr) *why = decision.reasons.empty() ? "" : std::string(decision.reasons[0].code);
    if (decision.effect == Effect::Permit) CHECK(decision.bundle_digest == evaluator.bundle().digest());
    return decision.effect == Effect::Permit ? decision.grant.ttl / 60 : 0;
}

std::string problem(const PolicyHandle& handle) {
    return handle.status().problem.code;
}

}  // namespace

TEST_CASE("handle: follows a channel, forwards and back") {
    Made made(3);
    made.activate("v2");
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    CHECK(handle.status().ready);
    CHECK(handle.status().serial == Serial{1, 1});
    CHECK(minutes(evaluator) == 2);
    made.activate("v3");
    REQUIRE(handle.wait({1, 2}, kLong));
    CHECK(minutes(evaluator) == 3);
    REQUIRE(made.store.rollback(made.to("")));
    REQUIRE(handle.wait({1, 3}, kLong));
    CHECK(minutes(evaluator) == 2);
    CHECK(handle.status().digest == made.bundles[1].digest());
    CHECK_FALSE(handle.wait({1, 4}, 1ms));
}

TEST_CASE("handle: policy_stale where there is no policy, until there is one") {
    const Folder folder;
    FollowOptions options;
    options.store = folder.at("store");
    options.channel = "prod";
    options.poll = 1ms;
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    std::string why;
    CHECK(minutes(evaluator, &why) == 0);
    CHECK(why == "policy_stale");
    CHECK_FALSE(handle.status().ready);
    CHECK(problem(handle) == "S0001");
    auto store = Store::init(folder.at("store"));
    REQUIRE(store);
    CHECK(eventually([&] { return problem(handle) == "S0023"; }));
    REQUIRE(store->publish(policy(4), kAda));
    REQUIRE(store->protect("prod", false, 0, kAda));
    Move move;
    move.channel = "prod";
    move.version = "v1";
    move.origin = kAda;
    REQUIRE(store->activate(move));
    REQUIRE(handle.wait({1, 1}, kLong));
    CHECK(eventually([&] { return handle.status().ready; }));
    CHECK(minutes(evaluator) == 4);
    CHECK(problem(handle).empty());
}

TEST_CASE("handle: a request that is refused is an error, and the decision denies") {
    Made made(1);
    made.activate("v1");
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    Decision decision;
    REQUIRE(evaluator.evaluate(lookup_request(), decision));
    REQUIRE(decision.effect == Effect::Permit);
    CHECK(code_of(evaluator.evaluate("{", decision)) == "Q0001");
    CHECK(decision.effect == Effect::Deny);
    CHECK(decision.grant.scopes.empty());
}

TEST_CASE("handle: names that are none are refused with S0020") {
    FollowOptions options;
    options.store = "/nowhere";
    CHECK(code_of(PolicyHandle::follow(options)) == "S0020");
}

// ---- what is refused --------------------------------------------------------------------------

TEST_CASE("handle: S0060 unsigned, S0061 unknown, S0062 altered, S0063 expired: the last good one stays") {
    Made made(3);
    const SecretKey key = SecretKey::generate(), other = SecretKey::generate();
    made.activate("v1", &key);
    FollowOptions options = follow(made);
    options.keys = {key.public_key()};
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 1);
    CHECK(handle.status().key_id == key.public_key().id());
    const auto refuses = [&](const std::string& code) {
        CAPTURE(code);
        CHECK(eventually([&] { return problem(handle) == code; }));
        CHECK(minutes(evaluator) == 1);
        CHECK(handle.status().serial == Serial{1, 1});
        CHECK(handle.status().ready);
    };
    made.activate("v2");
    refuses("S0060");
    made.activate("v2", &other);
    refuses("S0061");
    made.tamper("UPDATE activation SET key_id = '" + key.public_key().id() + "' WHERE number = 3");
    refuses("S0062");
    Move brief = made.to("v2", &key);
    brief.not_after = made.store.versions()->front().created_at + 3'600 * kSecond;
    REQUIRE(made.store.activate(brief));
    REQUIRE(handle.wait({1, 4}, kLong));
    CHECK(minutes(evaluator) == 2);
    // Signed but expired; only a clock shows this.
    Activation over;
    over.space = "default", over.channel = "prod", over.serial = {1, 5};
    over.digest = made.bundles[2].digest(), over.parent = made.bundles[1].digest();
    over.not_after = 1;
    key.sign(over);
    std::string hex;
    for (const char c : over.signature) {
        constexpr char kDigits[] = "0123456789abcdef";
        hex += kDigits[(static_cast<unsigned char>(c) >> 4)];
        hex += kDigits[static_cast<unsigned char>(c) & 15];
    }
    made.tamper("INSERT INTO activation SELECT namespace, channel, 1, 5, '" + over.digest + "', '" + over.parent +
                "', kind, author, message, created_at, 1, '" + over.key_id + "', x'" + hex +
                "', 0, '' FROM activation WHERE number = 4");
    CHECK(eventually([&] { return problem(handle) == "S0063"; }));
    CHECK(minutes(evaluator) == 2);
}

TEST_CASE("handle: never goes back, S0064, and sees a fork, S0065, which a raised epoch settles") {
    Made made(3);
    made.activate("v1");
    const std::string earlier = made.folder.at("earlier");
    {
        made.tamper("PRAGMA wal_checkpoint(TRUNCATE)");
        write_bytes(earlier, read_bytes(made.path));
    }
    made.activate("v2");
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    REQUIRE(minutes(evaluator) == 2);
    // A restored copy, as after a failover that lost a commit, uses a serial again.
    std::filesystem::rename(earlier, made.path);
    for (const char* log : {"-wal", "-shm"}) std::filesystem::remove(made.path + log);
    CHECK(eventually([&] { return problem(handle) == "S0064"; }));
    CHECK(minutes(evaluator) == 2);
    auto restored = Store::open(made.path);
    REQUIRE(restored);
    REQUIRE(restored->activate(made.to("v3")));
    CHECK(eventually([&] { return problem(handle) == "S0065"; }));
    CHECK(minutes(evaluator) == 2);
    // Its next activation also belongs to another history.
    REQUIRE(restored->activate(made.to("v1")));
    CHECK(eventually([&] { return restored->channel("prod")->serial == Serial{1, 3}; }));
    std::this_thread::sleep_for(20ms);
    CHECK(problem(handle) == "S0065");
    CHECK(minutes(evaluator) == 2);
    Move settle = made.to("v3");
    settle.raise_epoch = true;
    REQUIRE(restored->activate(settle));
    REQUIRE(handle.wait({2, 4}, kLong));
    CHECK(minutes(evaluator) == 3);
    CHECK(problem(handle).empty());
}

TEST_CASE("handle: content that is not what its digest says is not accepted") {
    Made made(2);
    made.activate("v1");
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    made.tamper("UPDATE bundle SET bytes = substr(bytes, 1, 3000) || x'00' || substr(bytes, 3002) WHERE digest = '" +
                std::string(made.bundles[1].digest()) + "'; INSERT INTO activation SELECT namespace, channel, 1, 2, '" +
                std::string(made.bundles[1].digest()) +
                "', digest, kind, author, message, created_at, 0, '', x'', 0, '' FROM activation");
    CHECK(eventually([&] { return problem(handle) == "S0004"; }));
    CHECK(minutes(evaluator) == 1);
}

// ---- staleness --------------------------------------------------------------------------------

TEST_CASE("handle: denies once nothing acceptable was seen for too long") {
    Made made(2);
    made.activate("v1");
    FollowOptions options = follow(made);
    options.max_staleness = 300ms;
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 1);
    std::this_thread::sleep_for(400ms);
    CHECK(minutes(evaluator) == 1);  // the store is available, so the policy stays fresh
    const std::string away = made.path + ".away";
    std::filesystem::rename(made.path, away);
    std::string why;
    CHECK(eventually([&] { return minutes(evaluator, &why) == 0; }));
    CHECK(why == "policy_stale");
    CHECK_FALSE(handle.status().ready);
    Decision decision;
    REQUIRE(evaluator.evaluate(lookup_request(), decision));
    CHECK(decision.attribution.agent == "a-1");  // the decision names the agent
    CHECK(decision.grant.scopes.empty());
    std::filesystem::rename(away, made.path);
    CHECK(eventually([&] { return minutes(evaluator) == 1; }));
}

TEST_CASE("handle: a refused activation does not keep the last good one fresh") {
    Made made(2);
    const SecretKey key = SecretKey::generate();
    made.activate("v1", &key);
    FollowOptions options = follow(made);
    options.keys = {key.public_key()};
    options.max_staleness = 300ms;
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 1);
    made.activate("v2");  // unsigned
    CHECK(eventually([&] { return problem(handle) == "S0060"; }));
    std::string why;
    CHECK(eventually([&] { return minutes(evaluator, &why) == 0; }));
    CHECK(why == "policy_stale");
    made.activate("v2", &key);
    CHECK(eventually([&] { return minutes(evaluator) == 2; }));
}

TEST_CASE("handle: not_after ends a policy however fresh the store is") {
    Made made(1);
    Move move = made.to("v1");
    move.not_after = made.store.versions()->front().created_at + 60 * kSecond;
    REQUIRE(made.store.activate(move));
    {
        const PolicyHandle handle = started(follow(made));
        LiveEvaluator evaluator(handle);
        CHECK(minutes(evaluator) == 1);
    }
    // The same just before it expires.
    auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    move.not_after = now + 700'000;
    REQUIRE(made.store.activate(move));
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    std::string why;
    CHECK(eventually([&] { return minutes(evaluator, &why) == 0; }));
    CHECK(why == "policy_stale");
    now = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count();
    CHECK(now >= move.not_after);
    CHECK(eventually([&] { return problem(handle) == "S0063"; }));
}

TEST_CASE("handle: an evaluator that outlives its handle denies") {
    Made made(1);
    made.activate("v1");
    auto handle = std::make_unique<PolicyHandle>(started(follow(made)));
    LiveEvaluator evaluator(*handle);
    CHECK(minutes(evaluator) == 1);
    handle.reset();
    std::string why;
    CHECK(minutes(evaluator, &why) == 0);
    CHECK(why == "policy_stale");
}

// ---- state ------------------------------------------------------------------------------------

namespace {

struct Signed : Made {
    SecretKey key = SecretKey::generate();
    std::string state = folder.at("state");
    Signed() : Made(3) { activate("v2", &key); }
    FollowOptions options() const {
        FollowOptions options = follow(*this);
        options.keys = {key.public_key()};
        options.state = state;
        return options;
    }
    void hide() const { std::filesystem::rename(path, path + ".away"); }
    void show() const { std::filesystem::rename(path + ".away", path); }
};

}  // namespace

TEST_CASE("state: a restart without the store goes on with the last good policy and its revocations") {
    Signed made;
    REQUIRE(made.store.revoke(RevocationKind::Agent, "bad", kAda, 0, &made.key));
    {
        const PolicyHandle handle = started(made.options());
    }
    struct stat status{};
    REQUIRE(::stat(made.state.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    made.hide();
    const PolicyHandle handle = started(made.options());
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 2);
    std::string why;
    CHECK(minutes(evaluator, &why, "bad") == 0);
    CHECK(why == "identity_revoked");
    CHECK(problem(handle) == "S0001");
    made.show();
    REQUIRE(made.store.lift(RevocationKind::Agent, "bad", kAda, &made.key));
    CHECK(eventually([&] { return minutes(evaluator, nullptr, "bad") == 2; }));
}

TEST_CASE("state: revocations are kept though the policy does not change") {
    Signed made;
    const PolicyHandle first = started(made.options());
    REQUIRE(made.store.revoke(RevocationKind::Agent, "bad", kAda, 0, &made.key));
    CHECK(eventually([&] { return first.status().revocations == 1; }));
    CHECK(eventually([&] {
        const auto state = store::decode_state(read_bytes(made.state));
        return state && state->log.sequence == 1 && state->revocations.size() == 1;
    }));
}

TEST_CASE("state: how far a reader was outlives it, S0064") {
    Signed made;
    made.activate("v3", &made.key);
    {
        const PolicyHandle handle = started(made.options());
    }
    made.tamper("DELETE FROM activation WHERE number = 2; UPDATE channel SET number = 1");
    const PolicyHandle handle = started(made.options());
    LiveEvaluator evaluator(handle);
    CHECK(problem(handle) == "S0064");
    CHECK(minutes(evaluator) == 3);
    // It also recognizes another version with the same serial.
    made.activate("v1", &made.key);
    CHECK(eventually([&] { return problem(handle) == "S0065"; }));
    CHECK(minutes(evaluator) == 3);
}

TEST_CASE("state: it is not decided by without keys, when expired, or too long ago") {
    Signed made;
    {
        const PolicyHandle handle = started(made.options());
    }
    made.hide();
    const auto decides = [&](FollowOptions options) {
        const PolicyHandle handle = started(std::move(options));
        LiveEvaluator evaluator(handle);
        return minutes(evaluator) == 2;
    };
    CHECK(decides(made.options()));
    FollowOptions unsigned_reader = made.options();
    unsigned_reader.keys.clear();
    CHECK_FALSE(decides(unsigned_reader));
    FollowOptions other = made.options();
    other.keys = {SecretKey::generate().public_key()};
    CHECK_FALSE(decides(other));
    const auto touched = [&](std::int64_t seconds) {
        const auto at = std::filesystem::file_time_type::clock::now() + std::chrono::seconds(seconds);
        std::filesystem::last_write_time(made.state, at);
        return decides(made.options());
    };
    CHECK(touched(-800));
    CHECK_FALSE(touched(-1000));
    CHECK_FALSE(touched(100));  // from the future, so the age is unknown
    auto state = store::decode_state(read_bytes(made.state));
    REQUIRE(state);
    state->activation.not_after = 1;
    made.key.sign(state->activation);
    write_bytes(made.state, store::encode_state(*state));
    CHECK_FALSE(decides(made.options()));
}

TEST_CASE("state: S0069 for one that is damaged or of another channel") {
    Signed made;
    {
        const PolicyHandle handle = started(made.options());
    }
    const std::string good = read_bytes(made.state);
    CHECK(store::encode_state(*store::decode_state(good)) == good);
    for (std::size_t at = 0; at < good.size(); at += 211) {
        std::string altered = good;
        altered[at] = static_cast<char>(altered[at] ^ 1);
        CHECK(code_of(store::decode_state(altered)) == "S0069");
        CHECK(code_of(store::decode_state(good.substr(0, at))) == "S0069");
    }
    write_bytes(made.state, good.substr(0, good.size() / 2));
    CHECK(code_of(PolicyHandle::follow(made.options())) == "S0069");
    write_bytes(made.state, good);
    FollowOptions other = made.options();
    other.channel = "staging";
    CHECK(code_of(PolicyHandle::follow(other)) == "S0069");
    // Well-formed, but the policy is not the signed one.
    auto state = store::decode_state(good);
    const auto bytes = made.bundles[0].bytes();
    state->bundle.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    write_bytes(made.state, store::encode_state(*state));
    CHECK(code_of(PolicyHandle::follow(made.options())) == "S0069");
}

TEST_CASE("state: S0068 where it cannot be kept, and then the policy is not accepted") {
    Signed made;
    FollowOptions options = made.options();
    options.state = made.folder.at("no/folder/state");
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    CHECK(problem(handle) == "S0068");
    CHECK(minutes(evaluator) == 0);
    std::filesystem::create_directories(made.folder.path / "no/folder");
    CHECK(eventually([&] { return minutes(evaluator) == 2; }));
}

// ---- revocations and shadow -------------------------------------------------------------------

TEST_CASE("handle: a revocation takes effect without a new version, and ends by itself or lifted") {
    Made made(1);
    made.activate("v1");
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 1);
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    std::string why;
    CHECK(eventually([&] { return minutes(evaluator, &why) == 0; }));
    CHECK(why == "identity_revoked");
    CHECK(minutes(evaluator, nullptr, "a-2") == 1);
    CHECK(handle.status().serial == Serial{1, 1});
    REQUIRE(made.store.lift(RevocationKind::Agent, "a-1", kAda));
    CHECK(eventually([&] { return minutes(evaluator) == 1; }));
}

TEST_CASE("handle: a store with fewer revocations than were seen is not believed") {
    Made made(1);
    made.activate("v1");
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 0);
    made.tamper("DELETE FROM revocation");
    CHECK(eventually([&] { return problem(handle) == "S0064"; }));
    CHECK(minutes(evaluator) == 0);
}

namespace {

/// A channel with a reader that trusts a channel key and an on-call key.
struct Guarded {
    Made made{1};
    SecretKey channel = SecretKey::generate(), on_call = SecretKey::generate(), stranger = SecretKey::generate();

    Guarded() { made.activate("v1", &channel); }
    FollowOptions options() const {
        FollowOptions out = follow(made);
        out.keys = {channel.public_key()};
        out.on_call = {on_call.public_key()};
        return out;
    }
    void revoke(const std::string& agent, const SecretKey* key) {
        REQUIRE(made.store.revoke(RevocationKind::Agent, agent, kAda, 0, key));
    }
    void lift(const std::string& agent, const SecretKey* key) {
        REQUIRE(made.store.lift(RevocationKind::Agent, agent, kAda, key));
    }
};

}  // namespace

TEST_CASE("handle: one on-call key revokes, and does not lift") {
    Guarded g;
    const PolicyHandle handle = started(g.options());
    LiveEvaluator evaluator(handle);
    CHECK(minutes(evaluator) == 1);
    g.revoke("a-1", &g.on_call);
    CHECK(eventually([&] { return minutes(evaluator) == 0; }));
    CHECK(problem(handle).empty());
    g.lift("a-1", &g.on_call);
    CHECK(eventually([&] { return problem(handle) == "S0061"; }));
    CHECK(minutes(evaluator) == 0);
}

TEST_CASE("handle: a channel key lifts what an on-call key revoked") {
    Guarded g;
    const PolicyHandle handle = started(g.options());
    LiveEvaluator evaluator(handle);
    g.revoke("a-1", &g.on_call);
    CHECK(eventually([&] { return minutes(evaluator) == 0; }));
    g.lift("a-1", &g.channel);
    CHECK(eventually([&] { return minutes(evaluator) == 1; }));
    CHECK(problem(handle).empty());
}

TEST_CASE("handle: revocations that are unsigned, of a stranger or altered are told, and deny all the same") {
    for (const std::string code : {"S0060", "S0061", "S0062"}) {
        CAPTURE(code);
        Guarded g;
        g.revoke("a-9", &g.on_call);
        const PolicyHandle handle = started(g.options());
        LiveEvaluator evaluator(handle);
        if (code == "S0062")  // the signature belongs to the entry before
            g.made.tamper(
                "INSERT INTO revocation SELECT namespace, 2, action, kind, 'a-1', reason, author, created_at, "
                "expires_at, '" +
                digest_of(g.made.store.revocation_log()->front()) + "', key_id, signature FROM revocation");
        else
            g.revoke("a-1", code == "S0060" ? nullptr : &g.stranger);
        CHECK(eventually([&] { return problem(handle) == code; }));
        CHECK(eventually([&] { return minutes(evaluator) == 0; }));
        CHECK(minutes(evaluator, nullptr, "a-2") == 1);
    }
    Guarded g;
    g.revoke("a-1", nullptr);
    REQUIRE(g.made.store.sign_revocations(g.channel, kAda)->size() == 1);
    const PolicyHandle handle = started(g.options());
    CHECK(problem(handle).empty());
}

TEST_CASE("handle: a log that is rolled back or rewritten is seen, S0064, S0065") {
    Made made(1);
    made.activate("v1");
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-2", kAda));
    const PolicyHandle handle = started(follow(made));
    LiveEvaluator evaluator(handle);
    made.tamper("DELETE FROM revocation WHERE sequence = 2");
    CHECK(eventually([&] { return problem(handle) == "S0064"; }));
    // As long as before but different: its other entries deny too.
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-3", kAda));
    CHECK(eventually([&] { return problem(handle) == "S0065"; }));
    for (const char* agent : {"a-1", "a-2"}) CHECK(minutes(evaluator, nullptr, agent) == 0);
    CHECK(minutes(evaluator, nullptr, "a-4") == 1);
}

TEST_CASE("handle: a reader without a state misses no revocation that the activation knows of") {
    Guarded g;
    g.revoke("a-1", &g.on_call);
    g.revoke("a-2", &g.on_call);
    g.made.activate("v1", &g.channel);
    SUBCASE("taken out") {
        g.made.tamper("DELETE FROM revocation WHERE sequence = 2");
    }
    SUBCASE("all of them") {
        g.made.tamper("DELETE FROM revocation");
    }
    const PolicyHandle handle = started(g.options());
    LiveEvaluator evaluator(handle);
    CHECK(problem(handle) == "S0064");
    CHECK(minutes(evaluator, nullptr, "a-3") == 0);
}

TEST_CASE("handle: a log that another took the place of is not the one that the activation knows of") {
    Guarded g;
    g.revoke("a-1", &g.on_call);
    g.made.activate("v1", &g.channel);
    g.made.tamper("DELETE FROM revocation");
    g.revoke("a-9", &g.on_call);
    const PolicyHandle handle = started(g.options());
    LiveEvaluator evaluator(handle);
    CHECK(problem(handle) == "S0065");
    CHECK(minutes(evaluator) == 0);
}

TEST_CASE("handle: everything in a channel is revoked there, and not in another") {
    Made made(1);
    made.activate("v1");
    REQUIRE(made.store.protect("next", false, 0, kAda));
    Move move = made.to("v1");
    move.channel = "next";
    REQUIRE(made.store.activate(move));
    FollowOptions next = follow(made);
    next.channel = "next";
    const PolicyHandle handle = started(follow(made)), other = started(next);
    LiveEvaluator evaluator(handle), beside(other);
    REQUIRE(made.store.revoke(RevocationKind::All, "prod", kAda));
    std::string why;
    CHECK(eventually([&] { return minutes(evaluator, &why) == 0; }));
    CHECK(why == "channel_revoked");
    CHECK(minutes(beside) == 1);
    REQUIRE(made.store.lift(RevocationKind::All, "prod", kAda));
    CHECK(eventually([&] { return minutes(evaluator) == 1; }));
}

TEST_CASE("handle: S0070 for on-call keys without channel keys") {
    Made made(1);
    FollowOptions options = follow(made);
    options.on_call = {SecretKey::generate().public_key()};
    CHECK(code_of(PolicyHandle::follow(options)) == "S0070");
}

TEST_CASE("handle: a candidate is decided by beside, told of, counted, and changes nothing") {
    Made made(2);
    const auto publish = [&](const std::string& rules) { return made.store.publish(policy_text(rules), kAda)->digest; };
    const std::string wider =
        publish("permit p for tool lookup when token.issuer is prod grant { \"data:read\", \"data:list\" } for 1m\n");
    const std::string denies =
        publish("permit p for tool lookup when tenant == \"other\" grant { \"data:read\" } for 1m\n");
    made.activate("v1");
    REQUIRE(made.store.protect("next", false, 0, kAda));
    FollowOptions options = follow(made);
    options.candidate = "next";
    std::vector<std::string> told;
    options.diverged = [&](const Divergence& each) { told.push_back(divergence_json(each)); };
    const PolicyHandle handle = started(options);
    LiveEvaluator evaluator(handle);
    CHECK(handle.status().ready);  // a missing candidate does not affect the enforced policy
    std::uint64_t compared = 0;
    const auto beside = [&](const std::string& version) {
        Move move = made.to(version);
        move.channel = "next";
        REQUIRE(made.store.activate(move));
        told.clear();
        // There is no serial to wait for; the candidate is loaded once a comparison names it.
        const std::string digest = made.store.resolve(version)->digest;
        REQUIRE(eventually([&] {
            CHECK(minutes(evaluator) == 1);
            return handle.status().compared > compared;
        }));
        std::this_thread::sleep_for(50ms);
        told.clear();
        CHECK(minutes(evaluator) == 1);
        compared = handle.status().compared;
    };
    beside("v1");
    CHECK(told.empty());
    beside("v2");
    REQUIRE(told.size() == 1);
    CHECK(
        told[0].find(
            R"({"schema_version":1,"mode":"shadow","kind":"grant","enforced":{"schema_version":1,"effect":"permit")") ==
        0);
    CHECK(told[0].find(std::string(made.bundles[1].digest())) != std::string::npos);
    beside(denies);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("\"kind\":\"narrower\"") != std::string::npos);
    beside(wider);
    CHECK(told.empty());  // both grant the same for this request
    made.activate(denies);
    REQUIRE(handle.wait({1, 2}, kLong));
    told.clear();
    CHECK(minutes(evaluator) == 0);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("\"kind\":\"wider\"") != std::string::npos);
    const HandleStatus status = handle.status();
    CHECK(status.divergences[static_cast<std::size_t>(DivergenceKind::Wider)] >= 1);
    CHECK(status.divergences[static_cast<std::size_t>(DivergenceKind::Narrower)] >= 1);
    CHECK(status.divergences[static_cast<std::size_t>(DivergenceKind::Grant)] >= 1);
    CHECK(status.divergences[static_cast<std::size_t>(DivergenceKind::Requirements)] == 0);
}

#include "store_fixture.h"

#include <algorithm>

#include <sqlite3.h>

#include "base/values.h"

using namespace writ;
using namespace writ::testing;

void writ::testing::Made::tamper(const std::string& sql) const {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    char* message = nullptr;
    const int status = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
    const std::string wrong = message == nullptr ? "" : message;
    sqlite3_free(message);
    sqlite3_close(db);
    CHECK(wrong == "");
    REQUIRE(status == SQLITE_OK);
}

namespace {

std::vector<std::string> texts(const Result<std::vector<std::string>>& result) {
    REQUIRE(result);
    return *result;
}

}  // namespace

TEST_CASE("store: S0001, S0002 and S0003 for what is no store") {
    const Folder folder;
    CHECK(code_of(Store::open(folder.at("none"))) == "S0001");
    CHECK(code_of(Store::init(folder.at("no/folder"))) == "S0001");
    write_bytes(folder.at("text"), "not a database, and long enough to be looked at as one by anyone who tries");
    CHECK(code_of(Store::open(folder.at("text"))) == "S0003");
    CHECK(code_of(Store::init(folder.at("text"))) == "S0002");
    CHECK(read_bytes(folder.at("text")).substr(0, 3) == "not");
    write_bytes(folder.at("empty"), "");
    CHECK(code_of(Store::open(folder.at("empty"))) == "S0003");
    CHECK(code_of(Store::open(folder.path.string())) == "S0003");
    REQUIRE(Store::init(folder.at("store")));
    CHECK(code_of(Store::init(folder.at("store"))) == "S0002");
    CHECK(Store::open(folder.at("store")));
    CHECK(Store::open(folder.at("store"), {.read_only = true}));
}

TEST_CASE("store: a version knows its content, parent, author, message, time and engine") {
    Made made(2);
    const auto versions = made.store.versions();
    REQUIRE(versions);
    REQUIRE(versions->size() == 2);
    const Version &second = (*versions)[0], &first = (*versions)[1];
    CHECK(first.number == 1);
    CHECK(first.digest == made.bundles[0].digest());
    CHECK(first.parent.empty());
    CHECK(second.number == 2);
    CHECK(second.parent == first.digest);
    CHECK(second.origin.author == kAda.author);
    CHECK(second.origin.message == "because");
    CHECK(second.engine == "0.1.0");
    CHECK(second.created_at >= first.created_at);
    CHECK(first.created_at > 1'600'000'000'000'000);
    const auto content = made.store.bundle(second.digest);
    REQUIRE(content);
    CHECK(content->digest() == made.bundles[1].digest());
}

TEST_CASE("store: publishing the same content again changes nothing") {
    Made made(2);
    const auto again = made.store.publish(made.bundles[0], kBob);
    REQUIRE(again);
    CHECK(again->number == 1);
    CHECK(again->origin.author == kAda.author);
    CHECK(made.store.versions()->size() == 2);
}

TEST_CASE("store: a parent can be named") {
    Made made(2);
    const auto branch = made.store.publish(policy(9), kAda, "v1");
    REQUIRE(branch);
    CHECK(branch->parent == made.bundles[0].digest());
    CHECK(code_of(made.store.publish(policy(10), kAda, "v9")) == "S0021");
    CHECK(made.store.versions()->size() == 3);
}

TEST_CASE("store: a version is found by number, tag, channel and digits of its digest; S0021, S0022") {
    Made made(3);
    REQUIRE(made.store.tag("good", "v2", kAda));
    made.activate("v3");
    const std::string digest(made.bundles[0].digest());
    CHECK(made.store.resolve("v1")->digest == digest);
    CHECK(made.store.resolve(digest)->digest == digest);
    CHECK(made.store.resolve(digest.substr(0, 8))->number == 1);
    CHECK(made.store.resolve("good")->number == 2);
    CHECK(made.store.resolve("prod")->number == 3);
    for (const char* wrong : {"v4", "v0", "v01", "v", "nothing", "0000000000", "%", "", "v99999999999999999999"})
        CHECK_MESSAGE(code_of(made.store.resolve(wrong)) == "S0021", wrong);
    CHECK(code_of(made.store.resolve(digest.substr(0, 7))) == "S0021");
    made.tamper("UPDATE version SET digest = '" + digest.substr(0, 10) + "' || substr(digest, 11) WHERE number = 2");
    CHECK(code_of(made.store.resolve(digest.substr(0, 8))) == "S0022");
}

TEST_CASE("store: names and texts are refused with S0020, S0024 and S0026") {
    Made made(1);
    for (const std::string& name : {std::string(""), std::string("Prod"), std::string("-x"), std::string("a b"),
                                    std::string(65, 'a'), std::string("ä")}) {
        CHECK(code_of(made.store.protect(name, false, 0, kAda)) == "S0020");
        CHECK(code_of(made.store.tag(name, "v1", kAda)) == "S0020");
        CHECK(code_of(Store::open(made.path, {.space = name})) == "S0020");
    }
    for (const char* name : {"v7", "abcdef12"}) {
        CHECK(code_of(made.store.protect(name, false, 0, kAda)) == "S0024");
        CHECK(code_of(made.store.tag(name, "v1", kAda)) == "S0024");
    }
    CHECK(code_of(made.store.tag("prod", "v1", kAda)) == "S0024");
    REQUIRE(made.store.tag("good", "v1", kAda));
    CHECK(code_of(made.store.protect("good", false, 0, kAda)) == "S0024");
    for (const Origin& wrong : {Origin{"", "m"}, Origin{"a\nb", ""}, Origin{"a", "m\x1b"},
                                Origin{"a", std::string(5000, 'x')}, Origin{"\xff", ""}}) {
        CHECK(code_of(made.store.publish(policy(7), wrong)) == "S0026");
        CHECK(code_of(made.store.tag("t", "v1", wrong)) == "S0026");
        CHECK(code_of(made.store.protect("c", false, 0, wrong)) == "S0026");
        CHECK(code_of(made.store.approve("prod", "v1", wrong)) == "S0026");
        Move move = made.to("v1");
        move.origin = wrong;
        CHECK(code_of(made.store.activate(move)) == "S0026");
    }
    CHECK(made.store.versions()->size() == 1);
}

TEST_CASE("store: tags move, and the last one counts") {
    Made made(2);
    REQUIRE(made.store.tag("good", "v1", kAda));
    REQUIRE(made.store.tag("good", "v2", kBob));
    REQUIRE(made.store.tag("also", "v2", kBob));
    const auto tags = made.store.tags();
    REQUIRE(tags->size() == 2);
    CHECK((*tags)[1].name == "good");
    CHECK((*tags)[1].digest == made.bundles[1].digest());
    CHECK((*tags)[1].origin.author == kBob.author);
}

TEST_CASE("store: activations move a channel on, and a rollback is one more") {
    Made made(3);
    CHECK(made.store.channel("prod")->serial == Serial{});
    const Activation first = made.activate("v1");
    CHECK(first.serial == Serial{1, 1});
    CHECK(first.parent.empty());
    const Activation second = made.activate("v2");
    CHECK(second.serial == Serial{1, 2});
    CHECK(second.parent == first.digest);
    made.activate("v2");  // the same content again
    Move back = made.to("");
    const auto rolled = made.store.rollback(back);
    REQUIRE(rolled);
    CHECK(rolled->serial == Serial{1, 4});
    CHECK(rolled->digest == first.digest);
    CHECK(rolled->rollback);
    CHECK(made.store.rollback(made.to("v3"))->digest == made.bundles[2].digest());
    const auto history = made.store.history("prod");
    REQUIRE(history->size() == 5);
    CHECK((*history)[0].rollback);
    CHECK_FALSE((*history)[4].rollback);
    CHECK(made.store.channel("prod")->serial == Serial{1, 5});
    CHECK(texts(made.store.verify()).empty());
}

TEST_CASE("store: S0028 where there is nothing to go back to") {
    Made made(1);
    CHECK(code_of(made.store.rollback(made.to(""))) == "S0028");
    made.activate("v1");
    made.activate("v1");
    CHECK(code_of(made.store.rollback(made.to(""))) == "S0028");
}

TEST_CASE("store: S0023 for a channel that nobody made") {
    Made made(1);
    Move move = made.to("v1");
    move.channel = "prd";
    CHECK(code_of(made.store.activate(move)) == "S0023");
    CHECK(code_of(made.store.rollback(move)) == "S0023");
    CHECK(code_of(made.store.history("prd")) == "S0023");
    CHECK(code_of(made.store.approve("prd", "v1", kBob)) == "S0023");
}

TEST_CASE("store: S0040 for a publisher that did not see the latest") {
    Made made(3);
    made.activate("v1");
    auto other = Store::open(made.path);
    REQUIRE(other);
    Move late = made.to("v3");
    late.expected = Serial{1, 1};
    Move theirs = made.to("v2");
    theirs.expected = Serial{1, 1};
    theirs.origin = kBob;
    REQUIRE(other->activate(theirs));
    const auto refused = made.store.activate(late);
    CHECK(code_of(refused) == "S0040");
    // The message says what changed.
    for (const char* said : {"1.2", "v2", "Bob", "because", "1.1"})
        CHECK(refused.error().message.find(said) != std::string::npos);
    CHECK(made.store.channel("prod")->digest == made.bundles[1].digest());
    late.expected = Serial{1, 2};
    CHECK(made.store.activate(late));
    late.expected = Serial{};
    CHECK(code_of(made.store.activate(late)) == "S0040");
}

TEST_CASE("store: S0040 where the channel moves, or asks for more, while the tests run") {
    Made made(3);
    REQUIRE(made.store.protect("prod", true, 0, kAda));
    auto other = Store::open(made.path);
    REQUIRE(other);
    Move move = made.to("v1");
    move.gate = [&](const Bundle&) {
        Move theirs = made.to("v2");
        theirs.gate = [](const Bundle&) { return VersionCheck{true, "fine", {}}; };
        REQUIRE(other->activate(theirs));
        return VersionCheck{true, "fine", {}};
    };
    CHECK(code_of(made.store.activate(move)) == "S0040");
    CHECK(made.store.channel("prod")->serial == Serial{1, 1});
    move.gate = [&](const Bundle&) {
        REQUIRE(other->protect("prod", true, 2, kAda));
        return VersionCheck{true, "fine", {}};
    };
    CHECK(code_of(made.store.activate(move)) == "S0040");
}

TEST_CASE("store: an operator can raise the epoch, and numbers go on") {
    Made made(2);
    made.activate("v1");
    Move move = made.to("v2");
    move.raise_epoch = true;
    CHECK(made.store.activate(move)->serial == Serial{2, 2});
    CHECK(made.activate("v1").serial == Serial{2, 3});
    CHECK(texts(made.store.verify()).empty());
}

TEST_CASE("store: a protected channel refuses with S0041 and S0042, on record") {
    Made made(1);
    REQUIRE(made.store.protect("prod", true, 0, kAda));
    Move move = made.to("v1");
    CHECK(code_of(made.store.activate(move)) == "S0042");
    move.gate = [](const Bundle&) { return VersionCheck{false, "1 failed", {"the boundary: ttl"}}; };
    const auto refused = made.store.activate(move);
    CHECK(code_of(refused) == "S0041");
    CHECK(refused.error().message == "1 failed; the boundary: ttl");
    auto events = made.store.events();
    CHECK(events->front().kind == "refused");
    CHECK(events->front().detail.find("1 failed; the boundary: ttl") != std::string::npos);
    CHECK(made.store.channel("prod")->serial == Serial{});
    std::string asked;
    move.gate = [&](const Bundle& bundle) {
        asked = bundle.digest();
        return VersionCheck{true, "3 test cases, 0 failed", {}};
    };
    CHECK(made.store.activate(move));
    CHECK(asked == made.bundles[0].digest());
    events = made.store.events();
    CHECK(events->front().kind == "gate");
    CHECK(events->front().detail.find("3 test cases, 0 failed") != std::string::npos);
}

TEST_CASE("store: S0043 until others than the author approve exactly this digest; S0044") {
    Made made(2);
    REQUIRE(made.store.protect("prod", false, 2, kAda));
    REQUIRE(made.store.protect("staging", false, 0, kAda));
    CHECK(code_of(made.store.activate(made.to("v1"))) == "S0043");
    CHECK(made.store.events()->front().kind == "refused");
    CHECK(code_of(made.store.approve("prod", "v1", kAda)) == "S0044");
    CHECK(code_of(made.store.approve("prod", "v1", {"someone <ADA@acme.example>", ""})) == "S0044");
    REQUIRE(made.store.approve("prod", "v1", kBob));
    CHECK(code_of(made.store.approve("prod", "v1", {"Robert <bob@acme.example>", ""})) == "S0044");
    // Names that cannot be distinguished safely from others, as for approvers of a request.
    for (const char* name :
         {"Bob <bob@acme.example >", "<ada@acme.example>", "B\u043eb <b\u043eb@acme.example>", "ro\u200bn"})
        CHECK_MESSAGE(code_of(made.store.approve("prod", "v1", {name, ""})) == "S0044", name);
    CHECK(code_of(made.store.activate(made.to("v1"))) == "S0043");
    REQUIRE(made.store.approve("staging", "v1", {"Cleo", ""}));  // another channel
    REQUIRE(made.store.approve("prod", "v2", {"Cleo", ""}));     // another version
    CHECK(code_of(made.store.activate(made.to("v1"))) == "S0043");
    REQUIRE(made.store.approve("prod", "v1", {"Cleo", ""}));
    CHECK(made.store.activate(made.to("v1")));
    CHECK(made.store.approvals(made.bundles[0].digest())->size() == 3);
}

TEST_CASE("store: namespaces do not see each other") {
    Made made(2);
    auto other = Store::open(made.path, {.space = "team"});
    REQUIRE(other);
    CHECK(other->versions()->empty());
    CHECK(other->channels()->empty());
    CHECK(code_of(other->resolve("v1")) == "S0021");
    CHECK(code_of(other->resolve(std::string(made.bundles[0].digest()))) == "S0021");
    CHECK(other->publish(made.bundles[1], kBob)->number == 1);
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    CHECK(other->revocations()->empty());
    CHECK(made.store.versions()->size() == 2);
}

// ---- revocations ------------------------------------------------------------------------------

TEST_CASE("store: revocations are recorded, end, and are lifted on record; S0026, S0029") {
    Made made(0);
    const std::int64_t day = 86'400 * kSecond;
    const auto first = made.store.revoke(RevocationKind::Agent, "a-1", kAda);
    REQUIRE(first);
    const std::int64_t now = first->created_at;
    REQUIRE(made.store.revoke(RevocationKind::Run, "r-1", kBob, now + day));
    auto in_force = made.store.revocations();
    CHECK(in_force->revoked(RevocationKind::Agent, "a-1", now + 1000 * day));
    CHECK(in_force->revoked(RevocationKind::Run, "r-1", now + day - 1));
    CHECK_FALSE(in_force->revoked(RevocationKind::Run, "r-1", now + day));
    // A later revocation that ends sooner changes nothing; one that ends later applies.
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda, now + day));
    REQUIRE(made.store.revoke(RevocationKind::Run, "r-1", kAda, now + 3 * day));
    REQUIRE(made.store.revoke(RevocationKind::Run, "r-1", kAda, now + 2 * day));
    in_force = made.store.revocations();
    CHECK(in_force->revoked(RevocationKind::Agent, "a-1", now + 1000 * day));
    CHECK(in_force->revoked(RevocationKind::Run, "r-1", now + 3 * day - 1));
    REQUIRE(made.store.lift(RevocationKind::Agent, "a-1", kBob));
    in_force = made.store.revocations();
    CHECK_FALSE(in_force->revoked(RevocationKind::Agent, "a-1", now));
    CHECK(in_force->revoked(RevocationKind::Run, "r-1", now));
    CHECK(code_of(made.store.lift(RevocationKind::Agent, "a-1", kBob)) == "S0029");
    CHECK(code_of(made.store.lift(RevocationKind::Deployment, "r-1", kBob)) == "S0029");
    const auto log = made.store.revocation_log();
    REQUIRE(log->size() == 6);
    CHECK(log->front().lifts);
    CHECK(log->front().origin.author == kBob.author);
    CHECK(log->front().origin.message == "because");

    CHECK(code_of(made.store.revoke(RevocationKind::Agent, "", kAda)) == "S0030");
    CHECK(code_of(made.store.revoke(RevocationKind::Agent, "a\n", kAda)) == "S0030");
    CHECK(code_of(made.store.revoke(RevocationKind::Agent, "a", kAda, now - 1)) == "S0026");
    CHECK(code_of(made.store.revoke(RevocationKind::Agent, "a", {"Ada", ""})) == "S0026");
    CHECK(code_of(made.store.lift(RevocationKind::Run, "r-1", {"Ada", ""})) == "S0026");
    for (const std::string nothing : {" ", ".", "\u00a0", "\u200b"}) {
        CHECK(code_of(made.store.revoke(RevocationKind::Agent, "a", {"Ada", nothing})) == "S0026");
        CHECK(code_of(made.store.lift(RevocationKind::Run, "r-1", {"Ada", nothing})) == "S0026");
    }
    CHECK(made.store.revocation_log()->size() == 6);
}

TEST_CASE("store: a subject is revoked and lifted in any spelling, or refused; S0030, S0023") {
    Made made(0);
    const auto revoke = [&](RevocationKind kind, const std::string& subject) {
        return made.store.revoke(kind, subject, kAda);
    };
    CHECK(revoke(RevocationKind::Workload, "SPIFFE://Example.org/ns/a")->subject == "spiffe://example.org/ns/a");
    CHECK(made.store.revocations()->revoked(RevocationKind::Workload, "spiffe://example.org/ns/a", 1));
    REQUIRE(made.store.lift(RevocationKind::Workload, "spiffe://EXAMPLE.org/ns/a", kBob));
    CHECK(made.store.revocations()->empty());
    for (const char* subject :
         {"spiffe://example.org/a/", "spiffe://example.org/a/../b", "spiffe://example.org/a ", " i-1"})
        CHECK(code_of(revoke(RevocationKind::Workload, subject)) == "S0030");
    CHECK(code_of(revoke(RevocationKind::All, "prd")) == "S0023");
    REQUIRE(revoke(RevocationKind::All, "prod"));
    CHECK(made.store.revocation_log()->size() == 3);
    // A subject that an earlier version of Writ accepted can be lifted as it was written.
    REQUIRE(revoke(RevocationKind::Agent, "a-1"));
    made.tamper("UPDATE revocation SET subject = 'a-1 ' WHERE subject = 'a-1'");
    CHECK(made.store.revocations()->revoked(RevocationKind::Agent, "anybody", 1));
    REQUIRE(made.store.lift(RevocationKind::Agent, "a-1 ", kBob));
    CHECK_FALSE(made.store.revocations()->revoked(RevocationKind::Agent, "anybody", 1));
}

TEST_CASE("store: a tool or an issuer that no active version declares is refused; S0032") {
    constexpr const char* kNames = R"(
claims k8s { sub: string }
tier read
issuer cluster: k8s "https://Issuer.example/" { audience "broker" }
tool db_migrate "db.migrate" { tier read  audience "https://db.example"  scopes { "db:write" }  params { } }
permit p for tool db_migrate when token.issuer is cluster grant { "db:write" } for 1m
)";
    SourceSet sources;
    sources.sources.push_back({"names.writ", kNames});
    const auto names = compile(sources);
    REQUIRE(names);
    Made made(1);
    const auto revoke = [&](RevocationKind kind, const std::string& subject, bool undeclared = false) {
        const auto done = made.store.revoke(kind, subject, kAda, 0, nullptr, undeclared);
        return done ? std::string("revoked") : done.error().code + " " + done.error().message;
    };
    // While no version is active, any name is accepted.
    CHECK(revoke(RevocationKind::Tool, "anything") == "revoked");
    made.activate("v1");
    REQUIRE(made.store.publish(*names, kAda));
    CHECK(revoke(RevocationKind::Tool, "db.migrate").starts_with("S0032"));  // published, not active
    REQUIRE(made.store.protect("next", false, 0, kAda));
    Move move = made.to("v2");
    move.channel = "next";
    REQUIRE(made.store.activate(move));
    const std::size_t before = made.store.revocation_log()->size();
    CHECK(
        revoke(RevocationKind::Tool, "db_migrate").find("the policy's tool `db_migrate` is `db.migrate` in requests") !=
        std::string::npos);
    CHECK(revoke(RevocationKind::Issuer, "Cluster")
              .find("the policy's issuer `cluster` is `https://Issuer.example/` in requests") != std::string::npos);
    CHECK(revoke(RevocationKind::Tool, "nope").find("they declare `db.migrate`, `lookup`;") != std::string::npos);
    CHECK(revoke(RevocationKind::Issuer, "https://other.example").starts_with("S0032"));
    CHECK(made.store.revocation_log()->size() == before);
    // A name that an active version of any channel declares is never rejected, in any spelling.
    for (const char* tool : {"db.migrate", "DB.Migrate", "lookup"})
        CHECK_MESSAGE(revoke(RevocationKind::Tool, tool) == "revoked", tool);
    for (const char* issuer : {"https://issuer.example", "https://ISSUER.example/"})
        CHECK_MESSAGE(revoke(RevocationKind::Issuer, issuer) == "revoked", issuer);
    CHECK(revoke(RevocationKind::Issuer, "https://hop.example", true) == "revoked");
    CHECK(revoke(RevocationKind::Agent, "nobody-yet") == "revoked");
    // Every name is accepted while an active version cannot be read.
    made.tamper("UPDATE bundle SET bytes = x'00' WHERE digest = '" + std::string(names->digest()) + "'");
    CHECK(revoke(RevocationKind::Tool, "nope") == "revoked");
}

TEST_CASE("store: with keys, revoking takes any of them and lifting a channel key; S0031, S0045, S0061") {
    Made made(1);
    const SecretKey channel = SecretKey::generate(), on_call = SecretKey::generate(), stranger = SecretKey::generate();
    REQUIRE(made.store.add_key(KeyRole::Channel, channel.public_key(), kAda));
    REQUIRE(made.store.add_key(KeyRole::OnCall, on_call.public_key(), kAda));
    CHECK(made.store.keys()->size() == 2);
    const auto revoke = [&](const SecretKey* key) {
        return made.store.revoke(RevocationKind::Agent, "a-1", kAda, 0, key);
    };
    const auto lift = [&](const SecretKey* key) { return made.store.lift(RevocationKind::Agent, "a-1", kBob, key); };
    CHECK(code_of(revoke(nullptr)) == "S0045");
    CHECK(code_of(revoke(&stranger)) == "S0061");
    REQUIRE(revoke(&on_call));
    CHECK(code_of(lift(nullptr)) == "S0045");
    CHECK(code_of(lift(&on_call)) == "S0045");
    CHECK(code_of(made.store.sign_revocations(on_call, kAda)) == "S0045");
    REQUIRE(lift(&channel));
    CHECK(code_of(made.store.activate(made.to("v1"))) == "S0045");
    CHECK(code_of(made.store.activate(made.to("v1", &on_call))) == "S0045");
    REQUIRE(made.store.activate(made.to("v1", &channel)));
    CHECK(made.store.verify({channel.public_key()}, {on_call.public_key()})->empty());
    CHECK(made.store.verify({channel.public_key()})->size() == 1);
    // A key has one role, the last one given; a removed key can sign nothing.
    REQUIRE(made.store.add_key(KeyRole::OnCall, channel.public_key(), kAda));
    REQUIRE(revoke(&on_call));
    CHECK(code_of(lift(&channel)) == "S0045");
    REQUIRE(made.store.remove_key(on_call.public_key().id(), kAda));
    CHECK(code_of(revoke(&on_call)) == "S0061");
    CHECK(code_of(made.store.remove_key(on_call.public_key().id(), kAda)) == "S0031");
    REQUIRE(made.store.remove_key(channel.public_key().id(), kAda));
    CHECK(made.store.keys()->empty());
    REQUIRE(lift(nullptr));
}

TEST_CASE("store: lifting takes the approvals that a channel asks for, S0043, of exactly that revocation, S0044") {
    Made made(0);
    const Origin carol{"Carol <carol@acme.example>", "because"};
    REQUIRE(made.store.protect("lax", false, 0, kAda));
    REQUIRE(made.store.protect("prod", false, 1, kAda));
    REQUIRE(made.store.protect("soft", false, 0, kAda));  // the strictest channel counts, whichever is listed last
    for (const auto& of : {std::pair{RevocationKind::Agent, "a-1"}, {RevocationKind::All, "prod"}}) {
        const auto revoke = [&] { return made.store.revoke(of.first, of.second, kAda); };
        const auto lift = [&](const Origin& who) { return made.store.lift(of.first, of.second, who); };
        const auto approve = [&](const Origin& who) { return made.store.approve_lift(of.first, of.second, who); };
        CHECK(code_of(approve(kBob)) == "S0029");
        REQUIRE(revoke());
        CHECK(code_of(lift(kAda)) == "S0043");
        REQUIRE(approve(kAda));
        CHECK(code_of(lift(kAda)) == "S0043");  // your own approval does not count
        REQUIRE(approve(kBob));
        CHECK(code_of(approve(kBob)) == "S0044");
        REQUIRE(revoke());  // another revocation than the approved one
        CHECK(code_of(lift(kAda)) == "S0043");
        REQUIRE(approve(carol));
        REQUIRE(lift(kAda));
    }
    REQUIRE(made.store.revoke(RevocationKind::All, "lax", kAda));
    CHECK(made.store.lift(RevocationKind::All, "lax", kAda));
}

TEST_CASE("store: the revocation log is a chain, and verify says where it does not hold") {
    Made made(0);
    const SecretKey key = SecretKey::generate();
    for (const char* agent : {"a-1", "a-2", "a-3"})
        REQUIRE(made.store.revoke(RevocationKind::Agent, agent, kAda, 0, &key));
    const auto log = made.store.revocation_log();
    CHECK(log->at(2).parent.empty());
    CHECK(log->at(1).parent == digest_of(log->at(2)));
    CHECK(log->at(0).parent == digest_of(log->at(1)));
    CHECK(log->at(0).sequence == 3);
    CHECK(made.store.verify({key.public_key()})->empty());
    made.tamper("UPDATE revocation SET author = 'Eve' WHERE sequence = 2");
    const auto problems = made.store.verify({key.public_key()});
    REQUIRE(problems->size() == 2);
    CHECK(problems->at(0).find("revocation 2: the signature does not match the entry") == 0);
    CHECK(problems->at(1).find("revocation 3: the revocation log has forked") == 0);
    made.tamper("DELETE FROM revocation WHERE sequence = 2");
    CHECK(made.store.verify()->at(0).find("revocation 3: the revocation log has no entry 2") == 0);
}

TEST_CASE("store: a revocation of a kind that is not known stops the reading") {
    Made made(0);
    REQUIRE(made.store.revoke(RevocationKind::Agent, "a-1", kAda));
    made.tamper("UPDATE revocation SET kind = 'planet'");
    CHECK(code_of(made.store.revocations()) == "S0004");
}

// ---- keeping ----------------------------------------------------------------------------------

TEST_CASE("store: versions travel from store to store; S0027") {
    Made made(3);
    REQUIRE(made.store.tag("good", "v2", kAda));
    const auto all = made.store.export_versions({});
    REQUIRE(all);
    const Folder folder;
    auto other = Store::init(folder.at("other"));
    REQUIRE(other);
    for (std::size_t cut = 0; cut < all->size(); cut += 997)
        CHECK(code_of(other->import_versions(std::string_view(*all).substr(0, cut), kBob)) == "S0027");
    for (std::size_t at = 0; at < all->size(); at += 499) {
        std::string altered = *all;
        altered[at] = static_cast<char>(altered[at] ^ 1);
        CHECK(code_of(other->import_versions(altered, kBob)) == "S0027");
    }
    CHECK(other->versions()->empty());
    const auto added = other->import_versions(*all, kBob);
    REQUIRE(added);
    CHECK(added->size() == 3);
    const auto there = other->versions(), here = made.store.versions();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK((*there)[i].digest == (*here)[i].digest);
        CHECK((*there)[i].parent == (*here)[i].parent);
        CHECK((*there)[i].origin.author == kAda.author);
        CHECK((*there)[i].created_at == (*here)[i].created_at);
    }
    CHECK(other->import_versions(*all, kBob)->empty());
    CHECK(other->events()->front().detail == "0 of 3 versions are new");
    CHECK(texts(other->verify()).empty());
    const auto one = made.store.export_versions({"good"});
    auto third = Store::init(folder.at("third"));
    CHECK(third->import_versions(*one, kBob)->front().digest == made.bundles[1].digest());
}

TEST_CASE("store: gc takes content that nothing needs, and S0025 says that it is gone") {
    Made made(5);
    made.activate("v1");
    made.activate("v2");  // v1 was active once
    REQUIRE(made.store.tag("good", "v3", kAda));
    auto team = Store::open(made.path, {.space = "team"});
    const std::int64_t later = made.store.versions()->front().created_at + 1;
    CHECK(made.store.collect(made.store.versions()->back().created_at, false, kAda)->empty());  // too young
    CHECK(made.store.collect(later, true, kAda)->size() == 1);
    CHECK_FALSE(made.store.resolve("v4")->collected);
    const auto gone = made.store.collect(later, false, kAda);
    REQUIRE(gone->size() == 1);
    CHECK(gone->front().number == 4);
    CHECK(made.store.resolve("v4")->collected);
    CHECK(code_of(made.store.bundle(made.bundles[3].digest())) == "S0025");
    CHECK(code_of(made.store.activate(made.to("v4"))) == "S0025");
    CHECK(code_of(made.store.export_versions({"v4"})) == "S0025");
    CHECK(made.store.export_versions({}));
    CHECK(made.store.events()->front().kind == "gc");
    CHECK(texts(made.store.verify()).empty());
    // Publishing the sources again restores the same version.
    CHECK(made.store.publish(made.bundles[3], kBob)->number == 4);
    CHECK(made.store.bundle(made.bundles[3].digest()));
    REQUIRE(team->publish(made.bundles[3], kBob));  // another namespace needs it
    CHECK(made.store.collect(later, false, kAda)->empty());
}

TEST_CASE("store: verify finds what was altered behind its back") {
    const auto problems = [](const std::string& sql) {
        Made made(3);
        made.activate("v1");
        made.activate("v2");
        made.activate("v1");
        made.tamper(sql);
        return texts(made.store.verify());
    };
    CHECK(problems("UPDATE version SET message = 'x' WHERE number = 1").empty());
    const auto has = [](const std::vector<std::string>& all, const char* what) {
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string& each) { return each.find(what) != std::string::npos; });
    };
    CHECK(
        has(problems("UPDATE bundle SET bytes = substr(bytes, 1, 3000) || x'A55AA55AA55AA55A' || substr(bytes, 3009)"),
            "damaged"));
    CHECK(has(problems("DELETE FROM version WHERE number = 2"), "v2 is missing"));
    CHECK(has(problems("DELETE FROM activation WHERE number = 2"), "prod 1.3: does not follow 1.1"));
    CHECK(has(problems("UPDATE activation SET digest = (SELECT digest FROM version WHERE number = 3) WHERE number = 2"),
              "another version than its predecessor was active before"));
    CHECK(has(problems("UPDATE channel SET number = 9"), "the current serial is not the last one in the history"));
    CHECK(has(problems("DELETE FROM activation WHERE number = 3"),
              "the current serial is not the last one in the history"));
    CHECK(has(problems("DELETE FROM version"), "its version does not exist"));
}

TEST_CASE("store: verify holds signatures against the keys it is given") {
    Made made(1);
    const SecretKey key = SecretKey::generate(), other = SecretKey::generate();
    made.activate("v1", &key);
    CHECK(texts(made.store.verify({key.public_key()})).empty());
    CHECK(texts(made.store.verify({other.public_key()})).size() == 1);
    made.tamper("UPDATE activation SET not_after = 5");
    CHECK(texts(made.store.verify({key.public_key()})).size() == 1);
    CHECK(texts(made.store.verify()).empty());
    made.activate("v1");
    CHECK(texts(made.store.verify({key.public_key()})).size() == 2);
}

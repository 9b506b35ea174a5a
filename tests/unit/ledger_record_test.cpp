// Tests the bytes of records: what was written can be read, and nothing else.
#include <random>

#include "base/access.h"
#include "ledger_fixture.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

/// A record with a value in every field.
Record full() {
    static const std::string digest(32, '\7');
    Record record;
    record.time = 1'790'000'000'000'001;
    Decision& decision = record.decision;
    decision.effect = Effect::Permit;
    decision.grant.scopes = {"a", "b"};
    decision.grant.audience = {"https://x.example"};
    decision.grant.ttl = 120;
    decision.grant.not_after = -5;
    decision.grant.single_use = true;
    decision.grant.obligations = {{"audit", "{\"level\":\"full\"}"}};
    decision.reasons = {{"permitted", 3, "", 0}, {"fact_missing", kNoRule, "user.id", 1}};
    Requirement& need = Access::add_requirement(decision);
    need.rule = 7, need.groups = {"leads"}, need.needed = 2, need.counted = 1, need.within = 900, need.expires = 77;
    decision.binding_digest = "abcd";
    decision.attribution.agent = "agent", decision.attribution.agent_class = "class", decision.attribution.run = "run";
    decision.attribution.chain = {"root", "child"};
    decision.attribution.approvers = {"carol"};
    decision.now = 1'790'000'000'000'000;
    decision.steps = 300;
    record.rules = {{0, 3, "permit", "m", "p", "f.writ", 12, "because"}};
    record.bundles = {"d1", "d2"};
    record.shadow = true;
    record.overruled = true;
    record.repeats = 300;
    record.around.request_id = "req-1", record.around.trace_id = "t", record.around.idempotency_key = "k";
    record.around.ask = digest, record.around.key = digest, record.around.tier = "write", record.around.tier_rank = 2,
    record.around.tier_count = 3;
    record.around.approvals = {"appr-1"};
    record.request = "{\"now\":1}";
    record.request_digest = digest;
    record.masked = {"/user/email"};
    record.uses = {"approval:appr-1"};
    return record;
}

std::string bytes_of(const Record& record) {
    std::string out;
    encode(record, out);
    return out;
}

}  // namespace

TEST_CASE("ledger: a record is read as it was written") {
    const std::string bytes = bytes_of(full());
    Record read;
    REQUIRE(decode(bytes, read).has_value());
    CHECK(read.decision.grant.scopes == full().decision.grant.scopes);
    CHECK(read.decision.grant.not_after == -5);
    CHECK(read.decision.requirements.at(0).within == 900);
    CHECK(read.decision.bundle_digest == "d1");
    CHECK(read.rules.at(0).because == "because");
    CHECK(read.around.tier_rank == 2);
    CHECK(bytes_of(read) == bytes);
    // Reading into a record replaces all its content.
    const std::string small = used_record("x");
    std::string deny;
    encode(Record{}, deny);
    REQUIRE(decode(deny, read).has_value());
    CHECK(bytes_of(read) == deny);
    CHECK_FALSE(read.decision.grant.not_after.has_value());
    REQUIRE(decode(small, read).has_value());
    CHECK(read.kind == RecordKind::Use);
}

TEST_CASE("ledger: the numbers of the format stay") {
    CHECK(static_cast<int>(RecordKind::Decision) == 1);
    CHECK(static_cast<int>(RecordKind::Receipt) == 2);
    CHECK(static_cast<int>(RecordKind::Use) == 3);
    CHECK(static_cast<int>(RecordKind::Drops) == 4);
    CHECK(used_record("abc") == std::string("\x03\x02\x03"
                                            "abc"));
    Record receipt;
    receipt.kind = RecordKind::Receipt;
    receipt.time = -1;
    receipt.receipt = {300, "c", "r", 1, 0, -64};
    CHECK(bytes_of(receipt) == std::string("\x02\x01\xac\x02\x01"
                                           "c"
                                           "\x01"
                                           "r"
                                           "\x02\x00\x7f",
                                           11));
    CHECK(to_hex(leaf_hash(bytes_of(full()))) == "1cf8c684032f8edd3232a571d46bf4c2dc8c86c6d3328d4fd1506de8a865b58a");
}

TEST_CASE("ledger: the answer in a record's bytes") {
    const Record record = full();
    const std::string bytes = bytes_of(record);
    std::string answer;
    encode_answer(record, answer);
    CHECK(answer_in(bytes) == answer);
    CHECK(answer_in(used_record("x")).empty());
    // Steps do not count, because two evaluators may differ in them.
    Record other = full();
    other.decision.steps = 1;
    std::string same;
    encode_answer(other, same);
    CHECK(same == answer);
}

TEST_CASE("ledger: bytes that no record has are refused, G0022") {
    const std::string bytes = bytes_of(full());
    Record read;
    for (std::size_t n = 0; n < bytes.size(); ++n)
        CHECK_FALSE(decode(std::string_view(bytes).substr(0, n), read).has_value());
    CHECK_FALSE(decode(bytes + '\0', read).has_value());
    CHECK(decode("", read).error().code == "G0022");
    // Every record has only one form: writing a record that was read gives the same bytes.
    std::mt19937 random(1);
    std::size_t read_anyway = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string changed = bytes;
        for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits)
            changed[random() % changed.size()] = static_cast<char>(random());
        if (!decode(changed, read)) continue;
        ++read_anyway;
        REQUIRE(bytes_of(read) == changed);
    }
    CHECK(read_anyway > 100);
}

TEST_CASE("ledger: a record as JSON") {
    const std::string json = to_json(full(), 17);
    for (const char* part :
         {"{\"schema_version\":1,\"sequence\":17,\"kind\":\"decision\"", "\"mode\":\"shadow\"", "\"repeats\":300",
          "\"effect\":\"permit\"", "\"because\":\"because\"", "\"args\":{\"level\":\"full\"}",
          "\"request\":{\"now\":1}", "\"request_digest\":\"0707", "\"uses\":[\"approval:appr-1\"]"})
        CHECK_MESSAGE(json.find(part) != std::string::npos, part);
    Record drops;
    drops.kind = RecordKind::Drops;
    drops.dropped = 4;
    CHECK(to_json(drops, 0) ==
          "{\"schema_version\":1,\"sequence\":0,\"kind\":\"drops\",\"time\":\"1970-01-01T00:00:00Z\",\"dropped\":4}");
}

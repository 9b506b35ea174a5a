// Tests queries, and replay of recorded requests.
#include "base/json.h"
#include "ledger/index.h"
#include "ledger_fixture.h"
#include "source_root.h"
#include "writ/audit.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

/// A ledger with decisions on some requests of an example.
struct Traffic {
    Folder folder;
    Bundle bundle;

    Traffic(const std::string& name, const std::vector<std::string>& requests, RecordOptions options = {})
        : bundle(example(name)) {
        auto ledger = Ledger::open(folder.at("ledger"));
        REQUIRE(ledger.has_value());
        auto recorder = Recorder::make(*ledger, bundle, std::move(options));
        REQUIRE(recorder.has_value());
        for (const std::string& request : requests) REQUIRE(recorder->decide(request).sequence.has_value());
    }
};

std::vector<std::string> refunds() {
    return {example_request("refund"), example_request("refund", "deny"), example_request("refund", "needs_approval"),
            example_request("refund", "permit_approved")};
}

std::string cell(const InquiryTable& table, const std::string& question) {
    for (const auto& row : table.rows)
        if (std::get<std::string>(row[0]) == question) return std::get<std::string>(row[1]);
    return "no such row";
}

const InquiryTable& named(const std::vector<InquiryTable>& tables, const std::string& name) {
    for (const InquiryTable& table : tables)
        if (table.name == name) return table;
    REQUIRE_MESSAGE(false, name);
    return tables.front();
}

Bundle edited(const std::string& was, const std::string& is) {
    const std::string path = source_root() + "/examples/refund/policy.writ";
    auto sources = read_sources({path});
    REQUIRE(sources.has_value());
    sources->sources[0].text = with(sources->sources[0].text, was, is);
    auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    return *bundle;
}

}  // namespace

TEST_CASE("ledger: why answers every question about a decision") {
    Traffic traffic("refund", refunds());
    {
        auto ledger = Ledger::open(traffic.folder.at("ledger"));
        Record record;
        record.kind = RecordKind::Receipt;
        record.time = 1'790'000'070'000'000;
        record.receipt = {0, "cred-9", "payments", 0, 1'790'000'065'000'000, 0};
        std::string bytes;
        encode(record, bytes);
        REQUIRE(ledger->append(bytes).has_value());
    }
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    REQUIRE(inquiry.has_value());
    CHECK(*inquiry->find("0") == std::vector<std::uint64_t>{0});
    CHECK(inquiry->find("99").error().code == "G0021");
    CHECK(inquiry->find("no-such-request").error().code == "G0021");
    CHECK(inquiry->why(4).error().code == "G0021");  // a receipt
    const auto why = inquiry->why(inquiry->find("req-1001")->front());
    REQUIRE(why.has_value());
    CHECK(cell(*why, "which agent did this").find("refund-agent, class support") == 0);
    CHECK(cell(*why, "which identity did it use").find("issuer https://k8s-west.example.com") != std::string::npos);
    CHECK(cell(*why, "why was it allowed").find("permit refund_current_tenant at") != std::string::npos);
    CHECK(cell(*why, "who granted it").find("permit refund_current_tenant at") == 0);
    CHECK(cell(*why, "for which user").find("alice@acme.example, tenant t1") == 0);
    CHECK(cell(*why, "under which policy version") == traffic.bundle.digest());
    CHECK(cell(*why, "which resource accepted it") == "cred-9 by payments, accepted 2026-09-21T14:14:25Z");
    CHECK(cell(*why, "which subagents inherited it") == "none that made a request");
    CHECK(cell(*why, "can it be used for something else").find("yes, until it expires") == 0);
    CHECK(cell(*inquiry->why(1), "why was it not allowed").find("by deny") != std::string::npos);
    CHECK(cell(*inquiry->why(1), "can it be used for something else") == "no: nothing was granted");
}

TEST_CASE("ledger: why says of an approval used twice that nobody granted it") {
    const std::string once = example_request("delete-bucket", "permit_approved");
    Traffic traffic("delete-bucket", {once, once});
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    const std::string id = json::parse(once)->find("request_id")->text;
    CHECK(*inquiry->find(id) == std::vector<std::uint64_t>{1, 0});
    const auto why = inquiry->why(1);
    REQUIRE(why.has_value());
    CHECK(cell(*why, "why was it not allowed").find("approval_used") != std::string::npos);
    CHECK(cell(*why, "who granted it").find("nobody: it was not granted; approved by ") == 0);
}

TEST_CASE("ledger: subagents that inherited are found through their runs") {
    Traffic traffic("subagent",
                    {example_request("subagent", "permit_intersection"),
                     with(with(example_request("subagent", "permit_intersection"), "run-child", "run-grandchild"),
                          "run-parent", "run-child")});
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    CHECK(cell(*inquiry->why(0), "which subagents inherited it") == "summary-agent (run run-grandchild)");
    CHECK(cell(*inquiry->why(0), "on whose behalf (chain)").find("parent run run-parent") != std::string::npos);
}

TEST_CASE("ledger: decisions are listed by what they say") {
    Traffic traffic("refund", refunds());
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    const auto count = [&](const Filter& filter) { return inquiry->list(filter)->rows.size(); };
    CHECK(count({}) == 4);
    Filter filter;
    filter.effect = "permit";
    CHECK(count(filter) == 2);
    filter.rule = "refund_large";
    CHECK(count(filter) == 1);
    filter = {};
    filter.effect = "needs_approval";
    CHECK(count(filter) == 1);
    for (const char* word : {"needs approval", "Permit", "x"}) {
        filter.effect = word;
        const auto refused = inquiry->list(filter);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == "G0028");
        CHECK(refused.error().message ==
              "no effect is called `" + filter.effect + "`; they are `permit`, `needs_approval` and `deny`");
    }
    filter = {};
    filter.agent = "refund-agent' or 1=1 --";
    CHECK(count(filter) == 0);
    filter = {};
    filter.since = INT64_MAX;
    CHECK(count(filter) == 0);
    filter = {};
    filter.limit = 1;
    CHECK(std::get<std::int64_t>(inquiry->list(filter)->rows[0][0]) == 3);
}

TEST_CASE("ledger: a list of enforced decisions leaves out a candidate's, and has what was recorded since") {
    Traffic traffic("refund", {example_request("refund")});
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    REQUIRE(inquiry.has_value());
    {
        auto ledger = Ledger::open(traffic.folder.at("ledger"));
        REQUIRE(ledger.has_value());
        auto recorder = Recorder::make(*ledger, traffic.bundle);
        REQUIRE(recorder.has_value());
        Request request(traffic.bundle);
        const std::string document = example_request("refund", "deny");
        REQUIRE(request.parse(document).has_value());
        Evaluator evaluator(traffic.bundle);
        CHECK(recorder->shadow(document, evaluator.evaluate(request), traffic.bundle));
    }
    CHECK(inquiry->list({})->rows.size() == 1);
    REQUIRE(inquiry->catch_up().has_value());
    CHECK(inquiry->list({})->rows.size() == 2);
    Filter filter;
    filter.enforced = true;
    const auto enforced = inquiry->list(filter);
    REQUIRE(enforced->rows.size() == 1);
    CHECK(std::get<std::int64_t>(enforced->rows[0][0]) == 0);
}

TEST_CASE("ledger: the report, and what it cannot know") {
    auto requests = refunds();
    requests.push_back(with(example_request("refund"), "\"federated\"", "\"static\""));
    requests.push_back(with(example_request("refund"), "\"class\": \"support\"", "\"class\": \"billing\""));
    Traffic traffic("refund", requests);
    auto inquiry = Inquiry::open(traffic.folder.at("ledger"));
    const auto report = inquiry->report();
    REQUIRE(report.has_value());
    const InquiryTable& metrics = named(*report, "metrics");
    REQUIRE(metrics.rows.size() == 7);
    CHECK(std::get<double>(metrics.rows[0][1]) == doctest::Approx(83.3));
    CHECK(std::get<std::int64_t>(metrics.rows[1][1]) == 1);
    CHECK(std::get<std::int64_t>(metrics.rows[4][1]) >= 1);
    CHECK(std::holds_alternative<std::monostate>(metrics.rows[5][1]));  // no receipts
    CHECK(std::holds_alternative<std::monostate>(metrics.rows[6][1]));
    CHECK(std::get<std::string>(metrics.rows[6][2]).find("absent") == 0);
    CHECK(std::get<std::string>(named(*report, "denials").rows.at(0)[0]) == "refund-agent");
    CHECK(named(*report, "credentials").rows.size() == 2);
    const auto none = inquiry->report(INT64_MAX);
    CHECK(named(*none, "effects").rows.empty());
}

TEST_CASE("ledger: the index is made anew if it is of another ledger or ahead of this one") {
    Traffic traffic("refund", refunds()), other("refund", {example_request("refund", "deny")});
    CHECK(Inquiry::open(traffic.folder.at("ledger"))->list({})->rows.size() == 4);
    CHECK(Inquiry::open(other.folder.at("ledger"))->list({})->rows.size() == 1);
    std::filesystem::copy_file(traffic.folder.at("ledger") + "/index.sqlite",
                               other.folder.at("ledger") + "/index.sqlite",
                               std::filesystem::copy_options::overwrite_existing);
    CHECK(Inquiry::open(other.folder.at("ledger"))->list({})->rows.size() == 1);
    CHECK((*Index::open(other.folder.at("ledger")))->ask("", "select x from nothing").error().code == "G0008");
    // An unreadable index is removed. If no file can be created, the index is in memory.
    write_bytes(traffic.folder.at("ledger") + "/index.sqlite", std::string(5000, 'x'));
    CHECK(Inquiry::open(traffic.folder.at("ledger"))->list({})->rows.size() == 4);
    CHECK(Inquiry::open(traffic.folder.path.string() + "/none").error().code == "G0001");
}

TEST_CASE("ledger: moments") {
    CHECK(parse_moment("1970-01-01T00:00:01Z", 0) == 1'000'000);
    CHECK(parse_moment("1h", 7'200'000'000) == 3'600'000'000);
    CHECK_FALSE(parse_moment("yesterday", 0).has_value());
}

TEST_CASE("ledger: decisions are the same when they are decided again") {
    Traffic traffic("refund", refunds());
    const auto find = [&](std::string_view digest) -> std::optional<Bundle> {
        if (digest == traffic.bundle.digest()) return traffic.bundle;
        return std::nullopt;
    };
    auto again = redecide(traffic.folder.at("ledger"), find);
    REQUIRE(again.has_value());
    CHECK(again->decisions == 4);
    CHECK(again->same == 4);
    CHECK(redecide(traffic.folder.at("ledger"), [](std::string_view) { return std::optional<Bundle>{}; })->no_bundle ==
          4);
    // A record that differs from what its policy decides.
    auto records = records_of(traffic.folder.at("ledger"));
    Record record;
    REQUIRE(decode(records[1], record).has_value());
    record.decision.effect = Effect::Permit;
    std::string forged;
    encode(record, forged);
    {
        auto ledger = Ledger::open(traffic.folder.at("ledger"));
        REQUIRE(ledger->append(forged).has_value());
    }
    again = redecide(traffic.folder.at("ledger"), find);
    CHECK(again->differ == 1);
    CHECK(again->examples == std::vector<std::uint64_t>{4});
}

TEST_CASE("ledger: records that cannot be decided again are counted by why") {
    RecordOptions masking;
    masking.mask = {"/tool/params/amount"};
    masking.mask_key = std::string(32, 'k');
    Traffic masked("refund", refunds(), masking);
    RecordOptions digests;
    digests.whole_request = false;
    Traffic digest("refund", refunds(), digests);
    const auto find = [&](std::string_view) -> std::optional<Bundle> { return masked.bundle; };
    const auto again = redecide(masked.folder.at("ledger"), find);
    CHECK(again->differ == 0);
    CHECK(again->undecided == 4);
    CHECK(replay(masked.folder.at("ledger"), masked.bundle)->undecided == 4);
    CHECK(replay(masked.folder.at("ledger"), masked.bundle)->decisions == 0);
    CHECK(redecide(digest.folder.at("ledger"), find)->no_request == 4);
    CHECK(replay(digest.folder.at("ledger"), digest.bundle)->no_request == 4);
    // A decision that the ledger denied is replayed too, and a repetition is not a separate decision.
    const std::string keyed =
        with(example_request("refund"), "\"request_id\"", "\"idempotency_key\": \"k-1\", \"request_id\"");
    Traffic repeated("refund", {keyed, with(keyed, "1790000060", "1790000061"),
                                with(keyed, "\"amount\": 40.0", "\"amount\": 41.0")});
    const auto compared = replay(repeated.folder.at("ledger"), repeated.bundle);
    CHECK(compared->same == 1);
    CHECK(compared->repeated == 1);
    CHECK(compared->overruled == 1);
    CHECK(compared->no_request == 0);
    const auto decided =
        redecide(repeated.folder.at("ledger"), [&](std::string_view) { return std::optional(repeated.bundle); });
    CHECK(decided->same == 2);  // including the repetition, which gets the rest of the first grant
    CHECK(decided->overruled == 1);
    CHECK(decided->differ == 0);
}

TEST_CASE("ledger: facts that were masked and that no rule reads do not keep a record from being decided") {
    RecordOptions masking;
    masking.mask = {"/workload/platform"};
    Traffic traffic("refund", refunds(), masking);
    const auto find = [&](std::string_view) -> std::optional<Bundle> { return traffic.bundle; };
    // All except the one with an approval, because its binding digest is masked too.
    CHECK(redecide(traffic.folder.at("ledger"), find)->same == 3);
    CHECK(redecide(traffic.folder.at("ledger"), find)->undecided == 1);
    CHECK(replay(traffic.folder.at("ledger"), traffic.bundle)->same == 3);
    const Bundle reads =
        edited("and params.amount > 0.00", "and params.amount > 0.00\n   and workload.platform == \"kubernetes\"");
    CHECK(replay(traffic.folder.at("ledger"), reads)->undecided == 4);
    CHECK(replay(traffic.folder.at("ledger"), reads)->decisions == 0);
}

TEST_CASE("ledger: replay says what another policy would change, and by which rule") {
    Traffic traffic("refund", refunds());
    const auto same = replay(traffic.folder.at("ledger"), traffic.bundle);
    REQUIRE(same.has_value());
    CHECK(same->decisions == 4);
    CHECK(same->same == 4);
    CHECK(same->by_rule.rows.empty());
    // A longer ttl is wider.
    const auto longer = replay(traffic.folder.at("ledger"),
                               edited("grant { \"refund:create\" } for 2m", "grant { \"refund:create\" } for 3m"));
    CHECK(longer->wider == 2);
    CHECK(longer->narrower == 0);
    CHECK(std::get<std::string>(longer->by_rule.rows.at(0)[0]) == "permit, wider");
    // Without the requirement, a request that needed approval is permitted.
    const auto loose = replay(traffic.folder.at("ledger"), edited("when params.amount > 500.00\n  approval",
                                                                  "when params.amount > 5000.00\n  approval"));
    CHECK(loose->wider == 1);
    CHECK(std::get<std::string>(loose->by_rule.rows.at(0)[0]) == "needs approval → permit");
    CHECK(std::get<std::int64_t>(loose->by_rule.rows.at(0)[3]) == 2);
    CHECK(std::get<std::string>(loose->by_agent.rows.at(0)[1]) == "refund-agent");
    // A request that loses its permit.
    const auto strict = replay(traffic.folder.at("ledger"), edited("params.amount > 0.00", "params.amount > 40.00"));
    CHECK(strict->narrower == 1);
    CHECK(std::get<std::string>(strict->by_rule.rows.at(0)[1]) == "no longer permit refund_current_tenant");
}

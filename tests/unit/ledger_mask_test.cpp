// Tests masking: the search for hidden values in texts, its cost, and digests that cover hidden values.
#include <ctime>
#include <random>

#include "base/json.h"
#include "ledger/text_finder.h"
#include "ledger_fixture.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

/// The result that TextFinder::find() must have, found by trying every text at every byte.
std::vector<std::uint32_t> tried(const std::vector<std::string>& sought, std::string_view text) {
    std::vector<std::uint32_t> out(text.size(), TextFinder::kNone);
    for (std::size_t at = 0; at < text.size(); ++at)
        for (std::uint32_t i = 0; i < sought.size(); ++i)
            if (text.substr(at).starts_with(sought[i]) &&
                (out[at] == TextFinder::kNone || sought[out[at]].size() < sought[i].size()))
                out[at] = i;
    return out;
}

/// A refund with this many texts of four bytes in an unknown claim, and this many capabilities of 240 bytes.
std::string crowded(std::size_t values, std::size_t capabilities) {
    std::mt19937 random(1);
    const auto letters = [&](std::size_t size, char first) {
        std::string out = "\"";
        for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(first + random() % 26);
        return out + "\",";
    };
    std::string lists = "\"x\":{", held;
    for (std::size_t from = 0; from < values; from += 1000) {
        lists += (from == 0 ? "\"l" : ",\"l") + std::to_string(from) + "\":[";
        for (std::size_t i = from; i < std::min(values, from + 1000); ++i) lists += letters(4, 'a');
        lists.back() = ']';
    }
    for (std::size_t i = 0; i < capabilities; ++i) held += letters(240, 'A');
    held.pop_back();
    std::string out = with(example_request("refund"), "\"claims\": {", "\"claims\": { " + lists + "},");
    return with(out, "\"agent\": {", "\"agent\": { \"capabilities\": [" + held + "],");
}

/// The processor time, in seconds, of the fastest of three recorded decisions.
double seconds_to_record(const std::string& request) {
    const Folder folder;
    auto ledger = Ledger::open(folder.at("ledger"));
    RecordOptions options;
    options.mask = {"/token/claims"};
    auto recorder = Recorder::make(*ledger, example("refund"), options);
    REQUIRE(recorder.has_value());
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
        const double before = now();
        const Answer answer = recorder->decide(request);
        least = std::min(least, now() - before);
        REQUIRE(answer.decision.effect == Effect::Permit);
        REQUIRE(answer.sequence.has_value());
    }
    return least;
}

/// Whether the text occurs anywhere in the ledger.
bool on_disk(const Folder& folder, const std::string& text) {
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder.at("ledger")))
        if (each.is_regular_file() && read_bytes(each.path().string()).find(text) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("text finder: at each byte the longest text that starts there, the first of equal ones") {
    TextFinder finder;
    std::mt19937 random(7);
    const auto text = [&](std::size_t most) {
        std::string out;
        for (std::size_t size = 1 + random() % most; size > 0; --size)
            out += static_cast<char>(random() % 3 == 0 ? '\xC3' : 'a');
        return out;
    };
    for (int round = 0; round < 500; ++round) {
        std::vector<std::string> sought;
        for (std::size_t count = random() % 8; count > 0; --count) sought.push_back(text(6));
        finder.build(views(sought));
        for (int i = 0; i < 5; ++i) {
            const std::string in = text(40);
            REQUIRE(finder.find(in) == tried(sought, in));
        }
    }
    CHECK(finder.find("").empty());
}

TEST_CASE("text finder: work is bounded by bytes, whatever is sought") {
    const auto bounded = [](const std::vector<std::string>& sought, const std::string& text) {
        TextFinder finder;
        finder.build(views(sought));
        (void)finder.find(text);
        std::size_t bytes = text.size();
        for (const std::string& each : sought) bytes += each.size();
        CHECK(finder.lookups() <= 2 * bytes);
    };
    std::vector<std::string> few, many, nested, tails;
    for (int i = 0; i < 5000; ++i) (i < 50 ? few : many).push_back("aaa" + std::to_string(10000 + i));
    for (std::size_t i = 1; i <= 300; ++i)
        nested.push_back(std::string(i, 'a')), tails.push_back("b" + std::string(i, 'a'));
    const std::string text(30000, 'a');
    for (const auto* sought : {&few, &many, &nested, &tails}) bounded(*sought, text);
}

TEST_CASE("ledger: the cost of masking grows with the bytes, not with values times bytes") {
    const double part = seconds_to_record(crowded(320, 4)), whole = seconds_to_record(crowded(5000, 60));
    MESSAGE("5,000 values, 14,400 bytes of other text: " << whole * 1e3
                                                         << " ms; about a sixteenth of both: " << part * 1e3 << " ms");
    CHECK(whole < 45 * part);  // values times bytes would be about 230
}

TEST_CASE("ledger: a binding digest is hidden with anything that it covers") {
    auto sources = read_sources({source_root() + "/examples/refund/policy.writ"});
    REQUIRE(sources.has_value());
    sources->sources[0].text = with(sources->sources[0].text, "currency: string", "currency: string\n    note: string");
    const auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    const std::string plain = example_request("refund", "needs_approval");
    // Decides the request, and again with the approval that the first decision requires.
    const auto shown = [&](const std::string& request, std::vector<std::string> mask) {
        const Folder folder;
        auto ledger = Ledger::open(folder.at("ledger"));
        RecordOptions options;
        options.mask = std::move(mask);
        auto recorder = Recorder::make(*ledger, *bundle, options);
        REQUIRE(recorder.has_value());
        const Answer asks = recorder->decide(request);
        const std::string digest = asks.decision.binding_digest;
        REQUIRE(asks.decision.effect == Effect::NeedsApproval);
        REQUIRE(!digest.empty());
        const std::string approval = "\"approvals\": [{ \"id\": \"ap-1\", \"binding_digest\": \"" + digest + "\" }]";
        REQUIRE(recorder->decide(with(request, "\"approvals\": []", approval)).sequence == 1u);
        std::vector<std::string> bytes;
        Record record;
        for (const std::uint64_t sequence : {0, 1}) {
            bytes.push_back(*ledger->read(sequence));
            REQUIRE(decode(bytes.back(), record).has_value());
            CHECK_FALSE(record.decision.binding_digest.empty());
        }
        // Equal digests stay equal in the answer and in the approval.
        const auto given = json::parse(record.request);
        CHECK(given->find("approvals")->items.at(0).find("binding_digest")->text == record.decision.binding_digest);
        return on_disk(folder, digest);
    };
    const std::string noted = with(plain, "\"currency\": \"USD\"", "\"currency\": \"USD\", \"note\": \"for a friend\"");
    CHECK(shown(plain, {}));
    CHECK(shown(with(plain, "\"claims\": {", "\"claims\": { \"email\": \"canary\","),
                {}));  // the digest does not cover it
    CHECK_FALSE(shown(plain, {"/tool/params/amount"}));
    CHECK_FALSE(shown(plain, {"/user/session_active", "/tool/params/amount"}));
    CHECK_FALSE(shown(plain, {"/tool/params/currency"}));
    CHECK_FALSE(shown(noted, {}));
}

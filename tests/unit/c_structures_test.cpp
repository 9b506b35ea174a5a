// Tests structures of other headers in the C interface, which end after any member, and the functions that write their
// result through a pointer.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

struct Member {
    std::size_t begin, end;
};
#define MEMBER(type, name)                                              \
    Member {                                                            \
        offsetof(type, name), offsetof(type, name) + sizeof(type::name) \
    }

/// Checks that all members are listed: gaps between and after them are no larger than padding.
void check_complete(const std::vector<Member>& members, std::size_t size) {
    std::size_t end = sizeof(std::size_t);
    for (const Member& each : members) {
        CHECK(each.begin >= end);
        CHECK(each.begin - end < alignof(std::max_align_t) / 2);
        end = each.end;
    }
    CHECK(size - end < alignof(std::max_align_t) / 2);
}

/// Whether a structure of this size would end in the middle of a member, or of the size itself.
bool cuts(const std::vector<Member>& members, std::size_t size) {
    return size < sizeof(std::size_t) || std::any_of(
                                             members.begin(), members.end(),
                                             [&](const Member& each) { return size > each.begin && size < each.end; });
}

/// Calls `run` with options that end after each member, in memory that ends there too, and with their number of
/// members.
template <class Struct, class Run>
void cut_options(const Struct& whole, const std::vector<Member>& members, Run run) {
    check_complete(members, sizeof(Struct));
    for (std::size_t count = 0; count <= members.size(); ++count) {
        const std::size_t size = count == 0 ? sizeof(std::size_t) : members[count - 1].end;
        std::vector<unsigned char> bytes(size);
        std::memcpy(bytes.data(), &whole, size);
        std::memcpy(bytes.data(), &size, sizeof size);
        run(reinterpret_cast<const Struct*>(bytes.data()), count);
    }
}

/// Passes options of every size to `refuses`, which must be true exactly for those that end inside a member.
template <class Struct, class Refuses>
void size_options(const Struct& whole, const std::vector<Member>& members, Refuses refuses) {
    for (std::size_t size = 0; size <= sizeof(Struct); ++size) {
        std::vector<unsigned char> bytes(sizeof(Struct));
        std::memcpy(bytes.data(), &whole, sizeof whole);
        std::memcpy(bytes.data(), &size, sizeof size);
        CHECK_MESSAGE(refuses(reinterpret_cast<const Struct*>(bytes.data())) == cuts(members, size), size);
    }
}

/// Fills structures that end after each member: they must get the same values as the whole structure, and nothing may
/// be written after their end.
template <class Struct, class Fill>
void cut_results(const std::vector<Member>& members, Fill fill) {
    check_complete(members, sizeof(Struct));
    Struct whole{};
    whole.struct_size = sizeof whole;
    REQUIRE(fill(&whole) == WRIT_OK);
    for (std::size_t count = 0; count <= members.size(); ++count) {
        const std::size_t size = count == 0 ? sizeof(std::size_t) : members[count - 1].end;
        std::vector<unsigned char> bytes(sizeof(Struct) + 8, 0xAB);
        std::memcpy(bytes.data(), &size, sizeof size);
        CHECK(fill(reinterpret_cast<Struct*>(bytes.data())) == WRIT_OK);
        for (std::size_t i = 0; i < count; ++i)
            CHECK(std::memcmp(bytes.data() + members[i].begin,
                              reinterpret_cast<const unsigned char*>(&whole) + members[i].begin,
                              members[i].end - members[i].begin) == 0);
        for (std::size_t i = size; i < bytes.size(); ++i) CHECK(bytes[i] == 0xAB);
    }
    for (std::size_t size = 0; size <= sizeof(Struct); ++size) {
        std::vector<unsigned char> bytes(sizeof(Struct), 0xAB);
        std::memcpy(bytes.data(), &size, sizeof size);
        const bool refused = cuts(members, size);
        CHECK_MESSAGE(fill(reinterpret_cast<Struct*>(bytes.data())) == (refused ? WRIT_ERROR_ARGUMENT : WRIT_OK), size);
        for (std::size_t i = refused ? sizeof size : size; i < bytes.size(); ++i) CHECK(bytes[i] == 0xAB);
    }
}

std::string first_code(const Errors& errors) {
    return writ_errors_count(errors.get()) == 0 ? "ok" : std::string(view(writ_errors_at(errors.get(), 0).code));
}

struct Decided {
    Request request;
    Decision decision{writ_decision_new()};
    explicit Decided(const std::string& name) : request(parsed(refund(), file("requests/" + name + ".json"))) {
        REQUIRE(writ_evaluate(evaluator_for(refund()).get(), request.get(), decision.get()) == WRIT_OK);
    }
};

}  // namespace

TEST_CASE("c: options may end after any member; the rest is by default") {
    const Errors errors(writ_errors_new());
    const Request request = request_for(refund());
    const std::string json = file("requests/permit.json");
    // The document exceeds all of these limits; max_bytes is checked first.
    const writ_request_limits limits{sizeof limits, 100, 5, 2, 3};
    const std::vector<std::string> refused{"ok", "Q0002", "Q0002", "Q0002", "Q0002"};
    cut_options(limits,
                {MEMBER(writ_request_limits, max_bytes), MEMBER(writ_request_limits, max_string),
                 MEMBER(writ_request_limits, max_depth), MEMBER(writ_request_limits, max_members)},
                [&](const writ_request_limits* cut, std::size_t count) {
                    (void)writ_request_parse(request.get(), text(json), cut, errors.get());
                    CHECK(first_code(errors) == refused[count]);
                });

    Reader reader;
    const writ_compile_options options{sizeof options, 1u << 20, 100, 10, read_refund, &reader, 1'000'000};
    const std::string policy = file("policy.writ");
    const writ_source source{text("policy.writ"), text(policy), text({})};
    // Without a reader of files, there are no fixtures of the policy.
    cut_options(options,
                {MEMBER(writ_compile_options, max_source_bytes), MEMBER(writ_compile_options, max_depth),
                 MEMBER(writ_compile_options, max_errors), MEMBER(writ_compile_options, read_file),
                 MEMBER(writ_compile_options, read_context), MEMBER(writ_compile_options, max_steps)},
                [&](const writ_compile_options* cut, std::size_t count) {
                    if (count == 4) return;  // a reader without its context, which this test's reader needs
                    writ_bundle* made = nullptr;
                    const writ_status status = writ_compile(&source, 1, cut, &made, errors.get());
                    CHECK(status == (count > 4 ? WRIT_OK : WRIT_ERROR_POLICY));
                    writ_bundle_free(made);
                });
}

TEST_CASE("c: a structure that ends in the middle of a member is refused") {
    const Errors errors(writ_errors_new());
    const Request request = request_for(refund());
    const std::string json = file("requests/permit.json"), policy = file("policy.writ");
    const writ_request_limits limits{};
    size_options(limits,
                 {MEMBER(writ_request_limits, max_bytes), MEMBER(writ_request_limits, max_string),
                  MEMBER(writ_request_limits, max_depth), MEMBER(writ_request_limits, max_members)},
                 [&](const writ_request_limits* cut) {
                     return writ_request_parse(request.get(), text(json), cut, errors.get()) == WRIT_ERROR_ARGUMENT;
                 });
    const writ_compile_options options{};
    const writ_source source{text("policy.writ"), text(policy), text({})};
    size_options(options,
                 {MEMBER(writ_compile_options, max_source_bytes), MEMBER(writ_compile_options, max_depth),
                  MEMBER(writ_compile_options, max_errors), MEMBER(writ_compile_options, read_file),
                  MEMBER(writ_compile_options, read_context), MEMBER(writ_compile_options, max_steps)},
                 [&](const writ_compile_options* cut) {
                     writ_bundle* made = nullptr;
                     const writ_status status = writ_compile(&source, 1, cut, &made, errors.get());
                     writ_bundle_free(made);
                     return status == WRIT_ERROR_ARGUMENT;
                 });
}

TEST_CASE("c: results may end after any member; nothing is written behind") {
    cut_results<writ_rule>({MEMBER(writ_rule, kind), MEMBER(writ_rule, name), MEMBER(writ_rule, module),
                            MEMBER(writ_rule, file), MEMBER(writ_rule, because), MEMBER(writ_rule, line)},
                           [](writ_rule* out) { return writ_bundle_rule(refund(), 0, out); });
    const Decided deny("deny");
    cut_results<writ_reason>(
        {MEMBER(writ_reason, code), MEMBER(writ_reason, fact), MEMBER(writ_reason, layer), MEMBER(writ_reason, rule)},
        [&](writ_reason* out) { return writ_decision_reason(deny.decision.get(), 0, out); });
    const Decided needs("needs_approval");
    cut_results<writ_requirement>(
        {MEMBER(writ_requirement, layer), MEMBER(writ_requirement, rule), MEMBER(writ_requirement, needed),
         MEMBER(writ_requirement, counted), MEMBER(writ_requirement, within), MEMBER(writ_requirement, expires),
         MEMBER(writ_requirement, groups)},
        [&](writ_requirement* out) { return writ_decision_requirement(needs.decision.get(), 0, out); });
    const Decided permit("permit");
    REQUIRE(writ_decision_obligation_count(permit.decision.get()) > 0);
    cut_results<writ_obligation>(
        {MEMBER(writ_obligation, name), MEMBER(writ_obligation, args)},
        [&](writ_obligation* out) { return writ_decision_obligation(permit.decision.get(), 0, out); });
    writ_search_result* found = nullptr;
    const std::string request = file("requests/permit.json");
    REQUIRE(writ_search(evaluator_for(refund()).get(), text(request), WRIT_OPEN_TOOL, text({}), nullptr, &found,
                        nullptr) == WRIT_OK);
    cut_results<writ_search_item>(
        {MEMBER(writ_search_item, name), MEMBER(writ_search_item, refused), MEMBER(writ_search_item, scopes),
         MEMBER(writ_search_item, reasons), MEMBER(writ_search_item, answer), MEMBER(writ_search_item, wants_facts)},
        [&](writ_search_item* out) { return writ_search_at(found, 0, out); });
    writ_search_free(found);
    writ_catalogue* catalogue = nullptr;
    REQUIRE(writ_catalogue_new(refund(), &catalogue, nullptr) == WRIT_OK);
    cut_results<writ_tool>(
        {MEMBER(writ_tool, name), MEMBER(writ_tool, wire_name), MEMBER(writ_tool, tier), MEMBER(writ_tool, scopes),
         MEMBER(writ_tool, audiences), MEMBER(writ_tool, scope_count), MEMBER(writ_tool, audience_count),
         MEMBER(writ_tool, param_count), MEMBER(writ_tool, tier_rank)},
        [&](writ_tool* out) { return writ_catalogue_tool(catalogue, 0, out); });
    cut_results<writ_catalogue_field>(
        {MEMBER(writ_catalogue_field, path), MEMBER(writ_catalogue_field, type), MEMBER(writ_catalogue_field, members),
         MEMBER(writ_catalogue_field, member_count), MEMBER(writ_catalogue_field, most),
         MEMBER(writ_catalogue_field, from), MEMBER(writ_catalogue_field, required),
         MEMBER(writ_catalogue_field, read)},
        [&](writ_catalogue_field* out) { return writ_catalogue_param(catalogue, 0, 0, out); });
    cut_results<writ_issuer>(
        {MEMBER(writ_issuer, name), MEMBER(writ_issuer, url), MEMBER(writ_issuer, audiences),
         MEMBER(writ_issuer, types), MEMBER(writ_issuer, audience_count), MEMBER(writ_issuer, type_count),
         MEMBER(writ_issuer, claim_count), MEMBER(writ_issuer, max_age), MEMBER(writ_issuer, leeway),
         MEMBER(writ_issuer, proof_required)},
        [&](writ_issuer* out) { return writ_catalogue_issuer(catalogue, 0, out); });
    writ_catalogue_free(catalogue);
}

TEST_CASE("c: every function whose result is a structure has a twin that puts it somewhere") {
    const std::string header = writ::testing::c::kRefund + "../../engine/include/writ/writ.h";
    std::ifstream in(header);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    const std::regex result("WRIT_API writ_(text|error) (writ_\\w+)\\(");
    std::set<std::string> names;
    for (auto each = std::sregex_iterator(all.begin(), all.end(), result); each != std::sregex_iterator(); ++each)
        names.insert((*each)[2]);
    CHECK(names.size() >= 12);
    for (const std::string& name : names)
        CHECK_MESSAGE(all.find("WRIT_API writ_status " + name + "_into(") != std::string::npos, name);

    const Decided permit("permit"), needs("needs_approval");
    const writ_decision* decision = permit.decision.get();
    writ_text put{};
    const auto same = [&](writ_status status, writ_text value) {
        CHECK(status == WRIT_OK);
        CHECK(view(put) == view(value));
        put = {};
    };
    same(writ_text_of_into("abc", &put), writ_text_of("abc"));
    same(writ_bundle_digest_into(refund(), &put), writ_bundle_digest(refund()));
    same(writ_bundle_bytes_into(refund(), &put), writ_bundle_bytes(refund()));
    same(writ_decision_scope_into(decision, 0, &put), writ_decision_scope(decision, 0));
    same(writ_decision_audience_into(decision, 0, &put), writ_decision_audience(decision, 0));
    same(writ_decision_binding_digest_into(needs.decision.get(), &put),
         writ_decision_binding_digest(needs.decision.get()));
    same(writ_decision_requirement_group_into(needs.decision.get(), 0, 0, &put),
         writ_decision_requirement_group(needs.decision.get(), 0, 0));
    const std::string json(view(writ_decision_json(permit.decision.get(), WRIT_READER_OPERATOR)));
    CHECK(writ_decision_json_into(permit.decision.get(), WRIT_READER_OPERATOR, &put) == WRIT_OK);
    CHECK(view(put) == json);
    CHECK(writ_text_of_into("abc", nullptr) == WRIT_ERROR_ARGUMENT);
    const Errors errors(writ_errors_new());
    CHECK(writ_bundle_load(nullptr, 0, nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
    writ_error error{};
    CHECK(writ_errors_at_into(errors.get(), 0, &error) == WRIT_OK);
    CHECK(view(error.code) == "C0001");
    CHECK(writ_search_json_into(nullptr, &put) == WRIT_OK);
    CHECK(view(put).empty());
    CHECK(writ_search_scope_into(nullptr, 0, 0, &put) == WRIT_OK);
    CHECK(writ_explanation_json_into(nullptr, &put) == WRIT_OK);
    CHECK(writ_catalogue_json_into(nullptr, &put) == WRIT_OK);
}

TEST_CASE("c: a decision that is detached outlives its request, its evaluator and its bundle") {
    const Decision decision(writ_decision_new());
    std::string before;
    {
        const Bundle bundle = compile(file("policy.writ"));
        const Request request = parsed(bundle.get(), file("requests/permit.json"));
        REQUIRE(writ_evaluate(evaluator_for(bundle.get()).get(), request.get(), decision.get()) == WRIT_OK);
        before = view(writ_decision_json(decision.get(), WRIT_READER_OPERATOR));
        REQUIRE(writ_decision_detach(decision.get()) == WRIT_OK);
        REQUIRE(writ_request_parse(request.get(), text("{}"), nullptr, nullptr) == WRIT_OK);
    }
    CHECK(writ_decision_effect(decision.get()) == WRIT_PERMIT);
    CHECK(view(writ_decision_scope(decision.get(), 0)) == "refund:create");
    CHECK(view(writ_decision_json(decision.get(), WRIT_READER_OPERATOR)) == before);
    // Again: now it already owns its text.
    CHECK(writ_decision_detach(decision.get()) == WRIT_OK);
    CHECK(view(writ_decision_json(decision.get(), WRIT_READER_OPERATOR)) == before);
    CHECK_FALSE(writ_decision_record(decision.get(), nullptr));
    CHECK(writ_decision_detach(nullptr) == WRIT_ERROR_ARGUMENT);
    const Request other = parsed(refund(), file("requests/deny.json"));
    REQUIRE(writ_evaluate(evaluator_for(refund()).get(), other.get(), decision.get()) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
}

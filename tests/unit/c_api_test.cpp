// Tests each function of the C interface with correct and incorrect use. c_decision_test.cpp tests reading decisions.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "c_refund.h"
#include "writ/bundle.h"

using namespace writ::testing::c;

namespace {

std::string first_code(const Errors& errors) {
    REQUIRE(writ_errors_count(errors.get()) > 0);
    return std::string(view(writ_errors_at(errors.get(), 0).code));
}
bool has_code(const Errors& errors, std::string_view code) {
    for (std::size_t i = 0; i < writ_errors_count(errors.get()); ++i)
        if (view(writ_errors_at(errors.get(), i).code) == code) return true;
    return false;
}

/// A caller's structure of a later version: it has members at its end that this version does not know.
template <class Struct>
struct Later {
    Struct known{};
    std::uint64_t added = 0;
    Later() { known.struct_size = sizeof(Later); }
};

}  // namespace

TEST_CASE("c: the library says its version") {
    CHECK(writ_version_number() == WRIT_VERSION_NUMBER);
    CHECK(std::string_view(writ_version()) == std::to_string(WRIT_VERSION_MAJOR) + "." +
                                                  std::to_string(WRIT_VERSION_MINOR) + "." +
                                                  std::to_string(WRIT_VERSION_PATCH));
}

TEST_CASE("c: text of a C string, and of none") {
    CHECK(view(writ_text_of("abc")) == "abc");
    CHECK(view(writ_text_of(nullptr)).empty());
}

TEST_CASE("c: freeing nothing is nothing") {
    writ_errors_free(nullptr);
    writ_bundle_free(nullptr);
    writ_request_free(nullptr);
    writ_evaluator_free(nullptr);
    writ_decision_free(nullptr);
    CHECK(writ_errors_count(nullptr) == 0);
    CHECK(view(writ_errors_at(nullptr, 0).code).empty());
}

// ---- bundles ------------------------------------------------------------------------------------

TEST_CASE("c: a bundle says what the C++ one says, and loads from its own bytes") {
    const writ_text bytes = writ_bundle_bytes(refund());
    const auto same = writ::Bundle::load(std::as_bytes(std::span(bytes.data, bytes.length)));
    REQUIRE(same);
    CHECK(view(writ_bundle_digest(refund())) == same->digest());
    CHECK(writ_bundle_step_bound(refund()) == same->step_bound());
    REQUIRE(writ_bundle_rule_count(refund()) == same->rule_count());
    for (std::size_t i = 0; i < same->rule_count(); ++i) {
        writ_rule rule{};
        rule.struct_size = sizeof rule;
        REQUIRE(writ_bundle_rule(refund(), i, &rule) == WRIT_OK);
        const writ::RuleInfo info = same->rule(i);
        CHECK(view(rule.kind) == info.kind);
        CHECK(view(rule.name) == info.name);
        CHECK(view(rule.module) == info.module);
        CHECK(view(rule.file) == info.file);
        CHECK(view(rule.because) == info.because);
        CHECK(rule.line == info.line);
    }

    writ_bundle* loaded = nullptr;
    REQUIRE(writ_bundle_load(bytes.data, bytes.length, &loaded, nullptr) == WRIT_OK);
    CHECK(view(writ_bundle_digest(loaded)) == same->digest());
    writ_bundle_free(loaded);
}

TEST_CASE("c: bytes that are no bundle, or are damaged, are refused") {
    const Errors errors(writ_errors_new());
    writ_bundle* bundle = refund();
    CHECK(writ_bundle_load("nonsense", 8, &bundle, errors.get()) == WRIT_ERROR_BUNDLE);
    CHECK(bundle == nullptr);
    CHECK(first_code(errors) == "B0001");
    CHECK_FALSE(view(writ_errors_at(errors.get(), 0).message).empty());
    CHECK(view(writ_errors_at(errors.get(), 1).code).empty());

    std::string bytes(view(writ_bundle_bytes(refund())));
    bytes[100] ^= 1;
    CHECK(writ_bundle_load(bytes.data(), bytes.size(), &bundle, errors.get()) == WRIT_ERROR_BUNDLE);
    CHECK(first_code(errors) == "B0002");
    for (std::size_t length = 0; length < bytes.size(); length += 97)
        CHECK(writ_bundle_load(bytes.data(), length, &bundle, nullptr) == WRIT_ERROR_BUNDLE);

    CHECK(writ_bundle_load(nullptr, 0, &bundle, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(first_code(errors) == "C0001");
    CHECK(writ_bundle_load("x", 1, nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
}

TEST_CASE("c: no bundle answers nothing") {
    writ_rule rule{};
    rule.struct_size = sizeof rule;
    CHECK(view(writ_bundle_digest(nullptr)).empty());
    CHECK(view(writ_bundle_bytes(nullptr)).empty());
    CHECK(writ_bundle_step_bound(nullptr) == 0);
    CHECK(writ_bundle_rule_count(nullptr) == 0);
    CHECK(writ_bundle_rule(nullptr, 0, &rule) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_bundle_rule(refund(), 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_bundle_rule(refund(), writ_bundle_rule_count(refund()), &rule) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_bundle_rule(refund(), SIZE_MAX, &rule) == WRIT_ERROR_ARGUMENT);
}

// ---- structures that can grow ---------------------------------------------------------------------

TEST_CASE("c: structures of another size: none at all is refused, longer only if it says nothing more") {
    writ_rule rule{};
    for (const std::size_t size : {std::size_t{0}, sizeof(std::size_t) - 1, std::size_t{5000}, SIZE_MAX}) {
        rule.struct_size = size;
        CHECK(writ_bundle_rule(refund(), 0, &rule) == WRIT_ERROR_ARGUMENT);
        CHECK(rule.name.data == nullptr);
    }
    Later<writ_rule> later;
    later.added = 9;
    CHECK(writ_bundle_rule(refund(), 0, &later.known) == WRIT_OK);
    CHECK(later.known.struct_size == sizeof later);
    CHECK(later.added == 0);

    const Errors errors(writ_errors_new());
    const Request request = request_for(refund());
    const std::string json = file("requests/permit.json");
    writ_request_limits limits{};
    CHECK(writ_request_parse(request.get(), text(json), &limits, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(first_code(errors) == "C0002");
    Later<writ_request_limits> wide;
    CHECK(writ_request_parse(request.get(), text(json), &wide.known, errors.get()) == WRIT_OK);
    wide.added = 1;
    CHECK(writ_request_parse(request.get(), text(json), &wide.known, errors.get()) == WRIT_ERROR_ARGUMENT);

    writ_compile_options options{};
    options.struct_size = sizeof options.struct_size - 1;
    const writ_source source{text("p.writ"), text("")};
    writ_bundle* bundle = nullptr;
    CHECK(writ_compile(&source, 1, &options, &bundle, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(first_code(errors) == "C0002");
}

// ---- compiling ------------------------------------------------------------------------------------

TEST_CASE("c: compiling gives the bundle that C++ gives, and asks for data files by name") {
    Reader reader;
    const auto options = options_with(reader);
    const std::string policy = file("policy.writ");
    const writ_source source{text("policy.writ"), text(policy)};
    const Errors errors(writ_errors_new());
    writ_bundle* compiled = nullptr;
    REQUIRE(writ_compile(&source, 1, &options, &compiled, errors.get()) == WRIT_OK);
    const Bundle bundle(compiled);
    CHECK(writ_errors_count(errors.get()) == 0);
    CHECK(reader.calls == 3);
    CHECK(reader.from == "policy.writ");
    CHECK(reader.path.starts_with("requests/"));

    writ::SourceSet set;
    set.sources.push_back({"policy.writ", policy});
    set.read = [](std::string_view, std::string_view path) -> writ::Result<std::string> {
        return file(std::string(path));
    };
    const auto same = writ::compile(set);
    REQUIRE(same);
    CHECK(view(writ_bundle_digest(bundle.get())) == same->digest());
}

TEST_CASE("c: policy errors come with code, message and place") {
    const std::string policy = "tier read < write\ndeny d when nobody == 1\n";
    const writ_source source{text("p.writ"), text(policy)};
    const Errors errors(writ_errors_new());
    writ_bundle* bundle = refund();
    CHECK(writ_compile(&source, 1, nullptr, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(bundle == nullptr);
    const writ_error error = writ_errors_at(errors.get(), 0);
    CHECK(view(error.code) == "E0201");
    CHECK(view(error.message).find("nobody") != std::string_view::npos);
    CHECK(view(error.context) == "p.writ:2:13");
}

TEST_CASE("c: a policy has one digest wherever it lies, if its sources say what the bundle calls them") {
    const std::string policy = file("policy.writ");
    const auto digest_of = [&](const std::string& name, std::string_view stored) {
        Reader reader;
        const auto options = options_with(reader);
        const writ_source source{text(name), text(policy), text(stored)};
        writ_bundle* compiled = nullptr;
        REQUIRE(writ_compile(&source, 1, &options, &compiled, nullptr) == WRIT_OK);
        const Bundle bundle(compiled);
        return std::string(view(writ_bundle_digest(bundle.get())));
    };
    const std::string here = digest_of("policy.writ", "");
    CHECK(digest_of("somewhere/else/policy.writ", "policy.writ") == here);
    CHECK(digest_of("somewhere/else/policy.writ", "") != here);
}

TEST_CASE("c: a data file that is not given is an error of the policy, an exception of the reader is caught") {
    const std::string policy = file("policy.writ");
    const writ_source source{text("policy.writ"), text(policy)};
    const Errors errors(writ_errors_new());
    writ_bundle* bundle = nullptr;
    CHECK(writ_compile(&source, 1, nullptr, &bundle, errors.get()) == WRIT_ERROR_POLICY);

    Reader reader;
    const auto options = options_with(reader);
    reader.answers = false;
    CHECK(writ_compile(&source, 1, &options, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(reader.calls > 0);

    reader.throws = true;
    CHECK(writ_compile(&source, 1, &options, &bundle, errors.get()) == WRIT_ERROR_INTERNAL);
    CHECK(first_code(errors) == "C0003");
    CHECK(bundle == nullptr);
}

TEST_CASE("c: the limits of a compilation are passed on") {
    const std::string policy = file("policy.writ");
    const writ_source source{text("policy.writ"), text(policy)};
    const Errors errors(writ_errors_new());
    Reader reader;
    auto options = options_with(reader);
    options.max_source_bytes = 100;
    writ_bundle* bundle = nullptr;
    CHECK(writ_compile(&source, 1, &options, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(first_code(errors) == "E0110");

    options = options_with(reader);
    options.max_depth = 1;
    CHECK(writ_compile(&source, 1, &options, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(has_code(errors, "E0111"));

    const std::string many = "tier a < b\ndeny x when q1\ndeny y when q2\ndeny z when q3\n";
    const writ_source wrong{text("p.writ"), text(many)};
    options = options_with(reader);
    CHECK(writ_compile(&wrong, 1, &options, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    const std::size_t all = writ_errors_count(errors.get());
    options.max_errors = 1;
    CHECK(writ_compile(&wrong, 1, &options, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(writ_errors_count(errors.get()) < all);

    const std::string window = policy + "\ndeny at_night when now in 22:00..06:00 \"Europe/Berlin\"\n";
    const writ_source zoned{text("policy.writ"), text(window)};
    options = options_with(reader);
    CHECK(writ_compile(&zoned, 1, &options, &bundle, errors.get()) == WRIT_OK);
    writ_bundle_free(bundle);
}

TEST_CASE("c: a source cannot stand in for a standard module") {
    const Errors errors(writ_errors_new());
    const writ_source sources[] = {{text("p.writ"), text("import std.baseline\ntier read < write\n")},
                                   {text("b.writ"), text("module std.baseline\n")}};
    writ_bundle* bundle = nullptr;
    CHECK(writ_compile(sources, 2, nullptr, &bundle, errors.get()) == WRIT_ERROR_POLICY);
    CHECK(first_code(errors) == "E0210");
    CHECK(bundle == nullptr);
    REQUIRE(writ_compile(sources, 1, nullptr, &bundle, errors.get()) == WRIT_OK);
    CHECK(writ_bundle_rule_count(bundle) > 5);
    writ_bundle_free(bundle);
}

TEST_CASE("c: compiling without what it needs") {
    const Errors errors(writ_errors_new());
    const writ_source source{text("p.writ"), {nullptr, 4}};
    writ_bundle* bundle = nullptr;
    CHECK(writ_compile(nullptr, 1, nullptr, &bundle, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_compile(&source, 1, nullptr, nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_compile(&source, 1, nullptr, &bundle, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_errors_at(errors.get(), 0).context) == "sources[0]");

    // Without sources there are no rules, so nothing is permitted.
    REQUIRE(writ_compile(&source, 0, nullptr, &bundle, errors.get()) == WRIT_OK);
    CHECK(writ_bundle_rule_count(bundle) == 0);
    writ_bundle_free(bundle);
}

// ---- requests -------------------------------------------------------------------------------------

TEST_CASE("c: a refused request says why, and denies") {
    const Errors errors(writ_errors_new());
    const Evaluator evaluator = evaluator_for(refund());
    const Request request = request_for(refund());
    const Decision decision(writ_decision_new());
    const std::string json = file("requests/permit.json");
    const auto decides_to = [&](writ_effect effect) {
        CHECK(writ_evaluate(evaluator.get(), request.get(), decision.get()) == WRIT_OK);
        return writ_decision_effect(decision.get()) == effect;
    };
    const auto parse = [&](writ_text document, const writ_request_limits* limits = nullptr) {
        return writ_request_parse(request.get(), document, limits, errors.get());
    };

    CHECK(decides_to(WRIT_DENY));  // nothing was parsed yet
    REQUIRE(parse(text(json)) == WRIT_OK);
    CHECK(writ_errors_count(errors.get()) == 0);
    CHECK(decides_to(WRIT_PERMIT));

    CHECK(parse(text("{ \"now\": ")) == WRIT_ERROR_REQUEST);
    CHECK(first_code(errors) == "Q0001");
    CHECK(decides_to(WRIT_DENY));

    REQUIRE(parse(text(json)) == WRIT_OK);
    CHECK(parse(text("{ \"nwo\": 1 }")) == WRIT_ERROR_REQUEST);
    CHECK(first_code(errors) == "Q0011");
    CHECK(view(writ_errors_at(errors.get(), 0).context) == "$.nwo");
    CHECK(decides_to(WRIT_DENY));

    REQUIRE(parse(text(json)) == WRIT_OK);
    CHECK(parse({nullptr, 12}) == WRIT_ERROR_ARGUMENT);
    CHECK(first_code(errors) == "C0002");
    CHECK(decides_to(WRIT_DENY));

    CHECK(parse({nullptr, 0}) == WRIT_ERROR_REQUEST);
    CHECK(decides_to(WRIT_DENY));
}

TEST_CASE("c: the limits of a request are passed on") {
    const Errors errors(writ_errors_new());
    const Request request = request_for(refund());
    const std::string json = file("requests/permit.json");
    const auto code_with = [&](auto set) {
        writ_request_limits limits{};
        limits.struct_size = sizeof limits;
        set(limits);
        const writ_status status = writ_request_parse(request.get(), text(json), &limits, errors.get());
        return status == WRIT_OK ? std::string("ok") : first_code(errors);
    };
    CHECK(code_with([](writ_request_limits&) {}) == "ok");
    CHECK(code_with([](writ_request_limits& l) { l.max_bytes = 100; }) == "Q0002");
    CHECK(code_with([](writ_request_limits& l) { l.max_depth = 2; }) == "Q0003");
    CHECK(code_with([](writ_request_limits& l) { l.max_members = 3; }) == "Q0004");
    CHECK(code_with([](writ_request_limits& l) { l.max_string = 5; }) == "Q0005");
}

TEST_CASE("c: requests and evaluators need at least one layer, and no NULL among them") {
    const Errors errors(writ_errors_new());
    writ_bundle* holed[] = {refund(), nullptr};
    writ_bundle* bundle = refund();
    writ_request* request = nullptr;
    writ_evaluator* evaluator = nullptr;
    CHECK(writ_request_new(nullptr, 1, &request, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_request_new(&bundle, 0, &request, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_request_new(&bundle, 1, nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_request_new(holed, 2, &request, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_errors_at(errors.get(), 0).context) == "layers[1]");
    CHECK(request == nullptr);
    CHECK(writ_evaluator_new(nullptr, 1, &evaluator, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluator_new(&bundle, 0, &evaluator, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluator_new(&bundle, 1, nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluator_new(holed, 2, &evaluator, errors.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(evaluator == nullptr);
    CHECK(writ_request_parse(nullptr, text("{}"), nullptr, errors.get()) == WRIT_ERROR_ARGUMENT);
}

// ---- deciding -------------------------------------------------------------------------------------

TEST_CASE("c: evaluating without a handle denies") {
    const Evaluator evaluator = evaluator_for(refund());
    const Request request = parsed(refund(), file("requests/permit.json"));
    const Decision decision(writ_decision_new());
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    const auto decides = [&] {
        REQUIRE(writ_evaluate(evaluator.get(), request.get(), decision.get()) == WRIT_OK);
        return writ_decision_effect(decision.get()) == WRIT_PERMIT;
    };
    REQUIRE(decides());
    CHECK(writ_evaluate(nullptr, request.get(), decision.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(writ_decision_scope_count(decision.get()) == 0);
    REQUIRE(decides());
    CHECK(writ_evaluate(evaluator.get(), nullptr, decision.get()) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(writ_evaluate(evaluator.get(), request.get(), nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(decides());
}

TEST_CASE("c: a request for another bundle is denied") {
    const Bundle other = compile(file("policy.writ") + "\ndeny stopped when agent.revoked\n");
    const Request request = parsed(other.get(), file("requests/permit.json"));
    const Decision decision(writ_decision_new());
    CHECK(writ_evaluate(evaluator_for(refund()).get(), request.get(), decision.get()) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(has_reason(decision.get(), "policy_error"));
}

TEST_CASE("c: layers: each has a say") {
    const Bundle strict = compile(file("policy.writ") + "\ndeny no_refunds for tool refund\n");
    writ_bundle* layers[] = {refund(), strict.get()};
    writ_request* request = nullptr;
    writ_evaluator* evaluator = nullptr;
    REQUIRE(writ_request_new(layers, 2, &request, nullptr) == WRIT_OK);
    REQUIRE(writ_evaluator_new(layers, 2, &evaluator, nullptr) == WRIT_OK);
    const Request request_owner(request);
    const Evaluator evaluator_owner(evaluator);
    const std::string json = file("requests/permit.json");
    REQUIRE(writ_request_parse(request, text(json), nullptr, nullptr) == WRIT_OK);
    const Decision decision(writ_decision_new());
    CHECK(writ_evaluate(evaluator, request, decision.get()) == WRIT_OK);
    CHECK(writ_decision_effect(decision.get()) == WRIT_DENY);
    CHECK(has_reason(decision.get(), "no_refunds"));
}

TEST_CASE("c: a batch decides every request, whatever the others are") {
    const Evaluator evaluator = evaluator_for(refund());
    const Request permit = parsed(refund(), file("requests/permit.json"));
    const Request deny = parsed(refund(), file("requests/deny.json"));
    const std::vector<Decision> owners = [] {
        std::vector<Decision> made;
        for (int i = 0; i < 4; ++i) made.emplace_back(writ_decision_new());
        return made;
    }();
    writ_decision* decisions[] = {owners[0].get(), owners[1].get(), owners[2].get(), owners[3].get()};
    writ_request* requests[] = {permit.get(), deny.get(), nullptr, permit.get()};

    REQUIRE(writ_evaluate_batch(evaluator.get(), requests, decisions, 2) == WRIT_OK);
    CHECK(writ_evaluate_batch(evaluator.get(), requests, decisions, 4) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_effect(decisions[0]) == WRIT_PERMIT);
    CHECK(writ_decision_effect(decisions[1]) == WRIT_DENY);
    CHECK(writ_decision_effect(decisions[2]) == WRIT_DENY);
    CHECK(writ_decision_effect(decisions[3]) == WRIT_PERMIT);

    writ_decision* holed[] = {owners[1].get(), nullptr, owners[0].get()};
    writ_request* permits[] = {permit.get(), permit.get(), permit.get()};
    CHECK(writ_evaluate_batch(evaluator.get(), permits, holed, 3) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_decision_effect(holed[0]) == WRIT_PERMIT);
    CHECK(writ_decision_effect(holed[2]) == WRIT_PERMIT);

    CHECK(writ_evaluate_batch(evaluator.get(), nullptr, decisions, 4) == WRIT_ERROR_ARGUMENT);
    for (const writ_decision* each : decisions) CHECK(writ_decision_effect(each) == WRIT_DENY);
    CHECK(writ_evaluate_batch(evaluator.get(), permits, nullptr, 1) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluate_batch(nullptr, permits, decisions, 1) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluate_batch(evaluator.get(), nullptr, nullptr, 0) == WRIT_OK);
}

TEST_CASE("c: handles may be freed in any order") {
    Bundle bundle = compile(file("policy.writ"));
    Evaluator evaluator = evaluator_for(bundle.get());
    Request request = parsed(bundle.get(), file("requests/permit.json"));
    const Decision decision(writ_decision_new());
    bundle.reset();
    REQUIRE(writ_evaluate(evaluator.get(), request.get(), decision.get()) == WRIT_OK);
    evaluator.reset();
    CHECK(view(writ_decision_scope(decision.get(), 0)) == "refund:create");
    CHECK(view(writ_decision_json(decision.get(), WRIT_READER_OPERATOR)).find("refund_current_tenant") !=
          std::string_view::npos);
    request.reset();
    CHECK(writ_decision_effect(decision.get()) == WRIT_PERMIT);
}

// Tests writ_explain with the refund example.
#include <string>
#include <string_view>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

using Explained = std::unique_ptr<writ_explanation, Freed<writ_explanation_free>>;

struct Explaining {
    std::string policy = file("policy.writ");
    writ_source source{text("policy.writ"), text(policy)};
    Reader reader;
    writ_compile_options options = options_with(reader);
    Errors errors{writ_errors_new()};
    writ_explanation* made = nullptr;

    writ_status run(writ_text request, std::string_view rule = {}, const writ_request_limits* limits = nullptr) {
        return writ_explain(&source, 1, &options, request, text(rule), limits, &made, errors.get());
    }
    std::string code() { return std::string(view(writ_errors_at(errors.get(), 0).code)); }
};

}  // namespace

TEST_CASE("c: an explanation, as JSON") {
    Explaining explain;
    const std::string denied = file("requests/deny_no_role.json");
    REQUIRE(explain.run(text(denied)) == WRIT_OK);
    const Explained all(explain.made);
    const std::string_view json = view(writ_explanation_json(all.get()));
    CHECK(json.starts_with(R"({"schema_version":1,"decision":{)"));
    CHECK(json.find(
              R"("changes":[{"path":"user.roles","from":["tickets"],"to":["tickets","refunds"]}],"effect":"permit")") !=
          std::string_view::npos);
    REQUIRE(explain.run(text(denied), "large_refund_approval") == WRIT_OK);
    const Explained one(explain.made);
    CHECK(view(writ_explanation_json(one.get())).find(R"("role":"named")") != std::string_view::npos);
}

TEST_CASE("c: explaining without what it needs") {
    Explaining explain;
    const std::string permit = file("requests/permit.json");
    CHECK(explain.run(text("{")) == WRIT_ERROR_REQUEST);
    CHECK(explain.made == nullptr);
    CHECK(explain.code() == "Q0001");
    CHECK(explain.run(text(permit), "no_such_rule") == WRIT_ERROR_ARGUMENT);
    CHECK(explain.code() == "K0004");
    CHECK(explain.run({nullptr, 4}) == WRIT_ERROR_ARGUMENT);
    writ_request_limits limits{};
    CHECK(explain.run(text(permit), {}, &limits) == WRIT_ERROR_ARGUMENT);
    limits.struct_size = sizeof limits;
    limits.max_bytes = 10;
    CHECK(explain.run(text(permit), {}, &limits) == WRIT_ERROR_REQUEST);
    CHECK(writ_explain(&explain.source, 1, &explain.options, text(permit), {nullptr, 1}, nullptr, &explain.made,
                       nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_explain(&explain.source, 1, &explain.options, text(permit), text({}), nullptr, nullptr, nullptr) ==
          WRIT_ERROR_ARGUMENT);
    CHECK(writ_explain(nullptr, 1, nullptr, text(permit), text({}), nullptr, &explain.made, nullptr) ==
          WRIT_ERROR_ARGUMENT);
    explain.options.struct_size = 1;
    CHECK(explain.run(text(permit)) == WRIT_ERROR_ARGUMENT);
    // Without a reader of files, the policy's fixtures cannot be read.
    CHECK(writ_explain(&explain.source, 1, nullptr, text(permit), text({}), nullptr, &explain.made,
                       explain.errors.get()) == WRIT_ERROR_POLICY);
    CHECK(explain.made == nullptr);
    CHECK(view(writ_explanation_json(nullptr)).empty());
    writ_explanation_free(nullptr);
}

// Tests writ_search with the refund example.
#include <cstdint>
#include <string>
#include <string_view>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

using Found = std::unique_ptr<writ_search_result, Freed<writ_search_free>>;

Found find(int open, const std::string& request, std::string_view candidates = {}) {
    writ_search_result* result = nullptr;
    REQUIRE(writ_search(evaluator_for(refund()).get(), text(request), open, text(candidates), nullptr, &result,
                        nullptr) == WRIT_OK);
    return Found(result);
}

writ_search_item item_of(const Found& found, std::size_t index) {
    writ_search_item item{};
    item.struct_size = sizeof item;
    REQUIRE(writ_search_at(found.get(), index, &item) == WRIT_OK);
    return item;
}

}  // namespace

TEST_CASE("c: a search answers for each candidate") {
    const std::string permit = file("requests/permit.json");
    const Found found = find(WRIT_OPEN_TOOL, permit, R"(["refund", "fly"])");
    REQUIRE(writ_search_count(found.get()) == 2);
    const writ_search_item refund_tool = item_of(found, 0);
    CHECK(view(refund_tool.name) == "refund");
    CHECK(refund_tool.answer == WRIT_PERMIT);
    REQUIRE(refund_tool.scopes == 1);
    CHECK(view(writ_search_scope(found.get(), 0, 0)) == "refund:create");
    CHECK(view(writ_search_scope(found.get(), 0, 1)).empty());
    CHECK(view(writ_search_scope(found.get(), 9, 0)).empty());
    CHECK(view(item_of(find(WRIT_OPEN_SCOPE, permit), 0).name) == "refund:create");
    CHECK(item_of(find(WRIT_OPEN_TOOL, file("requests/needs_approval.json")), 0).answer == WRIT_NEEDS_APPROVAL);

    writ_reason reason{};
    reason.struct_size = sizeof reason;
    REQUIRE(refund_tool.reasons == 1);
    REQUIRE(writ_search_reason(found.get(), 0, 0, &reason) == WRIT_OK);
    CHECK(view(reason.code) == "permitted");
    CHECK(writ_search_reason(found.get(), 0, 1, &reason) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_search_reason(found.get(), 9, 0, &reason) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_search_reason(found.get(), 0, 0, nullptr) == WRIT_ERROR_ARGUMENT);

    const Found agents = find(WRIT_OPEN_AGENT, permit, R"(["refund-agent", {"id": "x"}, {"id": 7}])");
    CHECK(item_of(agents, 0).answer == WRIT_PERMIT);
    CHECK(item_of(agents, 1).answer == WRIT_DENY);
    CHECK(item_of(agents, 1).wants_facts);
    CHECK(view(item_of(agents, 2).refused) == "Q0010");
    CHECK_FALSE(item_of(agents, 2).wants_facts);
    CHECK(view(writ_search_json(agents.get())).starts_with(R"({"schema_version":1,"open":"agent")"));
}

TEST_CASE("c: a search without what it needs") {
    const std::string permit = file("requests/permit.json");
    const Errors errors(writ_errors_new());
    const Evaluator evaluator = evaluator_for(refund());
    writ_search_result* result = nullptr;
    const auto search = [&](writ_text request, int open, writ_text candidates = {nullptr, 0},
                            const writ_request_limits* limits = nullptr) {
        const writ_status status =
            writ_search(evaluator.get(), request, open, candidates, limits, &result, errors.get());
        CHECK(result == nullptr);
        return status;
    };
    CHECK(writ_search(nullptr, text(permit), WRIT_OPEN_TOOL, text({}), nullptr, &result, errors.get()) ==
          WRIT_ERROR_ARGUMENT);
    CHECK(writ_search(evaluator.get(), text(permit), WRIT_OPEN_TOOL, text({}), nullptr, nullptr, errors.get()) ==
          WRIT_ERROR_ARGUMENT);
    CHECK(search({nullptr, 4}, WRIT_OPEN_TOOL) == WRIT_ERROR_ARGUMENT);
    CHECK(search(text(permit), WRIT_OPEN_TOOL, {nullptr, 4}) == WRIT_ERROR_ARGUMENT);
    CHECK(search(text(permit), 3) == WRIT_ERROR_ARGUMENT);
    CHECK(search(text(permit), -1) == WRIT_ERROR_ARGUMENT);
    writ_request_limits limits{};
    CHECK(search(text(permit), WRIT_OPEN_TOOL, text({}), &limits) == WRIT_ERROR_ARGUMENT);
    limits.struct_size = sizeof limits;
    limits.max_bytes = 10;
    CHECK(search(text(permit), WRIT_OPEN_TOOL, text({}), &limits) == WRIT_ERROR_REQUEST);
    CHECK(view(writ_errors_at(errors.get(), 0).code) == "Q0002");
    CHECK(search(text(permit), WRIT_OPEN_AGENT) == WRIT_ERROR_REQUEST);
    CHECK(search(text("{"), WRIT_OPEN_TOOL) == WRIT_ERROR_REQUEST);

    writ_search_item item{};
    item.struct_size = sizeof item;
    CHECK(writ_search_count(nullptr) == 0);
    CHECK(writ_search_at(nullptr, 0, &item) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_search_scope(nullptr, 0, 0)).empty());
    CHECK(writ_search_reason(nullptr, 0, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(view(writ_search_json(nullptr)).empty());
    writ_search_free(nullptr);
    const Found found = find(WRIT_OPEN_TOOL, permit);
    CHECK(writ_search_at(found.get(), 1, &item) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_search_at(found.get(), 0, nullptr) == WRIT_ERROR_ARGUMENT);
    item.struct_size = 1;
    CHECK(writ_search_at(found.get(), 0, &item) == WRIT_ERROR_ARGUMENT);
}

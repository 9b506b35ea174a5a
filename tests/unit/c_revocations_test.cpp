// Tests revocations in C with the refund example.
#include <cstdint>
#include <string>
#include <string_view>

#include "c_refund.h"

using namespace writ::testing::c;

namespace {

using Set = std::unique_ptr<writ_revocations, Freed<writ_revocations_free>>;

}  // namespace

TEST_CASE("c: what is revoked is denied, in decisions and in searches, until the set is taken away") {
    const auto evaluator = evaluator_for(refund());
    const std::string permit = file("requests/permit.json");
    const auto answer = [&] {
        writ_search_result* result = nullptr;
        REQUIRE(writ_search(evaluator.get(), text(permit), WRIT_OPEN_TOOL, text(R"(["refund"])"), nullptr, &result,
                            nullptr) == WRIT_OK);
        writ_search_item item{};
        item.struct_size = sizeof item;
        REQUIRE(writ_search_at(result, 0, &item) == WRIT_OK);
        const int out = item.answer;
        writ_search_free(result);
        return out;
    };
    CHECK(answer() == WRIT_PERMIT);
    const Set set(writ_revocations_new());
    REQUIRE(writ_revocations_add(set.get(), text("tool"), text("Refund"), 0, nullptr) == WRIT_OK);
    REQUIRE(writ_evaluator_revoke(evaluator.get(), set.get(), nullptr) == WRIT_OK);
    CHECK(answer() == WRIT_DENY);
    REQUIRE(writ_evaluator_revoke(evaluator.get(), nullptr, nullptr) == WRIT_OK);
    CHECK(answer() == WRIT_PERMIT);
    const Set all(writ_revocations_new());
    REQUIRE(writ_revocations_add(all.get(), text("all"), text("prod"), 0, nullptr) == WRIT_OK);
    REQUIRE(writ_evaluator_revoke(evaluator.get(), all.get(), nullptr) == WRIT_OK);
    CHECK(answer() == WRIT_DENY);
}

TEST_CASE("c: a revocation that is none is an argument error, and adds nothing") {
    const Set set(writ_revocations_new());
    const Errors errors(writ_errors_new());
    const auto code = [&](std::string_view kind, std::string_view subject, std::int64_t end = 0) {
        CHECK(writ_revocations_add(set.get(), text(kind), text(subject), end, errors.get()) == WRIT_ERROR_ARGUMENT);
        REQUIRE(writ_errors_count(errors.get()) == 1);
        return std::string(view(writ_errors_at(errors.get(), 0).code));
    };
    CHECK(code("planet", "mars") == "C0002");
    CHECK(code("agent", "a ") == "S0030");
    CHECK(code("agent", "a", -1) == "C0002");
    CHECK(writ_revocations_add(set.get(), writ_text{nullptr, 1}, text("a"), 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_revocations_add(set.get(), text("agent"), writ_text{nullptr, 1}, 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_revocations_add(nullptr, text("agent"), text("a"), 0, nullptr) == WRIT_ERROR_ARGUMENT);
    CHECK(writ_evaluator_revoke(nullptr, set.get(), nullptr) == WRIT_ERROR_ARGUMENT);
    writ_revocations_free(nullptr);
}

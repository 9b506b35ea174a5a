#include "testing/test_plan.h"

#include <string_view>
#include <unordered_map>

#include "testing/parallel.h"

namespace writ::testing {

TestPlan::TestPlan(const check::Policy& policy, const std::string& filter, unsigned threads) {
    for (const check::TestRow& test : policy.tests)
        if (test.name.find(filter) != std::string::npos) tests.push_back(&test);
    std::vector<TestRequest> all;
    for (std::size_t i = 0; i < tests.size(); ++i) all.push_back({&tests[i]->document, tests[i]->name, {}, {i}});
    if (filter.empty() && !policy.invariants.empty())
        for (const check::Fixture& fixture : policy.fixtures)
            all.push_back({&fixture.document, "fixture " + fixture.name, {}, {}});
    const auto write = [&] { return [&](std::size_t i) { all[i].text = json::write(*all[i].document); }; };
    in_parallel(threads, all.size(), write, [](std::size_t) {});
    asked.reserve(all.size());
    std::unordered_map<std::string_view, std::size_t> known;
    for (TestRequest& each : all) {
        const auto found = known.find(each.text);
        if (found == known.end()) {
            asked.push_back(std::move(each));
            known.emplace(asked.back().text, asked.size() - 1);
        } else {
            auto& cases = asked[found->second].cases;
            cases.insert(cases.end(), each.cases.begin(), each.cases.end());
        }
    }
}

}  // namespace writ::testing

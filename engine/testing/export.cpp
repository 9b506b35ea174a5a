#include "testing/export.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/report.h"
#include "writ/errors.h"

namespace writ::testing {

namespace {

/// Some of the names, in backticks.
std::string some_of(const std::vector<std::string_view>& names) {
    constexpr std::size_t kMost = 5;
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
        out.append(i == 0 ? "`" : ", `").append(names[i]).append("`");
    return names.size() > kMost ? out + ", …" : out;
}

Error no_request(const check::Policy& policy, std::string_view name, const std::vector<std::string_view>& close) {
    const std::string text = "`" + std::string(name) + "`";
    if (!close.empty())
        return failure(Code::UnknownWord, text + " is several requests; name one of them: " + some_of(close));
    std::vector<std::string_view> names;
    for (const check::Fixture& fixture : policy.fixtures) names.push_back(fixture.name);
    for (const check::TestRow& test : policy.tests) names.push_back(test.name);
    const auto near = nearest(name, names);
    return failure(Code::UnknownWord, "there is no fixture and no test " + text +
                                          (near.empty() ? "" : "; did you mean `" + std::string(near) + "`?"));
}

}  // namespace

Result<std::string> export_request(const check::Policy& policy, std::string_view name) {
    std::vector<const json::Value*> found;
    std::vector<std::string> fixtures;  // their full names
    for (const check::Fixture& fixture : policy.fixtures) {
        std::string full = fixture.module + "." + fixture.name;
        if (name != fixture.name && name != full) continue;
        found.push_back(&fixture.document);
        fixtures.push_back(std::move(full));
    }
    if (found.size() > 1) return tl::unexpected(no_request(policy, name, {fixtures.begin(), fixtures.end()}));
    if (found.empty())
        for (const check::TestRow& test : policy.tests)
            if (test.name == name) found.push_back(&test.document);
    if (!found.empty()) return json::write_pretty(*found.front()) + "\n";
    std::vector<std::string_view> cases;
    const std::string prefix = std::string(name) + " [";
    for (const check::TestRow& test : policy.tests)
        if (test.name.starts_with(prefix)) cases.push_back(test.name);
    if (cases.size() == 1)
        for (const check::TestRow& test : policy.tests)
            if (test.name == cases[0]) return json::write_pretty(test.document) + "\n";
    return tl::unexpected(no_request(policy, name, cases));
}

}  // namespace writ::testing

// Formats the results of a test run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/formats/json.h"
#include "cli/formats/junit.h"
#include "cli/formats/places.h"
#include "cli/terminal/terminal.h"
#include "writ/mutation.h"
#include "writ/tools.h"

namespace writ::cli {

/// Why a run fails apart from its cases: no tests, too little coverage, or changes that no test notices.
struct Verdict {
    std::string name, problem;
    bool failed = false;
};

/// A layer above the policy, which decided with it.
struct LayerAbove {
    std::string name;  ///< as it was named
    const Workspace* workspace = nullptr;
};

/// The content of a report. Points into the workspace and the run.
class TestReport {
public:
    /// `above`: the platform's first. `mutation`: null: no changes were tried.
    TestReport(const Workspace& workspace, const TestRun& run, bool coverage, std::vector<Verdict> verdicts,
               const std::vector<LayerAbove>& above = {}, const MutationRun* mutation = nullptr);

    [[nodiscard]] std::string human(const Terminal& terminal) const;
    [[nodiscard]] Json json() const;
    [[nodiscard]] std::vector<JunitSuite> junit() const;
    /// The lines of TAP, version 14, without the first two. Input: number: that of the case before; set to the last.
    [[nodiscard]] std::string tap(std::size_t& number) const;
    [[nodiscard]] std::size_t passed() const { return cases_.size() - run_.failed(); }
    [[nodiscard]] std::size_t failed() const { return run_.failed(); }
    /// For code scanning and annotations: an error for each failure, a warning for each change that is not noticed.
    [[nodiscard]] Diagnostics findings() const;

private:
    [[nodiscard]] std::string failure(const TestCase& test, bool colour) const;
    /// Explains the decision on a failed case's request, reduced to the parts that differ. None if the request is
    /// refused, or if many others were explained already.
    [[nodiscard]] const Explanation* explained(const TestCase& test) const;
    /// That explanation for people, and what each layer above the policy decided.
    [[nodiscard]] std::string explanation_text(const TestCase& test, bool colour) const;

    const Workspace& workspace_;
    const TestRun& run_;
    bool coverage_;
    std::vector<Verdict> verdicts_;
    const MutationRun* mutation_;
    std::vector<const TestCase*> cases_;  ///< the tests' cases, then the broken invariants
    FilePositions places_;
    std::map<const TestCase*, Explanation> explained_;
    struct FromAbove {
        std::string layer;
        Explanation explanation;
    };
    std::map<const TestCase*, std::vector<FromAbove>> explained_above_;
};

/// The result of one policy of several.
struct PolicyTests {
    std::string folder;                ///< empty: the files that belong to no policy
    std::optional<TestReport> report;  ///< none: it was not tested
    Verdict verdict;                   ///< why not
};

/// Those of the report, or the reason why there is none.
[[nodiscard]] Diagnostics findings_of(const PolicyTests& tests);

// A run: of one policy, or of several as one document.
[[nodiscard]] std::string render_tests(const TestReport& report, const Terminal& terminal);
[[nodiscard]] std::string render_tests_json(const TestReport& report);
[[nodiscard]] std::string render_tests_junit(const TestReport& report);
[[nodiscard]] std::string render_tests_tap(const TestReport& report);
[[nodiscard]] std::string render_tests(const std::vector<PolicyTests>& policies, const Terminal& terminal);
[[nodiscard]] std::string render_tests_json(const std::vector<PolicyTests>& policies);
[[nodiscard]] std::string render_tests_junit(const std::vector<PolicyTests>& policies);
[[nodiscard]] std::string render_tests_tap(const std::vector<PolicyTests>& policies);

}  // namespace writ::cli

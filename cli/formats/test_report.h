// Formats the results of a test run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

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

/// The content of a report. Points into the workspace and the run.
class TestReport {
public:
    /// `mutation`: null: no changes were tried.
    TestReport(const Workspace& workspace, const TestRun& run, bool coverage, std::vector<Verdict> verdicts,
               const MutationRun* mutation = nullptr);

    [[nodiscard]] std::string human(const Terminal& terminal) const;
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::string junit() const;
    /// TAP, version 14.
    [[nodiscard]] std::string tap() const;
    /// For code scanning and annotations: an error for each failure, a warning for each change that is not noticed.
    [[nodiscard]] Diagnostics findings() const;

private:
    [[nodiscard]] std::string failure(const TestCase& test, bool colour) const;
    /// Explains the decision on a failed case's request, reduced to the parts that differ. None if the request is
    /// refused, or if many others were explained already.
    [[nodiscard]] const Explanation* explained(const TestCase& test) const;

    const Workspace& workspace_;
    const TestRun& run_;
    bool coverage_;
    std::vector<Verdict> verdicts_;
    const MutationRun* mutation_;
    std::vector<const TestCase*> cases_;  ///< the tests' cases, then the broken invariants
    FilePositions places_;
    std::map<const TestCase*, Explanation> explained_;
};

}  // namespace writ::cli

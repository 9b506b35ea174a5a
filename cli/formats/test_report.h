// A test run as people and machines read it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/formats/places.h"
#include "cli/verbs/verbs.h"
#include "writ/tools.h"

namespace writ::cli {

/// What fails a run beside its cases: no tests, too little covered.
struct Verdict {
    std::string name, problem;
    bool failed = false;
};

/// All that a report tells of. Views the workspace and the run.
class TestReport {
public:
    TestReport(const Workspace& workspace, const TestRun& run, bool coverage, std::vector<Verdict> verdicts);

    [[nodiscard]] std::string human(const Terminal& terminal) const;
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::string junit() const;
    /// TAP, version 14.
    [[nodiscard]] std::string tap() const;

private:
    [[nodiscard]] std::string failure(const TestCase& test, bool colour) const;
    /// Why the decision on a failed case's request is what it is, cut to what its differences ask about. None: the
    /// request is refused, or many others were explained.
    [[nodiscard]] const Explanation* explained(const TestCase& test) const;

    const Workspace& workspace_;
    const TestRun& run_;
    bool coverage_;
    std::vector<Verdict> verdicts_;
    std::vector<const TestCase*> cases_;  ///< of tests, then what broke an invariant
    Places places_;
    std::map<const TestCase*, Explanation> explained_;
};

}  // namespace writ::cli

// A published version looked at by authors: what it was compiled from, and whether its own tests hold.
#include "writ/store.h"
#include "writ/tools.h"

namespace writ {

GateReport policy_gate(const Bundle& bundle) {
    GateReport report;
    auto sources = bundle.sources();
    if (!sources) {
        report.summary = sources.error().message;
        return report;
    }
    // What is not this program's library is no policy that it vouches for.
    sources->standard = nullptr;
    const Workspace workspace(std::move(*sources));
    // What is tested must be what will decide.
    if (!workspace.bundle() || workspace.bundle()->digest() != bundle.digest()) {
        report.summary = "its sources do not compile to it here";
        for (const Diagnostic& each : workspace.diagnostics().items)
            if (each.severity == Severity::Error) report.problems.push_back(each.code + ": " + each.message);
        return report;
    }
    const TestRun run = workspace.test();
    for (const TestCase& each : run.cases)
        if (!each.passed) report.problems.push_back(each.name + ": " + each.problem);
    for (const TestCase& each : run.invariants.broken) report.problems.push_back(each.name + ": " + each.problem);
    report.passed = run.passed();
    report.summary = run.cases.empty() ? "it has no tests"
                                       : std::to_string(run.cases.size()) + " test cases and " +
                                             std::to_string(run.invariants.invariants) + " invariants, " +
                                             std::to_string(run.failed()) + " failed";
    return report;
}

}  // namespace writ

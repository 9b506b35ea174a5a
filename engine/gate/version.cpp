// Checks a version: whether its sources compile to it, and whether its tests pass.
#include "writ/gate.h"
#include "writ/store.h"

namespace writ {

VersionCheck check_version(const Bundle& bundle) {
    VersionCheck out;
    auto sources = bundle.sources();
    if (!sources) {
        out.summary = sources.error().message;
        return out;
    }
    // Uses this program's standard library, because it cannot vouch for another one.
    sources->standard = nullptr;
    const Workspace workspace(std::move(*sources));
    // The tested bundle must be the one that will decide.
    const std::optional<Bundle>& compiled = workspace.bundle();
    if (!compiled || compiled->digest() != bundle.digest()) {
        out.summary = "this program does not compile its sources to it";
        for (const Diagnostic& each : workspace.diagnostics().items)
            if (each.severity == Severity::Error) out.problems.push_back(each.code + ": " + each.message);
        return out;
    }
    const TestRun run = workspace.test();
    for (const TestCase& each : run.cases)
        if (!each.passed) out.problems.push_back(each.name + ": " + each.problem);
    for (const TestCase& each : run.invariants.broken) out.problems.push_back(each.name + ": " + each.problem);
    out.passed = run.passed();
    out.summary = run.cases.empty() ? "it has no tests"
                                    : std::to_string(run.cases.size()) + " test cases and " +
                                          std::to_string(run.invariants.invariants) + " invariants, " +
                                          std::to_string(run.failed()) + " failed";
    return out;
}

}  // namespace writ

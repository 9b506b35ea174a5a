// A published version looked at by authors: what it was compiled from, whether its own tests hold, and
// how two differ.
#include <algorithm>
#include <map>

#include "base/report.h"
#include "syntax/parse.h"
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

// ---- differences ------------------------------------------------------------------------------

namespace {

using Names = std::map<std::string, std::string>;  ///< text by name

/// The text of every declared rule by `module.name`, spaces and comments around it left out.
Names rules_of(const std::vector<Source>& sources) {
    Names out;
    Report report;
    for (std::uint32_t i = 0; i < sources.size(); ++i) {
        const ast::File file = syntax::parse(i, sources[i].text, CompileOptions{}.max_depth, report);
        std::string module;
        if (file.module)
            for (const auto& part : file.module->parts) module.append(part.text).append(".");
        for (const ast::Decl& decl : file.decls)
            if (const auto* rule = std::get_if<ast::RuleDecl>(&decl.node))
                out[module + std::string(rule->name.text)] = sources[i].text.substr(decl.span.begin, decl.span.end - decl.span.begin);
    }
    return out;
}

std::vector<NamedChange> changes(const Names& from, const Names& to) {
    std::vector<NamedChange> out;
    for (const auto& [name, text] : from) {
        const auto other = to.find(name);
        if (other == to.end()) out.push_back({TextChange::Removed, name, text, {}});
        else if (other->second != text) out.push_back({TextChange::Changed, name, text, other->second});
    }
    for (const auto& [name, text] : to)
        if (from.find(name) == from.end()) out.push_back({TextChange::Added, name, {}, text});
    std::sort(out.begin(), out.end(), [](const NamedChange& a, const NamedChange& b) { return a.name < b.name; });
    return out;
}

Names by_name(const std::vector<Source>& sources) {
    Names out;
    for (const Source& each : sources) out[each.name] = each.text;
    return out;
}

}  // namespace

Result<VersionDiff> diff_versions(const Bundle& from, const Bundle& to) {
    const auto before = from.sources(), after = to.sources();
    if (!before) return tl::unexpected(before.error());
    if (!after) return tl::unexpected(after.error());
    return VersionDiff{changes(rules_of(before->sources), rules_of(after->sources)),
                       changes(by_name(before->sources), by_name(after->sources))};
}

}  // namespace writ

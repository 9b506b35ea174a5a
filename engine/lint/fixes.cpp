// Applies as many fixes to the sources as keep the policy's behaviour.
#include <algorithm>
#include <map>

#include "lint/lint.h"

namespace writ::lint {

namespace {

/// What must not get worse.
struct Baseline {
    bool compiles = false;
    std::vector<std::pair<std::string, std::string>> tests;  ///< name and decision
    std::map<std::string, std::size_t> findings;             ///< by lint
};

Baseline standing_of(const Workspace& workspace, const LintOptions& options) {
    Baseline out;
    if (!workspace.bundle()) return out;
    out.compiles = true;
    for (const TestCase& test : workspace.test().cases) out.tests.emplace_back(test.name, test.actual);
    for (const Diagnostic& each : workspace.lint(options).findings.items) ++out.findings[each.code];
    return out;
}

using Fixes = std::vector<LintFix>;

/// Applies edits from the end to the start, so that positions stay valid; of two that overlap, only one.
SourceSet edited(SourceSet sources, Fixes fixes) {
    std::sort(fixes.begin(), fixes.end(),
              [](const LintFix& a, const LintFix& b) { return a.span.begin > b.span.begin; });
    std::map<std::uint32_t, std::uint32_t> last;  // by source: where the last edit starts
    for (const LintFix& fix : fixes) {
        const auto at = last.find(fix.span.source);
        if (at != last.end() && fix.span.end > at->second) continue;
        last[fix.span.source] = fix.span.begin;
        sources.sources[fix.span.source].text.replace(fix.span.begin, fix.span.end - fix.span.begin, fix.text);
    }
    return sources;
}

class FixApplier {
public:
    FixApplier(const SourceSet& sources, const CompileOptions& compile, const LintOptions& options, Baseline before)
        : sources_(sources), compile_(compile), options_(options), before_(std::move(before)) {}

    /// Finds, by halving, those of `fixes` that work together with those already accepted.
    void take(const Fixes& fixes) {
        if (fixes.empty()) return;
        Fixes all = taken_;
        all.insert(all.end(), fixes.begin(), fixes.end());
        if (holds(all)) {
            taken_ = std::move(all);
            return;
        }
        if (fixes.size() == 1) return;
        const auto middle = fixes.begin() + static_cast<std::ptrdiff_t>(fixes.size() / 2);
        take(Fixes(fixes.begin(), middle));
        take(Fixes(middle, fixes.end()));
    }

    [[nodiscard]] SourceSet result() const { return edited(sources_, taken_); }

private:
    [[nodiscard]] bool holds(const Fixes& fixes) const {
        const Baseline now = standing_of(Workspace(edited(sources_, fixes), compile_), options_);
        if (!now.compiles || now.tests != before_.tests) return false;
        return std::all_of(fixes.begin(), fixes.end(), [&](const LintFix& fix) {
            const auto was = before_.findings.find(fix.lint), is = now.findings.find(fix.lint);
            return was != before_.findings.end() && (is == now.findings.end() || is->second < was->second);
        });
    }

    const SourceSet& sources_;
    const CompileOptions& compile_;
    const LintOptions& options_;
    Baseline before_;
    Fixes taken_;
};

}  // namespace

std::vector<Source> fixed_sources(const Workspace& workspace, const SourceSet& sources, const CompileOptions& compile,
                                  const LintReport& report, const LintOptions& options) {
    FixApplier applying(sources, compile, options, standing_of(workspace, options));
    applying.take(report.fixes);
    std::vector<Source> out;
    SourceSet result = applying.result();
    for (std::size_t i = 0; i < sources.sources.size(); ++i)
        if (result.sources[i].text != sources.sources[i].text) out.push_back(std::move(result.sources[i]));
    return out;
}

}  // namespace writ::lint

// writ lint: reports suspicious policies.
#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/github.h"
#include "cli/formats/json.h"
#include "cli/formats/line_diff.h"
#include "cli/formats/sarif.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/lint_options.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/lint.h"

namespace writ::cli {

namespace {

struct LintArgs {
    std::vector<std::string> paths;
    LintOptions lint;
    LintLevel fail_on = LintLevel::Error;
    Format format = Format::Human;
    bool fix = false, diff = false;  ///< apply the fixes, or show the change
};

std::size_t count(const Diagnostics& findings, Severity level) {
    return static_cast<std::size_t>(std::count_if(findings.items.begin(), findings.items.end(),
                                                  [&](const Diagnostic& d) { return d.severity == level; }));
}

/// The notes below the count of findings.
std::string summary(const LintReport& report) {
    std::string out = report.findings.items.empty() ? "no findings" : "";
    const auto add = [&](std::size_t n, std::string_view what) {
        if (n > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, what);
    };
    add(report.suppressed.size(), "suppressed");
    add(report.fixes.size(), "can be fixed with --fix");
    return out.empty() ? out : out + "\n";
}

std::string json(const LintReport& report) {
    Diagnostics quiet{report.findings.sources, {}};
    for (const SuppressedFinding& each : report.suppressed) quiet.items.push_back(each.finding);
    Json suppressed = Json::parse(render_json(quiet));
    for (std::size_t i = 0; i < suppressed.size(); ++i) suppressed[i]["reason"] = report.suppressed[i].reason;
    Json out;
    out["schema_version"] = 1;
    out["errors"] = count(report.findings, Severity::Error);
    out["warnings"] = count(report.findings, Severity::Warning);
    out["fixable"] = report.fixes.size();
    out["findings"] = Json::parse(render_json(report.findings));
    out["suppressed"] = std::move(suppressed);
    return one_line(out);
}

constexpr Rendering<LintReport> kLintRenderings[] = {
    {Format::Human,
     [](const LintReport& report, const Terminal& terminal) {
         return render_human(report.findings, terminal.colour_out) + summary(report);
     }},
    {Format::Short, [](const LintReport& report, const Terminal&) { return render_short(report.findings); }},
    {Format::Json, [](const LintReport& report, const Terminal&) { return json(report); }},
    {Format::Sarif,
     [](const LintReport& report, const Terminal&) { return render_sarif(report.findings, report.suppressed); }},
    {Format::Github, [](const LintReport& report, const Terminal&) { return render_github(report.findings); }},
};

Exit exit_of(const LintReport& report, LintLevel fail_on) {
    const bool errors = count(report.findings, Severity::Error) > 0;
    const bool failed = fail_on == LintLevel::Warning ? !report.findings.items.empty() : errors;
    return failed ? Exit::Negative : Exit::Ok;
}

Exit show(const Workspace& workspace, const std::vector<Source>& changed, const Terminal& terminal) {
    for (const Source& source : changed) {
        const auto& all = workspace.diagnostics().sources;
        const auto before =
            std::find_if(all.begin(), all.end(), [&](const Source& each) { return each.name == source.name; });
        print_result("--- " + safe(source.name) + "\n+++ " + safe(source.name) + "\n" +
                     line_diff(before->text, source.text, terminal.colour_out));
    }
    return changed.empty() ? Exit::Ok : Exit::Negative;
}

/// Opens the policy, if it compiles. The compiler's warnings are among the findings.
std::variant<Workspace, Exit> open_quietly(const LintArgs& options, const Terminal& terminal) {
    auto opened = open_workspace(options.paths, terminal);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr || workspace->bundle()) return opened;
    // JSON output consists of findings, and there are none.
    print_diagnostics(workspace->diagnostics(), options.format == Format::Json ? Format::Human : options.format,
                      terminal);
    return Exit::Invalid;
}

Exit run(const LintArgs& options, const Terminal& terminal) {
    if (options.fix && is_bundle(options.paths)) {
        print_note("error: " + safe(options.paths[0]) + " is a sealed bundle, and only source files can be fixed\n");
        return Exit::Usage;
    }
    auto opened = open_quietly(options, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    Workspace workspace = std::move(std::get<Workspace>(opened));
    LintReport report = workspace.lint(options.lint);
    if (options.fix || options.diff) {
        const std::vector<Source> changed = workspace.apply_fixes(report, options.lint);
        if (options.diff) return show(workspace, changed, terminal);
        for (const Source& source : changed) {
            if (auto written = write_file(source.name, source.text); !written)
                return report_error(written.error(), "", terminal);
            print_note("fixed " + safe(source.name) + "\n");
        }
        if (!changed.empty()) {
            auto again = open_quietly(options, terminal);
            if (const Exit* failed = std::get_if<Exit>(&again)) return *failed;
            workspace = std::move(std::get<Workspace>(again));
            report = workspace.lint(options.lint);
        }
    }
    print_result(rendered(kLintRenderings, options.format, report, terminal));
    return exit_of(report, options.fail_on);
}

}  // namespace

void add_lint(Command& program) {
    Command& verb = program.verb("lint", "Report suspicious policies");
    auto& options = verb.make_values<LintArgs>();
    add_paths(verb, options.paths);
    add_lint_levels(verb, options.lint, options.fail_on);
    Option& fix = verb.flag("--fix", "Apply the fixes that change no decision", options.fix);
    verb.flag("--diff", "Show what --fix would do, and exit with 1 if it would change anything", options.diff)
        .excludes(fix);
    add_format(verb, options.format, formats_of(kLintRenderings));
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

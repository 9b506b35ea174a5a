// writ lint: reports suspicious policies.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/github.h"
#include "cli/formats/json.h"
#include "cli/formats/line_diff.h"
#include "cli/formats/merged.h"
#include "cli/formats/sarif.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/lint_options.h"
#include "cli/verbs/options.h"
#include "cli/verbs/policies.h"
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
    unsigned jobs = 0;
};

/// The report on one policy of several; or why there is none.
struct LintedPolicy {
    std::string folder;
    std::optional<LintReport> report;
    Diagnostics errors;          ///< if it does not compile
    std::optional<Error> error;  ///< if it cannot be read
};

/// A run over several policies.
struct LintedPolicies {
    std::vector<LintedPolicy> policies;
    Diagnostics problems;  ///< of manifests
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

Json json(const LintReport& report) {
    Diagnostics quiet{report.findings.sources, {}};
    for (const SuppressedFinding& each : report.suppressed) quiet.items.push_back(each.finding);
    Json suppressed = Json::parse(render_json(quiet));
    for (std::size_t i = 0; i < suppressed.size(); ++i) suppressed[i]["reason"] = report.suppressed[i].reason;
    Json out;
    out["errors"] = count(report.findings, Severity::Error);
    out["warnings"] = count(report.findings, Severity::Warning);
    out["fixable"] = report.fixes.size();
    out["findings"] = Json::parse(render_json(report.findings));
    out["suppressed"] = std::move(suppressed);
    return out;
}

std::string document(const LintedPolicies& all) {
    Json out{{"errors", 0}, {"warnings", 0}, {"fixable", 0}, {"policies", Json::array()}};
    for (const LintedPolicy& each : all.policies) {
        Json policy{{"policy", each.folder}, {"ok", each.report.has_value()}};
        policy.update(json(each.report ? *each.report : LintReport{each.errors, {}, {}}));
        for (const char* sum : {"errors", "warnings", "fixable"})
            out[sum] = out[sum].get<std::size_t>() + policy[sum].get<std::size_t>();
        out["policies"].push_back(std::move(policy));
    }
    out["diagnostics"] = Json::parse(render_json(all.problems));
    return json_line(out);
}

MergedFindings merged(const LintedPolicies& all) {
    MergedFindings out;
    for (const LintedPolicy& each : all.policies)
        if (each.report)
            out.add(each.report->findings, each.report->suppressed);
        else
            out.add(each.errors);
    out.add(all.problems);
    return out;
}

constexpr Rendering<LintReport> kLintRenderings[] = {
    {Format::Human,
     [](const LintReport& report, const Terminal& terminal) {
         return render_human(report.findings, terminal.colour_out) + summary(report);
     }},
    {Format::Short, [](const LintReport& report, const Terminal&) { return render_short(report.findings); }},
    {Format::Json, [](const LintReport& report, const Terminal&) { return json_line(json(report)); }},
    {Format::Sarif,
     [](const LintReport& report, const Terminal&) { return render_sarif(report.findings, report.suppressed); }},
    {Format::Github, [](const LintReport& report, const Terminal&) { return render_github(report.findings); }},
};

constexpr Rendering<LintedPolicies> kSeveralLintRenderings[] = {
    {Format::Human,
     [](const LintedPolicies& all, const Terminal& terminal) {
         std::string out;
         for (const LintedPolicy& each : all.policies) {
             out += heading(each.folder, terminal.colour_out);
             out += each.report ? render_human(each.report->findings, terminal.colour_out) + summary(*each.report)
                                : render_human(each.errors, terminal.colour_out);
         }
         return out + render_human(all.problems, terminal.colour_out);
     }},
    {Format::Short, [](const LintedPolicies& all, const Terminal&) { return render_short(merged(all).findings); }},
    {Format::Json, [](const LintedPolicies& all, const Terminal&) { return document(all); }},
    {Format::Sarif,
     [](const LintedPolicies& all, const Terminal&) {
         const MergedFindings found = merged(all);
         return render_sarif(found.findings, found.suppressed);
     }},
    {Format::Github, [](const LintedPolicies& all, const Terminal&) { return render_github(merged(all).findings); }},
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
std::variant<Workspace, Exit> open_quietly(const std::vector<std::string>& paths, const LintArgs& options,
                                           const Terminal& terminal) {
    auto opened = open_workspace(paths, terminal);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr || workspace->bundle()) return opened;
    // JSON output consists of findings, and there are none.
    print_diagnostics(workspace->diagnostics(), options.format == Format::Json ? Format::Human : options.format,
                      terminal);
    return Exit::Invalid;
}

Exit run_one(const std::vector<std::string>& paths, const LintArgs& options, const Terminal& terminal) {
    if (options.fix && is_bundle(paths)) {
        print_note("error: " + safe(paths[0]) + " is a sealed bundle, and only source files can be fixed\n");
        return Exit::Usage;
    }
    auto opened = open_quietly(paths, options, terminal);
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
            auto again = open_quietly(paths, options, terminal);
            if (const Exit* failed = std::get_if<Exit>(&again)) return *failed;
            workspace = std::move(std::get<Workspace>(again));
            report = workspace.lint(options.lint);
        }
    }
    print_result(rendered(kLintRenderings, options.format, report, terminal));
    return exit_of(report, options.fail_on);
}

LintedPolicy lint_policy(const PolicyFolder& policy, const LintArgs& options) {
    LintedPolicy out;
    out.folder = policy.folder;
    const auto opened = open_policy(policy);
    if (!opened)
        out.error = opened.error();
    else if (opened->bundle())
        out.report = opened->lint(options.lint);
    else
        out.errors = opened->diagnostics();
    return out;
}

Exit run_several(const PolicyFolders& found, const LintArgs& options, const Terminal& terminal) {
    Exit exit = found.problems.items.empty() ? Exit::Ok : Exit::Invalid;
    if (options.fix || options.diff) {
        // One after the other: a file that two policies share is read again after the first one's fixes.
        for (const PolicyFolder& policy : found.policies) {
            print_result(heading(policy.folder, terminal.colour_out));
            exit = worst(exit, run_one({policy.folder}, options, terminal));
        }
        print_note(render_human(found.problems, terminal.colour_err));
        return exit;
    }
    LintedPolicies all;
    all.problems = found.problems;
    all.policies = in_parallel(found.policies.size(), options.jobs,
                               [&](std::size_t i) { return lint_policy(found.policies[i], options); });
    for (const LintedPolicy& each : all.policies) {
        if (each.error) exit = worst(exit, report_error(*each.error, "", terminal));
        exit = worst(exit, each.report ? exit_of(*each.report, options.fail_on) : Exit::Invalid);
    }
    print_result(rendered(kSeveralLintRenderings, options.format, all, terminal));
    return exit;
}

Exit run(const LintArgs& options, const Terminal& terminal) {
    const auto several = several_policies(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&several)) return *failed;
    if (const auto& found = std::get<std::optional<PolicyFolders>>(several))
        return run_several(*found, options, terminal);
    return run_one(options.paths, options, terminal);
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
    add_jobs(verb, options.jobs);
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

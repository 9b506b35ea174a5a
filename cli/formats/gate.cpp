#include "cli/formats/gate.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/diff_json.h"
#include "cli/formats/json.h"
#include "cli/formats/junit.h"
#include "cli/formats/markdown.h"
#include "cli/formats/places.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

std::string_view word_of(const GateCheck& check) {
    return check.failed ? "FAIL" : check.skipped ? "--" : "ok";
}
std::string_view outcome_of(const GateCheck& check) {
    return check.failed ? "failed" : check.skipped ? "skipped" : "passed";
}

std::string headline_of(const GateReport& report) {
    std::string failed;
    for (const GateCheck& each : report.verdict.checks)
        if (each.failed) failed += (failed.empty() ? "" : ", ") + each.name;
    return failed.empty() ? "the change may pass" : "the change does not pass: " + failed;
}

/// Most findings on a page: errors before warnings.
std::string markdown_findings(const Diagnostics& findings) {
    constexpr std::size_t kMost = 50;
    if (findings.items.empty()) return {};
    std::vector<const Diagnostic*> order;
    for (const Diagnostic& each : findings.items) order.push_back(&each);
    std::stable_partition(order.begin(), order.end(),
                          [](const Diagnostic* each) { return each->severity == Severity::Error; });
    const FilePositions places(findings);
    std::string out = "\n## Findings\n\n";
    for (std::size_t i = 0; i < std::min(kMost, order.size()); ++i) {
        const Diagnostic& each = *order[i];
        out += fmt::format("- **{}** {} at {}", each.code, markdown_text(each.message),
                           markdown_code(places.text(each.span)));
        if (!each.label.empty()) out += "<br>" + markdown_text(each.label);
        if (!each.help.empty()) out += "<br>" + markdown_text(each.help);
        out += "\n";
    }
    if (order.size() > kMost)
        out +=
            fmt::format("\n… and {}; JSON and SARIF have them all.\n", counted(order.size() - kMost, "more finding"));
    return out;
}

bool differs(const GateReport& report) {
    return report.change != nullptr && (!report.change->diff.structure.empty() || !report.change->diff.files.empty() ||
                                        !report.change->diff.groups.empty());
}

}  // namespace

std::string render_gate(const GateReport& report, bool colour, bool quiet) {
    const Palette colours = palette(colour);
    std::string out = report.verdict.findings.items.empty() ? "" : render_human(report.verdict.findings, colour) + "\n";
    if (differs(report)) out += render_diff(*report.change, colour) + "\n";
    std::size_t width = 0;
    for (const GateCheck& each : report.verdict.checks) width = std::max(width, each.name.size());
    for (const GateCheck& each : report.verdict.checks) {
        if (quiet && !each.failed) continue;
        const std::string_view tone = each.failed ? colours.error : each.skipped ? colours.frame : colours.good;
        out += fmt::format("{}{:<4}{}  {:<{}}  {}\n", tone, word_of(each), colours.reset, each.name, width,
                           safe(each.summary));
    }
    return out + fmt::format("{}{}{}\n", colours.bold, headline_of(report), colours.reset);
}

namespace {

Json gate_json(const GateReport& report) {
    Json out;
    out["passed"] = report.verdict.passed();
    out["base"] = report.base.empty() ? Json() : Json(report.base);
    out["checks"] = Json::array();
    for (const GateCheck& each : report.verdict.checks)
        out["checks"].push_back({{"name", each.name}, {"outcome", outcome_of(each)}, {"summary", each.summary}});
    out["declarations"] = Json::array();
    for (const Declaration& each : report.verdict.note.declarations)
        out["declarations"].push_back({{each.raises ? "raises" : "widens", each.name},
                                       {"because", each.because},
                                       {"where", each.where},
                                       {"met", each.met}});
    out["findings"] = Json::parse(render_json(report.verdict.findings));
    out["diff"] = report.change != nullptr ? diff_json(*report.change) : Json();
    return out;
}

std::vector<JunitSuite> gate_junit(const GateReport& report) {
    const FilePositions places(report.verdict.findings);
    JunitSuite checks{"writ gate", {}, report.change != nullptr ? render_diff(*report.change, false) : std::string()};
    for (const GateCheck& each : report.verdict.checks) {
        JunitCase& added = checks.cases.emplace_back();
        added.name = each.name;
        added.failed = each.failed;
        if (each.failed) added.message = each.summary;
    }
    JunitSuite findings{"findings", {}, {}};
    for (const Diagnostic& each : report.verdict.findings.items) {
        if (each.severity != Severity::Error || (each.code == "gate-test" && !report.verdict.tests.cases.empty()))
            continue;
        const FilePosition place = places.at(each.span);
        findings.cases.push_back({each.code + ": " + each.message, place.file, place.line, 0, true, each.message,
                                  each.label + "\n" + each.help});
    }
    JunitSuite tests{"tests", {}, {}};
    for (const TestCase& each : report.verdict.tests.cases) {
        const FilePosition place = places.at(each.span);
        tests.cases.push_back(
            {each.name, place.file, place.line, static_cast<double>(each.nanos) / 1e9, !each.passed, each.problem,
             each.passed ? std::string() : fmt::format("expected {}, but it is {}", each.expected, each.actual)});
    }
    return {std::move(checks), std::move(findings), std::move(tests)};
}

/// The checks that concern several policies, as a report on one.
GateReport joint(const GateReports& reports) {
    return {reports.base, reports.together, nullptr};
}

}  // namespace

bool GateReports::passed() const {
    return together.passed() &&
           std::all_of(policies.begin(), policies.end(), [](const Each& each) { return each.report.verdict.passed(); });
}

std::string render_gate_json(const GateReport& report) {
    return json_line(gate_json(report));
}

std::string render_gate_junit(const GateReport& report) {
    return render_junit("writ gate", gate_junit(report));
}

std::string render_gate_markdown(const GateReport& report) {
    std::string out = fmt::format("# Gate: {}\n\n| check | | |\n|---|---|---|\n", headline_of(report));
    for (const GateCheck& each : report.verdict.checks)
        out += fmt::format("| {} | {} | {} |\n", each.name,
                           each.failed    ? "**failed**"
                           : each.skipped ? "–"
                                          : "passed",
                           markdown_text(each.summary));
    out += markdown_findings(report.verdict.findings);
    bool any = false;
    for (const Declaration& each : report.verdict.note.declarations) {
        if (!each.met) continue;
        if (!any) out += "\n## Declared\n\n";
        any = true;
        out += fmt::format("- {} {}: {} ({})\n", each.raises ? "raises" : "widens", markdown_code(each.name),
                           markdown_text(each.because), markdown_code(each.where));
    }
    if (differs(report)) out += "\n" + render_diff_markdown(*report.change);
    return out;
}

std::string render_gate(const GateReports& reports, bool colour, bool quiet) {
    const Palette colours = palette(colour);
    std::string out;
    const auto add = [&](const std::string& name, const GateReport& report) {
        if (quiet && report.verdict.passed()) return;
        out +=
            fmt::format("{}== {}{}\n{}\n", colours.bold, safe(name), colours.reset, render_gate(report, colour, quiet));
    };
    for (const GateReports::Each& each : reports.policies) add(each.folder + (each.added ? " (new)" : ""), each.report);
    add("all policies", joint(reports));
    if (quiet && reports.passed()) out += headline_of(joint(reports)) + "\n";
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

std::string render_gate_json(const GateReports& reports) {
    Json out{{"passed", reports.passed()},
             {"base", reports.base.empty() ? Json() : Json(reports.base)},
             {"policies", Json::array()},
             {"removed", reports.removed}};
    for (const GateReports::Each& each : reports.policies) {
        Json policy{{"policy", each.folder}, {"added", each.added}};
        policy.update(gate_json(each.report));
        out["policies"].push_back(std::move(policy));
    }
    const Json common = gate_json(joint(reports));
    for (const char* member : {"checks", "declarations", "findings"}) out[member] = common[member];
    return json_line(out);
}

std::string render_gate_junit(const GateReports& reports) {
    std::vector<JunitSuite> suites;
    const auto add = [&](const std::string& name, const GateReport& report) {
        for (JunitSuite& suite : gate_junit(report)) {
            suite.name = name + ": " + suite.name;
            suites.push_back(std::move(suite));
        }
    };
    for (const GateReports::Each& each : reports.policies) add(each.folder, each.report);
    add("all policies", joint(reports));
    return render_junit("writ gate", suites);
}

std::string render_gate_markdown(const GateReports& reports) {
    std::string out;
    const auto add = [&](const std::string& name, const GateReport& report) {
        out += (out.empty() ? "" : "\n") + fmt::format("# {}\n\n", name) + render_gate_markdown(report);
    };
    add("All policies", joint(reports));
    for (const GateReports::Each& each : reports.policies)
        add("Policy " + markdown_code(each.folder) + (each.added ? ", new" : ""), each.report);
    return out;
}

}  // namespace writ::cli

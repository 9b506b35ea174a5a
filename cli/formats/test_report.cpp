#include "cli/formats/test_report.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "cli/formats/coverage.h"
#include "cli/formats/explanation.h"
#include "cli/formats/json.h"
#include "cli/formats/junit.h"
#include "cli/formats/mutation.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kMostExplained = 10;   ///< failures; explaining one costs more than running all tests
constexpr std::size_t kExplainedLines = 40;  ///< of one explanation

bool differs(const TestCase& test, std::initializer_list<std::string_view> parts) {
    return std::any_of(test.differences.begin(), test.differences.end(), [&](const Difference& each) {
        return std::find(parts.begin(), parts.end(), each.part) != parts.end();
    });
}

/// Whether a rule that mattered concerns a part that differs.
bool tells(const SeenRule& rule, const TestCase& test) {
    if (rule.role == Role::Limits)
        return differs(test, {"ttl", "not_after", "scopes", "audience", "single_use", "rules"});
    return rule.role != Role::Obliges || differs(test, {"obligations", "rules"});
}

/// The expected names that are rules and did not apply; `because` names other reasons too.
std::vector<std::string> expected_rules(const TestCase& test) {
    std::vector<std::string> out;
    for (const Difference& each : test.differences) {
        if (each.part != "rules" && each.part != "reasons") continue;
        constexpr std::string_view kOnly = "exactly ";
        std::istringstream names(each.expected.substr(each.expected.starts_with(kOnly) ? kOnly.size() : 0));
        for (std::string name; std::getline(names >> std::ws, name, ',');) out.push_back(name);
    }
    return out;
}

std::optional<Explanation> explain(const Workspace& workspace, const TestCase& test) {
    auto found = workspace.explain(test.request);
    if (!found) return std::nullopt;
    Explanation& all = *found;
    // A check without facts adds nothing to its code, which the case shows.
    std::erase_if(all.checks, [](const SeenCheck& check) { return check.facts.empty() && check.note.empty(); });
    std::erase_if(all.rules, [&](const SeenRule& rule) { return !tells(rule, test); });
    for (const std::string& name : expected_rules(test)) {
        auto named = workspace.explain(test.request, name);
        if (!named) continue;
        for (SeenRule& rule : named->rules) {
            const bool there = std::any_of(all.rules.begin(), all.rules.end(),
                                           [&](const SeenRule& each) { return each.rule == rule.rule; });
            if (!there) all.rules.push_back(std::move(rule));
        }
    }
    if (!differs(test, {"effect"})) all.nearest.clear();
    if (all.nearest.size() > 1) all.nearest.resize(1);
    if (!differs(test, {"ttl", "not_after"})) all.lifetimes.clear();
    if (!differs(test, {"scopes", "audience"})) all.dropped.clear();
    all.once_approved.reset();
    return std::move(*found);
}

std::string indented(std::string_view text, std::string_view by) {
    std::string out;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.empty()) out.append(by).append(line);
        out += '\n';
    }
    return out;
}

/// Drops the first line, which repeats the case, and long tails.
std::string body_of(const Explanation& explanation, bool colour) {
    const std::string whole = render_explanation(explanation, colour);
    std::istringstream lines(whole);
    std::string out, line;
    std::getline(lines, line);
    for (std::size_t count = 0; std::getline(lines, line); ++count) {
        if (count == kExplainedLines) return out + "... `writ explain` shows all of it\n";
        out += line + "\n";
    }
    return out;
}

double seconds(const TestCase& test) {
    return static_cast<double>(test.nanos) / 1e9;
}

/// A JSON string is valid YAML.
std::string as_yaml(std::string_view text) {
    return safe_json(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// A TAP description: on one line, with special characters escaped.
std::string tap_text(std::string_view text) {
    std::string out;
    for (const char c : safe(text)) out += c == '#' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    return out;
}

std::string tap_verdict(const Verdict& verdict, std::size_t number) {
    std::string out = fmt::format("{}ok {} - {}\n", verdict.failed ? "not " : "", number, tap_text(verdict.name));
    if (verdict.failed) out += fmt::format("  ---\n  message: {}\n  severity: fail\n  ...\n", as_yaml(verdict.problem));
    return out;
}

std::string tap_document(std::size_t count, const std::string& lines) {
    return fmt::format("TAP version 14\n1..{}\n", count) + lines;
}

std::string human_verdict(const Verdict& verdict, const Palette& colours) {
    return fmt::format("{}FAIL{} {}: {}\n", colours.error, colours.reset, verdict.name, safe(verdict.problem));
}

}  // namespace

TestReport::TestReport(const Workspace& workspace, const TestRun& run, bool coverage, std::vector<Verdict> verdicts,
                       const std::vector<LayerAbove>& above, const MutationRun* mutation)
    : workspace_(workspace),
      run_(run),
      coverage_(coverage),
      verdicts_(std::move(verdicts)),
      mutation_(mutation),
      places_(workspace.diagnostics()) {
    for (const TestCase& test : run.cases) cases_.push_back(&test);
    for (const TestCase& test : run.invariants.broken) cases_.push_back(&test);
    for (const TestCase* test : cases_) {
        if (test->passed || explained_.size() == kMostExplained) continue;
        auto found = explain(workspace, *test);
        if (!found) continue;
        explained_.emplace(test, std::move(*found));
        for (const LayerAbove& layer : above)
            if (auto more = layer.workspace->explain(test->request))
                explained_above_[test].push_back({layer.name, std::move(*more)});
    }
}

const Explanation* TestReport::explained(const TestCase& test) const {
    const auto found = explained_.find(&test);
    return found == explained_.end() ? nullptr : &found->second;
}

std::string TestReport::explanation_text(const TestCase& test, bool colour) const {
    const Explanation* own = explained(test);
    if (own == nullptr) return {};
    std::string out = body_of(*own, colour);
    const auto above = explained_above_.find(&test);
    if (above == explained_above_.end()) return out;
    for (const FromAbove& each : above->second)
        out += fmt::format("\n{}: {}\n{}", safe(each.layer), effect_text(each.explanation.decision.effect),
                           body_of(each.explanation, colour));
    return out;
}

/// The difference, part by part, and the explanation.
std::string TestReport::failure(const TestCase& test, bool colour) const {
    const Palette colours = palette(colour);
    std::string out = fmt::format("expected  {}\nactual    {}\n", safe(test.expected), safe(test.actual));
    std::size_t width = 0;
    for (const Difference& each : test.differences) width = std::max(width, each.part.size());
    for (const Difference& each : test.differences)
        out += fmt::format("  {}- {:<{}}  {}{}\n  {}+ {:<{}}  {}{}\n", colours.error, each.part, width,
                           safe(each.expected), colours.reset, colours.good, each.part, width, safe(each.actual),
                           colours.reset);
    if (test.differences.empty()) out += fmt::format("problem   {}\n", safe(test.problem));
    return out + indented(explanation_text(test, colour), "  ");
}

std::string TestReport::human(const Terminal& terminal) const {
    const Palette colours = palette(terminal.colour_out);
    std::string out;
    for (const TestCase* test : cases_) {
        if (test->passed) {
            if (!terminal.quiet) out += fmt::format("{}ok{}   {}\n", colours.good, colours.reset, safe(test->name));
            continue;
        }
        out += fmt::format("{}FAIL{} {}\n     {}-->{} {}\n", colours.error, colours.reset, safe(test->name),
                           colours.frame, colours.reset, places_.text(test->span));
        out += indented(failure(*test, terminal.colour_out), "     ") + "\n";
    }
    const std::size_t failed = run_.failed();
    if (failed > explained_.size() && !explained_.empty())
        out += fmt::format("the first {} explained; --filter shows others\n",
                           explained_.size() == 1 ? "failure is" : counted(explained_.size(), "failure") + " are");
    if (coverage_ && !out.empty() && !out.ends_with("\n\n")) out += "\n";
    if (coverage_) out += render_coverage(run_.coverage, places_, colours);
    if (mutation_ != nullptr) {
        if (!out.empty() && !out.ends_with("\n\n")) out += "\n";
        out += render_mutations(*mutation_, workspace_.diagnostics(), terminal.colour_out);
    }
    for (const std::string& name : run_.invariants.untried)
        out += fmt::format("{}note{} invariant {}: its condition is true for none of these requests\n", colours.warning,
                           colours.reset, safe(name));
    for (const Verdict& verdict : verdicts_)
        if (verdict.failed) out += human_verdict(verdict, colours);
    if (run_.invariants.invariants > 0)
        out += fmt::format("invariants: {} checked on {} (not proved)\n", run_.invariants.invariants,
                           counted(run_.invariants.requests, "request"));
    return out + fmt::format("{} passed, {} failed\n", cases_.size() - failed, failed);
}

Json TestReport::json() const {
    Json out;
    out["passed"] = cases_.size() - run_.failed();
    out["failed"] = run_.failed();
    out["invariants"] = Json{{"checked", run_.invariants.invariants},
                             {"requests", run_.invariants.requests},
                             {"untried", run_.invariants.untried}};
    out["cases"] = Json::array();
    for (const TestCase* test : cases_) {
        Json item{{"name", test->name},         {"passed", test->passed}, {"at", places_.text(test->span)},
                  {"expected", test->expected}, {"actual", test->actual}, {"problem", test->problem}};
        if (!test->passed) {
            item["differences"] = Json::array();
            for (const Difference& each : test->differences)
                item["differences"].push_back(
                    Json{{"part", each.part}, {"expected", each.expected}, {"actual", each.actual}});
            const Explanation* explanation = explained(*test);
            item["explanation"] = explanation != nullptr ? Json::parse(to_json(*explanation)) : Json();
            if (const auto above = explained_above_.find(test); above != explained_above_.end()) {
                item["layers"] = Json::array();
                for (const FromAbove& each : above->second)
                    item["layers"].push_back(
                        Json{{"name", each.layer}, {"explanation", Json::parse(to_json(each.explanation))}});
            }
        }
        out["cases"].push_back(std::move(item));
    }
    out["verdicts"] = Json::array();
    for (const Verdict& verdict : verdicts_)
        out["verdicts"].push_back(
            Json{{"name", verdict.name}, {"passed", !verdict.failed}, {"problem", verdict.problem}});
    if (coverage_) out["coverage"] = coverage_json(run_.coverage, places_);
    if (mutation_ != nullptr) out["mutation"] = mutations_json(*mutation_, places_);
    return out;
}

std::vector<JunitSuite> TestReport::junit() const {
    std::map<std::string, JunitSuite> by_file;
    for (const TestCase* test : cases_) {
        const FilePosition place = places_.at(test->span);
        JunitSuite& suite = by_file[place.file];
        suite.name = place.file;
        JunitCase& added = suite.cases.emplace_back(
            JunitCase{test->name, place.file, place.line, seconds(*test), !test->passed, {}, {}});
        if (test->passed) continue;
        added.message = test->problem;
        added.text = failure(*test, false);
    }
    std::vector<JunitSuite> suites;
    for (auto& [file, suite] : by_file) suites.push_back(std::move(suite));
    if (!verdicts_.empty()) {
        JunitSuite& suite = suites.emplace_back();
        suite.name = "writ test";
        for (const Verdict& verdict : verdicts_)
            suite.cases.push_back({verdict.name, {}, 0, 0, verdict.failed, verdict.problem, {}});
        if (coverage_) suite.output = render_coverage(run_.coverage, places_, palette(false));
        if (mutation_ != nullptr) suite.output += render_mutations(*mutation_, workspace_.diagnostics(), false);
    }
    return suites;
}

std::string TestReport::tap(std::size_t& number) const {
    std::string out;
    for (const TestCase* test : cases_) {
        out += fmt::format("{}ok {} - {}\n", test->passed ? "" : "not ", ++number, tap_text(test->name));
        if (test->passed) continue;
        const FilePosition place = places_.at(test->span);
        out +=
            fmt::format("  ---\n  message: {}\n  severity: fail\n  at:\n    file: {}\n    line: {}\n    column: {}\n",
                        as_yaml(test->problem), as_yaml(place.file), place.line, place.column);
        out += fmt::format("  wanted: {}\n  found: {}\n", as_yaml(test->expected), as_yaml(test->actual));
        if (const std::string text = explanation_text(*test, false); !text.empty())
            out += fmt::format("  explanation: {}\n", as_yaml(text));
        out += "  ...\n";
    }
    for (const Verdict& verdict : verdicts_) out += tap_verdict(verdict, ++number);
    if (coverage_) out += "# " + coverage_sums(run_.coverage) + "\n";
    if (mutation_ != nullptr) {
        for (const Diagnostic& finding : mutation_findings(*mutation_))
            out += fmt::format("# {}: {}\n", places_.text(finding.span), safe(finding.message));
        out += "# " + mutation_sums(*mutation_) + "\n";
    }
    return out;
}

Diagnostics TestReport::findings() const {
    Diagnostics out{workspace_.diagnostics().sources, {}};
    const auto fail = [&](std::string code, Span span, std::string message, std::string help) {
        Diagnostic& finding = out.items.emplace_back();
        finding.code = std::move(code);
        finding.span = span;
        finding.message = std::move(message);
        finding.help = std::move(help);
    };
    for (const TestCase* test : cases_)
        if (!test->passed)
            fail("test-failed", test->span, test->name + ": " + test->problem, "expected " + test->expected);
    for (const Verdict& verdict : verdicts_)
        if (verdict.failed) fail("tests-insufficient", {}, verdict.name + ": " + verdict.problem, {});
    if (mutation_ == nullptr) return out;
    for (Diagnostic& finding : mutation_findings(*mutation_)) out.items.push_back(std::move(finding));
    return out;
}

std::string render_tests(const TestReport& report, const Terminal& terminal) {
    return report.human(terminal);
}
std::string render_tests_json(const TestReport& report) {
    return json_line(report.json());
}
std::string render_tests_junit(const TestReport& report) {
    return render_junit("writ test", report.junit());
}
std::string render_tests_tap(const TestReport& report) {
    std::size_t count = 0;
    const std::string lines = report.tap(count);
    return tap_document(count, lines);
}

Diagnostics findings_of(const PolicyTests& tests) {
    if (tests.report) return tests.report->findings();
    Diagnostics out;
    Diagnostic& finding = out.items.emplace_back();
    finding.code = "tests-insufficient";
    const std::string about = tests.folder.empty() ? "" : tests.folder + ": ";
    finding.message = about + tests.verdict.name + ": " + tests.verdict.problem;
    return out;
}

std::string render_tests(const std::vector<PolicyTests>& policies, const Terminal& terminal) {
    const Palette colours = palette(terminal.colour_out);
    std::string out;
    std::size_t passed = 0, failed = 0, untested = 0;
    for (const PolicyTests& each : policies) {
        if (!each.folder.empty()) out += fmt::format("{}== {}{}\n", colours.bold, safe(each.folder), colours.reset);
        if (!each.report) {
            out += human_verdict(each.verdict, colours);
            untested += each.folder.empty() ? 0 : 1;
            continue;
        }
        out += each.report->human(terminal);
        passed += each.report->passed();
        failed += each.report->failed();
    }
    out += fmt::format("all policies: {} passed, {} failed", passed, failed);
    if (untested > 0) out += fmt::format(", {} not tested", counted(untested, "policy", "policies"));
    return out + "\n";
}

std::string render_tests_json(const std::vector<PolicyTests>& policies) {
    Json out{{"passed", 0}, {"failed", 0}, {"policies", Json::array()}};
    std::size_t passed = 0, failed = 0;
    for (const PolicyTests& each : policies) {
        Json policy{{"policy", each.folder.empty() ? Json() : Json(each.folder)}};
        if (each.report)
            policy.update(each.report->json());
        else
            policy["verdicts"] =
                Json::array({Json{{"name", each.verdict.name}, {"passed", false}, {"problem", each.verdict.problem}}});
        out["policies"].push_back(std::move(policy));
        if (!each.report) continue;
        passed += each.report->passed();
        failed += each.report->failed();
    }
    out["passed"] = passed;
    out["failed"] = failed;
    return json_line(out);
}

std::string render_tests_junit(const std::vector<PolicyTests>& policies) {
    std::vector<JunitSuite> suites;
    for (const PolicyTests& each : policies) {
        if (!each.report) {
            suites.push_back({each.folder, {{each.verdict.name, {}, 0, 0, true, each.verdict.problem, {}}}, {}});
            continue;
        }
        for (JunitSuite& suite : each.report->junit()) {
            suite.name = each.folder + ": " + suite.name;
            suites.push_back(std::move(suite));
        }
    }
    return render_junit("writ test", suites);
}

std::string render_tests_tap(const std::vector<PolicyTests>& policies) {
    std::size_t count = 0;
    std::string lines;
    for (const PolicyTests& each : policies) {
        if (!each.folder.empty()) lines += "# " + tap_text(each.folder) + "\n";
        lines += each.report ? each.report->tap(count) : tap_verdict(each.verdict, ++count);
    }
    return tap_document(count, lines);
}

}  // namespace writ::cli

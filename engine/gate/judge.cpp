// Whether a change may pass: the checks, one by one.
#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/access.h"
#include "base/held.h"
#include "check/typed.h"
#include "writ/format.h"
#include "writ/gate.h"
#include "writ/words.h"

namespace writ {

namespace {

void add(Diagnostics& findings, std::string code, Severity severity, std::string message, Span span,
         std::string label = {}, std::string help = {}) {
    Diagnostic d;
    d.code = std::move(code);
    d.severity = severity;
    d.message = std::move(message);
    d.span = span;
    d.label = std::move(label);
    d.help = std::move(help);
    findings.items.push_back(std::move(d));
}

std::uint32_t source_named(const Diagnostics& all, const std::string& name) {
    const auto at =
        std::find_if(all.sources.begin(), all.sources.end(), [&](const Source& each) { return each.name == name; });
    return static_cast<std::uint32_t>(at - all.sources.begin());
}

GateCheck check_style(const Workspace& policy, Diagnostics& findings) {
    std::size_t differ = 0;
    // The modules that they import follow them, and are not the author's.
    const std::span<const Source> sources =
        std::span(policy.diagnostics().sources).first(Access::policy(policy).given_sources);
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const auto text = format(sources[i]);
        if (text && *text == sources[i].text) continue;
        ++differ;
        add(findings, "gate-style", Severity::Error, "the file is not in canonical style",
            {static_cast<std::uint32_t>(i), 0, 0}, {}, "run `writ fmt` on it");
    }
    return {"style", differ > 0, false,
            differ > 0 ? fmt::format("{} of {} not in canonical style", differ, counted(sources.size(), "file"))
                       : counted(sources.size(), "file") + " in canonical style"};
}

GateCheck check_lints(const Workspace& policy, const GateRules& rules, GateVerdict& verdict) {
    LintReport report = policy.lint(rules.lint);
    std::size_t errors = 0;
    for (const Diagnostic& each : report.findings.items) errors += each.severity == Severity::Error ? 1 : 0;
    const std::size_t warnings = report.findings.items.size() - errors;
    const bool failed = errors > 0 || (warnings > 0 && rules.lint_fails == LintLevel::Warning);
    std::string summary = counted(errors, "error") + ", " + counted(warnings, "warning");
    if (!report.suppressed.empty()) summary += fmt::format(", {} suppressed with a reason", report.suppressed.size());
    std::move(report.findings.items.begin(), report.findings.items.end(), std::back_inserter(verdict.findings.items));
    verdict.suppressed = std::move(report.suppressed);
    return {"lint", failed, false, std::move(summary)};
}

GateCheck check_tests(const TestRun& run, Diagnostics& findings) {
    std::size_t failed = 0;
    for (const TestCase& test : run.cases) {
        if (test.passed) continue;
        ++failed;
        add(findings, "gate-test", Severity::Error, fmt::format("test `{}` fails", test.name), test.span, test.problem,
            fmt::format("expected {}, but it is {}", test.expected, test.actual));
    }
    if (run.cases.empty()) {
        add(findings, "gate-test", Severity::Error, "the policy has no tests", {}, {},
            "write a `test` for each rule; docs/testing.md");
        return {"tests", true, false, "there are no tests: a policy without tests does not pass"};
    }
    return {"tests", failed > 0, false,
            failed > 0 ? fmt::format("{} of {} failed", failed, counted(run.cases.size(), "case"))
                       : counted(run.cases.size(), "case")};
}

GateCheck check_invariants(const TestRun& run, Diagnostics& findings) {
    const InvariantCheck& held = run.invariants;
    for (const TestCase& each : held.broken)
        add(findings, "gate-invariant", Severity::Error, each.name + " is broken", each.span, each.problem,
            "expected " + each.expected);
    if (held.invariants == 0) return {"invariants", false, true, "the policy has none"};
    std::string summary =
        fmt::format("{} checked on {} (not proved)", held.invariants, counted(held.requests, "request"));
    if (!held.untried.empty()) summary += fmt::format("; {} true for none of them", held.untried.size());
    return {"invariants", !held.broken.empty(), false, std::move(summary)};
}

GateCheck check_coverage(const TestRun& run, double threshold, Diagnostics& findings) {
    const Coverage& coverage = run.coverage;
    std::string summary = fmt::format("{} of {} applied, {} of {} seen in every way ({})", coverage.applied(),
                                      counted(coverage.rules.size(), "rule"), coverage.covered(),
                                      counted(coverage.conditions.size(), "condition"), percent_text(coverage));
    const bool asked = threshold >= 0;
    if (asked) summary += fmt::format(", {:g}% are required", threshold);
    const bool failed = asked && coverage.percent() < threshold;
    if (failed)
        add(findings, "gate-coverage", Severity::Error,
            fmt::format("the tests cover {} of the conditions, {:g}% are required", percent_text(coverage), threshold),
            {}, {}, "`writ test --coverage` lists what is not covered");
    return {"coverage", failed, false, std::move(summary)};
}

/// The line of `file:line`; the start of the policy if there is no such file.
Span line_at(const Diagnostics& all, const std::string& place) {
    const std::size_t colon = place.rfind(':');
    Span span;
    span.source = source_named(all, place.substr(0, colon));
    if (span.source >= all.sources.size() || colon == std::string::npos) return {};
    const std::string& text = all.sources[span.source].text;
    std::size_t at = 0;
    for (int line = std::atoi(place.c_str() + colon + 1); line > 1 && at < text.size(); --line)
        at = std::min(text.find('\n', at), text.size() - 1) + 1;
    span.begin = static_cast<std::uint32_t>(at);
    span.end = static_cast<std::uint32_t>(std::min(text.find('\n', at), text.size()));
    return span;
}

/// The places of the things of the new side, by `module.name`.
class Where {
public:
    Where(const GateVerdict& verdict, const PolicyDiff& diff) {
        for (const CoveredRule& rule : verdict.tests.coverage.rules) spans_[rule.name] = rule.span;
        for (const ThingChange& each : diff.structure)
            if (!each.name.empty() && !spans_.contains(each.name))
                spans_.emplace(each.name, line_at(verdict.findings, each.place));
    }
    /// Removed things have no place: the start of the policy.
    [[nodiscard]] Span of(const std::string& name) const {
        const auto at = spans_.find(name);
        return at != spans_.end() ? at->second : Span{};
    }

private:
    std::map<std::string, Span> spans_;
};

/// The evidence for a widening, one clause each.
std::vector<std::string> shown_of(const Widening& widening) {
    std::vector<std::string> out;
    for (const DecisionGroup* group : widening.decisions)
        out.push_back(fmt::format("{}: {}, for example {}", change_of(*group), counted(group->decisions, "decision"),
                                  group->example.name));
    if (widening.change == nullptr) return out;
    const ThingChange& change = *widening.change;
    std::string how(fate_name(change.fate));
    for (const PartChange& part : change.parts)
        if (part.direction != Direction::Same &&
            (part.direction != Direction::Narrower || change.direction == Direction::Other))
            how += ", " + text_of(part);
    if (change.direction == Direction::Other && out.empty()) how += "; the direction cannot be told from the text";
    out.push_back(std::move(how));
    return out;
}

/// The help for a widening.
std::string_view meaning_of(const Widening& widening) {
    if (widening.word == "invariant") return "forbids less than before";
    const bool sure = !widening.decisions.empty() || widening.change->direction == Direction::Wider;
    return sure ? "widens what the policy allows" : "may widen what the policy allows";
}

GateCheck check_widening(const PolicyDiff& diff, const Where& where, ChangeNote& note, Diagnostics& findings) {
    constexpr std::size_t kMostShown = 3;
    std::size_t declared = 0, missing = 0;
    const std::vector<Widening> all = widenings(diff);
    const std::vector<bool> said = note.declared(all);
    for (std::size_t at = 0; at < all.size(); ++at) {
        if (said[at]) {
            ++declared;
            continue;
        }
        ++missing;
        const Widening& widening = all[at];
        const std::vector<std::string> clauses = shown_of(widening);
        std::string shown;
        for (std::size_t i = 0; i < std::min(kMostShown, clauses.size()); ++i)
            shown += (i > 0 ? "; " : "") + clauses[i];
        if (clauses.size() > kMostShown) shown += "; …";
        add(findings, "gate-widening", Severity::Error,
            fmt::format("`{} {}` {}, but the change does not declare it", widening.word, widening.name,
                        meaning_of(widening)),
            where.of(widening.name), shown,
            fmt::format(
                "if it is intended, declare it in a commit message or in a file for --note: `widens: {} because …`",
                name_for(all, at)));
    }
    std::string summary = missing + declared == 0 ? "nothing widens" : "";
    if (missing > 0) summary += fmt::format("{} not declared", counted(missing, "widening"));
    if (declared > 0)
        summary += fmt::format("{}{} declared", missing > 0 ? ", " : "",
                               missing > 0 ? std::to_string(declared) : counted(declared, "widening"));
    return {"widening", missing > 0, false, summary + "; " + headline(diff)};
}

/// The message if no difference was found. If the digests differ for an unknown reason, the check fails.
GateCheck check_digest(const PolicyDiff& diff, Diagnostics& findings) {
    std::string summary = nothing_decides(diff);
    const std::vector<std::string> lines = text_changes(diff);
    if (!lines.empty())
        summary += fmt::format(": {}{}", lines.front(),
                               lines.size() > 1 ? fmt::format(", and {} more", lines.size() - 1) : "");
    if (!unexplained(diff)) return {"change", false, true, std::move(summary)};
    add(findings, "gate-change", Severity::Error, summary, {}, {},
        "compile both sides again with the same program, from the same kind of path");
    return {"change", true, false, std::move(summary)};
}

/// Reports removed tests. Their requests are still decided, so removing a test hides nothing.
GateCheck check_kept(const PolicyDiff& diff, Diagnostics& findings) {
    std::size_t gone = 0;
    for (const ThingChange& each : diff.structure) {
        if (each.kind != ThingKind::Test || each.fate != Fate::Removed) continue;
        ++gone;
        add(findings, "gate-test", Severity::Warning,
            fmt::format("the change removes test `{}` of {}", each.old_name, each.old_place), {});
    }
    return {"tests kept", false, false, gone == 0 ? "all" : counted(gone, "test") + " removed"};
}

GateCheck check_new_rules(const PolicyDiff& diff, const GateVerdict& verdict, const Where& where,
                          Diagnostics& findings) {
    std::set<std::string> added, untested;
    for (const ThingChange& each : diff.structure)
        if (each.kind == ThingKind::Rule && each.fate == Fate::Added) added.insert(each.name);
    for (const CoveredRule& rule : verdict.tests.coverage.rules)
        if (added.contains(rule.name) && rule.applied == 0) untested.insert(rule.name);
    for (const std::string& name : untested)
        add(findings, "gate-untested", Severity::Error, fmt::format("the new rule `{}` applies in no test", name),
            where.of(name), {}, "add a test in which it applies, and one in which it does not");
    if (added.empty()) return {"new rules", false, false, "none"};
    return {"new rules", !untested.empty(), false,
            untested.empty()
                ? counted(added.size(), "new rule") + ", each applied in a test"
                : fmt::format("{} of {} applied in no test", untested.size(), counted(added.size(), "new rule"))};
}

GateCheck check_steps(const PolicyDiff& diff, ChangeNote& note, Diagnostics& findings) {
    const std::uint64_t before = diff.before.step_bound, after = diff.after.step_bound;
    std::string summary = fmt::format("{} → {}", before, after);
    if (after <= before) return {"steps", false, false, std::move(summary)};
    if (note.declares_steps()) return {"steps", false, false, summary + ", declared"};
    add(findings, "gate-steps", Severity::Error, fmt::format("the step bound rises from {} to {}", before, after), {},
        "this is the highest cost of a decision",
        "if it is intended, declare it in a commit message or in a file for --note: `raises: steps because …`");
    return {"steps", true, false, summary + ", not declared"};
}

/// Invariants that are broken by decisions on requests other than this policy's tests and fixtures.
GateCheck check_held(const PolicyDiff& diff, const Where& where, Diagnostics& findings) {
    std::size_t broken = 0;
    for (const HeldInvariant& each : diff.invariants) {
        if (each.broken_after == 0) continue;
        ++broken;
        const std::string lost = each.stated_after ? "" : ", which the change removes,";
        add(findings, "gate-invariant", Severity::Error,
            fmt::format("invariant `{}`{} is broken by {}", each.name, lost, counted(each.broken_after, "decision")),
            where.of(each.name), each.text, "for example " + each.example.name);
    }
    if (diff.invariants_held == 0) return {"invariants of both", false, true, "neither side has any"};
    return {"invariants of both", broken > 0, false,
            fmt::format("{} checked on {} (not proved)", diff.invariants_held, counted(diff.requests, "request"))};
}

/// The widenings found, for a note that names something else.
std::string names_of_widenings(const PolicyDiff& diff) {
    constexpr std::size_t kMostShown = 3;
    const std::vector<Widening> all = widenings(diff);
    std::string out;
    for (std::size_t at = 0; at < std::min(kMostShown, all.size()); ++at)
        out += (at > 0 ? ", `" : "`") + name_for(all, at) + "`";
    return all.size() > kMostShown ? out + ", …" : out;
}

GateCheck check_note(const std::string& wider, const ChangeNote& note, bool shared, Diagnostics& findings) {
    findings.sources.insert(findings.sources.end(), note.texts.begin(), note.texts.end());
    for (const NoteProblem& each : note.problems)
        add(findings, "gate-note", Severity::Error, each.text, line_at(findings, each.where));
    std::size_t idle = 0;
    for (const Declaration& each : note.declarations) {
        if (each.met || shared) continue;
        ++idle;
        add(findings, "gate-note", Severity::Warning,
            fmt::format("the note declares that the change {} `{}`, but it does not", each.raises ? "raises" : "widens",
                        each.name),
            line_at(findings, each.where), {}, each.raises || wider.empty() ? "" : "these are widenings: " + wider);
    }
    const std::size_t count = note.declarations.size();
    if (count == 0 && note.problems.empty()) return {"note", false, true, "nothing is declared"};
    std::string summary = counted(count, "declaration");
    if (idle > 0) summary += fmt::format(", {} not met", idle);
    if (!note.problems.empty()) summary += ", " + counted(note.problems.size(), "line") + " that cannot be read";
    return {"note", !note.problems.empty(), false, std::move(summary)};
}

void judge_policy(const Workspace& policy, const GateRules& rules, const JudgeProgress& tell, GateVerdict& verdict) {
    const Bundle& bundle = held(policy.bundle());
    const auto done = [&](std::uint64_t steps) {
        if (tell) tell(steps, 3);
    };
    verdict.checks.push_back(check_style(policy, verdict.findings));
    done(1);
    verdict.checks.push_back({"policy", false, false,
                              fmt::format("{}, step bound {}, digest {}", counted(bundle.rule_count(), "rule"),
                                          bundle.reach(), bundle.digest().substr(0, 12))});
    verdict.checks.push_back(check_lints(policy, rules, verdict));
    done(2);
    TestOptions options;
    options.threads = std::thread::hardware_concurrency();
    options.coverage = true;
    verdict.tests = policy.test(options);
    verdict.checks.push_back(check_tests(verdict.tests, verdict.findings));
    verdict.checks.push_back(check_coverage(verdict.tests, rules.threshold, verdict.findings));
    verdict.checks.push_back(check_invariants(verdict.tests, verdict.findings));
}

void judge_change(const PolicyDiff& diff, const GateRules& rules, GateVerdict& verdict) {
    const Where where(verdict, diff);
    Diagnostics& findings = verdict.findings;
    ChangeNote& note = verdict.note;
    if (diff.structure.empty()) verdict.checks.push_back(check_digest(diff, findings));
    verdict.checks.push_back(check_kept(diff, findings));
    verdict.checks.push_back(check_held(diff, where, findings));
    verdict.checks.push_back(check_new_rules(diff, verdict, where, findings));
    verdict.checks.push_back(check_widening(diff, where, note, findings));
    verdict.checks.push_back(check_steps(diff, note, findings));
    verdict.checks.push_back(check_note(names_of_widenings(diff), note, rules.note_is_shared, findings));
}

/// The verdict so far: the policy by itself. Output: whether it compiles.
bool begin_verdict(const Workspace& policy, const GateRules& rules, ChangeNote note, const JudgeProgress& tell,
                   GateVerdict& verdict) {
    verdict.note = std::move(note);
    if (!policy.bundle()) {
        verdict.findings = policy.diagnostics();
        verdict.checks.push_back({"policy", true, false, "it does not compile, so nothing else is checked"});
        return false;
    }
    verdict.findings.sources = policy.diagnostics().sources;
    judge_policy(policy, rules, tell, verdict);
    return true;
}

/// Every rule of a new policy applies in a test.
GateCheck check_all_rules(GateVerdict& verdict) {
    const std::vector<CoveredRule>& rules = verdict.tests.coverage.rules;
    std::size_t untested = 0;
    for (const CoveredRule& rule : rules) {
        if (rule.applied > 0) continue;
        ++untested;
        add(verdict.findings, "gate-untested", Severity::Error,
            fmt::format("the new rule `{}` applies in no test", rule.name), rule.span, {},
            "add a test in which it applies, and one in which it does not");
    }
    if (rules.empty()) return {"new rules", false, false, "none"};
    return {"new rules", untested > 0, false,
            untested > 0 ? fmt::format("{} of {} applied in no test", untested, counted(rules.size(), "new rule"))
                         : counted(rules.size(), "new rule") + ", each applied in a test"};
}

/// The first declaration of this verdict that says the same as one of the whole note.
const Declaration* same_declaration(const GateVerdict& verdict, const Declaration& wanted) {
    for (const Declaration& each : verdict.note.declarations)
        if (each.name == wanted.name && each.policy == wanted.policy && each.raises == wanted.raises &&
            each.where == wanted.where)
            return &each;
    return nullptr;
}

/// Marks the declarations that a policy meets. One that several meet is a problem of the note.
void settle(const std::vector<JudgedPolicy>& policies, ChangeNote& note) {
    for (Declaration& each : note.declarations) {
        std::vector<std::string> meeting;
        for (const JudgedPolicy& policy : policies)
            if (const Declaration* same = same_declaration(*policy.verdict, each); same != nullptr && same->met)
                meeting.push_back(policy.name);
        each.met = !meeting.empty();
        if (meeting.size() > 1)
            note.problems.push_back({each.where, fmt::format("`{}` is ambiguous: write `{} in {}` or `{} in {}`",
                                                             each.name, each.name, meeting[0], each.name, meeting[1])});
    }
}

}  // namespace

bool GateVerdict::passed() const {
    return std::none_of(checks.begin(), checks.end(), [](const GateCheck& each) { return each.failed; });
}

GateVerdict judge(const Workspace& policy, const GateRules& rules, const PolicyDiff* change, ChangeNote note,
                  const JudgeProgress& tell) {
    GateVerdict verdict;
    if (!begin_verdict(policy, rules, std::move(note), tell, verdict)) return verdict;
    if (change != nullptr)
        judge_change(*change, rules, verdict);
    else
        verdict.checks.push_back({"change", false, true, "there is no base, so nothing is compared"});
    return verdict;
}

GateVerdict judge_added(const Workspace& policy, const GateRules& rules, std::string_view name, ChangeNote note,
                        const JudgeProgress& tell) {
    GateVerdict verdict;
    if (!begin_verdict(policy, rules, std::move(note), tell, verdict)) return verdict;
    verdict.checks.push_back({"change", false, true, "the base does not have this policy"});
    verdict.checks.push_back(check_all_rules(verdict));
    const bool declared = verdict.note.declares_policy(name);
    if (!declared)
        add(verdict.findings, "gate-widening", Severity::Error,
            fmt::format("the policy `{}` is new, but the change does not declare it", name), {},
            "all that it permits is new",
            fmt::format("if it is intended, declare it in a commit message or in a file for --note: `widens: policy {} "
                        "because …`",
                        name));
    verdict.checks.push_back(
        {"widening", !declared, false, declared ? "a new policy, declared" : "a new policy, not declared"});
    verdict.checks.push_back(check_note({}, verdict.note, rules.note_is_shared, verdict.findings));
    return verdict;
}

GateVerdict judge_together(const std::vector<JudgedPolicy>& policies, const Diagnostics& problems,
                           const std::vector<std::string>& removed, ChangeNote note) {
    GateVerdict verdict;
    verdict.note = std::move(note);
    verdict.findings = problems;
    std::string failing, gone;
    for (const JudgedPolicy& each : policies)
        if (!each.verdict->passed()) failing += (failing.empty() ? "" : ", ") + each.name;
    for (const std::string& name : removed) {
        gone += (gone.empty() ? "" : ", ") + name;
        add(verdict.findings, "gate-change", Severity::Warning, fmt::format("the change removes the policy `{}`", name),
            {UINT32_MAX, 0, 0});
    }
    const std::size_t count = policies.size();
    verdict.checks.push_back(
        {"policies", !failing.empty(), false,
         failing.empty() ? counted(count, "policy", "policies") : fmt::format("not passed: {}", failing)});
    verdict.checks.push_back({"removed", false, gone.empty(), gone.empty() ? "no policy is removed" : gone});
    verdict.checks.push_back(
        {"files", !problems.items.empty(), false,
         problems.items.empty() ? "each belongs to a policy" : counted(problems.items.size(), "problem")});
    settle(policies, verdict.note);
    verdict.checks.push_back(check_note({}, verdict.note, false, verdict.findings));
    return verdict;
}

}  // namespace writ

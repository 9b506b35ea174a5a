// writ test: runs the tests in a policy.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/formats/coverage.h"
#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/github.h"
#include "cli/formats/merged.h"
#include "cli/formats/sarif.h"
#include "cli/formats/test_report.h"
#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/terminal/watch.h"
#include "cli/verbs/options.h"
#include "cli/verbs/policies.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/mutation.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr Rendering<TestReport> kTestRenderings[] = {
    {Format::Human, [](const TestReport& report, const Terminal& terminal) { return render_tests(report, terminal); }},
    {Format::Json, [](const TestReport& report, const Terminal&) { return render_tests_json(report); }},
    {Format::Junit, [](const TestReport& report, const Terminal&) { return render_tests_junit(report); }},
    {Format::Tap, [](const TestReport& report, const Terminal&) { return render_tests_tap(report); }},
    {Format::Sarif, [](const TestReport& report, const Terminal&) { return render_sarif(report.findings()); }},
    {Format::Github, [](const TestReport& report, const Terminal&) { return render_github(report.findings()); }},
};

using Several = std::vector<PolicyTests>;
Diagnostics findings_of(const Several& all) {
    MergedFindings merged;
    for (const PolicyTests& each : all) merged.add(findings_of(each));
    return std::move(merged.findings);
}

constexpr Rendering<Several> kSeveralTestRenderings[] = {
    {Format::Human, [](const Several& all, const Terminal& terminal) { return render_tests(all, terminal); }},
    {Format::Json, [](const Several& all, const Terminal&) { return render_tests_json(all); }},
    {Format::Junit, [](const Several& all, const Terminal&) { return render_tests_junit(all); }},
    {Format::Tap, [](const Several& all, const Terminal&) { return render_tests_tap(all); }},
    {Format::Sarif, [](const Several& all, const Terminal&) { return render_sarif(findings_of(all)); }},
    {Format::Github, [](const Several& all, const Terminal&) { return render_github(findings_of(all)); }},
};

struct TestArgs {
    std::vector<std::string> paths, layers;
    std::string filter, exported;
    Format format = Format::Human;
    unsigned jobs = 0;  ///< 0: as many as there are processors
    bool coverage = false;
    double threshold = -1;  ///< percent; negative: none
    bool mutate = false;
    double mutate_threshold = -1;          ///< the same
    std::vector<std::string> mutate_only;  ///< names of mutators; empty: all
    bool watch = false;

    [[nodiscard]] bool covers() const { return coverage || threshold >= 0; }
    [[nodiscard]] bool mutates() const { return mutate || mutate_threshold >= 0 || !mutate_only.empty(); }
};

TestRun run_all(const Workspace& workspace, const std::vector<NamedPolicy>& above, const TestArgs& options,
                unsigned threads, std::function<void(std::uint64_t, std::uint64_t)> progress) {
    TestOptions asked;
    asked.filter = options.filter;
    asked.threads = threads;
    asked.coverage = options.covers();
    for (const NamedPolicy& layer : above) asked.above.push_back(bundle_of(layer.workspace));
    asked.progress = std::move(progress);
    TestRun run = workspace.test(asked);
    // With a filter, untried invariants are not worth a warning.
    if (!options.filter.empty()) run.invariants.untried.clear();
    return run;
}

/// Tries changes of the policy, if that is asked for and every test passes.
std::optional<MutationRun> mutate(const Workspace& workspace, const TestRun& run, const TestArgs& options,
                                  unsigned threads, std::function<void(std::uint64_t, std::uint64_t)> progress) {
    if (!options.mutates() || !run.passed()) return std::nullopt;
    MutationOptions asked;
    asked.filter = options.filter;
    asked.only = options.mutate_only;
    asked.threads = threads;
    asked.progress = std::move(progress);
    return workspace.mutate(asked);
}

/// Without a threshold, each change has to be noticed.
Verdict judge(const std::optional<MutationRun>& mutation, const TestArgs& options) {
    const std::string name = "the tests notice changes";
    if (!mutation) return {name, "no change was tried, because a test fails or there is none", true};
    const std::string noticed = fmt::format("{} of the changes are noticed", percent_text(mutation->percent()));
    if (options.mutate_threshold < 0) return {name, noticed, mutation->count(MutationFate::NotNoticed) > 0};
    return {name, fmt::format("{}; {:g}% are required", noticed, options.mutate_threshold),
            mutation->percent() < options.mutate_threshold};
}

/// A run without tests fails: a mistyped filter must not turn a build green.
std::vector<Verdict> judge(const TestRun& run, const std::optional<MutationRun>& mutation, const TestArgs& options) {
    std::vector<Verdict> out;
    if (run.cases.empty())
        out.push_back({"there is something to run",
                       options.filter.empty() ? "the policy has no tests" : "no test matches the filter", true});
    if (options.threshold >= 0)
        out.push_back({"coverage",
                       fmt::format("{} of the conditions are covered; {:g}% are required", percent_text(run.coverage),
                                   options.threshold),
                       run.coverage.percent() < options.threshold});
    if (options.mutates()) out.push_back(judge(mutation, options));
    return out;
}

bool has_failed(const TestRun& run, const std::vector<Verdict>& verdicts) {
    return run.failed() > 0 ||
           std::any_of(verdicts.begin(), verdicts.end(), [](const Verdict& each) { return each.failed; });
}

std::vector<LayerAbove> as_layers(const std::vector<NamedPolicy>& above) {
    std::vector<LayerAbove> out;
    for (const NamedPolicy& layer : above) out.push_back({layer.name, &layer.workspace});
    return out;
}

/// A policy of several, with its tests run.
struct Tested {
    Result<Workspace> workspace;
    TestRun run;
    std::optional<MutationRun> mutation;
};

Exit run_several(const PolicyFolders& found, const std::vector<NamedPolicy>& above, const TestArgs& options,
                 const Terminal& terminal, const BeforeData& before_data) {
    const std::size_t count = found.policies.size();
    std::mutex one_at_a_time;
    const BeforeData guarded = !before_data ? before_data : [&](const std::string& file) {
        const std::lock_guard<std::mutex> lock(one_at_a_time);
        before_data(file);
    };
    const unsigned all = threads_for(options.jobs);
    const unsigned each_has = std::max(1u, all / static_cast<unsigned>(std::clamp<std::size_t>(count, 1, all)));
    std::vector<Tested> tested;
    {
        Progress progress("testing", "policies", terminal);
        const auto tell = progress.teller();
        std::uint64_t done = 0;
        tested = in_parallel(count, options.jobs, [&](std::size_t i) {
            Tested out{open_policy(found.policies[i], guarded), {}, {}};
            if (out.workspace && out.workspace->bundle()) {
                out.run = run_all(*out.workspace, above, options, each_has, {});
                out.mutation = mutate(*out.workspace, out.run, options, each_has, {});
            }
            const std::lock_guard<std::mutex> lock(one_at_a_time);
            if (tell) tell(++done, count);
            return out;
        });
    }
    // A filter names tests of some policies; the others need not have such a test.
    const bool any =
        std::any_of(tested.begin(), tested.end(), [](const Tested& each) { return !each.run.cases.empty(); });
    Exit exit = found.problems.items.empty() ? Exit::Ok : Exit::Invalid;
    Several reports;
    for (std::size_t i = 0; i < count; ++i) {
        const Tested& each = tested[i];
        PolicyTests& report = reports.emplace_back(PolicyTests{found.policies[i].folder, std::nullopt, {}});
        if (!each.workspace) {
            exit = worst(exit, report_error(each.workspace.error(), "", terminal));
            report.verdict = {"the policy can be read", each.workspace.error().message, true};
            continue;
        }
        const Diagnostics& diagnostics = each.workspace->diagnostics();
        if (!terminal.quiet || !each.workspace->bundle()) print_note(render_human(diagnostics, terminal.colour_err));
        if (!each.workspace->bundle()) {
            exit = worst(exit, Exit::Invalid);
            report.verdict = {"the policy compiles", "it does not compile, so its tests were not run", true};
            continue;
        }
        std::vector<Verdict> verdicts = judge(each.run, each.mutation, options);
        if (!options.filter.empty() && any && each.run.cases.empty()) verdicts.clear();
        if (has_failed(each.run, verdicts)) exit = worst(exit, Exit::Negative);
        report.report.emplace(*each.workspace, each.run, options.covers(), std::move(verdicts), as_layers(above),
                              each.mutation ? &*each.mutation : nullptr);
    }
    print_note(render_human(found.problems, terminal.colour_err));
    for (const Diagnostic& each : found.problems.items)
        reports.push_back({"",
                           std::nullopt,
                           {"every file belongs to a policy",
                            found.problems.sources[each.span.source].name + ": " + each.message, true}});
    print_result(rendered(kSeveralTestRenderings, options.format, reports, terminal));
    return exit;
}

/// Prints a request instead of running tests.
Exit export_request(const TestArgs& options, const Terminal& terminal) {
    const auto opened = open_valid(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const auto request = std::get<Workspace>(opened).request_of(options.exported);
    if (!request) return report_error(request.error(), "", terminal);
    print_result(safe_json(*request));
    return Exit::Ok;
}

Exit run_once(const TestArgs& options, const Terminal& terminal, const BeforeData& before_data = {}) {
    const auto several = several_policies(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&several)) return *failed;
    const auto layers = open_named(options.layers, {}, terminal, before_data);
    if (const Exit* failed = std::get_if<Exit>(&layers)) return *failed;
    const auto& above = std::get<std::vector<NamedPolicy>>(layers);
    if (const auto& found = std::get<std::optional<PolicyFolders>>(several))
        return run_several(*found, above, options, terminal, before_data);
    const auto opened = open_valid(options.paths, terminal, before_data);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Workspace& workspace = std::get<Workspace>(opened);
    TestRun run;
    {
        Progress progress("testing", "requests", terminal);
        run = run_all(workspace, above, options, threads_for(options.jobs), progress.teller());
    }
    std::optional<MutationRun> mutation;
    {
        Progress progress("changing", "groups of changes", terminal);
        mutation = mutate(workspace, run, options, threads_for(options.jobs), progress.teller());
    }
    const std::vector<Verdict> verdicts = judge(run, mutation, options);
    const TestReport report(workspace, run, options.covers(), verdicts, as_layers(above),
                            mutation ? &*mutation : nullptr);
    print_result(rendered(kTestRenderings, options.format, report, terminal));
    return has_failed(run, verdicts) ? Exit::Negative : Exit::Ok;
}

/// Runs again when a file changes, until a signal ends the program. Returns the result of the last run.
Exit run_watching(const TestArgs& options, const Terminal& terminal) {
    const char* term = std::getenv("TERM");
    const bool clears = isatty(STDOUT_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
    std::vector<std::string> paths = options.paths;
    paths.insert(paths.end(), options.layers.begin(), options.layers.end());
    Watch watch(paths);
    for (;;) {
        watch.begin();
        if (clears) print_result("\x1b[H\x1b[2J");
        const Exit last = run_once(options, terminal, [&](const std::string& file) { watch.add(file); });
        if (const Exit written = finish(Exit::Ok); written != Exit::Ok) return written;
        print_remark("watching for changes; Ctrl-C ends\n", terminal);
        const std::string changed = watch.wait();
        if (changed.empty()) return last;
        if (!clears) print_remark(fmt::format("{} changed\n", safe(changed)), terminal);
    }
}

/// Adds the names of mutators in a list with commas.
std::string read_mutators(std::vector<std::string>& to, const std::string& text) {
    std::vector<std::string> known;
    for (const Mutator& each : mutators()) known.emplace_back(each.name);
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string name = text.substr(at, end - at);
        if (std::find(known.begin(), known.end(), name) == known.end())
            return fmt::format("there is no `{}`; choose of {}", safe(name), either(known));
        to.push_back(name);
        at = end + 1;
    }
    return {};
}

/// The mutators as a table for the end of the help.
std::string mutators_help() {
    constexpr std::size_t kIndent = 15, kColumns = 80;
    std::string out = "Changes of --mutate:\n";
    for (const Mutator& each : mutators()) {
        std::string what = filled(each.what, kColumns - kIndent);
        for (std::size_t at = what.find('\n'); at != std::string::npos; at = what.find('\n', at + 1))
            what.insert(at + 1, kIndent, ' ');
        out += fmt::format("  {:<{}}{}\n", each.name, kIndent - 2, what);
    }
    return out;
}

}  // namespace

void add_test(Command& program) {
    Command& verb = program.verb("test", "Run the tests in policies");
    verb.footer = mutators_help() + "\n" + program.footer;
    auto& options = verb.make_values<TestArgs>();
    add_paths(verb, options.paths);
    add_layers(verb, options.layers);
    verb.text("--filter", "TEXT", "Run only tests whose name contains this", options.filter);
    verb.flag("--coverage", "Report the rules and conditions that tests do not cover", options.coverage);
    verb.number("--threshold", "PERCENT", "Fail if fewer conditions than this are covered; implies --coverage",
                options.threshold, 0, 100);
    verb.flag("--mutate", "Change the policy in small ways, and list the changes that no test notices", options.mutate);
    verb.number("--mutate-threshold", "PERCENT",
                "Fail only if fewer of the changes than this are noticed; implies --mutate", options.mutate_threshold,
                0, 100);
    verb.reads_each("--mutate-only", "NAME[,NAME]",
                    "Only changes of these kinds, which are listed below; implies --mutate",
                    [&options](const std::string& text) { return read_mutators(options.mutate_only, text); });
    add_jobs(verb, options.jobs);
    Option& format = add_format(verb, options.format, formats_of(kTestRenderings));
    Option& exported = verb.text(
        "--export", "NAME", "Print the request of this fixture or test as JSON, and run nothing", options.exported);
    verb.flag("--watch", "Run again whenever a policy or a data file changes", options.watch);
    verb.check = [&options, &format, &exported]() -> std::string {
        if (exported.given && (options.covers() || options.mutates() || options.watch || !options.filter.empty() ||
                               !options.layers.empty() || format.given))
            return "--export: prints a request, and cannot be combined with options of a run";
        if (!options.layers.empty() && options.mutates())
            return "--mutate: changes one policy, and cannot be combined with --layer";
        const bool single = options.format != Format::Human && options.format != Format::Json;
        return options.watch && single ? "--watch: can be combined only with --format human or json" : "";
    };
    verb.run = [&options, &exported](const Terminal& terminal) {
        if (exported.given) return export_request(options, terminal);
        return options.watch ? run_watching(options, terminal) : run_once(options, terminal);
    };
}

}  // namespace writ::cli

// writ test: runs the tests in a policy.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/formats/coverage.h"
#include "cli/formats/format.h"
#include "cli/formats/github.h"
#include "cli/formats/sarif.h"
#include "cli/formats/test_report.h"
#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/terminal/watch.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/mutation.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr Rendering<TestReport> kTestRenderings[] = {
    {Format::Human, [](const TestReport& report, const Terminal& terminal) { return report.human(terminal); }},
    {Format::Json, [](const TestReport& report, const Terminal&) { return report.json(); }},
    {Format::Junit, [](const TestReport& report, const Terminal&) { return report.junit(); }},
    {Format::Tap, [](const TestReport& report, const Terminal&) { return report.tap(); }},
    {Format::Sarif, [](const TestReport& report, const Terminal&) { return render_sarif(report.findings()); }},
    {Format::Github, [](const TestReport& report, const Terminal&) { return render_github(report.findings()); }},
};

struct TestArgs {
    std::vector<std::string> paths;
    std::string filter;
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
    [[nodiscard]] unsigned threads() const { return jobs > 0 ? jobs : std::thread::hardware_concurrency(); }
};

TestRun run_all(const Workspace& workspace, const TestArgs& options, const Terminal& terminal) {
    Progress progress("testing", "requests", terminal);
    TestOptions asked;
    asked.filter = options.filter;
    asked.threads = options.threads();
    asked.coverage = options.covers();
    asked.progress = progress.teller();
    TestRun run = workspace.test(asked);
    // With a filter, untried invariants are not worth a warning.
    if (!options.filter.empty()) run.invariants.untried.clear();
    return run;
}

/// Tries changes of the policy, if that is asked for and every test passes.
std::optional<MutationRun> mutate(const Workspace& workspace, const TestRun& run, const TestArgs& options,
                                  const Terminal& terminal) {
    if (!options.mutates() || !run.passed()) return std::nullopt;
    Progress progress("changing", "groups of changes", terminal);
    MutationOptions asked;
    asked.filter = options.filter;
    asked.only = options.mutate_only;
    asked.threads = options.threads();
    asked.progress = progress.teller();
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
std::vector<Verdict> judge(const TestRun& run, const TestArgs& options) {
    std::vector<Verdict> out;
    if (run.cases.empty())
        out.push_back({"there is something to run",
                       options.filter.empty() ? "the policy has no tests" : "no test matches the filter", true});
    if (options.threshold >= 0)
        out.push_back({"coverage",
                       fmt::format("{} of the conditions are covered; {:g}% are required", percent_text(run.coverage),
                                   options.threshold),
                       run.coverage.percent() < options.threshold});
    return out;
}

Exit run_once(const TestArgs& options, const Terminal& terminal, const BeforeData& before_data = {}) {
    const auto opened = open_valid(options.paths, terminal, before_data);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Workspace& workspace = std::get<Workspace>(opened);
    const TestRun run = run_all(workspace, options, terminal);
    const std::optional<MutationRun> mutation = mutate(workspace, run, options, terminal);
    std::vector<Verdict> verdicts = judge(run, options);
    if (options.mutates()) verdicts.push_back(judge(mutation, options));
    const TestReport report(workspace, run, options.covers(), verdicts, mutation ? &*mutation : nullptr);
    print_result(rendered(kTestRenderings, options.format, report, terminal));
    bool failed = run.failed() > 0;
    for (const Verdict& verdict : verdicts) failed = failed || verdict.failed;
    return failed ? Exit::Negative : Exit::Ok;
}

/// Runs again when a file changes, until a signal ends the program. Returns the result of the last run.
Exit run_watching(const TestArgs& options, const Terminal& terminal) {
    const char* term = std::getenv("TERM");
    const bool clears = isatty(STDOUT_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
    Watch watch(options.paths);
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
    verb.whole("-j,--jobs", "N", "The number of threads (default: the number of processors)", options.jobs, 1, 1024);
    add_format(verb, options.format, formats_of(kTestRenderings));
    verb.flag("--watch", "Run again whenever a policy or a data file changes", options.watch);
    verb.check = [&options]() -> std::string {
        const bool single = options.format != Format::Human && options.format != Format::Json;
        return options.watch && single ? "--watch: can be combined only with --format human or json" : "";
    };
    verb.run = [&options](const Terminal& terminal) {
        return options.watch ? run_watching(options, terminal) : run_once(options, terminal);
    };
}

}  // namespace writ::cli

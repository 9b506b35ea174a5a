// writ test: runs the tests in a policy.
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/formats/coverage.h"
#include "cli/formats/format.h"
#include "cli/formats/test_report.h"
#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/terminal/watch.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr Rendering<TestReport> kRenderings[] = {
    {Format::Human, [](const TestReport& report, const Terminal& terminal) { return report.human(terminal); }},
    {Format::Json, [](const TestReport& report, const Terminal&) { return report.json(); }},
    {Format::Junit, [](const TestReport& report, const Terminal&) { return report.junit(); }},
    {Format::Tap, [](const TestReport& report, const Terminal&) { return report.tap(); }},
};

struct Options {
    std::vector<std::string> paths;
    std::string filter;
    Format format = Format::Human;
    unsigned jobs = 0;  ///< 0: as many as there are processors
    bool coverage = false;
    double threshold = -1;  ///< percent; negative: none
    bool watch = false;

    [[nodiscard]] bool covers() const { return coverage || threshold >= 0; }
};

TestRun run_all(const Workspace& workspace, const Options& options, const Terminal& terminal) {
    Progress progress("testing", "requests", terminal);
    TestOptions asked;
    asked.filter = options.filter;
    asked.threads = options.jobs > 0 ? options.jobs : std::thread::hardware_concurrency();
    asked.coverage = options.covers();
    asked.progress = progress.teller();
    TestRun run = workspace.test(asked);
    // With a filter, untried invariants are not worth a warning.
    if (!options.filter.empty()) run.invariants.untried.clear();
    return run;
}

/// A run without tests fails: a mistyped filter must not turn a build green.
std::vector<Verdict> judge(const TestRun& run, const Options& options) {
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

Exit run_once(const Options& options, const Terminal& terminal, const BeforeData& before_data = {}) {
    const auto opened = open_valid(options.paths, terminal, before_data);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Workspace& workspace = std::get<Workspace>(opened);
    const TestRun run = run_all(workspace, options, terminal);
    const std::vector<Verdict> verdicts = judge(run, options);
    const TestReport report(workspace, run, options.covers(), verdicts);
    print_result(rendered(kRenderings, options.format, report, terminal));
    bool failed = run.failed() > 0;
    for (const Verdict& verdict : verdicts) failed = failed || verdict.failed;
    return failed ? Exit::Negative : Exit::Ok;
}

/// Runs again when a file changes, until a signal ends the program. Returns the result of the last run.
Exit run_watching(const Options& options, const Terminal& terminal) {
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

}  // namespace

void add_test(Command& program) {
    Command& verb = program.verb("test", "Run the tests in policies");
    auto& options = verb.make_values<Options>();
    add_paths(verb, options.paths);
    verb.text("--filter", "TEXT", "Run only tests whose name contains this", options.filter);
    verb.flag("--coverage", "Report the rules and conditions that tests do not cover", options.coverage);
    verb.number("--threshold", "PERCENT", "Fail if fewer conditions than this are covered; implies --coverage",
                options.threshold, 0, 100);
    verb.whole("-j,--jobs", "N", "The number of threads (default: the number of processors)", options.jobs, 1, 1024);
    add_format(verb, options.format, formats_of(kRenderings));
    verb.flag("--watch", "Run again whenever a policy or a data file changes", options.watch);
    verb.check = [&options]() -> std::string {
        const bool single = options.format == Format::Junit || options.format == Format::Tap;
        return options.watch && single ? "--watch: can be combined only with --format human or json" : "";
    };
    verb.run = [&options](const Terminal& terminal) {
        return options.watch ? run_watching(options, terminal) : run_once(options, terminal);
    };
}

}  // namespace writ::cli

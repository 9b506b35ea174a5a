// writ test: the tests that a policy carries.
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/workspace.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/text.h"

namespace writ::cli {

namespace {

struct Options {
    std::vector<std::string> paths;
    std::string filter;
    Format format = Format::Human;
};

using Json = nlohmann::ordered_json;

/// What was run: tests, invariants, and how many cases of either failed.
struct Results {
    std::vector<TestCase> cases;  ///< of tests, then what broke an invariant
    InvariantCheck invariants;
    std::size_t failed = 0;
};

Results run_all(const Workspace& workspace, const std::string& filter) {
    Results out;
    out.cases = workspace.run_tests(filter);
    if (out.cases.empty()) return out;
    out.invariants = workspace.check_invariants(filter);
    out.cases.insert(out.cases.end(), out.invariants.broken.begin(), out.invariants.broken.end());
    const auto failed = std::count_if(out.cases.begin(), out.cases.end(), [](const TestCase& test) { return !test.passed; });
    out.failed = static_cast<std::size_t>(failed);
    // Of some tests only, it says nothing that an invariant is not tried.
    if (!filter.empty()) out.invariants.untried.clear();
    return out;
}

std::string human(const Results& results, const Diagnostics& sources, bool colour) {
    const Palette colours = palette(colour);
    std::string out;
    for (const TestCase& test : results.cases) {
        if (test.passed) {
            out += fmt::format("{}ok{}   {}\n", colours.good, colours.reset, safe(test.name));
            continue;
        }
        out += fmt::format("{}FAIL{} {}\n", colours.error, colours.reset, safe(test.name));
        out += fmt::format("       {}-->{} {}\n", colours.frame, colours.reset, place_of(sources, test.span));
        out += fmt::format("       expected: {}\n       actual:   {}\n       problem:  {}\n", safe(test.expected), safe(test.actual),
                           safe(test.problem));
    }
    for (const std::string& name : results.invariants.untried)
        out += fmt::format("{}note{} invariant {}: its condition is true for none of these requests\n", colours.warning,
                           colours.reset, safe(name));
    if (results.invariants.invariants > 0)
        out += fmt::format("invariants: {} checked on {} request{} (checked, not proved)\n", results.invariants.invariants,
                           results.invariants.requests, results.invariants.requests == 1 ? "" : "s");
    out += fmt::format("{} passed, {} failed\n", results.cases.size() - results.failed, results.failed);
    return out;
}

std::string json(const Results& results, const Diagnostics& sources) {
    Json out;
    out["schema_version"] = 1;
    out["passed"] = results.cases.size() - results.failed;
    out["failed"] = results.failed;
    out["invariants"] = Json{{"checked", results.invariants.invariants},
                             {"requests", results.invariants.requests},
                             {"untried", results.invariants.untried}};
    out["cases"] = Json::array();
    for (const TestCase& test : results.cases)
        out["cases"].push_back(Json{{"name", test.name},
                                    {"passed", test.passed},
                                    {"at", place_of(sources, test.span)},
                                    {"expected", test.expected},
                                    {"actual", test.actual},
                                    {"problem", test.problem}});
    return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Exit run(const Options& options, const Terminal& terminal) {
    const auto opened = open_valid(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Workspace& workspace = std::get<Workspace>(opened);
    const Results results = run_all(workspace, options.filter);
    const Diagnostics& sources = workspace.diagnostics();
    print_result(options.format == Format::Json ? json(results, sources) : human(results, sources, terminal.colour_out));
    // Nothing run is nothing proved: a filter with a slip in it must not turn a build green.
    if (results.cases.empty())
        print_note(options.filter.empty() ? "error: the policy has no tests\n" : "error: no test matches the filter\n");
    return results.failed == 0 && !results.cases.empty() ? Exit::Ok : Exit::Negative;
}

}  // namespace

void add_test(CLI::App& app, Verb& chosen) {
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("test", "Run the tests that policies carry");
    add_paths(*verb, options->paths);
    verb->add_option("--filter", options->filter, "Run only tests whose name contains this")->option_text("TEXT");
    add_format(*verb, options->format, false);
    verb->callback([options, &chosen] {
        chosen = [options](const Terminal& terminal) { return run(*options, terminal); };
    });
}

}  // namespace writ::cli

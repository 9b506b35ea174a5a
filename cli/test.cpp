// writ test: the tests that a policy carries.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/compile.h"
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

std::string human(const std::vector<TestCase>& cases, const Diagnostics& sources, std::size_t failed, bool colour) {
    const Palette colours = palette(colour);
    std::string out;
    for (const TestCase& test : cases) {
        if (test.passed) {
            out += fmt::format("{}ok{}   {}\n", colours.good, colours.reset, safe(test.name));
            continue;
        }
        out += fmt::format("{}FAIL{} {}\n", colours.error, colours.reset, safe(test.name));
        out += fmt::format("       {}-->{} {}\n", colours.frame, colours.reset, place_of(sources, test.span));
        out += fmt::format("       expected: {}\n       actual:   {}\n       problem:  {}\n", safe(test.expected), safe(test.actual),
                           safe(test.problem));
    }
    out += fmt::format("{} passed, {} failed\n", cases.size() - failed, failed);
    return out;
}

std::string json(const std::vector<TestCase>& cases, const Diagnostics& sources, std::size_t failed) {
    Json out;
    out["schema_version"] = 1;
    out["passed"] = cases.size() - failed;
    out["failed"] = failed;
    out["cases"] = Json::array();
    for (const TestCase& test : cases)
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
    const std::vector<TestCase> cases = workspace.run_tests(options.filter);
    std::size_t failed = 0;
    for (const TestCase& test : cases) failed += test.passed ? 0 : 1;
    const Diagnostics& sources = workspace.diagnostics();
    print_result(options.format == Format::Json ? json(cases, sources, failed)
                                                : human(cases, sources, failed, terminal.colour_out));
    // Nothing run is nothing proved: a filter with a slip in it must not turn a build green.
    if (cases.empty()) print_note(options.filter.empty() ? "error: the policy has no tests\n" : "error: no test matches the filter\n");
    return failed == 0 && !cases.empty() ? Exit::Ok : Exit::Negative;
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

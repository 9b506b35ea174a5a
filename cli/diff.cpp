// writ diff: what a change does to behaviour, not to text.
#include <algorithm>
#include <memory>

#include "cli/diff_render.h"
#include "cli/io.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/side.h"
#include "cli/workspace.h"

namespace writ::cli {

namespace {

enum class DiffFormat { Human, Json, Markdown };

struct Options {
    std::string before, after = ".";
    StorePlace store;
    std::vector<std::string> layers, requests;
    std::string ledger;
    DiffFormat format = DiffFormat::Human;
    bool fail_wider = false;
};

/// Whether a change is wider by a decision, by what its text says of itself, or by an invariant it breaks.
bool widens(const PolicyDiff& diff) {
    return diff.widens() ||
           std::any_of(diff.structure.begin(), diff.structure.end(), [](const ThingChange& each) { return each.direction == Direction::Wider; }) ||
           std::any_of(diff.invariants.begin(), diff.invariants.end(), [](const HeldInvariant& each) { return each.broken_after > 0; });
}

/// The platform's policies above either side.
std::variant<std::vector<Bundle>, Exit> open_above(const std::vector<std::string>& paths, const Terminal& terminal) {
    std::vector<Bundle> out;
    for (const std::string& path : paths) {
        const auto opened = open_layers({}, {path}, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        out.push_back(std::get<Layers>(opened).bundles().front());
    }
    return out;
}

std::string rendered(const DiffReport& report, DiffFormat format, bool colour) {
    switch (format) {
        case DiffFormat::Human: return render_diff(report, colour);
        case DiffFormat::Json: return render_diff_json(report);
        case DiffFormat::Markdown: return render_diff_markdown(report);
    }
    return {};
}

Exit run(const Options& options, const Terminal& terminal) {
    const auto old_side = open_side(options.before, options.after, options.store, terminal);
    if (const Exit* failed = std::get_if<Exit>(&old_side)) return *failed;
    const auto new_side = open_side(options.after, options.before, options.store, terminal);
    if (const Exit* failed = std::get_if<Exit>(&new_side)) return *failed;
    auto above = open_above(options.layers, terminal);
    if (const Exit* failed = std::get_if<Exit>(&above)) return *failed;
    const Workspace &before = std::get<Workspace>(old_side), &after = std::get<Workspace>(new_side);

    Differ differ(before, after, std::move(std::get<std::vector<Bundle>>(above)));
    differ.decide_own();
    for (const std::string& path : options.requests)
        if (const auto decided = decide_files(differ, path); !decided) return report_error(decided.error(), "", terminal);
    LedgerGaps gaps;
    if (!options.ledger.empty()) {
        Progress progress("comparing", "requests", terminal);
        const auto read = decide_ledger(differ, options.ledger, progress.teller());
        if (!read) return report_error(read.error(), "", terminal);
        gaps = *read;
    }
    const DiffReport report{options.before, options.after, differ.finish(), gaps, before, after};
    print_result(rendered(report, options.format, terminal.colour_out));
    return options.fail_wider && widens(report.diff) ? Exit::Negative : Exit::Ok;
}

}  // namespace

void add_diff(CLI::App& app, Verb& chosen) {
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("diff", "Say what a change does to a policy and to what it decides");
    const std::string side = "PATH|REF[:PATH]|store:VERSION";
    verb->add_option("BEFORE", options->before, "What it was: a policy, a folder, a git ref or a version of a store")->required()->option_text(side);
    verb->add_option("AFTER", options->after, "What it is; else the folder where the program runs")->option_text(side);
    verb->add_option("--requests", options->requests, "Decide these too: a *.json or *.jsonl, or a folder of them")->option_text("PATH");
    verb->add_option("--ledger,-L", options->ledger, "Decide what a ledger recorded too")->option_text("DIR");
    add_layers(*verb, options->layers);
    add_store_place(*verb, options->store);
    static const std::map<std::string, DiffFormat> kFormats{{"human", DiffFormat::Human}, {"json", DiffFormat::Json}, {"markdown", DiffFormat::Markdown}};
    verb->add_option("--format", options->format, "How results are written")->transform(one_of(kFormats))->option_text("human|json|markdown");
    verb->add_flag("--fail-wider", options->fail_wider, "Exit with 1 if anything has become wider");
    verb->callback([options, &chosen] { chosen = [options](const Terminal& terminal) { return run(*options, terminal); }; });
}

}  // namespace writ::cli

// writ diff: compares the behaviour of two policies.
#include <algorithm>

#include "cli/formats/format.h"
#include "cli/terminal/io.h"
#include "cli/verbs/comparison.h"
#include "cli/verbs/options.h"
#include "cli/verbs/side.h"
#include "cli/verbs/verbs.h"

namespace writ::cli {

namespace {

constexpr Rendering<DiffReport> kDiffRenderings[] = {
    {Format::Human,
     [](const DiffReport& report, const Terminal& terminal) { return render_diff(report, terminal.colour_out); }},
    {Format::Json, [](const DiffReport& report, const Terminal&) { return render_diff_json(report); }},
    {Format::Markdown, [](const DiffReport& report, const Terminal&) { return render_diff_markdown(report); }},
};

struct DiffArgs {
    std::string before, after = ".";
    StorePlace store;
    CompareOptions compared;
    Format format = Format::Human;
    bool fail_wider = false;
};

/// Whether there is something that a gate checks: a widening, or an invariant that decisions break.
bool widens(const PolicyDiff& diff) {
    return !widenings(diff).empty() || std::any_of(diff.invariants.begin(), diff.invariants.end(),
                                                   [](const HeldInvariant& each) { return each.broken_after > 0; });
}

Exit run(const DiffArgs& options, const Terminal& terminal) {
    const auto old_side = open_side(options.before, options.after, options.store, terminal);
    if (const Exit* failed = std::get_if<Exit>(&old_side)) return *failed;
    const auto new_side = open_side(options.after, options.before, options.store, terminal);
    if (const Exit* failed = std::get_if<Exit>(&new_side)) return *failed;
    const Side &before = std::get<Side>(old_side), &after = std::get<Side>(new_side);
    const auto compared = compare_sides({options.before, before.policy, before.folder ? &*before.folder : nullptr},
                                        {options.after, after.policy, after.folder ? &*after.folder : nullptr},
                                        options.compared, terminal);
    if (const Exit* failed = std::get_if<Exit>(&compared)) return *failed;
    const DiffReport& report = std::get<DiffReport>(compared);
    print_result(rendered(kDiffRenderings, options.format, report, terminal));
    return options.fail_wider && (widens(report.diff) || report.gaps.undecided > 0) ? Exit::Negative : Exit::Ok;
}

}  // namespace

void add_diff(Command& program) {
    Command& verb = program.verb("diff", "Show what a change does to a policy and to its decisions");
    auto& options = verb.make_values<DiffArgs>();
    const std::string side = "PATH|REF[:PATH]|store:VERSION";
    verb.text("BEFORE", side, "The old side: a policy, a folder, a git ref or a version in a store", options.before)
        .required();
    verb.text("AFTER", side, "The new side (default: the current folder)", options.after);
    add_compare_options(verb, options.compared);
    add_store_place(verb, options.store);
    add_format(verb, options.format, formats_of(kDiffRenderings));
    verb.flag("--fail-wider", "Exit with 1 if anything is wider, may be wider, or is undecided", options.fail_wider);
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

#include "cli/verbs/comparison.h"

#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/verbs/diff_requests.h"
#include "cli/verbs/options.h"
#include "cli/verbs/workspace.h"

namespace writ::cli {

void add_compare_options(Command& verb, CompareOptions& options) {
    verb.list("--requests", "PATH",
              "Also compare decisions on these requests: a *.json or *.jsonl file, or a folder of them",
              options.requests);
    verb.text("-L,--ledger", "DIR", "Also compare decisions on the requests in a ledger", options.ledger);
    add_layers(verb, options.layers);
}

std::variant<DiffReport, Exit> compare_sides(const NamedSide& before, const NamedSide& after,
                                             const CompareOptions& options, const Terminal& terminal) {
    std::vector<Bundle> above;
    for (const std::string& layer : options.layers) {
        const auto opened = open_layers({}, {layer}, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        above.push_back(std::get<Layers>(opened).bundles().front());
    }
    std::vector<Bundle> all = above;
    for (const NamedSide* side : {&before, &after})
        if (const auto bundle = side->policy.bundle()) all.push_back(*bundle);
    Differ differ(before.policy, after.policy, std::move(above));
    differ.decide_own();
    for (const std::string& path : options.requests)
        if (const auto decided = decide_files(differ, path); !decided)
            return report_error(decided.error(), "", terminal);
    LedgerGaps gaps;
    if (!options.ledger.empty()) {
        Progress progress("comparing", "requests", terminal);
        const auto read = decide_ledger(differ, options.ledger, Layers(std::move(all)), progress.teller());
        if (!read) return report_error(read.error(), "", terminal);
        gaps = *read;
    }
    return DiffReport{before.name, after.name, differ.finish(), gaps, before.policy, after.policy};
}

}  // namespace writ::cli

#include "cli/verbs/comparison.h"

#include <algorithm>
#include <filesystem>

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

CompareOptions with_manifests(CompareOptions options, const PolicyFolder* before, const PolicyFolder* after) {
    std::vector<std::string>& requests = options.requests;
    if (after != nullptr) {
        options.layers.insert(options.layers.end(), after->layers.begin(), after->layers.end());
        requests.insert(requests.end(), after->requests.begin(), after->requests.end());
    }
    // A change must not hide a widening by no longer naming the requests that show it.
    if (before != nullptr)
        for (const std::string& path : before->requests) {
            std::error_code error;
            const bool there = std::filesystem::exists(path, error);
            if (there && std::find(requests.begin(), requests.end(), path) == requests.end()) requests.push_back(path);
        }
    return options;
}

Result<DiffReport> compare(const NamedSide& before, const NamedSide& after, const CompareOptions& options,
                           const std::vector<Bundle>& above,
                           const std::function<void(std::uint64_t, std::uint64_t)>& tell) {
    std::vector<Bundle> all = above;
    for (const NamedSide* side : {&before, &after})
        if (const auto bundle = side->policy.bundle()) all.push_back(*bundle);
    Differ differ(before.policy, after.policy, above);
    const auto layers_of = [](const NamedSide& side) {
        return side.folder != nullptr ? side.folder->layer_names : std::vector<std::string>();
    };
    differ.compare_layers(layers_of(before), layers_of(after));
    differ.decide_own();
    for (const std::string& path : options.requests)
        if (auto decided = decide_files(differ, path); !decided) return tl::unexpected(std::move(decided.error()));
    LedgerGaps gaps;
    if (!options.ledger.empty()) {
        auto read = decide_ledger(differ, options.ledger, Layers(std::move(all)), tell);
        if (!read) return tl::unexpected(std::move(read.error()));
        gaps = *read;
    }
    return DiffReport{before.name, after.name, differ.finish(), gaps, before.policy, after.policy};
}

std::variant<DiffReport, Exit> compare_sides(const NamedSide& before, const NamedSide& after,
                                             const CompareOptions& options, const Terminal& terminal) {
    const CompareOptions all = with_manifests(options, before.folder, after.folder);
    const auto above = open_above(all.layers, terminal);
    if (const Exit* failed = std::get_if<Exit>(&above)) return *failed;
    Progress progress("comparing", "requests", terminal);
    auto compared = compare(before, after, all, std::get<std::vector<Bundle>>(above), progress.teller());
    if (!compared) return report_error(compared.error(), "", terminal);
    return std::move(*compared);
}

}  // namespace writ::cli

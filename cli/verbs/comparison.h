// Compares two policies named on the command line, for the verbs that do so. Not here: the comparison itself
// (writ/diff.h), opening the sides (cli/verbs/side.h), output (cli/formats/diff.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/diff.h"
#include "writ/manifest.h"

namespace writ::cli {

/// Further requests to decide with both sides, besides their own fixtures and tests, and the layers above both sides.
struct CompareOptions {
    std::vector<std::string> layers, requests;
    std::string ledger;

    [[nodiscard]] bool any() const { return !(layers.empty() && requests.empty() && ledger.empty()); }
};
/// `--layer`, `--requests` and `--ledger`.
void add_compare_options(Command& verb, CompareOptions& options);

/// A side: its name as given, the opened policy, and its manifest, if it has one.
struct NamedSide {
    std::string name;
    const Workspace& policy;
    const PolicyFolder* folder = nullptr;
};
/// The options with what manifests add: the layers of the new side, and the requests of both sides. Those of the old
/// side are left out if they no longer exist. Null: a side has no manifest.
[[nodiscard]] CompareOptions with_manifests(CompareOptions options, const PolicyFolder* before,
                                            const PolicyFolder* after);

/// Decides all these requests with both sides, which must outlive the report.
/// Input:  above: the layers that options.layers names. tell: receives the progress in the ledger.
/// Errors: F0001, Q and G codes: requests that cannot be read.
[[nodiscard]] Result<DiffReport> compare(const NamedSide& before, const NamedSide& after, const CompareOptions& options,
                                         const std::vector<Bundle>& above,
                                         const std::function<void(std::uint64_t, std::uint64_t)>& tell = {});

/// The same, with the layers and the manifest of the new side; reports what could not be read.
[[nodiscard]] std::variant<DiffReport, Exit> compare_sides(const NamedSide& before, const NamedSide& after,
                                                           const CompareOptions& options, const Terminal& terminal);

}  // namespace writ::cli

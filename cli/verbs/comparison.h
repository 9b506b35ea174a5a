// Compares two policies named on the command line, for the verbs that do so. Not here: the comparison itself
// (writ/diff.h), opening the sides (cli/git/side.h), output (cli/formats/diff.h).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/diff.h"

namespace writ::cli {

/// Further requests to decide with both sides, besides their own fixtures and tests, and the layers above both sides.
struct CompareOptions {
    std::vector<std::string> layers, requests;
    std::string ledger;

    [[nodiscard]] bool any() const { return !(layers.empty() && requests.empty() && ledger.empty()); }
};
/// `--layer`, `--requests` and `--ledger`.
void add_compare_options(Command& verb, CompareOptions& options);

/// A side: its name as given, and the opened policy.
struct NamedSide {
    std::string name;
    const Workspace& policy;
};
/// Decides all these requests with both sides, which must outlive the report; or reports what could not be read.
[[nodiscard]] std::variant<DiffReport, Exit> compare_sides(const NamedSide& before, const NamedSide& after,
                                                           const CompareOptions& options, const Terminal& terminal);

}  // namespace writ::cli

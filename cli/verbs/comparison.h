// Two policies compared on what the command line names, for the verbs that do. Not here: what is compared
// (writ/diff.h), the sides themselves (cli/git/side.h), how it is drawn (cli/formats/diff.h).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/diff.h"

namespace writ::cli {

/// What is decided under both sides, beside the requests of their own fixtures and tests, and what lies above both.
struct CompareOptions {
    std::vector<std::string> layers, requests;
    std::string ledger;

    [[nodiscard]] bool any() const { return !(layers.empty() && requests.empty() && ledger.empty()); }
};
/// `--layer`, `--requests` and `--ledger`.
void add_compare_options(Command& verb, CompareOptions& options);

/// A side, as it was named and as it was opened.
struct NamedSide {
    std::string name;
    const Workspace& policy;
};
/// Decides everything that was asked for under both sides, which must outlive the report; or reports what could not be
/// read.
[[nodiscard]] std::variant<DiffReport, Exit> compare_sides(const NamedSide& before, const NamedSide& after,
                                                           const CompareOptions& options, const Terminal& terminal);

}  // namespace writ::cli

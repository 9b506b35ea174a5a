// Formats the verdict of a gate.
#pragma once

#include <string>

#include "cli/formats/diff.h"
#include "writ/gate.h"

namespace writ::cli {

struct GateReport {
    std::string base;  ///< as given; empty: there is no base
    GateVerdict verdict;
    const DiffReport* change = nullptr;  ///< null: there is no base
};

/// The findings with their lines, the effect of the change, then the verdict check by check.
[[nodiscard]] std::string render_gate(const GateReport& report, bool colour, bool quiet);
/// One line of JSON. Source: docs/gate.md
[[nodiscard]] std::string render_gate_json(const GateReport& report);
/// JUnit: one case for each check, and one for each case of a test.
[[nodiscard]] std::string render_gate_junit(const GateReport& report);
/// Markdown, for a page or a comment: the verdict, the findings, and the change with its examples.
[[nodiscard]] std::string render_gate_markdown(const GateReport& report);

}  // namespace writ::cli

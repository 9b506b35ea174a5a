// Formats the verdict of a gate.
#pragma once

#include <string>
#include <vector>

#include "cli/formats/diff.h"
#include "writ/gate.h"

namespace writ::cli {

struct GateReport {
    std::string base;  ///< as given; empty: there is no base
    GateVerdict verdict;
    const DiffReport* change = nullptr;  ///< null: there is no base
};

/// The verdicts on the policies of a change.
struct GateReports {
    std::string base;  ///< as in GateReport
    struct Each {
        std::string folder;
        GateReport report;
        bool added = false;  ///< the base does not have it
    };
    std::vector<Each> policies;
    std::vector<std::string> removed;  ///< policies that only the base has
    GateVerdict together;              ///< the checks that concern several policies: judge_together()

    [[nodiscard]] bool passed() const;
};

/// The findings with their lines, the effect of the change, then the verdict check by check.
[[nodiscard]] std::string render_gate(const GateReport& report, bool colour, bool quiet);
/// One line of JSON. Source: docs/gate.md
[[nodiscard]] std::string render_gate_json(const GateReport& report);
/// JUnit: one case for each check, and one for each case of a test.
[[nodiscard]] std::string render_gate_junit(const GateReport& report);
/// Markdown, for a page or a comment: the verdict, the findings, and the change with its examples.
[[nodiscard]] std::string render_gate_markdown(const GateReport& report);

// The same for several policies, in one document.
[[nodiscard]] std::string render_gate(const GateReports& reports, bool colour, bool quiet);
[[nodiscard]] std::string render_gate_json(const GateReports& reports);
[[nodiscard]] std::string render_gate_junit(const GateReports& reports);
[[nodiscard]] std::string render_gate_markdown(const GateReports& reports);

}  // namespace writ::cli

// A gate's verdict, for each of those who read it.
#pragma once

#include <string>

#include "cli/verbs/gate_judge.h"

namespace writ::cli {

struct GateVerdict {
    std::string base;  ///< as it was named; empty: there is none
    const GateResult& result;
    const ChangeNote& note;
    const DiffReport* change = nullptr;  ///< null: there is no base
};

/// Findings with their lines, what the change does, and the verdict check by check, last.
[[nodiscard]] std::string render_gate(const GateVerdict& report, bool colour, bool quiet);
/// One line of JSON. Source: docs/gate.md
[[nodiscard]] std::string render_gate_json(const GateVerdict& report);
/// A case for each check, and one for each case of a test.
[[nodiscard]] std::string render_gate_junit(const GateVerdict& report);
/// A page, or a comment on a change: the verdict, the findings, and the change with its examples.
[[nodiscard]] std::string render_gate_markdown(const GateVerdict& report);

}  // namespace writ::cli

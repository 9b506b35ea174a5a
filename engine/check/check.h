// Names and types: parsed files to a typed policy.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/report.h"
#include "check/typed.h"
#include "writ/bundle.h"

namespace writ::check {

/// Text of a standard module ("std.github"), or empty if there is none. Asked for the empty name it
/// may give the names of all, one a line: what an unknown import is compared with.
using StandardModule = std::function<std::string_view(std::string_view name)>;

/// Parses and checks a set of sources with every standard module they import (std.request always).
/// Output:   the policy; complete only if the report has no error.
/// Errors:   E01.. to E05.. to the report; as many real ones as there are, no cascades.
/// Source:   docs/language.md
[[nodiscard]] std::unique_ptr<Policy> check(const SourceSet& sources, const StandardModule& standard,
                                            const CompileOptions& options, Report& report);

/// An indented listing of the typed rules, stable enough for golden files.
[[nodiscard]] std::string dump_typed(const Policy& policy);

}  // namespace writ::check

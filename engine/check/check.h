// Checks names and types: converts parsed files to a typed policy.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/report.h"
#include "check/typed.h"
#include "writ/bundle.h"

namespace writ::check {

/// Returns the text of a standard module ("std.github"), or empty if there is none. For the empty name it may return
/// the names of all modules, one per line, which are compared with an unknown import.
using StandardModule = std::function<std::string_view(std::string_view name)>;

struct Context;

/// Parsed sources with their modules and imports: the input of check(). Refers to the arguments of parse().
class Parsed {
public:
    explicit Parsed(std::unique_ptr<Policy> policy, std::unique_ptr<Context> context, bool complete);
    Parsed(Parsed&&) noexcept;
    ~Parsed();

private:
    friend std::unique_ptr<Policy> check(Parsed parsed);
    std::unique_ptr<Policy> policy_;
    std::unique_ptr<Context> context_;
    bool complete_;
};

/// Parses sources and every standard module that they import (std.request always), and links the imports.
/// Errors:   E01.. and E02.. to the report.
[[nodiscard]] Parsed parse(const SourceSet& sources, const StandardModule& standard, const CompileOptions& options,
                           Report& report);

/// Checks names and types.
/// Output:   the policy; complete only if the report given to parse() has no error.
/// Errors:   E02.. to E05.. to that report: all real errors, without follow-up errors.
/// Source:   docs/language.md
[[nodiscard]] std::unique_ptr<Policy> check(Parsed parsed);

/// An indented listing of the typed rules, stable enough for golden files.
[[nodiscard]] std::string dump_typed(const Policy& policy);

}  // namespace writ::check

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

struct Context;

/// Sources as trees, with their modules and imports: what check() starts from. Refers to what parse() was given.
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

/// Parses a set of sources and every standard module they import (std.request always), and links the imports.
/// Errors:   E01.. and E02.. to the report.
[[nodiscard]] Parsed parse(const SourceSet& sources, const StandardModule& standard, const CompileOptions& options,
                           Report& report);

/// Checks names and types.
/// Output:   the policy; complete only if the report that parse() was given has no error.
/// Errors:   E02.. to E05.. to that report; as many real ones as there are, no cascades.
/// Source:   docs/language.md
[[nodiscard]] std::unique_ptr<Policy> check(Parsed parsed);

/// An indented listing of the typed rules, stable enough for golden files.
[[nodiscard]] std::string dump_typed(const Policy& policy);

}  // namespace writ::check

// A compiled, verified policy: immutable, shared, cheap to copy as a handle.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

namespace bytecode {
class Program;
}

/// Where the policy text comes from.
struct SourceSet {
    std::vector<Source> sources;  ///< *.writ files, in a stable order
    /// Reads a data file (table, fixture) named in a source. Arguments: the name of the naming
    /// source, and the path as written there. Null: data files are refused.
    std::function<Result<std::string>(std::string_view from, std::string_view path)> read;
    /// The text of a module of the standard library ("std.github"), empty if there is none; of the empty name, the
    /// names of all, a line each. Null: what this program has.
    std::function<std::string_view(std::string_view name)> standard;
};

/// Limits and surroundings of a compilation. Each limit has a diagnostic of its own.
struct CompileOptions {
    std::size_t max_source_bytes = 64u << 20;  ///< all sources together; E0110
    std::uint32_t max_depth = 200;             ///< nesting of expressions and types; E0111
    std::uint32_t max_errors = 100;            ///< different ones reported before giving up; each at up to 1,000 places
    std::uint64_t max_steps = 500'000;         ///< that one request can reach; E0504. A step is some two nanoseconds
};

/// What a bundle says of one of its rules.
struct RuleInfo {
    std::string_view kind;  ///< "permit", "deny", "require", "limit", "oblige"
    std::string_view name;
    std::string_view module;
    std::string_view file;
    std::uint32_t line = 0;  ///< 1-based
    std::string_view because;
};

/// A verified bundle. Copying shares it; it never changes.
class Bundle {
public:
    /// Reads and verifies a sealed bundle.
    /// Input:   the bytes that bytes() gave; copied.
    /// Errors:  B0001.. a bundle that is truncated, altered or not well formed.
    /// Source:  docs/bundle-format.md
    [[nodiscard]] static Result<Bundle> load(std::span<const std::byte> bytes);
    /// The same from a file. All that decides is read into memory and verified there, so that nothing
    /// done to the file later changes a decision. The policy's sources, most of a large bundle, stay in
    /// the file until sources() or bytes() reads them: put a new bundle in its place by renaming, as
    /// `writ compile` does. A file that is cut short in place ends a program that reads them (SIGBUS).
    /// Errors:  F0001 a file that cannot be read; else as load().
    [[nodiscard]] static Result<Bundle> open(const std::string& path);

    /// SHA-256 over everything in the bundle, in lower-case hex.
    [[nodiscard]] std::string_view digest() const;
    /// The sealed form, fit for load().
    [[nodiscard]] std::span<const std::byte> bytes() const;
    /// What the bundle was compiled from: policy text, the data files it names and the modules of the standard library
    /// that it imports, read out of the bundle. Compiled with the same version, it gives the same bundle.
    /// Errors:  B0004 sources that are not those the digest is over.
    [[nodiscard]] Result<SourceSet> sources() const;
    /// An upper bound on the steps that any admitted request can cost.
    [[nodiscard]] std::uint64_t step_bound() const;
    /// The same for requests that state every fact that rules are found by: in a large policy far fewer rules.
    /// Cost: reads the code of every rule.
    [[nodiscard]] std::uint64_t reach() const;
    [[nodiscard]] std::size_t rule_count() const;
    /// Requires: index < rule_count().
    [[nodiscard]] RuleInfo rule(std::size_t index) const;

    explicit Bundle(std::shared_ptr<const bytecode::Program> program);
    [[nodiscard]] const bytecode::Program& program() const { return *program_; }

private:
    std::shared_ptr<const bytecode::Program> program_;
};

/// Bundles that all have a say, the platform's first. The decision is the meet of theirs: no layer
/// can widen what another allows. One bundle is the usual case and converts.
class Layers {
public:
    Layers(Bundle bundle) : bundles_{std::move(bundle)} {}
    explicit Layers(std::vector<Bundle> bundles) : bundles_(std::move(bundles)) {}
    [[nodiscard]] const std::vector<Bundle>& bundles() const { return bundles_; }

private:
    std::vector<Bundle> bundles_;
};

/// Compiles policy text to a verified bundle.
/// Output:   the bundle; warnings, if any, in *warnings.
/// Errors:   every error found, with spans; never a half-compiled bundle.
/// Source:   docs/language.md
[[nodiscard]] Checked<Bundle> compile(const SourceSet& sources, const CompileOptions& options = {},
                                      Diagnostics* warnings = nullptr);

}  // namespace writ

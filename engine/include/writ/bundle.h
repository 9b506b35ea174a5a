// A compiled and verified policy. It is immutable and shared; copying the handle is cheap.
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

/// The sources of a policy.
struct SourceSet {
    std::vector<Source> sources;  ///< *.writ files, in a stable order
    /// Reads a data file (table, fixture) that a source names. Arguments: the name of that source, and the
    /// path as written there. Null: data files are refused.
    std::function<Result<std::string>(std::string_view from, std::string_view path)> read;
    /// Returns the text of a module of the standard library ("std.github"), empty if there is none. For the empty
    /// name it returns the names of all modules, one a line. Null: the modules built into this program.
    std::function<std::string_view(std::string_view name)> standard;
};

/// Limits of a compilation. Each limit has its own diagnostic.
struct CompileOptions {
    std::size_t max_source_bytes = 64u << 20;  ///< all sources together; E0110
    std::uint32_t max_depth = 200;             ///< nesting of expressions and types; E0111
    /// Different errors reported before the compiler gives up; each at up to 1,000 places.
    std::uint32_t max_errors = 100;
    std::uint64_t max_steps = 500'000;  ///< steps that one request can cost; E0504. A step takes about two nanoseconds
};

/// What a bundle records about one of its rules.
struct RuleInfo {
    std::string_view kind;  ///< "permit", "deny", "require", "limit", "oblige"
    std::string_view name;
    std::string_view module;
    std::string_view file;
    std::uint32_t line = 0;  ///< 1-based
    std::string_view because;
};

/// A verified bundle. It never changes; copies share it.
class Bundle {
public:
    /// Reads and verifies a sealed bundle.
    /// Input:   the bytes that bytes() returned; they are copied.
    /// Errors:  B0001.. the bundle is truncated, altered or malformed.
    /// Source:  docs/bundle-format.md
    [[nodiscard]] static Result<Bundle> load(std::span<const std::byte> bytes);
    /// Reads and verifies a bundle in a file. Everything that decides is read into memory, so later changes to the
    /// file do not change a decision. The policy's sources, which are most of a large bundle, stay in the file until
    /// sources() or bytes() reads them. Replace a bundle file by renaming a new one over it, as `writ compile` does:
    /// a file that is truncated in place ends a program that reads it (SIGBUS).
    /// Errors:  F0001 the file cannot be read; otherwise as load().
    [[nodiscard]] static Result<Bundle> open(const std::string& path);

    /// SHA-256 of everything in the bundle, in lower-case hex.
    [[nodiscard]] std::string_view digest() const;
    /// The sealed form, which load() reads.
    [[nodiscard]] std::span<const std::byte> bytes() const;
    /// The sources that the bundle was compiled from, read out of the bundle: policy text, the data files it names and
    /// the modules of the standard library that it imports. The same compiler version makes the same bundle from them.
    /// Errors:  B0004 the sources do not match their digest.
    [[nodiscard]] Result<SourceSet> sources() const;
    /// An upper bound of the steps that any admitted request can cost.
    [[nodiscard]] std::uint64_t step_bound() const;
    /// The same bound for requests that state every fact that the rule index uses; much lower for a large policy.
    /// Cost: reads the code of every rule.
    [[nodiscard]] std::uint64_t reach() const;
    [[nodiscard]] std::size_t rule_count() const;
    /// Requires: index < rule_count().
    [[nodiscard]] RuleInfo rule(std::size_t index) const;

private:
    friend struct Access;
    explicit Bundle(std::shared_ptr<const void> program) : program_(std::move(program)) {}
    std::shared_ptr<const void> program_;
};

/// Bundles that decide together, the platform's first. The decision is the meet of their decisions: no layer can
/// widen what another allows. A single bundle, the usual case, converts to this.
class Layers {
public:
    Layers(Bundle bundle) : bundles_{std::move(bundle)} {}
    explicit Layers(std::vector<Bundle> bundles) : bundles_(std::move(bundles)) {}
    [[nodiscard]] const std::vector<Bundle>& bundles() const { return bundles_; }

private:
    std::vector<Bundle> bundles_;
};

/// Compiles policy text to a verified bundle.
/// Output:   the bundle; any warnings in *warnings.
/// Errors:   every error found, with spans; no bundle if there is one.
/// Source:   docs/language.md
[[nodiscard]] Checked<Bundle> compile(const SourceSet& sources, const CompileOptions& options = {},
                                      Diagnostics* warnings = nullptr);

}  // namespace writ

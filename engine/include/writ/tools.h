// Tools for authors and CI beyond compile and evaluate: dumps, the policy's own tests, the reference evaluator, and
// requests made from a token's claims. Brokers do not need this header.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/explain.h"
#include "writ/request.h"
#include "writ/revocations.h"
#include "writ/testing.h"

namespace writ {

/// Collects every *.writ file at or below the given paths, with a reader for data files. The reader resolves a data
/// file relative to the file that names it, and refuses to leave its folder tree. Sources are sorted and stored under
/// their names below the given folder, or below the folder that contains all given paths; so the bundle does not
/// depend on where the folder is or how its path is spelled.
/// Errors:  F0001 a path is missing or unreadable; it is in `context`.
[[nodiscard]] Result<SourceSet> read_sources(const std::vector<std::string>& paths);

enum class Dump : std::uint8_t { Tokens, Ast, Typed, Bytecode, Index, Cost };

struct LintOptions;
struct LintReport;
struct MutationOptions;
struct MutationRun;

/// Policy sources with their analysis, which is done once.
class Workspace {
public:
    explicit Workspace(SourceSet sources, CompileOptions options = {});
    /// Compiles a sealed bundle again from its sources, with the library sealed in it. Another version of the compiler
    /// may make another bundle of them, or none: compare bundle()->digest().
    /// Errors:   B0004 the sources do not match their digest.
    [[nodiscard]] static Result<Workspace> reopen(const Bundle& sealed);
    ~Workspace();
    Workspace(Workspace&&) noexcept;
    Workspace& operator=(Workspace&&) noexcept;

    [[nodiscard]] const Diagnostics& diagnostics() const;
    /// The bundle; null if there are errors.
    [[nodiscard]] const std::optional<Bundle>& bundle() const;
    /// An intermediate form as text, as far as the sources can be analysed.
    [[nodiscard]] std::string dump(Dump form) const;
    /// Runs the policy's tests, and checks every invariant on the decisions for their requests and, if there is no
    /// filter, for every fixture. An invariant is broken if its condition is true and the effect is the one it
    /// forbids. Requests that are refused have no decision. Requires: bundle().
    [[nodiscard]] TestRun test(const TestOptions& options = {}) const;
    /// Changes the policy in small ways, and finds out which of the changes its tests and invariants notice.
    /// Requires: bundle().
    /// Source:   docs/testing.md
    [[nodiscard]] MutationRun mutate(const MutationOptions& options) const;
    /// The request document of a fixture, named alone or with its module, or of a test's case, named as in TestCase;
    /// pretty-printed. Requires: bundle().
    /// Errors:   K0001 there is no such request, or there are several.
    [[nodiscard]] Result<std::string> request_of(std::string_view name) const;
    /// Decides a request document with the reference evaluator. Requires: bundle().
    /// Output:   to_json of the decision, for the operator.
    [[nodiscard]] Result<std::string> reference(std::string_view request_json, const RequestLimits& limits = {}) const;

    /// Explains the decision on a request document. Requires: bundle().
    /// Input:    rule: list only the rules with this name, even if they did not matter; empty: list those that
    /// mattered. revocations: as for Evaluator::revoke; null: nothing is revoked.
    /// Errors:   Q0001.. the request is refused; K0004 there is no such rule.
    [[nodiscard]] Result<Explanation> explain(std::string_view request_json, std::string_view rule = {},
                                              const RequestLimits& limits = {},
                                              const std::shared_ptr<const Revocations>& revocations = {}) const;

    /// Lints the given sources, but not the standard modules that they import. Requires: bundle().
    /// Source:   docs/lint.md
    [[nodiscard]] LintReport lint(const LintOptions& options) const;
    /// The complete new text of each source that the fixes in `report` change. A fix is left out if the policy would
    /// no longer compile, a test would give another result, or the lint would find as much as before.
    /// Requires: `report` was made by this workspace with the same options.
    [[nodiscard]] std::vector<Source> apply_fixes(const LintReport& report, const LintOptions& options) const;

private:
    friend struct Access;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The inputs for a request document.
struct ClaimsInput {
    std::string_view claims;          ///< a JSON object as sent by the issuer
    std::string_view kind;            ///< a claims schema of the standard library: "github", "kubernetes", …
    std::optional<std::int64_t> now;  ///< seconds since the epoch, by the broker's clock
    bool verified = false;  ///< whether the token's signature was verified; otherwise its claims are only asserted
    /// Further facts that the broker knows: a request document with its own provenance. May be empty.
    std::string_view facts;
    /// The policy that will decide the request; null: a policy that imports only std.baseline.
    const Bundle* policy = nullptr;
    std::string_view claims_name = "claims", facts_name = "facts";  ///< names used in messages
};

struct DraftRequest {
    std::string document;  ///< pretty-printed JSON
    /// Facts that the policy or the engine needs and that are not stated, for example `agent.id`.
    std::vector<std::string> missing;
    std::vector<std::string> undeclared;  ///< paths of claims that are not in the issuer's schema
    bool issuer_declared = false;         ///< the policy declares the issuer named in the claims
};

/// Makes a request document that states exactly what the claims and the facts state.
/// Errors:  Q.. claims or facts are not valid, with the file and the path in `context`; K0001 an unknown kind, K0006
/// a fact that the claims state too.
[[nodiscard]] Result<DraftRequest> request_from_claims(const ClaimsInput& input);

/// The claims schemas of the standard library, by the names that `--issuer-kind` accepts.
[[nodiscard]] std::vector<std::string> issuer_kinds();

/// The page of an error code, docs/errors/CODE.md; empty if there is none.
[[nodiscard]] std::string_view error_page(std::string_view code);

}  // namespace writ

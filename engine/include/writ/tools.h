// What authors and CI need beyond compile and evaluate: dumps, the policy's own tests, the
// reference evaluator, and a request made from a token's claims. Not needed by brokers.
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

namespace check {
struct Policy;
}

/// Gathers every *.writ file at or below the given paths, with a reader of data files that resolves them
/// beside the file that names them and refuses to leave its folder tree. Sources are stored, and sorted, under
/// their names below the folder that was given, or that all given paths lie in: wherever it is, and however it
/// is spelled, the bundle is the same.
/// Errors:  F0001 a path that is missing or unreadable, named in `context`.
[[nodiscard]] Result<SourceSet> read_sources(const std::vector<std::string>& paths);

enum class Dump : std::uint8_t { Tokens, Ast, Typed, Bytecode, Index };

struct LintOptions;
struct LintReport;

/// Policy sources with all that is known about them. Sources are kept; analysis is done once.
class Workspace {
public:
    explicit Workspace(SourceSet sources, CompileOptions options = {});
    ~Workspace();
    Workspace(Workspace&&) noexcept;
    Workspace& operator=(Workspace&&) noexcept;

    [[nodiscard]] const Diagnostics& diagnostics() const;
    /// The bundle, unless there are errors.
    [[nodiscard]] const std::optional<Bundle>& bundle() const;
    /// An intermediate form as text, as far as the sources can be understood.
    [[nodiscard]] std::string dump(Dump form) const;
    /// Runs the policy's tests, and holds every invariant against the decisions on their requests and, without
    /// a filter, on every fixture. An invariant is broken where its condition is true and the effect is the one
    /// that it forbids. Requests that are refused have no decision. Requires: bundle().
    [[nodiscard]] TestRun test(const TestOptions& options = {}) const;
    /// Decides a request document with the reference evaluator. Requires: bundle().
    /// Output:   to_json of the decision, for the operator.
    [[nodiscard]] Result<std::string> reference(std::string_view request_json, const RequestLimits& limits = {}) const;

    /// Explains the decision on a request document. Requires: bundle().
    /// Input:    rule: tell of the rules of this name only, whether or not they mattered; empty: of those
    ///           that mattered. revocations: what is revoked, as for Evaluator::revoke; null: nothing.
    /// Errors:   Q0001.. the request is refused; K0004 there is no such rule.
    [[nodiscard]] Result<Explanation> explain(std::string_view request_json, std::string_view rule = {},
                                              const RequestLimits& limits = {},
                                              const std::shared_ptr<const Revocations>& revocations = {}) const;
    /// The typed policy; complete if there is a bundle.
    [[nodiscard]] const check::Policy& policy() const;

    /// Lints the given sources; not the standard modules they import. Requires: bundle().
    /// Source:   docs/lint.md
    [[nodiscard]] LintReport lint(const LintOptions& options) const;
    /// The sources that `report`'s fixes change, whole, as they would be. A fix is left out if with it the policy
    /// would not compile, a test would say something else, or its lint would find as much as before.
    /// Requires: `report` is this workspace's, under the same options.
    [[nodiscard]] std::vector<Source> apply_fixes(const LintReport& report, const LintOptions& options) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

struct GateReport;
/// Compiles a version's own sources again, which must give this very bundle, and runs the tests and
/// invariants in them. A version without tests does not pass. Fit to be the gate of a Move (store.h).
[[nodiscard]] GateReport policy_gate(const Bundle& bundle);

/// What a request document is made of.
struct ClaimsInput {
    std::string_view claims;          ///< a JSON object as the issuer sends it
    std::string_view kind;            ///< a claims schema of the standard library: "github", "kubernetes", …
    std::optional<std::int64_t> now;  ///< seconds since the epoch, by the broker's clock
    bool verified = false;            ///< the token's signature was verified; else what it says is only asserted
    /// What the broker knows besides: a request document with provenance of its own. May be empty.
    std::string_view facts;
    const Bundle* policy = nullptr;  ///< for which policy the request is; null: one with std.baseline
    std::string_view claims_name = "claims", facts_name = "facts";  ///< for messages
};

struct DraftRequest {
    std::string document;  ///< pretty-printed JSON
    std::vector<std::string>
        missing;  ///< facts that the policy or the engine needs and that are not stated: `agent.id`
    std::vector<std::string> undeclared;  ///< paths of claims that the issuer's schema does not have
    bool issuer_declared = false;         ///< the policy has the issuer that the claims name
};

/// Makes a request document that states what the claims and the facts say, and nothing else.
/// Errors:  Q.. claims or facts that do not fit, with the file and the path in it in `context`; K0001 an
///          unknown kind, K0006 a fact that the claims state already.
[[nodiscard]] Result<DraftRequest> request_from_claims(const ClaimsInput& input);

/// The claims schemas of the standard library, by the name `--issuer-kind` takes.
[[nodiscard]] std::vector<std::string> issuer_kinds();

/// The page of a diagnostic code, docs/errors/CODE.md; empty if there is none.
[[nodiscard]] std::string_view error_page(std::string_view code);

}  // namespace writ

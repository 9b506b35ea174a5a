// Policies compiled both ways, requests decided both ways, and what to print when they disagree.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "check/typed.h"
#include "policy_gen.h"
#include "request_gen.h"
#include "vm/facts.h"
#include "vm/interpreter.h"
#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/revocations.h"

namespace writ::property {

/// Unindexed is the machine with a program that tries every rule.
enum class By : std::uint8_t { Machine, Unindexed, Reference };

/// One policy in both forms, and the machines to run it.
class Subject {
public:
    /// Null if the checker refuses the text; its findings then in *why.
    /// A bundle that the verifier refuses is among them, under its own code.
    [[nodiscard]] static std::unique_ptr<Subject> make(const PolicyText& policy,
                                                       std::vector<Diagnostic>* why = nullptr);

    /// Binds a document, as it is: writing and reading JSON is tested elsewhere. False: refused, `refusal()` says why.
    [[nodiscard]] bool bind(const json::Value& document);
    [[nodiscard]] const Error& refusal() const { return refusal_; }
    /// Decides the bound document. The decision lives until the next bind, and as the document does.
    [[nodiscard]] const Decision& decide(By by = By::Machine);
    /// From now on decisions are made under these, which must live as long; null: nothing is revoked.
    void revoke(const Revocations* revocations) { revocations_ = revocations; }
    [[nodiscard]] std::string json_of(const Decision& decision) const;

    [[nodiscard]] const Bundle& bundle() const { return bundle_; }
    [[nodiscard]] const check::Policy& policy() const { return *policy_; }

private:
    Subject(std::unique_ptr<check::Policy> policy, Bundle bundle);

    /// A program with what it needs to run.
    struct Machine {
        explicit Machine(std::shared_ptr<const bytecode::Program> of)
            : program(std::move(of)), facts(*program), interpreter(*program) {}
        std::shared_ptr<const bytecode::Program> program;
        vm::Facts facts;
        vm::Interpreter interpreter;
    };

    std::unique_ptr<check::Policy> policy_;
    Bundle bundle_;
    vm::Facts facts_;
    vm::Interpreter interpreter_;
    std::unique_ptr<Machine> unindexed_;  // made when first asked for
    const Revocations* revocations_ = nullptr;
    const json::Value* document_ = nullptr;
    const json::Node* nodes_ = nullptr;
    json::Reader reader_;
    std::unique_ptr<Arena> arena_;
    Decision decision_;
    Error refusal_;
};

/// A decision that owns its text: for comparing decisions on two requests or two policies.
struct Outcome {
    Effect effect = Effect::Deny;
    std::vector<std::string> scopes, audience, obligations, reasons;
    std::int64_t ttl = 0, now = 0;
    std::optional<std::int64_t> not_after;
    bool single_use = false;
    std::string json;

    /// The ttl was cut at the horizon.
    [[nodiscard]] bool ends_at_horizon() const;
};
/// What is decided; nothing if the document is refused. By the machine, or by the reference
/// evaluator if the environment has WRIT_PROPERTY_REFERENCE: the language itself must have the
/// properties, not only one implementation.
[[nodiscard]] std::optional<Outcome> outcome_of(Subject& subject, const json::Value& document);

/// Generates until the checker accepts: what it refuses is dropped, then the whole is tried anew.
/// Refusals by code are counted in *refused.
struct Generated {
    PolicyText text;
    std::unique_ptr<Subject> subject;    ///< null only if `refused`
    std::optional<std::string> refused;  ///< the compiler made a bundle that the verifier refuses
};
[[nodiscard]] Generated random_subject(Rng& rng, const PolicyShape& shape,
                                       std::map<std::string, std::size_t>* refused = nullptr);

/// A broken property: the pair that breaks it, and what was seen.
struct Failure {
    PolicyText policy;
    json::Value document;
    std::string what;
};
/// Checks a property on one pair. Nothing: it holds, or the pair is not one to check it on.
using Property = std::function<std::optional<std::string>(Subject&, const PolicyText&, const json::Value&)>;

/// Makes the pair as small as it stays broken, and renders it for people.
[[nodiscard]] std::string shrunk(Failure failure, const Property& property);

}  // namespace writ::property

// Compiles policies for both evaluators, decides requests with both, and prints disagreements.
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

/// Unindexed: the machine with a program that tries every rule.
enum class By : std::uint8_t { Machine, Unindexed, Reference };

/// One policy in both forms, with the machines to run it.
class Subject {
public:
    /// Null if the checker rejects the text; its findings are then in *why. A bundle that the verifier rejects is
    /// reported there too, with its own code.
    [[nodiscard]] static std::unique_ptr<Subject> make(const PolicyText& policy,
                                                       std::vector<Diagnostic>* why = nullptr);

    /// Binds a document directly, because writing and reading JSON is tested elsewhere. Output: false if it is
    /// refused; `refusal()` is the error.
    [[nodiscard]] bool bind(const json::Value& document);
    [[nodiscard]] const Error& refusal() const { return refusal_; }
    /// Decides the bound document. The decision is valid until the next bind, and as long as the document.
    [[nodiscard]] const Decision& decide(By by = By::Machine);
    /// Sets the revocations for later decisions; they must outlive them. Null: nothing is revoked.
    void revoke(const Revocations* revocations) { revocations_ = revocations; }
    [[nodiscard]] std::string json_of(const Decision& decision) const;

    [[nodiscard]] const Bundle& bundle() const { return bundle_; }
    [[nodiscard]] const check::Policy& policy() const { return *policy_; }

private:
    Subject(std::unique_ptr<check::Policy> policy, Bundle bundle);

    /// A program with everything needed to run it.
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
    std::unique_ptr<Machine> unindexed_;  // made on first use
    const Revocations* revocations_ = nullptr;
    const json::Value* document_ = nullptr;
    const json::Node* nodes_ = nullptr;
    json::Reader reader_;
    std::unique_ptr<Arena> arena_;
    Decision decision_;
    Error refusal_;
};

/// A decision that owns its text, for comparing decisions on two requests or two policies.
struct Outcome {
    Effect effect = Effect::Deny;
    std::vector<std::string> scopes, audience, obligations, reasons;
    std::int64_t ttl = 0, now = 0;
    std::optional<std::int64_t> not_after;
    bool single_use = false;
    std::string json;

    /// The ttl was reduced by the horizon.
    [[nodiscard]] bool ends_at_horizon() const;
};
/// Decides a document; none if it is refused. Uses the machine, or the reference evaluator if WRIT_PROPERTY_REFERENCE
/// is set, because the properties must hold for the language itself.
[[nodiscard]] std::optional<Outcome> outcome_of(Subject& subject, const json::Value& document);

/// Generates until the checker accepts: rejected parts are removed, then everything is generated again. Rejections by
/// code are counted in *refused.
struct Generated {
    PolicyText text;
    std::unique_ptr<Subject> subject;    ///< null only if `refused`
    std::optional<std::string> refused;  ///< the verifier rejects a bundle that the compiler made
};
[[nodiscard]] Generated random_subject(Rng& rng, const PolicyShape& shape,
                                       std::map<std::string, std::size_t>* refused = nullptr);

/// A violation of a property: the pair that shows it, and what was seen.
struct Failure {
    PolicyText policy;
    json::Value document;
    std::string what;
};
/// Checks a property on one pair. None: the property holds, or does not apply to the pair.
using Property = std::function<std::optional<std::string>(Subject&, const PolicyText&, const json::Value&)>;

/// Shrinks the pair as long as it still violates the property, and renders it for people.
[[nodiscard]] std::string shrunk(Failure failure, const Property& property);

}  // namespace writ::property

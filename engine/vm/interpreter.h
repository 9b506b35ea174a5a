// Evaluates the conditions of rules over bound facts: whether they hold, when that changes, and which rules can matter.
// A condition has two values; the mode decides whether an unknown test counts as true or false.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"

namespace writ::vm {

struct Outcomes;

/// What an unknown test counts as. Surely: false, for permits, which must be certain. Possibly: true, for rules that
/// narrow, which apply if in doubt.
enum class Mode : std::uint8_t { Surely, Possibly };

/// Which rules to look for: permits, which run Surely, or rules that narrow, which run Possibly.
enum class Want : std::uint8_t { Permits, Narrowing };

/// Whether a rule's condition holds now, and the first moment at which that changes.
struct Outcome {
    bool holds = false;
    std::int64_t until = INT64_MAX;  ///< microseconds since the epoch
};

/// Working memory for one thread and one program. Keeps its memory, so that it does not allocate once warm.
class Interpreter {
public:
    struct Impl;  ///< the machine; see machine.h

    explicit Interpreter(const bytecode::Program& program);
    ~Interpreter();
    Interpreter(Interpreter&&) noexcept;

    /// Whether the condition of a rule instance holds now. Requires: facts of the same program.
    [[nodiscard]] bool holds(const Facts& facts, const bytecode::RuleRef& rule, Mode mode);
    /// The first moment at which holds() would differ from `held`, if nothing but the time changes, in microseconds
    /// since 1970. INT64_MAX: none within kMaxTtl.
    [[nodiscard]] std::int64_t until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held) {
        return (rule.flags & bytecode::kTimed) == 0 ? INT64_MAX : timed_until(facts, rule, mode, held);
    }
    /// Sets whether a moment in the future has an age below zero instead of an unknown age. Used to find out why a
    /// rule is in doubt, never to decide.
    void foresee(bool ahead);
    /// holds() and until() together.
    [[nodiscard]] Outcome run(const Facts& facts, const bytecode::RuleRef& rule, Mode mode);

    /// The rules of one sort that may apply in a mode, ascending. Valid until the next call.
    /// Requires: a Remembering with these facts.
    [[nodiscard]] std::span<const std::uint32_t> candidates(const Facts& facts, Want want, Mode mode);

    /// While this object lives, conditions that several rules share are evaluated once, the index is asked once for
    /// the facts that rules are found by, and steps count against a budget.
    /// Requires: the same unchanged facts in every run during its life.
    class Remembering {
    public:
        /// `budget`: steps that all runs together may cost. A run that exceeds it ends early with an invalid result.
        /// The step bound of a program ensures that this never happens.
        Remembering(Interpreter& interpreter, const Facts& facts, std::uint64_t budget);
        ~Remembering();
        Remembering(const Remembering&) = delete;
        Remembering& operator=(const Remembering&) = delete;

    private:
        Impl& impl_;
    };

    /// Whether anything was unknown since the current Remembering began: a test, or a fact that the rule index uses.
    [[nodiscard]] bool doubted() const;

    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    void reset_steps() { steps_ = 0; }

    /// Working memory of decide().
    [[nodiscard]] Outcomes& outcomes();

private:
    [[nodiscard]] std::int64_t timed_until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held);
    std::unique_ptr<Impl> impl_;
    std::uint64_t steps_ = 0;
};

}  // namespace writ::vm

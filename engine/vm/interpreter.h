// Runs one rule's condition over bound facts. Two-valued: a mode says what an unknown test counts as.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bytecode/program.h"
#include "vm/facts.h"

namespace writ::vm {

struct Outcomes;

/// What an unknown test counts as: false when a permit must be sure, true when a rule that narrows
/// applies on suspicion.
enum class Mode : std::uint8_t { Surely, Possibly };

/// Rules of the two sorts are looked for apart: permits run surely, what narrows possibly.
enum class Want : std::uint8_t { Permits, Narrowing };

/// What a rule's condition says now, and the first moment it would say otherwise.
struct Outcome {
    bool holds = false;
    std::int64_t until = INT64_MAX;  ///< microseconds since the epoch
};

/// Working memory for one thread, sized for one program. Keeps what it grows, so that it allocates
/// nothing once warm.
class Interpreter {
public:
    struct Impl;  ///< the machine: see machine.h

    explicit Interpreter(const bytecode::Program& program);
    ~Interpreter();
    Interpreter(Interpreter&&) noexcept;

    /// Whether a rule instance's condition holds now. Requires: facts of the same program.
    [[nodiscard]] bool holds(const Facts& facts, const bytecode::RuleRef& rule, Mode mode);
    /// The first moment at which it would say other than `held`, all else unchanged, in microseconds since 1970.
    /// INT64_MAX: none within bytecode::kLookAhead.
    [[nodiscard]] std::int64_t until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held) {
        return (rule.flags & bytecode::kTimed) == 0 ? INT64_MAX : timed_until(facts, rule, mode, held);
    }
    /// While it is on, a moment that lies ahead has an age below zero, and not an unknown one: for telling why a
    /// rule is in doubt, never for deciding.
    void foresee(bool ahead);
    /// Both.
    [[nodiscard]] Outcome run(const Facts& facts, const bytecode::RuleRef& rule, Mode mode);

    /// The rules of one sort that may hold in a mode, ascending. Good until the next call.
    [[nodiscard]] std::span<const std::uint32_t> candidates(const Facts& facts, Want want, Mode mode);

    /// While one lives, conditions that several rules share are evaluated once, and steps are counted against a budget.
    /// Requires: the same facts, unchanged, in every run until it ends.
    class Remembering {
    public:
        /// `budget`: steps that the runs may cost together. A run that is beyond it ends early, and what it says is not
        /// to be used. The step bound of a program makes sure that it never is.
        Remembering(Interpreter& interpreter, std::uint64_t budget);
        ~Remembering();
        Remembering(const Remembering&) = delete;
        Remembering& operator=(const Remembering&) = delete;

    private:
        Impl& impl_;
    };

    /// Whether anything was unknown since a Remembering began: a test, or a fact that rules are found by.
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

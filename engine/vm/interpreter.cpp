#include "vm/interpreter.h"

#include "vm/machine.h"

namespace writ::vm {

Interpreter::Interpreter(const bytecode::Program& program) : impl_(std::make_unique<Impl>(program)) {}
Interpreter::~Interpreter() = default;
Interpreter::Interpreter(Interpreter&&) noexcept = default;

Outcomes& Interpreter::outcomes() {
    return impl_->outcomes;
}

std::span<const std::uint32_t> Interpreter::candidates(const Facts& facts, Want want, Mode mode) {
    bool all_known = true;
    const auto found = impl_->lookup.find(facts, impl_->tags, want, mode, impl_->outcomes.candidates, all_known);
    impl_->doubted = impl_->doubted || !all_known;
    return found;
}

Interpreter::Remembering::Remembering(Interpreter& interpreter, const Facts& facts, std::uint64_t budget)
    : impl_(*interpreter.impl_) {
    impl_.lookup.tag(facts, impl_.tags);
    impl_.budget = budget;
    ++impl_.request;
    impl_.remembers = true;
    impl_.doubted = false;
}
Interpreter::Remembering::~Remembering() {
    impl_.remembers = false;
    impl_.budget = UINT64_MAX;
}

void Interpreter::foresee(bool ahead) {
    impl_->foresees = ahead;
}
bool Interpreter::doubted() const {
    return impl_->doubted;
}

bool Interpreter::holds(const Facts& facts, const bytecode::RuleRef& rule, Mode mode) {
    const Ready* const begin = impl_->made_ready.data() + rule.code;
    bool held = false;
    if ((begin->flags & kPlain) != 0) {
        impl_->enter_plain(facts, rule);
        held = impl_->exec<true>(begin, mode == Mode::Possibly);
    } else {
        impl_->enter(facts, rule);
        held = impl_->exec<false>(begin, mode == Mode::Possibly);
    }
    steps_ += impl_->steps;
    return held;
}

std::int64_t Interpreter::timed_until(const Facts& facts, const bytecode::RuleRef& rule, Mode mode, bool held) {
    if (!facts[bytecode::Builtin::Now].present()) return INT64_MAX;
    impl_->enter(facts, rule);
    const std::int64_t moment = impl_->until(mode == Mode::Possibly, held);
    steps_ += impl_->steps;
    return moment;
}

Outcome Interpreter::run(const Facts& facts, const bytecode::RuleRef& rule, Mode mode) {
    Outcome outcome;
    outcome.holds = holds(facts, rule, mode);
    outcome.until = until(facts, rule, mode, outcome.holds);
    return outcome;
}

}  // namespace writ::vm

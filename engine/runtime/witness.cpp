#include "writ/witness.h"

#include <algorithm>

#include "base/access.h"
#include "runtime/layers.h"
#include "vm/interpreter.h"
#include "vm/outcomes.h"

namespace writ {

namespace {
/// What the witness runs in addition to a decision is for analysis, and has no bound.
constexpr std::uint64_t kNoBudget = UINT64_MAX;
}  // namespace

struct Witness::Impl {
    Layers layers;
    std::vector<vm::Interpreter> interpreters;  ///< one per layer
    LayersMemory memory;

    explicit Impl(Layers all) : layers(std::move(all)) {
        for (const Bundle& bundle : layers.bundles()) interpreters.emplace_back(Access::program(bundle));
    }
};

Witness::Witness(Layers layers) : impl_(std::make_unique<Impl>(std::move(layers))) {}
Witness::~Witness() = default;
Witness::Witness(Witness&&) noexcept = default;
Witness& Witness::operator=(Witness&&) noexcept = default;

void Witness::evaluate(const Request& request, Decision& decision) {
    decide_layers(impl_->layers.bundles(), request, impl_->interpreters, decision, impl_->memory, nullptr);
}

void Witness::read(std::size_t layer, Applying& out) const {
    const vm::Outcomes& work = impl_->interpreters[layer].outcomes();
    out.permits.clear();
    out.used.clear();
    for (const vm::Match& each : work.permits) {
        out.permits.push_back(each.rule);
        if (each.used) out.used.push_back(each.rule);
    }
    out.denies = work.denies;
    out.requirements = work.requirements;
    out.limits = work.limits;
    out.obligations = work.obligations;
}

void Witness::read_permits(const Request& request, std::size_t layer, std::vector<std::uint32_t>& out) {
    const bytecode::Program& program = Access::program(impl_->layers.bundles()[layer]);
    const vm::Facts& facts = Access::facts(request, layer);
    vm::Interpreter& interpreter = impl_->interpreters[layer];
    const vm::Interpreter::Remembering remembering(interpreter, facts, kNoBudget);
    const auto found = interpreter.candidates(facts, vm::Want::Permits, vm::Mode::Surely);
    out.assign(found.begin(), found.end());
    std::erase_if(out,
                  [&](std::uint32_t rule) { return !interpreter.holds(facts, program.rules[rule], vm::Mode::Surely); });
}

void Witness::read_holding(const Request& request, std::size_t layer, std::vector<Holding>& out) {
    const bytecode::Program& program = Access::program(impl_->layers.bundles()[layer]);
    const vm::Facts& facts = Access::facts(request, layer);
    vm::Interpreter& interpreter = impl_->interpreters[layer];
    const vm::Interpreter::Remembering remembering(interpreter, facts, kNoBudget);
    std::vector<std::uint32_t> rules;
    for (const vm::Want want : {vm::Want::Permits, vm::Want::Narrowing}) {
        const auto found = interpreter.candidates(facts, want, vm::Mode::Possibly);
        rules.insert(rules.end(), found.begin(), found.end());
    }
    std::sort(rules.begin(), rules.end());
    out.clear();
    for (const std::uint32_t rule : rules) {
        const bool sure = interpreter.holds(facts, program.rules[rule], vm::Mode::Surely);
        if (sure || interpreter.holds(facts, program.rules[rule], vm::Mode::Possibly)) out.push_back({rule, sure});
    }
}

}  // namespace writ

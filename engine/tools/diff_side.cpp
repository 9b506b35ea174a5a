#include "tools/diff_side.h"

#include <algorithm>

#include "vm/candidates.h"
#include "vm/decide.h"
#include "vm/outcomes.h"

namespace writ::tools {

namespace {

Layers layers_of(const std::vector<Bundle>& above, const Bundle& own) {
    std::vector<Bundle> all = above;
    all.push_back(own);
    return Layers(std::move(all));
}

void sort_out(std::vector<RuleId>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

void Applying::clear() {
    for (auto* each : {&permits, &used, &denies, &requirements, &limits, &duties}) each->clear();
}

const std::vector<RuleId>& Applying::of(RuleKind kind) const {
    switch (kind) {
        case RuleKind::Permit: return used;
        case RuleKind::Deny: return denies;
        case RuleKind::Require: return requirements;
        case RuleKind::Limit: return limits;
        case RuleKind::Oblige: return duties;
    }
    return used;
}

DiffSide::DiffSide(const Workspace& own, const std::vector<Bundle>& above)
    : workspace(own), request_(layers_of(above, *own.bundle())) {
    for (const Bundle& each : request_.layers().bundles()) interpreters_.emplace_back(each.program());
}

void DiffSide::decide(std::string_view request) {
    refusal.reset();
    if (auto read = request_.parse(request); !read) refusal = std::move(read.error());
    const std::vector<Bundle>& bundles = request_.layers().bundles();
    for (std::uint32_t layer = 0; layer < bundles.size(); ++layer) {
        Decision& out = layer == 0 ? decision : lower_;
        vm::decide(bundles[layer].program(), request_.facts(layer), interpreters_[layer], out);
        if (layer == 0) continue;
        for (Reason& reason : out.reasons) reason.layer = layer;
        for (Requirement& requirement : out.requirements) requirement.layer = layer;
        vm::meet(decision, out);
    }
}

template <class Rules>
void DiffSide::read(const Rules& rules, std::vector<RuleId>& out) const {
    for (const std::uint32_t rule : rules) out.push_back(ids[rule]);
    sort_out(out);
}

void DiffSide::read_applying() {
    const vm::Outcomes& work = interpreters_.back().outcomes();
    applying.clear();
    if (refusal) return;
    for (const vm::Match& each : work.permits) {
        applying.permits.push_back(ids[each.rule]);
        if (each.used) applying.used.push_back(ids[each.rule]);
    }
    sort_out(applying.permits);
    sort_out(applying.used);
    read(work.denies, applying.denies);
    read(work.requirements, applying.requirements);
    read(work.limits, applying.limits);
    read(work.duties, applying.duties);
}

void DiffSide::read_permits() {
    const bytecode::Program& program = bundle().program();
    const vm::Facts& facts = request_.facts(request_.layers().bundles().size() - 1);
    vm::Interpreter& interpreter = interpreters_.back();
    std::vector<std::uint32_t> found;
    vm::find_candidates(program, facts, vm::Want::Permits, vm::Mode::Surely, found);
    const vm::Interpreter::Remembering remembering(interpreter);
    std::erase_if(found, [&](std::uint32_t rule) { return !interpreter.holds(facts, program.rules[rule], vm::Mode::Surely); });
    applying.permits.clear();
    read(found, applying.permits);
}

}  // namespace writ::tools

#include "vm/candidates.h"

#include "bytecode/index.h"

namespace writ::vm {

using bytecode::IndexGroupRef;

namespace {

/// Hash of the facts a group is found by. False: one of them is not known.
bool hash_of(const bytecode::Program& program, const Facts& facts, const IndexGroupRef& group, std::uint64_t& hash) {
    hash = bytecode::key_start();
    for (const std::uint32_t fact : program.index_keys.subspan(group.first_key, group.key_count)) {
        if (fact == bytecode::kToolKey) {
            if (facts.tool() == kNotFound) return false;
            hash = bytecode::key_add(hash, facts.tool());
            continue;
        }
        const Value& value = facts[fact];
        if (!value.present()) return false;
        const bool text = rep_of(static_cast<Kind>(program.slots[fact].kind)) == Rep::Text;
        if (!text) hash = bytecode::key_add(hash, static_cast<std::uint64_t>(value.integer));
        else if (value.id != Value::kUnbound) hash = bytecode::key_add(hash, value.id);
        else hash = bytecode::key_add(hash, program.find_text(value.text()));
    }
    return true;
}

}  // namespace

void find_candidates(const bytecode::Program& program, const Facts& facts, Want want, Mode mode,
                     std::vector<std::uint32_t>& out) {
    if (program.index_groups.empty()) {
        for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
            const bool permit = static_cast<RuleKind>(program.rules[rule].kind) == RuleKind::Permit;
            if (permit == (want == Want::Permits)) out.push_back(rule);
        }
        return;
    }
    for (const IndexGroupRef& group : program.index_groups) {
        if ((group.permits == 1) != (want == Want::Permits)) continue;
        std::uint64_t hash = 0;
        if (group.key_count != 0 && hash_of(program, facts, group, hash)) {
            bytecode::each_filed(program, group, hash, [&](std::uint32_t rule) { out.push_back(rule); });
        } else if (group.key_count == 0 || mode == Mode::Possibly) {
            // A fact that is not known could have any value, as far as a rule on suspicion is concerned.
            const auto all = program.index_rules.subspan(group.first_rule, group.rule_count);
            out.insert(out.end(), all.begin(), all.end());
        }
    }
}

}  // namespace writ::vm

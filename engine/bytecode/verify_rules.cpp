// Verifies rules and their effects; each block of code once.
#include <algorithm>

#include "base/json.h"
#include "bytecode/code_check.h"
#include "bytecode/verify_parts.h"

namespace writ::bytecode {

namespace {

Result<void> verify_effects(const Program& program) {
    for (std::size_t i = 0; i < program.grants.size(); ++i) {
        const GrantRef& grant = program.grants[i];
        if (!is_text_set(program, grant.scopes) || grant.ttl < 0 || grant.reserved != 0)
            return refuse(Code::BadRules, "grant is out of range", "grants", i);
    }
    for (std::size_t i = 0; i < program.requirements.size(); ++i) {
        const RequirementRef& requirement = program.requirements[i];
        if (!is_text_set(program, requirement.groups) || requirement.count == 0 || requirement.within < 0)
            return refuse(Code::BadRules, "requirement is out of range", "requirements", i);
    }
    for (std::size_t i = 0; i < program.limits.size(); ++i) {
        const LimitRef& limit = program.limits[i];
        if (limit.ttl < -1 || (limit.scopes != kNone && !is_text_set(program, limit.scopes)) ||
            (limit.audience != kNone && !is_text_set(program, limit.audience)) || limit.single_use > 1 ||
            limit.reserved != 0)
            return refuse(Code::BadRules, "limit is out of range", "limits", i);
    }
    Runs pairs(program.ids.size());
    std::vector<bool> parsed(program.texts.size(), false);
    RequestLimits limits;
    limits.max_bytes = limits.max_string = limits.max_members = UINT32_MAX;
    for (std::size_t i = 0; i < program.obligations.size(); ++i) {
        const ObligationRef& obligation = program.obligations[i];
        if (obligation.count == 0 || !pairs.take(obligation.first, 2 * std::uint64_t{obligation.count}))
            return refuse(Code::BadRules, "obligations are out of bounds", "obligations", i);
        for (std::size_t k = 0; k < obligation.count; ++k) {
            const std::uint32_t name = program.ids[obligation.first + 2 * k],
                                args = program.ids[obligation.first + 2 * k + 1];
            if (!is_text(program, name) || !is_text(program, args))
                return refuse(Code::BadRules, "no such text", "obligations", i);
            if (parsed[args]) continue;
            parsed[args] = true;
            // Decisions print the arguments unchanged.
            const auto document = json::parse(program.text(args), limits);
            if (!document || document->type != json::Type::Object)
                return refuse(Code::BadRules, "arguments of an obligation are not a JSON object", "obligations", i);
        }
    }
    return {};
}

std::size_t effects_of(const Program& program, RuleKind kind) {
    switch (kind) {
        case RuleKind::Permit: return program.grants.size();
        case RuleKind::Deny: return program.texts.size();
        case RuleKind::Require: return program.requirements.size();
        case RuleKind::Limit: return program.limits.size();
        case RuleKind::Oblige: return program.obligations.size();
    }
    return 0;
}

/// A block of code as used by its first rule.
struct UsedBlock {
    const RuleRef* first = nullptr;
    BlockFacts facts;
};

/// Each rule by itself, except its code.
Result<void> verify_rule(const Program& program, std::size_t i) {
    const RuleRef& rule = program.rules[i];
    if (!is_text(program, rule.name) || rule.origin >= program.origins.size() ||
        rule.kind > static_cast<std::uint8_t>(RuleKind::Oblige) || (rule.flags & ~kTimed) != 0)
        return refuse(Code::BadRules, "rule is out of range", "rules", i);
    if (rule.effect >= effects_of(program, static_cast<RuleKind>(rule.kind)))
        return refuse(Code::BadRules, "effect is out of range", "rules", i);
    if (rule.table == kNoTable ? rule.row != 0
                               : rule.table >= program.tables.size() || rule.row >= program.tables[rule.table].rows)
        return refuse(Code::BadRules, "row is out of range", "rules", i);
    if (rule.code_length == 0 || rule.code >= program.code.size() || rule.code_length > program.code.size() - rule.code)
        return refuse(Code::BadRules, "code is out of bounds", "rules", i);
    return {};
}

}  // namespace

Result<Measures> verify_rules(const Program& program, const Layout& layout) {
    for (std::size_t i = 0; i < program.origins.size(); ++i) {
        const OriginRef& origin = program.origins[i];
        if (!is_text(program, origin.module) || !is_text(program, origin.file) ||
            (origin.because != kNone && !is_text(program, origin.because)))
            return refuse(Code::BadRules, "no such text", "origins", i);
    }
    if (auto done = verify_effects(program); !done) return tl::unexpected(std::move(done.error()));

    std::vector<UsedBlock> blocks;
    std::vector<std::uint32_t> block_at(program.code.size(), kNone);
    for (std::size_t i = 0; i < program.rules.size(); ++i) {
        if (auto done = verify_rule(program, i); !done) return tl::unexpected(std::move(done.error()));
        const RuleRef& rule = program.rules[i];
        if (block_at[rule.code] != kNone) continue;
        block_at[rule.code] = static_cast<std::uint32_t>(blocks.size());
        blocks.push_back({&rule, {}});
    }
    // Blocks do not overlap, so reading each once takes linear time.
    std::size_t end = 0;
    for (std::size_t at = 0; at < block_at.size(); ++at) {
        if (block_at[at] == kNone) continue;
        if (at < end) return refuse(Code::BadCode, "blocks of code overlap", "code", at);
        end = at + blocks[block_at[at]].first->code_length;
    }

    CodeCheck check(program, layout);
    Measures measures;
    std::uint64_t greatest = 0;
    for (UsedBlock& block : blocks) {
        auto facts = check.read(*block.first);
        if (!facts) return tl::unexpected(std::move(facts.error()));
        block.facts = *facts;
        measures.temps = std::max(measures.temps, facts->temps);
        measures.binders = std::max(measures.binders, facts->binders);
        measures.memos = std::max(measures.memos, facts->memos);
    }
    for (std::size_t i = 0; i < program.rules.size(); ++i) {
        const RuleRef& rule = program.rules[i];
        const UsedBlock& block = blocks[block_at[rule.code]];
        if (block.first->code_length != rule.code_length || block.first->flags != rule.flags ||
            (block.facts.reads_row && block.first->table != rule.table))
            return refuse(Code::BadRules, "code is shared by rules that it does not match", "rules", i);
        const std::uint64_t cost = rule_steps(block.facts);
        measures.step_bound = sat_plus(measures.step_bound, cost);
        if (cost <= greatest) continue;
        greatest = cost;
        measures.costliest = static_cast<std::uint32_t>(i);
    }
    measures.step_bound = sat_plus(measures.step_bound, request_steps(program, check.shared_steps()));
    return measures;
}

}  // namespace writ::bytecode

#include "compile/compile.h"

#include <algorithm>

#include "bytecode/cost.h"
#include "bytecode/index.h"
#include "compile/condition.h"
#include "compile/lowering.h"

namespace writ::compiler {

using bytecode::kNone;

namespace {

/// Line numbers in the sources of one compilation, found by binary search.
class LineNumbers {
public:
    explicit LineNumbers(const std::vector<Source>& sources) : starts_(sources.size()) {
        for (std::size_t i = 0; i < sources.size(); ++i) {
            starts_[i].push_back(0);
            for (std::size_t at = sources[i].text.find('\n'); at != std::string::npos;
                 at = sources[i].text.find('\n', at + 1))
                starts_[i].push_back(static_cast<std::uint32_t>(at + 1));
        }
    }
    [[nodiscard]] std::uint32_t of(Span span) const {
        const auto& starts = starts_[span.source];
        return static_cast<std::uint32_t>(std::upper_bound(starts.begin(), starts.end(), span.begin) - starts.begin());
    }

private:
    std::vector<std::vector<std::uint32_t>> starts_;
};

void lower_catalog(Lowering& lowering) {
    const check::Policy& policy = lowering.policy;
    bytecode::Builder& builder = lowering.builder;
    auto ids = [&](const std::vector<std::string>& texts) {
        std::vector<std::uint32_t> out;
        for (const std::string& text : texts) out.push_back(builder.text(text));
        return out;
    };
    for (const check::Tool& tool : policy.tools) {
        bytecode::ToolRef ref;
        ref.name = builder.text(tool.name);
        ref.wire_name = builder.text(tool.wire_name);
        const auto audience = ids(tool.audiences);
        ref.audience = builder.ids(audience);
        ref.audience_count = static_cast<std::uint32_t>(audience.size());
        ref.audience_set = builder.text_set(Kind::String, audience);
        ref.scopes = builder.text_set(Kind::String, ids(tool.scopes));
        ref.tier = tool.tier;
        builder.out.tools.push_back(ref);
    }
    for (const check::Issuer& issuer : policy.issuers) {
        bytecode::IssuerRef ref;
        ref.name = builder.text(issuer.name);
        ref.url = builder.text(issuer.url);
        ref.audiences = builder.text_set(Kind::String, ids(issuer.audiences));
        if (!issuer.types.empty()) ref.types = builder.text_set(Kind::String, ids(issuer.types));
        ref.max_age = issuer.max_age.value_or(-1);
        ref.leeway = issuer.leeway;
        ref.proof_required = issuer.proof_required ? 1 : 0;
        builder.out.issuers.push_back(ref);
    }
}

/// All sources of the policy, so that it can be compiled again.
void lower_sources(Lowering& lowering) {
    const check::Policy& policy = lowering.policy;
    bytecode::Sections& out = lowering.builder.out;
    auto add = [&](const std::string& name, const std::string& text, std::uint32_t from) {
        out.sources.push_back({lowering.builder.text(name), from, text.size()});
        out.source_text += text;
    };
    for (std::size_t i = 0; i < policy.sources.size(); ++i)
        add(policy.sources[i].stored_name(), policy.sources[i].text,
            i < policy.given_sources ? bytecode::SourceRef::kGiven : bytecode::SourceRef::kStandard);
    for (const check::DataFile& file : policy.data) add(file.path, file.text, file.source);
}

/// The number of program rules that a policy rule becomes.
std::size_t instances_of(const check::Policy& policy, const check::Rule& rule) {
    return rule.each.valid() ? policy.tables[rule.each.value].rows.size() : 1;
}

/// The policy rule from which a program rule was made.
const check::Rule& rule_of(const check::Policy& policy, std::size_t index) {
    std::size_t at = 0;
    for (std::size_t count = 0; index >= (count = instances_of(policy, policy.rules[at])); ++at) index -= count;
    return policy.rules[at];
}

bool lower_rule(Lowering& lowering, const check::Rule& rule, const LineNumbers& lines, Report& report) {
    bytecode::Builder& builder = lowering.builder;
    const auto conditions = normalise(lowering, rule.when, rule.tools);
    const Block block = conditions ? emit(lowering, *conditions) : Block{{}, CodeProblem::TooLong};
    switch (block.problem) {
        case CodeProblem::None: break;
        case CodeProblem::TooLong:
            report.add(Code::BundleTooLarge, rule.span, "the condition of `" + rule.name + "` is too long", {},
                       "split the rule: at most " + std::to_string(kMaxConditions) + " instructions fit");
            return false;
        case CodeProblem::TooDeep:
            report.add(Code::BundleTooLarge, rule.span,
                       "quantifiers in `" + rule.name + "` nest more than " + std::to_string(kMaxBinders) + " deep");
            return false;
    }

    bytecode::RuleRef ref;
    ref.name = builder.text(rule.name);
    ref.origin = builder.origin({builder.text(rule.module),
                                 builder.text(lowering.policy.sources[rule.span.source].stored_name()),
                                 rule.because.empty() ? kNone : builder.text(rule.because)});
    ref.line = lines.of(rule.span);
    ref.kind = static_cast<std::uint8_t>(rule.kind);
    if (block.timed) ref.flags |= bytecode::kTimed;

    if (!rule.each.valid()) {
        ref.effect = lowering.effects.of(rule, nullptr);
        lowering.blocks.add(static_cast<std::uint32_t>(builder.out.rules.size()), block.code);
        builder.out.rules.push_back(ref);
        return true;
    }
    // A template without rows makes no rule and no code.
    const auto& rows = lowering.policy.tables[rule.each.value].rows;
    if (rows.empty()) return true;
    ref.table = static_cast<std::uint16_t>(lowering.constants.table(rule.each));
    ref.code = builder.code(block.code, ref.table);
    ref.code_length = static_cast<std::uint32_t>(block.code.size());
    const bool same = Effects::same_for_all(rule);
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
        if (row == 0 || !same) ref.effect = lowering.effects.of(rule, &rows[row]);
        ref.row = row;
        builder.out.rules.push_back(ref);
    }
    return true;
}

/// Operands have 28 bits for an index, tables 16, columns 12 (or 24); everything else in the format has 32.
bool fits(const check::Policy& policy, const bytecode::Sections& out, Report& report) {
    constexpr std::size_t kIndex = 1u << 28, kWord = UINT32_MAX;
    const bool indices = out.texts.size() < kIndex && out.ints.size() < kIndex && out.sets.size() < kIndex &&
                         out.slots.size() < kIndex && out.tables.size() <= bytecode::kNoTable;
    const bool words = out.chars.size() < kWord && out.set_items.size() < kWord && out.ids.size() < kWord &&
                       out.cells.size() < kWord && out.shape.size() < kWord && out.rules.size() < kWord &&
                       out.code.size() < kWord && out.moves.size() < kWord;
    const bool columns = std::all_of(out.tables.begin(), out.tables.end(),
                                     [](const bytecode::TableRef& table) { return table.columns <= (1u << 12); });
    if (indices && words && columns) return true;
    report.add(Code::BundleTooLarge, policy.rules.empty() ? Span{} : policy.rules[0].span,
               "the policy is larger than a bundle can hold", {}, "split it into layers");
    return false;
}

/// Checks the cost of a request. A request that leaves out facts of the rule index has more rules to try; in a policy
/// of more than a thousand rules it may cost correspondingly more.
bool affordable(const check::Policy& policy, const bytecode::Reach& reach, std::uint64_t max_steps, Report& report) {
    constexpr std::uint64_t kRules = 1'000;
    std::size_t rules = 0;
    for (const check::Rule& rule : policy.rules) rules += instances_of(policy, rule);
    const std::uint64_t most = bytecode::sat_times(max_steps, std::max<std::uint64_t>(1, rules / kRules));
    const bool stated = reach.stated > max_steps;
    if (!stated && reach.any <= most) return true;
    const auto number = [](std::uint64_t steps) {
        return steps == UINT64_MAX ? std::string("more than 64 bits of") : std::to_string(steps);
    };
    const std::uint32_t dearest_index = reach.dearest();
    const check::Rule& dearest = rule_of(policy, dearest_index);
    report.add(Code::RequestTooCostly, dearest.span,
               "a request can cost " + number(stated ? reach.stated : reach.any) + " steps, but only " +
                   std::to_string(stated ? max_steps : most) + " are allowed",
               "`" + dearest.name + "` costs most: up to " + number(reach.rules[dearest_index]) + " steps",
               "nest fewer quantifiers, declare a smaller `max` for the lists and texts that it reads, or have rules "
               "first test a fact that few share, such as the tool or the tenant; `writ check --max-steps N "
               "--dump=cost` shows "
               "what each rule costs, and `max_steps` in a manifest sets another limit");
    return false;
}

}  // namespace

std::vector<std::byte> lower(const check::Policy& policy, std::uint64_t max_steps, Report& report) {
    Lowering lowering(policy);
    bytecode::Builder& builder = lowering.builder;
    builder.out.manifest.resize(1);
    lower_catalog(lowering);
    const LineNumbers lines(policy.sources);
    bool sound = true;
    for (const check::Rule& rule : policy.rules)
        if (const auto conditions = normalise(lowering, rule.when, rule.tools))
            count_shared(lowering, *conditions, instances_of(policy, rule));
    for (const check::Rule& rule : policy.rules) sound = lower_rule(lowering, rule, lines, report) && sound;
    lowering.blocks.finish();
    lowering.slots.finish();
    lower_sources(lowering);
    bytecode::ManifestRef& manifest = builder.out.manifest[0];
    manifest.engine_version = builder.text(WRIT_VERSION);
    if (policy.tier.valid()) manifest.tier_enum = policy.tier.value;
    if (!sound || !fits(policy, builder.out, report)) return {};

    // Other rejections by the verifier would be defects of this module; open() reports them.
    if (const auto measures = bytecode::measure(builder.out)) {
        bytecode::index_rules(builder.out);
        manifest.step_bound = measures->step_bound;
        manifest.temp_count = measures->temps;
        manifest.max_binders = measures->binders;
        manifest.memo_count = measures->memos;
        if (!affordable(policy, bytecode::reach(builder.out), max_steps, report)) return {};
    }
    return bytecode::Program::seal(builder.out);
}

}  // namespace writ::compiler

// Rules and conditions counted, request by request.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/joined.h"
#include "reference/evaluation.h"
#include "testing/coverage.h"
#include "testing/coverage_plan.h"

namespace writ::testing {

namespace {

using TruthCounts = std::array<std::size_t, 3>;  ///< by Truth

void add(TruthCounts& to, const TruthCounts& more) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += more[i];
}

/// A value as a key. Lists are taken in the order in which they are stated.
void append_key(std::string& out, const reference::Value& value) {
    if (const auto* number = value.as<std::int64_t>()) {
        join_part(out += 'i', std::to_string(*number));
    } else if (const auto* text = value.as<std::string_view>()) {
        join_part(out += 't', *text);
    } else if (const auto* list = value.as<reference::List>()) {
        join_part(out += 'l', std::to_string(list->size()));
        for (const reference::Value& each : *list) append_key(out, each);
    } else if (const auto* group = value.as<reference::Group>()) {
        out += static_cast<char>('0' + static_cast<int>(group->given));
        join_part(out, json::canonical(*group->object));
    } else {
        out += value.none() ? 'n' : 'u';
    }
}

/// Requests for one tool that state the same values for the facts that a family reads.
struct Alike {
    std::uint32_t tool = 0;
    const json::Value* document = nullptr;  ///< one of them
    std::optional<std::int64_t> integer;    ///< of a family of one fact: its value, if it has one
    std::optional<std::string> text;
    std::size_t requests = 0;
};

/// The values that one fact had, and how often each.
struct Spread {
    std::map<std::int64_t, std::size_t> integers;
    std::unordered_map<std::string_view, std::size_t> texts;
    std::vector<std::pair<std::int64_t, std::size_t>> up_to;  ///< integers, each with how many are not above it
    std::size_t known = 0, unknown = 0;

    void add(const Alike& alike) {
        if (alike.integer)
            integers[*alike.integer] += alike.requests;
        else if (alike.text)
            texts[*alike.text] += alike.requests;
        (alike.integer || alike.text ? known : unknown) += alike.requests;
    }
    void sum_up() {
        std::size_t sum = 0;
        for (const auto& [value, requests] : integers) up_to.emplace_back(value, sum += requests);
    }
    [[nodiscard]] std::size_t equal(std::int64_t value) const {
        const auto at = integers.find(value);
        return at == integers.end() ? 0 : at->second;
    }
    [[nodiscard]] std::size_t equal(std::string_view value) const {
        const auto at = texts.find(value);
        return at == texts.end() ? 0 : at->second;
    }
    [[nodiscard]] std::size_t at_most(std::int64_t value) const {
        const auto above = std::upper_bound(up_to.begin(), up_to.end(), value,
                                            [](std::int64_t bound, const auto& each) { return bound < each.first; });
        return above == up_to.begin() ? 0 : std::prev(above)->second;
    }
    [[nodiscard]] std::size_t below(std::int64_t value) const { return at_most(value) - equal(value); }
    /// For how many values a comparison with a constant is true.
    [[nodiscard]] std::size_t holding(Cmp cmp, std::int64_t constant) const {
        return (compares(cmp, 0, 1) ? below(constant) : 0) + (compares(cmp, 0, 0) ? equal(constant) : 0) +
               (compares(cmp, 1, 0) ? known - at_most(constant) : 0);
    }
};

/// How often a comparison with constants came out true, false and unknown: for a template at least once of its rows.
TruthCounts counts_of(const ConstantTest& constants, const Spread& spread) {
    TruthCounts out{};
    if (constants.size() == 0) return out;
    std::size_t among = 0;
    for (const std::int64_t each : constants.integers) among += spread.equal(each);
    for (const std::string_view each : constants.texts) among += spread.equal(each);
    std::size_t holds = 0, fails = 0;
    if (!constants.each) {
        holds = among;
        fails = spread.known - among;
    } else if (constants.cmp == Cmp::Eq || constants.cmp == Cmp::Ne) {
        const std::size_t other = constants.size() > 1 ? spread.known : spread.known - among;
        holds = constants.cmp == Cmp::Eq ? among : other;
        fails = constants.cmp == Cmp::Eq ? other : among;
    } else {
        // The outermost constants decide: the easiest to hold against, and the hardest.
        const bool up = constants.cmp == Cmp::Lt || constants.cmp == Cmp::Le;
        const std::int64_t low = constants.integers.front(), high = constants.integers.back();
        holds = spread.holding(constants.cmp, up ? high : low);
        fails = spread.known - spread.holding(constants.cmp, up ? low : high);
    }
    out[index_of(Truth::True)] = holds;
    out[index_of(Truth::False)] = fails;
    out[index_of(Truth::Unknown)] = spread.unknown;
    return out;
}

}  // namespace

struct CoverageCount::Impl {
    explicit Impl(const CoveragePlan::Impl& of)
        : plan(of), tool_requests(of.policy.tools.size(), 0), rules(of.rules.size()), seen(of.families.size()) {}

    struct RuleCount {
        std::size_t sure = 0, unsure = 0;
    };

    const CoveragePlan::Impl& plan;
    std::size_t requests = 0;
    std::vector<std::size_t> tool_requests;
    std::vector<RuleCount> rules;
    std::vector<std::unordered_map<std::string, Alike>> seen;  ///< by family, then by tool and values

    // ---- one request ----------------------------------------------------------------------------

    void see(const json::Value& document, std::span<const Holding> holding) {
        Arena arena;
        const reference::Facts facts(plan.policy, document, arena);
        if (facts.tool() == nullptr || !reference::refusals(facts, plan.policy).empty()) return;
        const auto tool = static_cast<std::uint32_t>(facts.tool() - plan.policy.tools.data());
        ++requests;
        ++tool_requests[tool];
        see_rules(holding);
        for (const std::uint32_t family : plan.any_tool) see_family(family, tool, facts, document);
        for (const std::uint32_t family : plan.by_tool[tool])
            if (!std::binary_search(plan.any_tool.begin(), plan.any_tool.end(), family))
                see_family(family, tool, facts, document);
    }

    void see_rules(std::span<const Holding> holding) {
        for (std::size_t i = 0; i < holding.size();) {
            // The instances of a template are contiguous; the best result of them counts.
            const std::uint32_t rule = plan.rule_of[holding[i].rule];
            bool sure = false;
            for (; i < holding.size() && plan.rule_of[holding[i].rule] == rule; ++i) sure = sure || holding[i].sure;
            if (rule != CoveragePlan::Impl::kNone) ++(sure ? rules[rule].sure : rules[rule].unsure);
        }
    }

    void see_family(std::uint32_t family, std::uint32_t tool, const reference::Facts& facts,
                    const json::Value& document) {
        const Inputs& inputs = plan.families[family].inputs;
        std::string key = std::to_string(tool);
        for (const std::uint32_t fact : inputs.facts) append_key(key += ' ', facts.fact(plan.policy.facts[fact]));
        if (inputs.now) append_key(key += ' ', facts.at("now"));
        if (inputs.issuer)
            key +=
                " " + (facts.issuer() == nullptr ? "-" : std::to_string(facts.issuer() - plan.policy.issuers.data()));
        Alike& alike = seen[family][std::move(key)];
        if (alike.requests++ > 0) return;
        alike.tool = tool;
        alike.document = &document;
        if (inputs.facts.size() != 1) return;
        const reference::Value& value = facts.fact(plan.policy.facts[inputs.facts[0]]);
        if (const auto* number = value.as<std::int64_t>()) alike.integer = *number;
        if (const auto* text = value.as<std::string_view>()) alike.text = *text;
    }

    void add(const Impl& other) {
        requests += other.requests;
        for (std::size_t i = 0; i < tool_requests.size(); ++i) tool_requests[i] += other.tool_requests[i];
        for (std::size_t i = 0; i < rules.size(); ++i) {
            rules[i].sure += other.rules[i].sure;
            rules[i].unsure += other.rules[i].unsure;
        }
        for (std::size_t i = 0; i < seen.size(); ++i)
            for (const auto& [key, alike] : other.seen[i])
                if (const auto [own, fresh] = seen[i].try_emplace(key, alike); !fresh)
                    own->second.requests += alike.requests;
    }
};

// ---- results ------------------------------------------------------------------------------------

namespace {

class Telling {
public:
    Telling(const CoveragePlan::Impl& plan, const std::vector<std::unordered_map<std::string, Alike>>& seen,
            Coverage& out)
        : plan_(plan), seen_(seen), out_(out), evaluated_(plan.slots.size()), spreads_(plan.families.size()) {}

    void run() {
        evaluate();
        for (std::size_t i = 0; i < plan_.written.size(); ++i) {
            const Written& written = plan_.written[i];
            if (written.uses.size() != 1) continue;
            const Use& use = written.uses[0];
            for (const std::uint32_t tool : use.tools) add(out_.conditions[i].seen, counts(use.slot, tool));
        }
    }

private:
    /// Evaluates the conditions that are not counted from values, once for equal requests, one document at a time.
    void evaluate() {
        struct Due {
            const Alike* alike;
            const Family* family;
        };
        std::vector<Due> due;
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const Family& family = plan_.families[i];
            if (family.slots.empty() && family.written.empty()) continue;
            for (const auto& [key, alike] : seen_[i]) due.push_back({&alike, &family});
        }
        std::sort(due.begin(), due.end(),
                  [](const Due& a, const Due& b) { return std::less<>()(a.alike->document, b.alike->document); });
        for (std::size_t i = 0; i < due.size();) {
            const json::Value* document = due[i].alike->document;
            Arena arena;
            const reference::Facts facts(plan_.policy, *document, arena);
            std::optional<std::int64_t> now;
            const reference::Value moment = facts.at("now");
            if (const auto* at = moment.as<std::int64_t>()) now = *at;
            for (; i < due.size() && due[i].alike->document == document; ++i) {
                const Alike& alike = *due[i].alike;
                for (const std::uint32_t slot : due[i].family->slots)
                    count(outcomes(plan_.slots[slot], facts, arena, now), alike.requests, evaluated_[slot][alike.tool]);
                for (const std::uint32_t index : due[i].family->written) {
                    unsigned all = 0;
                    for (const Use& use : plan_.written[index].uses)
                        if (use.is_for(alike.tool)) all |= outcomes(plan_.slots[use.slot], facts, arena, now);
                    count(all, alike.requests, out_.conditions[index].seen);
                }
            }
        }
    }

    static void count(unsigned outcomes, std::size_t requests, TruthCounts& to) {
        for (std::size_t truth = 0; truth < to.size(); ++truth) to[truth] += (outcomes >> truth & 1U) * requests;
    }

    /// A bit for each outcome, over the rows that the condition reads.
    unsigned outcomes(const Slot& slot, const reference::Facts& facts, Arena& arena,
                      std::optional<std::int64_t> now) const {
        unsigned out = 0;
        const std::size_t rows = slot.table == nullptr ? 1 : slot.table->rows.size();
        for (std::size_t row = 0; row < rows; ++row) {
            reference::Evaluation evaluation(plan_.policy, facts, arena, now, {slot.table, row});
            out |= 1U << index_of(evaluation.condition(*slot.expr));
        }
        return out;
    }

    TruthCounts counts(std::uint32_t slot, std::uint32_t tool) {
        if (const auto& constants = plan_.slots[slot].constants)
            return counts_of(*constants, spread(plan_.slots[slot].family, tool));
        const auto& by_tool = evaluated_[slot];
        if (tool != kAnyTool) {
            const auto at = by_tool.find(tool);
            return at == by_tool.end() ? TruthCounts{} : at->second;
        }
        TruthCounts all{};
        for (const auto& [each, counts] : by_tool) add(all, counts);
        return all;
    }

    const Spread& spread(std::uint32_t family, std::uint32_t tool) {
        auto& by_tool = spreads_[family];
        if (by_tool.empty()) {
            for (const auto& [key, alike] : seen_[family]) {
                by_tool[alike.tool].add(alike);
                by_tool[kAnyTool].add(alike);
            }
            for (auto& [each, spread] : by_tool) spread.sum_up();
        }
        return by_tool[tool];
    }

    const CoveragePlan::Impl& plan_;
    const std::vector<std::unordered_map<std::string, Alike>>& seen_;
    Coverage& out_;
    std::vector<std::unordered_map<std::uint32_t, TruthCounts>> evaluated_;  ///< by slot, then by tool
    std::vector<std::unordered_map<std::uint32_t, Spread>> spreads_;  ///< by family, then by tool, once asked for
};

}  // namespace

CoverageCount::CoverageCount(const CoveragePlan& plan) : impl_(std::make_unique<Impl>(plan.impl())) {}
CoverageCount::~CoverageCount() = default;
CoverageCount::CoverageCount(CoverageCount&&) noexcept = default;

void CoverageCount::see(const json::Value& document, std::span<const Holding> holding) {
    impl_->see(document, holding);
}
void CoverageCount::add(const CoverageCount& other) {
    impl_->add(*other.impl_);
}

void CoverageCount::tell(Coverage& coverage) const {
    coverage.requests = impl_->requests;
    for (std::size_t i = 0; i < impl_->rules.size(); ++i) {
        const check::Rule& rule = *impl_->plan.rules[i].rule;
        std::size_t asked = rule.tools.empty() ? impl_->requests : 0;
        for (const check::ToolId tool : rule.tools) asked += impl_->tool_requests[tool.value];
        const auto [sure, unsure] = impl_->rules[i];
        TruthCounts& seen = coverage.rules[i].seen;
        seen[index_of(Truth::True)] = sure;
        seen[index_of(Truth::Unknown)] = unsure;
        seen[index_of(Truth::False)] = asked - sure - unsure;
        coverage.rules[i].applied = rule.kind == RuleKind::Permit ? sure : sure + unsure;
    }
    Telling(impl_->plan, impl_->seen, coverage).run();
}

}  // namespace writ::testing

// Compares coverage with plain counting: every condition of every rule, evaluated for every request.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness.h"
#include "reference/evaluation.h"
#include "testing/coverage.h"
#include "universe.h"
#include "writ/witness.h"

namespace writ::property {
namespace {

using check::Expr;
using check::Op;
using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

/// The counts, computed the slow way.
class Plainly {
public:
    explicit Plainly(const check::Policy& policy) : policy_(policy) {}

    void see(const json::Value& document) {
        Arena arena;
        const reference::Facts facts(policy_, document, arena);
        if (facts.tool() == nullptr || !reference::refusals(facts, policy_).empty()) return;
        ++requests;
        const check::ToolId tool{static_cast<std::uint32_t>(facts.tool() - policy_.tools.data())};
        std::optional<std::int64_t> now;
        const reference::Value moment = facts.at("now");
        if (const auto* at = moment.as<std::int64_t>()) now = *at;
        std::map<Place, unsigned> seen;
        for (const check::Rule& rule : policy_.rules) {
            if (rule.span.source >= policy_.given_sources) continue;
            if (!rule.tools.empty() && std::find(rule.tools.begin(), rule.tools.end(), tool) == rule.tools.end())
                continue;
            const check::Table* table = rule.each.valid() ? &policy_.tables[rule.each.value] : nullptr;
            Truth most = Truth::False;
            for (std::size_t row = 0; row < (table == nullptr ? 1 : table->rows.size()); ++row) {
                reference::Evaluation evaluation(policy_, facts, arena, now, {table, row});
                most = std::max(most, rule.when == nullptr ? Truth::True : walk(*rule.when, evaluation, seen));
            }
            ++rules[rule.module + "." + rule.name][static_cast<std::size_t>(most)];
        }
        for (const auto& [place, outcomes] : seen)
            for (std::size_t truth = 0; truth < 3; ++truth) conditions[place][truth] += outcomes >> truth & 1U;
    }

    std::size_t requests = 0;
    std::map<std::string, std::array<std::size_t, 3>> rules;
    std::map<Place, std::array<std::size_t, 3>> conditions;

private:
    Truth walk(const Expr& expr, reference::Evaluation& evaluation, std::map<Place, unsigned>& seen) {
        if (expr.op == Op::Not)
            return static_cast<Truth>(static_cast<int>(Truth::True) -
                                      static_cast<int>(walk(*expr.kids[0], evaluation, seen)));
        if (expr.op == Op::And || expr.op == Op::Or) {
            Truth out = walk(*expr.kids[0], evaluation, seen);
            for (const Expr* kid : expr.kids.subspan(1)) {
                const Truth other = walk(*kid, evaluation, seen);
                out = expr.op == Op::And ? std::min(out, other) : std::max(out, other);
            }
            return out;
        }
        const Truth truth = evaluation.condition(expr);
        if (expr.span.source < policy_.given_sources)
            seen[{expr.span.source, expr.span.begin, expr.span.end}] |= 1U << static_cast<unsigned>(truth);
        return truth;
    }

    const check::Policy& policy_;
};

TEST_CASE("property: coverage counts what evaluating every condition for every request counts") {
    std::size_t conditions = 0, compared = 0;
    for (std::uint64_t seed = 7000; seed < 7060; ++seed) {
        Rng rng(seed);
        const Generated base = random_subject(rng, random_shape(rng));
        if (base.subject == nullptr) continue;
        const check::Policy& policy = base.subject->policy();
        std::vector<json::Value> documents;
        for (int i = 0; i < 40; ++i) documents.push_back(random_request(rng, random_request_shape(rng)));
        const testing::CoveragePlan plan(policy);
        // Counts like two threads.
        testing::CoverageCount counts[2] = {testing::CoverageCount(plan), testing::CoverageCount(plan)};
        Plainly plainly(policy);
        Request request(base.subject->bundle());
        Witness witness(base.subject->bundle());
        std::vector<Holding> holding;
        for (std::size_t i = 0; i < documents.size(); ++i) {
            if (!request.parse(json::write(documents[i]))) continue;
            witness.read_holding(request, 0, holding);
            counts[i % 2].see(documents[i], holding);
            plainly.see(documents[i]);
        }
        Coverage coverage = plan.blank();
        counts[0].add(counts[1]);
        counts[0].tell(coverage);
        INFO("seed " << seed << "\n" << base.text.render());
        CHECK(coverage.requests == plainly.requests);
        for (const CoveredRule& rule : coverage.rules) {
            INFO(rule.name);
            CHECK(rule.seen == plainly.rules[rule.name]);
        }
        for (const CoveredCondition& condition : coverage.conditions) {
            INFO(condition.text);
            ++conditions;
            compared += condition.seen[0] + condition.seen[1] + condition.seen[2] > 0;
            CHECK(condition.seen ==
                  plainly.conditions[{condition.span.source, condition.span.begin, condition.span.end}]);
        }
    }
    CHECK(conditions > 500);
    CHECK(compared > conditions / 2);
}

}  // namespace
}  // namespace writ::property

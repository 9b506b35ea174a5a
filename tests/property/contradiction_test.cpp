// Tests that conditions which the checker calls contradictory are never true together, on conditions of random
// policies.
#include <doctest/doctest.h>

#include <algorithm>

#include "check/contradiction.h"
#include "harness.h"
#include "reference/evaluation.h"
#include "request_gen.h"

namespace writ::property {
namespace {

using check::Demand;

/// The conditions of a policy's rules, which all read only facts: of a conjunction, each part.
std::vector<const check::Expr*> conditions_of(const check::Policy& policy) {
    std::vector<const check::Expr*> out;
    for (const check::Rule& rule : policy.rules) {
        if (rule.when == nullptr || rule.each.valid()) continue;
        if (rule.when->op == check::Op::And)
            out.insert(out.end(), rule.when->kids.begin(), rule.when->kids.end());
        else
            out.push_back(rule.when);
    }
    return out;
}

std::string shown(const check::Policy& policy, const std::vector<Demand>& demands) {
    std::string out;
    for (const Demand& each : demands) {
        const Span& span = each.test->span;
        out += (each.positive ? "" : "not ") +
               policy.sources[span.source].text.substr(span.begin, span.end - span.begin) + "\n";
    }
    return out;
}

TEST_CASE("property: conditions that exclude each other are true together for no request") {
    std::size_t found = 0, possible = 0, met = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed);
        const Generated made = random_subject(rng, random_shape(rng));
        if (made.subject == nullptr) continue;
        const check::Policy& policy = made.subject->policy();
        const std::vector<const check::Expr*> conditions = conditions_of(policy);
        if (conditions.empty()) continue;
        std::vector<std::vector<Demand>> excluded, allowed;
        for (int i = 0; i < 1500; ++i) {
            std::vector<Demand> demands;
            for (std::size_t count = rng.between(2, 3); count > 0; --count)
                demands.push_back({rng.pick(conditions), rng.percent(70)});
            const bool never = check::contradiction(policy, demands, {rng.percent(50), {}}).has_value();
            (never ? excluded : allowed).push_back(std::move(demands));
        }
        found += excluded.size();
        possible += allowed.size();
        for (int i = 0; i < 40; ++i) {
            const json::Value document = random_request(rng, random_request_shape(rng));
            if (!made.subject->bind(document)) continue;
            Arena arena;
            const reference::Facts facts(policy, document, arena);
            const reference::Value now = facts.at("now");
            if (now.as<std::int64_t>() == nullptr) continue;
            reference::Evaluation evaluation(policy, facts, arena, *now.as<std::int64_t>(), {});
            const auto hold = [&](const std::vector<Demand>& demands) {
                return std::all_of(demands.begin(), demands.end(), [&](const Demand& each) {
                    return evaluation.condition(*each.test) == (each.positive ? Truth::True : Truth::False);
                });
            };
            for (const std::vector<Demand>& demands : excluded) {
                INFO("seed " << seed << "\n" << shown(policy, demands) << json::write(document));
                REQUIRE_FALSE(hold(demands));
            }
            met += static_cast<std::size_t>(std::count_if(allowed.begin(), allowed.end(), hold));
        }
    }
    MESSAGE(found << " of " << found + possible << " combinations exclude each other; others were met " << met
                  << " times");
    CHECK(found > 1000);
    CHECK(met > 1000);
}

}  // namespace
}  // namespace writ::property

#include "testing/test_runner.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include "base/json.h"
#include "testing/coverage.h"
#include "testing/expectation.h"
#include "testing/invariants.h"
#include "testing/parallel.h"
#include "testing/test_plan.h"
#include "writ/errors.h"
#include "writ/witness.h"

namespace writ {

std::size_t Coverage::applied() const {
    return static_cast<std::size_t>(
        std::count_if(rules.begin(), rules.end(), [](const CoveredRule& rule) { return rule.applied > 0; }));
}
std::size_t Coverage::covered() const {
    return static_cast<std::size_t>(std::count_if(
        conditions.begin(), conditions.end(), [](const CoveredCondition& condition) { return condition.covered(); }));
}
double Coverage::percent() const {
    return conditions.empty() ? 100.0 : 100.0 * static_cast<double>(covered()) / static_cast<double>(conditions.size());
}

std::size_t TestRun::failed() const {
    const auto wrong = std::count_if(cases.begin(), cases.end(), [](const TestCase& test) { return !test.passed; });
    return static_cast<std::size_t>(wrong) + invariants.broken.size();
}
bool TestRun::passed() const {
    return !cases.empty() && failed() == 0;
}

}  // namespace writ

namespace writ::testing {

namespace {

using Clock = std::chrono::steady_clock;

/// What was found out about one request of the plan.
struct RequestOutcome {
    bool decided = false;
    Held held;
};

/// What one thread runs requests with.
class Runner {
public:
    /// `layers`: the last is compiled from `policy`.
    Runner(const check::Policy& policy, const Layers& layers, const std::vector<const check::TestRow*>& tests,
           TestRun& run)
        : policy_(policy), layers_(layers), tests_(tests), run_(run), request_(layers), witness_(layers) {}

    void run(const TestRequest& asked, RequestOutcome& outcome, CoverageCount* coverage) {
        const auto begun = Clock::now();
        // Through the same door as a broker's: as text, under the same limits.
        const auto read = request_.parse(asked.text);
        outcome.decided = read.has_value();
        if (outcome.decided) witness_.evaluate(request_, decision_);
        for (const std::size_t index : asked.cases) {
            TestCase& result = run_.cases[index];
            result.name = tests_[index]->name;
            const ast::Expectation& expect = *tests_[index]->expect;
            result.span = expect.span;
            result.expected = describe(expect);
            if (outcome.decided)
                judge(expect, result);
            else
                refuse(read.error(), result);
            if (!result.passed) result.request = asked.text;
            result.nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun).count();
        }
        if (!outcome.decided) return;
        outcome.held = hold_invariants(policy_, layers_, asked.name, *asked.document, decision_);
        for (TestCase& broken : outcome.held.broken) broken.request = asked.text;
        if (coverage == nullptr || asked.cases.empty()) return;
        witness_.read_holding(request_, layers_.bundles().size() - 1, holding_);
        coverage->see(*asked.document, holding_);
    }

private:
    void judge(const ast::Expectation& expect, TestCase& result) {
        result.actual = describe(decision_, layers_);
        result.differences = differences(expect, decision_, layers_);
        result.problem = problem_of(result.differences);
        result.passed = result.differences.empty();
    }

    static void refuse(const Error& error, TestCase& result) {
        result.actual = "refused " + error.code;
        result.problem = "the request is refused at " + error.context + ": " + error.message;
        if (error.code == code_name(Code::IssuersDiffer))
            result.problem += "; change both, or remove the claim: `without token.claims.iss`";
        constexpr std::string_view kToken = "$.token.";
        if (error.code == code_name(Code::TokenWiderThanClaims) && error.context.starts_with(kToken))
            result.problem += "; change both, or remove the claim: `without token.claims." +
                              error.context.substr(kToken.size()) + "`";
    }

    const check::Policy& policy_;
    const Layers& layers_;
    const std::vector<const check::TestRow*>& tests_;
    TestRun& run_;
    Request request_;
    Witness witness_;
    Decision decision_;
    std::vector<Holding> holding_;
};

/// What every request said of the invariants, put together in their order.
InvariantCheck sum_up(const check::Policy& policy, std::vector<RequestOutcome>& outcomes) {
    InvariantCheck out;
    out.invariants = policy.invariants.size();
    if (policy.invariants.empty()) return out;
    std::vector<bool> tried(policy.invariants.size(), false);
    for (RequestOutcome& each : outcomes) {
        out.requests += each.decided;
        for (const std::uint32_t index : each.held.tried) tried[index] = true;
        for (TestCase& broken : each.held.broken) out.broken.push_back(std::move(broken));
    }
    for (std::size_t i = 0; i < tried.size(); ++i)
        if (!tried[i]) out.untried.push_back(policy.invariants[i].name);
    return out;
}

}  // namespace

TestRun run_tests(const check::Policy& policy, const Bundle& bundle, const TestOptions& options) {
    TestRun run;
    TestPlan plan(policy, options.filter, options.threads);
    std::vector<RequestOutcome> outcomes(plan.asked.size());
    std::vector<Bundle> bundles = options.above;
    bundles.push_back(bundle);
    const Layers layers(std::move(bundles));
    run.cases.resize(plan.tests.size());
    std::optional<CoveragePlan> covering;
    if (options.coverage) covering.emplace(policy);
    std::vector<std::shared_ptr<CoverageCount>> counts;
    std::mutex adding;
    const auto make = [&] {
        std::shared_ptr<CoverageCount> count;
        if (covering) {
            count = std::make_shared<CoverageCount>(*covering);
            const std::lock_guard lock(adding);
            counts.push_back(count);
        }
        return [&, count, runner = std::make_shared<Runner>(policy, layers, plan.tests, run)](std::size_t i) {
            runner->run(plan.asked[i], outcomes[i], count.get());
        };
    };
    in_parallel(options.threads, plan.asked.size(), make, [&](std::size_t done) {
        if (options.progress) options.progress(done, plan.asked.size());
    });
    run.invariants = sum_up(policy, outcomes);
    if (covering) {
        run.coverage = covering->blank();
        for (std::size_t i = 1; i < counts.size(); ++i) counts[0]->add(*counts[i]);
        if (!counts.empty()) counts[0]->tell(run.coverage);
        covering->rule_out(run.coverage);
    }
    return run;
}

}  // namespace writ::testing

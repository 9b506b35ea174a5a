// Invariants, held against the decisions on every request that a policy carries. Not a proof: what no
// test and no fixture asks is not looked at.
#include <string>
#include <unordered_set>
#include <utility>

#include "analyze/reference.h"
#include "base/json.h"
#include "tools/test_runner.h"
#include "writ/evaluator.h"

namespace writ::tools {

namespace {

/// The source text under a span, on one line.
std::string line_of(const check::Policy& policy, Span span) {
    std::string out;
    for (const char c : policy.sources[span.source].text.substr(span.begin, span.end - span.begin)) {
        const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!space) out += c;
        else if (!out.empty() && out.back() != ' ') out += ' ';
    }
    return out;
}

/// Who asked for what, as far as it is stated.
std::string context_of(const Attribution& who) {
    std::string out;
    const auto add = [&](std::string_view what, std::string_view name) {
        if (name.empty()) return;
        out.append(out.empty() ? "" : ", ").append(what).append(" `").append(name).append("`");
    };
    add("agent", who.agent);
    add("run", who.run);
    add("tenant", who.tenant);
    add("user", who.user);
    add("tool", who.tool);
    add("resource", who.resource);
    return out;
}

class Checking {
public:
    Checking(const check::Policy& policy, const Bundle& bundle)
        : policy_(policy), bundle_(bundle), request_(bundle), evaluator_(bundle),
          tried_(policy.invariants.size(), false) {
        result_.invariants = policy.invariants.size();
    }

    void hold(const std::string& name, const json::Value& document) {
        const std::string text = json::write(document);
        if (!seen_.insert(text).second || !request_.parse(text)) return;
        ++result_.requests;
        evaluator_.evaluate(request_, decision_);
        for (std::size_t i = 0; i < policy_.invariants.size(); ++i) {
            const check::Invariant& invariant = policy_.invariants[i];
            if (analyze::invariant_condition(policy_, invariant, document) != analyze::Truth::True) continue;
            tried_[i] = true;
            const Effect forbidden = invariant.never_needs_approval ? Effect::NeedsApproval : Effect::Permit;
            if (decision_.effect == forbidden) report(invariant, name);
        }
    }

    InvariantCheck finish() {
        for (std::size_t i = 0; i < tried_.size(); ++i)
            if (!tried_[i]) result_.untried.push_back(policy_.invariants[i].name);
        return std::move(result_);
    }

private:
    void report(const check::Invariant& invariant, const std::string& name) {
        TestCase& broken = result_.broken.emplace_back();
        broken.name = "invariant " + invariant.name + " on " + name;
        broken.span = invariant.span;
        broken.expected = std::string("never ") + (invariant.never_needs_approval ? "needs_approval" : "permit") +
                          " when " + line_of(policy_, invariant.when->span);
        broken.actual = describe(decision_, bundle_);
        broken.problem = "the condition is true for " + context_of(decision_.attribution);
    }

    const check::Policy& policy_;
    const Bundle& bundle_;
    Request request_;
    Evaluator evaluator_;
    Decision decision_;
    std::vector<bool> tried_;  ///< by invariant: its condition was true
    std::unordered_set<std::string> seen_;
    InvariantCheck result_;
};

}  // namespace

InvariantCheck check_invariants(const check::Policy& policy, const Bundle& bundle, std::string_view filter) {
    if (policy.invariants.empty()) return {};
    Checking checking(policy, bundle);
    for (const check::TestCase& test : policy.tests)
        if (test.name.find(filter) != std::string::npos) checking.hold(test.name, test.document);
    if (filter.empty())
        for (const check::Fixture& fixture : policy.fixtures) checking.hold("fixture " + fixture.name, fixture.document);
    return checking.finish();
}

}  // namespace writ::tools

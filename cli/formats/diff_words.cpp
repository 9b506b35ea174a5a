#include "cli/formats/diff_words.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "writ/words.h"

namespace writ::cli {

namespace {

bool is_rule(const Cause& cause) {
    return cause.word != "tool" && cause.word != "issuer" && cause.word != "reason";
}

}  // namespace

std::string causes_of(const std::vector<Cause>& causes) {
    std::string out;
    for (const Cause& each : causes)
        out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", each.word, each.name, each.gone ? " (gone)" : "");
    return out;
}

std::string title_of(const ThingChange& change) {
    const bool renamed = !change.name.empty() && !change.old_name.empty() && change.name != change.old_name;
    return change.word + " " +
           (renamed               ? change.old_name + " → " + change.name
            : change.name.empty() ? change.old_name
                                  : change.name);
}

std::string_view consequence(Direction direction) {
    switch (direction) {
        case Direction::Same: return "";
        case Direction::Wider: return "wider";
        case Direction::Narrower: return "narrower";
        case Direction::Other: return "depends";
    }
    return {};
}

std::vector<std::string> limits_of(const DiffReport& report) {
    const PolicyDiff& diff = report.diff;
    std::vector<std::string> out;
    out.push_back(counted(diff.requests, "request") + (diff.requests == 1 ? " was" : " were") +
                  " decided with both; nothing is known about others");
    const auto note = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) out.push_back(fmt::format("{} {}", counted(count, "request"), what));
    };
    note(diff.refused_after, "admitted before and not after, so denied now");
    note(diff.refused_before, "admitted after and not before, so denied then");
    note(diff.refused_both, "admitted by neither side, and not counted");
    const LedgerGaps& gaps = report.gaps;
    const std::pair<std::uint64_t, std::string_view> records[] = {
        {gaps.undecided, "undecided: a policy reads facts that they mask"},
        {gaps.no_request, "recorded without their request"},
        {gaps.overruled, "denied by the ledger, whatever the policy decided"},
        {gaps.repeated, "that repeat an earlier decision under its idempotency key"}};
    for (const auto& [count, what] : records)
        if (count > 0) out.push_back(fmt::format("{} {}", counted(count, "record"), what));
    if (!diff.unseen.empty()) {
        constexpr std::size_t kMost = 8;
        const std::vector<Cause> some(diff.unseen.begin(), diff.unseen.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                                     kMost, diff.unseen.size())));
        out.push_back(fmt::format("{} that differ{} applied to no request: {}{}", counted(diff.unseen.size(), "rule"),
                                  diff.unseen.size() == 1 ? "s" : "", causes_of(some),
                                  diff.unseen.size() > kMost ? ", …" : ""));
    }
    return out;
}

namespace {

/// A condition with its value, ignoring where it is used.
std::string outcome_of(const SeenCondition& condition) {
    return std::string(truth_name(condition.truth)) + " " + condition.text;
}

std::set<std::string> outcomes_of(const Explanation& explanation) {
    std::set<std::string> out;
    for (const SeenRule& rule : explanation.rules)
        for (const SeenCondition& each : rule.conditions) out.insert(outcome_of(each));
    return out;
}

void leave_out(Explanation& explanation, const std::set<std::string>& said) {
    for (SeenRule& rule : explanation.rules)
        std::erase_if(rule.conditions, [&](const SeenCondition& each) { return said.contains(outcome_of(each)); });
    if (explanation.lifetimes.size() > 1) explanation.lifetimes.resize(1);
}

std::size_t failing(const SeenRule& rule) {
    return static_cast<std::size_t>(std::count_if(rule.conditions.begin(), rule.conditions.end(),
                                                  [](const SeenCondition& each) { return each.truth != Truth::True; }));
}

/// The instances of a template that mattered; otherwise the one that came nearest.
Result<Explanation> nearest_instances(Result<Explanation> explained) {
    if (!explained || explained->rules.size() < 2) return explained;
    std::vector<SeenRule>& rules = explained->rules;
    const auto named = [](const SeenRule& each) { return each.role == Role::Named; };
    if (!std::all_of(rules.begin(), rules.end(), named)) {
        std::erase_if(rules, named);
        return explained;
    }
    std::iter_swap(rules.begin(),
                   std::min_element(rules.begin(), rules.end(),
                                    [](const SeenRule& a, const SeenRule& b) { return failing(a) < failing(b); }));
    rules.resize(1);
    return explained;
}

}  // namespace

ExplainedExample explain_example(const DiffReport& report, const DecisionGroup& group) {
    const Cause& cause = group.causes.front();
    const bool rule = is_rule(cause);
    const std::string& request = group.example.request;
    const auto explain = [&](const Workspace& policy, const std::string& name) {
        return nearest_instances(policy.explain(request, name));
    };
    return {explain(report.old_policy, rule ? cause.old_name : ""),
            explain(report.new_policy, rule && !cause.gone ? cause.name : "")};
}

void shorten(ExplainedExample& example) {
    if (!example.before || !example.after) return;
    const std::set<std::string> before = outcomes_of(*example.before), after = outcomes_of(*example.after);
    leave_out(*example.before, after);
    leave_out(*example.after, before);
}

}  // namespace writ::cli

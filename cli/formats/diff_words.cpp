#include "cli/formats/diff_words.h"
#include "cli/terminal/text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace writ::cli {

namespace {

/// A part that became more, less or different.
std::string_view phrase(DecisionPart part, Direction direction) {
    struct Words {
        std::string_view wider, narrower, other;
    };
    static constexpr Words kWords[kDecisionParts] = {
        {"greater effect", "lesser effect", "other effect"},
        {"more scopes", "fewer scopes", "other scopes"},
        {"more audience", "less audience", "another audience"},
        {"longer ttl", "shorter ttl", "another ttl"},
        {"later horizon", "earlier horizon", "another horizon"},
        {"reusable", "single use", "other use"},
        {"fewer duties", "more duties", "other duties"},
        {"less to approve", "more to approve", "other approval"},
    };
    const Words& words = kWords[static_cast<std::size_t>(part)];
    return direction == Direction::Wider      ? words.wider
           : direction == Direction::Narrower ? words.narrower
                                              : words.other;
}

std::string_view word_of(Effect effect) {
    switch (effect) {
        case Effect::Deny: return "deny";
        case Effect::NeedsApproval: return "needs approval";
        case Effect::Permit: return "permit";
    }
    return {};
}

bool is_rule(const Cause& cause) {
    return cause.word != "tool" && cause.word != "issuer" && cause.word != "reason";
}

}  // namespace

std::string headline(const PolicyDiff& diff) {
    if (diff.requests == 0) return "no request was decided";
    std::string out;
    bool first = true;
    const auto add = [&](std::uint64_t count, std::string_view one, std::string_view many) {
        if (count == 0) return;
        out += out.empty() ? "" : ", ";
        out += first ? counted(count, "decision") + " " : std::to_string(count) + " ";
        out += count == 1 ? one : many;
        first = false;
    };
    add(diff.wider, "widens", "widen");
    add(diff.narrower, "narrows", "narrow");
    add(diff.other, "does both", "do both");
    add(diff.same, "stays the same", "stay the same");
    return out;
}

std::string change_of(const DecisionGroup& group) {
    if (group.before != group.after) return fmt::format("{} → {}", word_of(group.before), word_of(group.after));
    std::string out;
    for (std::size_t i = 0; i < kDecisionParts; ++i) {
        const auto part = static_cast<DecisionPart>(i);
        if (const Direction direction = group.shift.of(part); direction != Direction::Same)
            out.append(out.empty() ? "" : ", ").append(phrase(part, direction));
    }
    return out;
}

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

std::string text_of(const PartChange& part) {
    if (part.before.empty()) return fmt::format("+ {} {}", part.part, part.after);
    if (part.after.empty()) return fmt::format("- {} {}", part.part, part.before);
    return fmt::format("{} {} → {}", part.part, part.before, part.after);
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

std::vector<std::string> text_changes(const PolicyDiff& diff) {
    std::vector<std::string> out;
    for (const FileChange& each : diff.files) {
        // Changes of wording have been listed one by one.
        const bool told = !diff.structure.empty() && (each.fate != Fate::Changed || each.text == TextChange::Words);
        if (told && each.fate != Fate::Renamed) continue;
        const std::string& name = each.name.empty() ? each.old_name : each.name;
        if (each.fate != Fate::Changed)
            out.push_back(each.fate == Fate::Renamed ? each.old_name + " → " + each.name
                                                     : std::string(fate_name(each.fate)) + " " + name);
        switch (each.text) {
            case TextChange::None: break;
            case TextChange::Layout: out.push_back(name + ": layout"); break;
            case TextChange::Comments: out.push_back(name + ": comments"); break;
            case TextChange::Words: out.push_back(name + ": order, or other words for the same"); break;
        }
    }
    return out;
}

bool unexplained(const PolicyDiff& diff) {
    return diff.before.digest != diff.after.digest && diff.structure.empty() && diff.files.empty();
}

std::string nothing_decides(const PolicyDiff& diff) {
    if (diff.before.digest == diff.after.digest) return "nothing differs: both have one digest";
    return unexplained(diff) ? "the digests differ, and this program does not see why"
                             : "nothing that decides differs; the text does";
}

std::vector<std::string> limits_of(const DiffReport& report) {
    const PolicyDiff& diff = report.diff;
    std::vector<std::string> out;
    out.push_back(counted(diff.requests, "request") + (diff.requests == 1 ? " was" : " were") +
                  " decided under both; of others nothing is said");
    const auto note = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) out.push_back(fmt::format("{} {}", counted(count, "request"), what));
    };
    note(diff.refused_after, "admitted before and not after, which denies now");
    note(diff.refused_before, "admitted after and not before, which denied then");
    note(diff.refused_both, "admitted by neither, and not counted");
    const LedgerGaps& gaps = report.gaps;
    const std::pair<std::uint64_t, std::string_view> records[] = {
        {gaps.undecided, "undecided: a policy reads facts that are masked in them"},
        {gaps.no_request, "without a request to decide"},
        {gaps.overruled, "denied by the ledger, whatever the policy says"},
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

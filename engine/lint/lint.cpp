#include "lint/lint.h"
#include "base/quoted.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>

#include "base/json.h"
#include "writ/witness.h"

namespace writ::lint {

namespace {

LintLevel level_of(Lint lint, const LintOptions& options) {
    const LintRule& rule = lint_rules()[static_cast<std::size_t>(lint)];
    const auto at = options.levels.find(rule.name);
    return at == options.levels.end() ? rule.level : at->second;
}

/// Rules of the given sources that apply to no request of the policy's tests.
void untested(const check::Policy& policy, const Bundle& bundle, std::vector<Finding>& out) {
    std::vector<const check::Rule*> by_index;  // a template occurs once for each row
    const check::Rule* first = nullptr;
    for (const check::Rule& rule : policy.rules) {
        const bool given = rule.span.source < policy.given_sources;
        if (first == nullptr && given) first = &rule;
        by_index.insert(by_index.end(), rule.each.valid() ? policy.tables[rule.each.value].rows.size() : 1,
                        given ? &rule : nullptr);
    }
    if (first == nullptr) return;
    if (policy.tests.empty()) {
        out.push_back(make_finding(Lint::UntestedRule, first->span, "the policy has no tests",
                                   "no test shows what this rule does",
                                   "nobody will notice what the next change permits; write a `test` for each rule"));
        return;
    }
    std::unordered_set<const check::Rule*> applied;
    std::unordered_set<std::string> known;
    Request request(bundle);
    Witness witness(bundle);
    std::vector<Holding> holding;
    for (const check::TestRow& test : policy.tests) {
        // A refused request reaches no rule.
        std::string text = json::write(test.document);
        if (!request.parse(text) || !known.insert(std::move(text)).second) continue;
        witness.read_holding(request, 0, holding);
        for (const Holding& each : holding)
            if (const check::Rule* rule = by_index[each.rule];
                rule != nullptr && (each.sure || rule->kind != RuleKind::Permit))
                applied.insert(rule);
    }
    for (const check::Rule& rule : policy.rules) {
        if (rule.span.source >= policy.given_sources || applied.contains(&rule)) continue;
        out.push_back(make_finding(
            Lint::UntestedRule, rule.span,
            "no test makes " + std::string(spelling_of(rule.kind)) + " " + quoted(rule.name) + " apply", "",
            "nobody will notice if it stops working; write a test with a request to which it applies"));
    }
}

bool inside(const Span& what, const Span& where) {
    return what.source == where.source && what.begin >= where.begin && what.begin < where.end;
}

/// Suppressions by place, and which of them were needed.
class Allowed {
public:
    explicit Allowed(const std::vector<Suppression>& all) : all_(all), used_(all.size()) {
        for (std::size_t i = 0; i < all.size(); ++i) by_lint_[{all[i].lint, all[i].covers.source}].push_back(i);
    }

    /// The first suppression that covers a finding; null if there is none.
    const Suppression* find(const Finding& finding) {
        const auto at = by_lint_.find({finding.lint, finding.diagnostic.span.source});
        const Suppression* found = nullptr;
        if (at == by_lint_.end()) return found;
        for (const std::size_t i : at->second) {
            if (!inside(finding.diagnostic.span, all_[i].covers)) continue;
            used_[i] = true;
            if (found == nullptr) found = &all_[i];
        }
        return found;
    }
    [[nodiscard]] bool used(std::size_t i) const { return used_[i]; }

private:
    const std::vector<Suppression>& all_;
    std::vector<bool> used_;
    std::map<std::pair<Lint, std::uint32_t>, std::vector<std::size_t>> by_lint_;
};

void sort_by_place(std::vector<Finding>& findings) {
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        const auto place = [](const Span& s) { return std::tuple(s.source, s.begin, s.end); };
        return place(a.diagnostic.span) < place(b.diagnostic.span);
    });
}

}  // namespace

LintReport lint(const check::Policy& policy, const Bundle& bundle, const LintOptions& options) {
    std::vector<Finding> findings = lint::lint(policy);
    if (level_of(Lint::UntestedRule, options) != LintLevel::Off) untested(policy, bundle, findings);
    const std::vector<Suppression> allowed = suppressions(policy, findings);
    sort_by_place(findings);

    LintReport out;
    out.findings.sources = policy.sources;
    Allowed reasons(allowed);
    std::vector<Finding> kept;
    for (Finding& finding : findings) {
        const LintLevel level = level_of(finding.lint, options);
        const Suppression* reason = reasons.find(finding);
        if (level == LintLevel::Off) continue;
        finding.diagnostic.severity = level == LintLevel::Error ? Severity::Error : Severity::Warning;
        if (reason != nullptr)
            out.suppressed.push_back({std::move(finding.diagnostic), reason->reason});
        else
            kept.push_back(std::move(finding));
    }
    if (const LintLevel level = level_of(Lint::SuppressionUnused, options); level != LintLevel::Off) {
        for (std::size_t i = 0; i < allowed.size(); ++i) {
            // A suppression of a lint that is off may be needed.
            if (reasons.used(i) || level_of(allowed[i].lint, options) == LintLevel::Off) continue;
            kept.push_back(make_finding(Lint::SuppressionUnused, allowed[i].at,
                                        "there is nothing here for " +
                                            quoted(lint_rules()[static_cast<std::size_t>(allowed[i].lint)].name) +
                                            " to find",
                                        "allows nothing", "the next finding here would be kept quiet; remove it"));
            kept.back().diagnostic.severity = level == LintLevel::Error ? Severity::Error : Severity::Warning;
        }
        sort_by_place(kept);
    }
    for (Finding& finding : kept) {
        if (finding.fix)
            out.fixes.push_back({finding.diagnostic.code, finding.fix->span, std::move(finding.fix->text)});
        out.findings.items.push_back(std::move(finding.diagnostic));
    }
    return out;
}

}  // namespace writ::lint

// What lints say of rules against how the rules stand: on random policies, with rules put in that cover each
// other.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "analyze/lint.h"
#include "analyze/reference.h"
#include "harness.h"
#include "universe.h"

namespace writ::property {
namespace {

using analyze::Finding;
using analyze::Lint;
using analyze::Standing;

/// How often a finding was put to the test: its rule applied, or was surely true.
struct Tally {
    std::map<Lint, std::size_t> findings, tried;
};

/// Every permit once more with a conjunct left out or put in, and as a deny.
PolicyText with_relatives(Rng& rng, const PolicyText& text) {
    PolicyText out = text;
    std::vector<Cond> conjuncts;
    for (const RuleText& rule : text.rules)
        conjuncts.insert(conjuncts.end(), rule.when.begin(), rule.when.end());
    for (const RuleText& rule : text.rules) {
        if (rule.kind != RuleKind::Permit || rule.when.empty() ||
            rule.head.find("extends") != std::string::npos)
            continue;
        RuleText relative = rule;
        relative.name += "_kin";
        if (rng.percent(50))
            relative.when.push_back(conjuncts[rng.below(conjuncts.size())]);
        else
            relative.when.erase(relative.when.begin() +
                                static_cast<std::ptrdiff_t>(rng.below(relative.when.size())));
        if (relative.when.empty()) continue;
        if (rng.percent(30)) {
            relative.kind = RuleKind::Deny;
            relative.tail.clear();
        }
        out.rules.push_back(std::move(relative));
    }
    return out;
}

bool same_place(const Span& a, const Span& b) {
    return a.source == b.source && a.begin == b.begin;
}

/// How a rule that is no template stands; null if it is one.
const Standing* standing_of(const std::vector<Standing>& all, const Span& name) {
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const Standing& each) { return same_place(each.rule->span, name); });
    return at == all.end() || at->row ? nullptr : &*at;
}

bool acts(const Standing& standing) {
    return standing.rule->kind == RuleKind::Permit ? standing.truth == analyze::Truth::True
                                                   : standing.applies;
}

void holds(const Finding& finding, const std::vector<Standing>& standings, Tally& tally) {
    const Standing* of = standing_of(standings, finding.diagnostic.span);
    if (of == nullptr) return;
    INFO(finding.diagnostic.message);
    if (finding.lint == Lint::NeverMatches) {
        ++tally.tried[finding.lint];
        CHECK(of->truth != analyze::Truth::True);
        return;
    }
    const bool pair = finding.lint == Lint::ShadowedPermit || finding.lint == Lint::DuplicateRule ||
                      finding.lint == Lint::DeniedPermit || finding.lint == Lint::RedundantDeny;
    if (!pair || !acts(*of)) return;
    const Standing* other = standing_of(standings, finding.diagnostic.related.at(0).span);
    if (other == nullptr) return;
    ++tally.tried[finding.lint];
    CHECK(acts(*other));
}

TEST_CASE("property: rules that lints call covered are covered, and those called dead are dead") {
    Tally tally;
    for (std::uint64_t seed = 500; seed < 700; ++seed) {
        Rng rng(seed);
        const Generated base = random_subject(rng, random_shape(rng));
        if (base.subject == nullptr) continue;
        const auto subject = Subject::make(with_relatives(rng, base.text));
        if (subject == nullptr) continue;
        const std::vector<Finding> findings = analyze::lint(subject->policy());
        for (const Finding& each : findings) ++tally.findings[each.lint];
        if (findings.empty()) continue;
        for (int i = 0; i < 40; ++i) {
            const json::Value document = random_request(rng, random_request_shape(rng));
            if (!subject->bind(document)) continue;
            const auto standings = analyze::reference_standings(subject->policy(), document);
            for (const Finding& each : findings) holds(each, standings, tally);
        }
    }
    for (const Lint each : {Lint::NeverMatches, Lint::ShadowedPermit, Lint::DeniedPermit}) {
        CAPTURE(static_cast<int>(each));
        CHECK(tally.findings[each] > 0);
        CHECK(tally.tried[each] > 0);
    }
}

}  // namespace
}  // namespace writ::property

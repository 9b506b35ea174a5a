// Compares lints about rules with the results of the rules, on random policies with
// additional rules that cover each other.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "base/report.h"
#include "check/check.h"
#include "harness.h"
#include "lint/findings.h"
#include "reference/evaluation.h"
#include "stdlib/stdlib.h"
#include "universe.h"

namespace writ::property {
namespace {

using lint::Finding;
using lint::Lint;
using reference::Standing;

/// The number of tests of a finding: its rule applied, or was surely true.
struct Tally {
    std::map<Lint, std::size_t> findings, tried;
};

/// Copies every permit with a conjunct removed or added, and as a deny.
PolicyText with_relatives(Rng& rng, const PolicyText& text) {
    PolicyText out = text;
    std::vector<Cond> conjuncts;
    for (const RuleText& rule : text.rules) conjuncts.insert(conjuncts.end(), rule.when.begin(), rule.when.end());
    for (const RuleText& rule : text.rules) {
        if (rule.kind != RuleKind::Permit || rule.when.empty() || rule.head.find("extends") != std::string::npos)
            continue;
        RuleText relative = rule;
        relative.name += "_kin";
        if (rng.percent(50))
            relative.when.push_back(conjuncts[rng.below(conjuncts.size())]);
        else
            relative.when.erase(relative.when.begin() + static_cast<std::ptrdiff_t>(rng.below(relative.when.size())));
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

/// The result of a rule that is not a template; null if it is one.
const Standing* standing_of(const std::vector<Standing>& all, const Span& name) {
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Standing& each) { return same_place(each.rule->span, name); });
    return at == all.end() || at->row ? nullptr : &*at;
}

bool acts(const Standing& standing) {
    return standing.rule->kind == RuleKind::Permit ? standing.truth == Truth::True : standing.applies;
}

void holds(const Finding& finding, const std::vector<Standing>& standings, Tally& tally) {
    const Standing* of = standing_of(standings, finding.diagnostic.span);
    if (of == nullptr) return;
    INFO(finding.diagnostic.message);
    if (finding.lint == Lint::NeverMatches) {
        ++tally.tried[finding.lint];
        CHECK(of->truth != Truth::True);
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
        const std::vector<Finding> findings = lint::lint(subject->policy());
        for (const Finding& each : findings) ++tally.findings[each.lint];
        if (findings.empty()) continue;
        for (int i = 0; i < 40; ++i) {
            const json::Value document = random_request(rng, random_request_shape(rng));
            if (!subject->bind(document)) continue;
            const auto standings = reference::standings(subject->policy(), document);
            for (const Finding& each : findings) holds(each, standings, tally);
        }
    }
    for (const Lint each : {Lint::NeverMatches, Lint::ShadowedPermit, Lint::DeniedPermit}) {
        CAPTURE(static_cast<int>(each));
        CHECK(tally.findings[each] > 0);
        CHECK(tally.tried[each] > 0);
    }
}

// ---- who is trusted -----------------------------------------------------------------------------

constexpr std::string_view kTests[] = {"ci.repository_id == \"74\"",
                                       "ci.repository_id in { \"74\", \"75\" }",
                                       "ci.repository_id != \"66\"",
                                       "ci.repository_id like \"**\"",
                                       "ci.repository_owner_id == \"65\"",
                                       "ci.repository_owner_id like \"6**\"",
                                       "ci.repository_owner_id matches \"[0-9]+\"",
                                       "ci.repository_owner_id matches \"65|66\"",
                                       "ci.repository_owner_id != \"\"",
                                       "ci.repository == \"o/r\"",
                                       "ci.repository like \"o/**\"",
                                       "ci.repository like \"o**\"",
                                       "ci.repository matches \"o/.*\"",
                                       "ci.sub == \"repo:o/r:ref:refs/heads/main\"",
                                       "ci.sub like \"repo:o*/r:**\"",
                                       "ci.sub like \"repo:o/**\"",
                                       "ci.sub like \"**\"",
                                       "ci.repository_id == agent.id",
                                       "ci.repository_id in want.scopes",
                                       "agent.class == \"x\"",
                                       "ci.ref == \"refs/heads/main\"",
                                       "(any s in want.scopes: s == ci.repository_id)",
                                       "count(s in want.scopes: s == ci.repository_owner_id) >= 1",
                                       "want.scopes contains ci.repository_owner_id",
                                       "{ \"74\" } overlaps want.scopes",
                                       "want.scopes subset of { \"x\" }"};

std::string random_test(Rng& rng, int depth) {
    if (depth == 0 || rng.percent(30)) {
        const std::string leaf(kTests[rng.below(std::size(kTests))]);
        return rng.percent(20) ? "not (" + leaf + ")" : leaf;
    }
    std::string out = "(" + random_test(rng, depth - 1);
    for (std::size_t i = 1 + rng.below(2); i > 0; --i)
        out += (rng.percent(60) ? " and " : " or ") + std::string("(") + random_test(rng, depth - 1) + ")";
    return out + ")";
}

/// A token of somebody who is not named anywhere, and who states helpful claims.
json::Value strangers_request(Rng& rng) {
    const std::string id = std::to_string(900 + rng.below(5)), owner = rng.pick({"6123", "7777", "99"}),
                      name = rng.pick({"oz/r", "o-evil/r", "evil/x"});
    const std::string agent = rng.pick({id, owner, std::string("a")}),
                      scope = rng.pick({id, owner, std::string("74"), std::string("x")});
    const std::string ref = rng.pick({"refs/heads/main", "refs/heads/other"}), kind = rng.pick({"x", "y"});
    const std::string text =
        R"({"now": 1790000000, "provenance": "verified", "token": {"issuer": "https://token.actions.githubusercontent.com", "aud": ["b"],
        "claims": {"repository_id": ")" +
        id + R"(", "repository_owner_id": ")" + owner + R"(", "repository": ")" + name + R"(", "ref": ")" + ref +
        R"(", "sub": "repo:)" + name + ":ref:" + ref + R"("}}, "agent": {"id": ")" + agent + R"(", "class": ")" + kind +
        R"("}, "want": {"scopes": [")" + scope + R"("]}, "tool": {"name": "act"}})";
    return json::parse(text).value();
}

TEST_CASE("property: a permit that holds for a stranger's token has a finding, however it is written") {
    std::size_t permits = 0, held = 0, found = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        Rng rng(seed);
        const std::string condition = random_test(rng, 2);
        SourceSet sources;
        sources.sources.push_back({"p.writ", R"(import std.github
tier read < write
issuer ci: github "https://token.actions.githubusercontent.com" { audience "b" }
tool act { tier write  audience "https://act.example"  scopes { "act" } }
permit p for tool act when token.issuer is ci and )" +
                                                 condition + " grant { \"act\" } for 5m\n"});
        Report report;
        const auto policy =
            check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
        if (report.error_count() > 0) continue;
        ++permits;
        const std::vector<Finding> findings = lint::lint(*policy);
        const bool says = std::any_of(findings.begin(), findings.end(),
                                      [](const Finding& each) { return each.lint == Lint::SharedIssuerUnscoped; });
        found += says ? 1 : 0;
        bool holds_for_one = false;
        for (int i = 0; i < 60 && !holds_for_one; ++i) {
            const json::Value document = strangers_request(rng);
            Arena arena;
            const reference::Facts facts(*policy, document, arena);
            reference::Evaluation evaluation(*policy, facts, arena, std::nullopt, {});
            holds_for_one = evaluation.condition(*policy->rules.front().when) == Truth::True;
        }
        held += holds_for_one ? 1 : 0;
        INFO("seed " << seed << ": " << condition);
        if (holds_for_one) CHECK(says);
    }
    MESSAGE(permits << " permits: " << held << " hold for a stranger, " << found << " have a finding");
    CHECK(held > permits / 10);
    // Most findings are confirmed: few of the reported permits granted nothing to a stranger.
    CHECK(found < held + permits / 4);
}

}  // namespace
}  // namespace writ::property

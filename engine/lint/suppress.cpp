// Suppressions: comments that suppress findings with a reason.
#include <algorithm>

#include "check/allow_comments.h"
#include "lint/cases.h"
#include "lint/findings.h"

namespace writ::lint {

namespace {

Finding unexplained(const check::IdleComment& comment) {
    return make_finding(Lint::SuppressionUnexplained, comment.at, "suppression without a reason",
                        comment.no_reason ? "the finding remains until the comment gives a reason"
                                          : "a `lint:` comment has the form `allow NAME because REASON`",
                        "later readers cannot tell a decision from an oversight; write "
                        "`// lint: allow NAME because REASON`");
}

Finding unknown(const check::AllowComment& comment) {
    const std::string_view near = nearest_lint(comment.name);
    Finding out =
        make_finding(Lint::SuppressionUnused, comment.at, "there is no lint " + quoted(comment.name), "allows nothing",
                     near.empty() ? "docs/lint.md lists them" : "did you mean " + quoted(near) + "?");
    out.diagnostic.replacement = near;
    return out;
}

}  // namespace

std::vector<Suppression> suppressions(const check::Policy& policy, std::vector<Finding>& findings) {
    std::vector<Suppression> out;
    const check::AllowComments comments = check::allow_comments(policy, "lint:");
    for (const check::IdleComment& comment : comments.idle) findings.push_back(unexplained(comment));
    const auto rules = lint_rules();
    for (const check::AllowComment& comment : comments.allowed) {
        const auto at = std::ranges::find(rules, comment.name, &LintRule::name);
        if (at == rules.end())
            findings.push_back(unknown(comment));
        else
            out.push_back(
                {static_cast<Lint>(at - rules.begin()), comment.at, comment.covers, std::string(comment.reason)});
    }
    return out;
}

}  // namespace writ::lint

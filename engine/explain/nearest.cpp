#include "explain/nearest.h"

#include <algorithm>
#include <set>

#include "base/values.h"

namespace writ::explain {

namespace {

using explain::Edit;

/// A place in the request as fixtures name it.
std::string path_text(const std::vector<std::string>& path) {
    std::string out;
    const bool params = path.size() > 1 && path[0] == "tool" && path[1] == "params";
    for (const std::string& step : std::span(path).subspan(params ? 1 : 0)) {
        const bool plain = !step.empty() &&
                           step.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                               std::string::npos;
        if (!out.empty()) out += '.';
        if (plain)
            out += step;
        else
            json::append_quoted(out, step);
    }
    return out;
}

/// Decides changed documents in the same way as a broker's.
class Trial {
public:
    explicit Trial(const TracedDecision& decided) : of_(decided), request_(decided.bundle), evaluator_(decided.bundle) {
        evaluator_.revoke(decided.revocations);
    }

    const Decision& decide(const json::Value& document) {
        // A document that is refused leaves the request empty, which is denied.
        (void)request_.parse(json::write(document), of_.limits);
        evaluator_.evaluate(request_, decision_);
        return decision_;
    }

    /// Tries to change a deny into a permit by one permit rule. Output: the changes, and the conditions that stay open.
    void reach(std::uint32_t permit, Nearest& out) {
        json::Value document = of_.document;
        std::vector<Edit> made;
        constexpr int kRounds = 12;  // each round makes a change or ends the search
        for (int round = 0; round < kRounds; ++round) {
            if (decide(document).effect != Effect::Deny) return settle(std::move(made), out);
            std::vector<Edit> next = steps(document, permit, out.open);
            std::erase_if(next, [&](const Edit& edit) {
                const json::Value* there = value_at(document, edit.path);
                return there != nullptr && json::canonical(*there) == json::canonical(edit.value);
            });
            if (next.empty() || !out.open.empty()) return;
            for (Edit& edit : next) {
                explain::apply(edit, document);
                std::erase_if(made, [&](const Edit& each) { return each.path == edit.path; });
                made.push_back(std::move(edit));
            }
        }
    }

private:
    /// The next change: for the permit's conditions first, then for other reasons against it.
    std::vector<Edit> steps(const json::Value& document, std::uint32_t permit, std::vector<std::string>& open) {
        const auto towards = [&](std::uint32_t rule, bool wanted) {
            Edits found = edits_towards(of_.policy, document, of_.trace.rules[rule], wanted);
            open.insert(open.end(), found.open.begin(), found.open.end());
            return std::move(found.edits);
        };
        std::vector<Edit> next = towards(permit, true);
        if (!next.empty() || !open.empty()) return next;
        for (const Reason& reason : decision_.reasons) {
            if (reason.rule != kNoRule) {
                if (of_.trace.rules[reason.rule].rule->kind == RuleKind::Deny) return towards(reason.rule, false);
                continue;
            }
            if (reason.code == "scope_not_offered") {
                json::Value scopes = json::Value::array();
                for (const std::string& scope : offered_scopes(of_.policy, document, of_.trace.rules[permit]))
                    scopes.items.push_back(json::Value::of(std::string_view(scope)));
                return {{{"want", "scopes"}, std::move(scopes)}};
            }
            if (reason.code == "partial_grant") return {{{"want", "all_or_nothing"}, json::Value::of(false)}};
            open.push_back(std::string(reason.code) + (reason.detail.empty() ? "" : ": " + std::string(reason.detail)));
            return {};
        }
        return {};
    }

    /// Removes each change that is not needed, and keeps the others.
    void settle(std::vector<Edit> made, Nearest& out) {
        out.effect = decision_.effect;
        const auto with = [&](const std::vector<Edit>& edits) {
            json::Value document = of_.document;
            for (const Edit& edit : edits) explain::apply(edit, document);
            return document;
        };
        for (std::size_t i = made.size(); i-- > 0;) {
            std::vector<Edit> fewer = made;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            if (decide(with(fewer)).effect < out.effect) continue;
            made = std::move(fewer);
            i = made.size();  // changes made before may now be unnecessary
        }
        for (const Edit& edit : made) {
            const json::Value* from = value_at(of_.document, edit.path);
            out.changes.push_back(
                {path_text(edit.path), from != nullptr ? json::write(*from) : "", json::write(edit.value)});
        }
    }

    const TracedDecision& of_;
    Request request_;
    Evaluator evaluator_;
    Decision decision_;
};

bool offers_any(const std::vector<std::string>& offered, const json::Value& document) {
    const json::Value* asked = value_at(document, {"want", "scopes"});
    return asked != nullptr && std::any_of(asked->items.begin(), asked->items.end(), [&](const json::Value& scope) {
               return std::find(offered.begin(), offered.end(), scope.text) != offered.end();
           });
}

}  // namespace

std::vector<Nearest> nearest_permits(const TracedDecision& decided) {
    const auto& [policy, bundle, document, decision, trace, limits, revocations] = decided;
    struct Candidate {
        std::size_t cost;
        std::uint32_t index;
    };
    std::vector<Candidate> candidates;
    for (std::uint32_t index = 0; index < trace.rules.size(); ++index) {
        const reference::Standing& standing = trace.rules[index];
        if (standing.rule->kind != RuleKind::Permit || !is_for_tool(policy, document, *standing.rule)) continue;
        const std::vector<std::string> offered = offered_scopes(policy, document, standing);
        if (offered.empty()) continue;
        candidates.push_back({count_failing(policy, document, standing) + !offers_any(offered, document), index});
    }
    constexpr std::size_t kMost = 3, kLooked = 12;
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(kLooked, candidates.size()));
    std::partial_sort(candidates.begin(), end, candidates.end(), [](const Candidate& a, const Candidate& b) {
        return std::pair(a.cost, a.index) < std::pair(b.cost, b.index);
    });
    std::vector<Nearest> out;
    std::vector<std::set<std::string>> failing;
    Trial trial(decided);
    for (auto at = candidates.begin(); at != end && out.size() < kMost; ++at) {
        Nearest near;
        near.rule = see_rule(policy, document, trace.rules[at->index], at->index);
        near.rule.role = Role::Nearest;
        const std::size_t all = near.rule.conditions.size();
        std::erase_if(near.rule.conditions, [](const SeenCondition& each) { return each.truth == Truth::True; });
        near.holding = all - near.rule.conditions.size();
        std::set<std::string> texts;
        for (const SeenCondition& each : near.rule.conditions) texts.insert(each.text);
        const bool more_of_the_same =
            std::any_of(failing.begin(), failing.end(), [&](const std::set<std::string>& fewer) {
                return std::includes(texts.begin(), texts.end(), fewer.begin(), fewer.end());
            });
        if (more_of_the_same) continue;
        failing.push_back(std::move(texts));
        trial.reach(at->index, near);
        out.push_back(std::move(near));
    }
    return out;
}

OnceApproved once_approved(const TracedDecision& decided) {
    json::Value document = decided.document;
    std::size_t missing = 0;
    std::set<std::string_view> groups;
    for (const Requirement& each : decided.decision.requirements) {
        missing = std::max<std::size_t>(missing, each.needed - each.counted);
        groups.insert(each.groups.begin(), each.groups.end());
    }
    json::Value* stated = document.find("approvals");
    json::Value approvals = stated != nullptr && stated->type == json::Type::Array ? *stated : json::Value::array();
    // Approvers known by id and approvers known by name are not counted together.
    const bool by_id = std::any_of(approvals.items.begin(), approvals.items.end(), [](const json::Value& each) {
        const json::Value* id = each.find("approver_id");
        return id != nullptr && id->type == json::Type::String;
    });
    for (std::size_t i = 0; i < missing; ++i) {
        json::Value approval = json::Value::object();
        approval.set("id", json::Value::of(std::string_view("tried-" + std::to_string(i + 1))));
        approval.set("state", json::Value::of("approved"));
        approval.set("approver", json::Value::of(std::string_view("approver-" + std::to_string(i + 1))));
        if (by_id) approval.set("approver_id", *approval.find("id"));
        json::Value member_of = json::Value::array();
        for (const std::string_view group : groups) member_of.items.push_back(json::Value::of(group));
        approval.set("groups", std::move(member_of));
        approval.set("requester", json::Value::null());
        approval.set("at", *document.find("now"));
        approval.set("exp", json::Value::null());
        approval.set("binding_digest", json::Value::of(std::string_view(decided.decision.binding_digest)));
        approval.set("uses", json::Value::null());
        approvals.items.push_back(std::move(approval));
    }
    document.set("approvals", std::move(approvals));
    if (const json::Value* provenance = document.find("provenance");
        provenance != nullptr && provenance->type == json::Type::Object)
        explain::apply({{"provenance", "approvals"}, json::Value::of("broker")}, document);

    Trial trial(decided);
    const Decision& decision = trial.decide(document);
    OnceApproved out;
    out.effect = decision.effect;
    out.scopes.assign(decision.grant.scopes.begin(), decision.grant.scopes.end());
    out.ttl = decision.grant.ttl;
    if (decision.effect != Effect::Permit)
        for (const Reason& reason : decision.reasons)
            if (std::find(out.against.begin(), out.against.end(), reason.code) == out.against.end())
                out.against.emplace_back(reason.code);
    return out;
}

}  // namespace writ::explain

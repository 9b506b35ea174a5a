#include "testing/mutate.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/held.h"
#include "check/allow_comments.h"
#include "check/recheck.h"
#include "reference/evaluation.h"
#include "testing/expectation.h"
#include "testing/mutant_proof.h"
#include "testing/mutants.h"
#include "testing/mutate_lab.h"
#include "testing/parallel.h"
#include "testing/test_plan.h"
#include "writ/errors.h"
#include "writ/witness.h"

namespace writ {

std::string_view fate_name(MutationFate fate) {
    constexpr std::string_view kNames[] = {"noticed", "not_noticed", "accepted", "equal", "not_valid"};
    return kNames[static_cast<unsigned>(fate)];
}

std::size_t MutationRun::count(MutationFate fate) const {
    return static_cast<std::size_t>(std::ranges::count(mutations, fate, &Mutation::fate));
}
double MutationRun::percent() const {
    const std::size_t noticed = count(MutationFate::Noticed), all = noticed + count(MutationFate::NotNoticed);
    return all == 0 ? 100.0 : 100.0 * static_cast<double>(noticed) / static_cast<double>(all);
}

}  // namespace writ

namespace writ::testing {

using check::Rule;

namespace {

constexpr std::uint32_t kNoIndex = 0xFFFFFFFF;

/// A rule that can matter for a request.
struct RuleState {
    std::uint32_t index = 0;
    RowStates rows;  ///< not empty
};

/// A request of the tests, and what is known of it without a change.
struct KnownRequest {
    const TestRequest* asked = nullptr;
    bool live = false;  ///< rules run for it
    std::uint32_t tool = kNoIndex, issuer = kNoIndex;
    std::vector<RuleState> rules;           ///< ascending
    std::vector<std::size_t> cases;         ///< those that pass
    std::string decided;                    ///< the decision, if there are such
    std::vector<std::uint32_t> invariants;  ///< whose condition is true, and that hold

    [[nodiscard]] const RowStates& rows_of(std::uint32_t rule) const {
        static const RowStates kNone;
        const auto at = std::ranges::lower_bound(rules, rule, {}, &RuleState::index);
        return at != rules.end() && at->index == rule ? at->rows : kNone;
    }
};

Effect forbidden_by(const check::Invariant& invariant) {
    return invariant.never_needs_approval ? Effect::NeedsApproval : Effect::Permit;
}

/// Finds out what is known of requests; for one thread.
class Survey {
public:
    Survey(const check::Policy& policy, const Layers& layers, const TestPlan& plan)
        : policy_(policy), layers_(layers), plan_(plan), lab_(policy), request_(layers), witness_(layers) {
        for (const Rule& rule : policy.rules) timed_.push_back(rule.when != nullptr && is_timed(*rule.when));
    }

    KnownRequest look(const TestRequest& asked) {
        KnownRequest out;
        out.asked = &asked;
        if (!request_.parse(asked.text)) return out;
        Arena arena;
        const reference::Facts facts(lab_.bare(), *asked.document, arena);
        if (!reference::refusals(facts, lab_.bare()).empty()) return out;
        out.live = true;
        if (facts.tool() != nullptr) out.tool = static_cast<std::uint32_t>(facts.tool() - lab_.bare().tools.data());
        if (facts.issuer() != nullptr)
            out.issuer = static_cast<std::uint32_t>(facts.issuer() - lab_.bare().issuers.data());
        witness_.evaluate(request_, decision_);
        for (const std::size_t index : asked.cases)
            if (differences(*plan_.tests[index]->expect, decision_, layers_).empty()) out.cases.push_back(index);
        if (!out.cases.empty()) out.decided = describe(decision_, layers_);
        for (std::uint32_t i = 0; i < policy_.invariants.size(); ++i)
            if (decision_.effect != forbidden_by(policy_.invariants[i]) &&
                reference::invariant_condition(policy_, policy_.invariants[i], *asked.document) == Truth::True)
                out.invariants.push_back(i);
        find_rules(facts, arena, out);
        return out;
    }

private:
    /// The evaluator finds through its index the rules that hold; of those that depend on the time, all are tried.
    void find_rules(const reference::Facts& facts, Arena& arena, KnownRequest& out) {
        witness_.read_holding(request_, 0, holding_);
        auto held = holding_.begin();
        for (std::uint32_t i = 0; i < policy_.rules.size(); ++i) {
            const std::uint32_t first = lab_.first_of(i);
            const std::uint32_t end = i + 1 < policy_.rules.size() ? lab_.first_of(i + 1) : std::uint32_t{kNoIndex};
            RowStates rows;
            for (; held != holding_.end() && held->rule < end; ++held) {
                const Truth truth = held->sure ? Truth::True : Truth::Unknown;
                rows.push_back({held->rule - first, truth, truth});
            }
            if (timed_[i]) rows = lab_.states_of(policy_.rules[i], facts, arena);
            if (!rows.empty()) out.rules.push_back({i, std::move(rows)});
        }
    }

    const check::Policy& policy_;
    const Layers& layers_;
    const TestPlan& plan_;
    Lab lab_;
    std::vector<bool> timed_;
    Request request_;
    Witness witness_;
    Decision decision_;
    std::vector<Holding> holding_;
};

/// Changes of the same rules; tried together, so that a request is read once for all of them.
struct MutantGroup {
    std::vector<std::uint32_t> rules;
    std::vector<std::size_t> mutants;
};

/// Tries changes; for one thread.
class Trial {
public:
    Trial(const check::Policy& policy, const Layers& layers, const TestPlan& plan,
          const std::vector<KnownRequest>& known, const std::vector<Mutant>& mutants, std::vector<Mutation>& out)
        : policy_(policy),
          layers_(layers),
          plan_(plan),
          known_(known),
          mutants_(mutants),
          out_(out),
          lab_(policy),
          proof_(policy, lab_.bare()) {}

    void run(const MutantGroup& group) {
        std::vector<std::size_t> pending;
        for (const std::size_t mutant : group.mutants)
            if (is_valid(mutant)) pending.push_back(mutant);
        for (const KnownRequest& known : known_) {
            if (pending.empty()) break;
            if (!known.live || !can_matter(group, known)) continue;
            if (mutants_[pending.front()].lost)
                std::erase_if(pending, [&](std::size_t mutant) { return notices_lost(known, mutant); });
            else
                try_on(known, pending);
        }
        for (const std::size_t mutant : pending) {
            out_[mutant].because = proof_.why_equal(mutants_[mutant]);
            if (!out_[mutant].because.empty()) out_[mutant].fate = MutationFate::Equal;
        }
    }

private:
    [[nodiscard]] bool can_matter(const MutantGroup& group, const KnownRequest& known) const {
        return group.rules.empty() || std::ranges::any_of(group.rules, [&](std::uint32_t rule) {
                   const auto& tools = policy_.rules[rule].tools;
                   return tools.empty() || std::ranges::find(tools, check::ToolId{known.tool}) != tools.end();
               });
    }

    [[nodiscard]] bool is_valid(std::size_t index) {
        const Mutant& mutant = mutants_[index];
        check::Policy& bare = lab_.bare();
        const auto refuse = [&](const Rule& rule) {
            const auto code = check::recheck(bare, rule);
            bare.arena = std::make_unique<Arena>();
            if (!code) return false;
            out_[index].fate = MutationFate::NotValid;
            out_[index].because = code_name(*code);
            return true;
        };
        if (!mutant.lost)
            return std::ranges::none_of(mutant.rules,
                                        [&](const ChangedRule& each) { return each.rule && refuse(*each.rule); });
        // Without an issuer in the group, a test of it may no longer guard a claim.
        const auto groups = bare.groups;
        std::erase(bare.groups[mutant.lost->group].members, mutant.lost->issuer);
        const bool valid = std::ranges::none_of(policy_.rules, refuse);
        bare.groups = groups;
        return valid;
    }

    /// Tries each pending change on a request, and removes those that are noticed.
    void try_on(const KnownRequest& known, std::vector<std::size_t>& pending) {
        Arena arena;
        const reference::Facts facts(lab_.bare(), *known.asked->document, arena);
        std::erase_if(pending, [&](std::size_t index) {
            const Mutant& mutant = mutants_[index];
            std::vector<RowStates> now;
            bool touched = false, later = false;
            for (const ChangedRule& changed : mutant.rules) {
                const RowStates& before = known.rows_of(changed.index);
                now.push_back(after(changed, mutant, known, before, facts, arena));
                touched = touched || now.back() != before || (mutant.edits.empty() && !before.empty());
                later = later || matters_later(changed, before);
            }
            if (!touched && !later) return false;
            std::vector<RuleRows> rules;
            for (const RuleState& each : known.rules)
                if (std::ranges::find(mutant.rules, each.index, &ChangedRule::index) == mutant.rules.end())
                    rules.push_back({&policy_.rules[each.index], each.index, &each.rows});
            for (std::size_t i = 0; i < now.size(); ++i)
                if (!now[i].empty()) rules.push_back({&*mutant.rules[i].rule, mutant.rules[i].index, &now[i]});
            // Of permits with the same lifetime, the first is used.
            std::ranges::sort(rules, {}, &RuleRows::index);
            return judge(known, index, lab_.decide(*known.asked->document, rules, arena), touched);
        });
    }

    [[nodiscard]] RowStates after(const ChangedRule& changed, const Mutant& mutant, const KnownRequest& known,
                                  const RowStates& before, const reference::Facts& facts, Arena& arena) {
        if (!changed.rule) return {};
        if (!mutant.edits.empty()) return lab_.states_of(*changed.rule, facts, arena);
        const auto& tools = changed.rule->tools;
        const bool for_tool = tools.empty() || std::ranges::find(tools, check::ToolId{known.tool}) != tools.end();
        return for_tool ? before : RowStates{};
    }

    /// Whether a rule with the same result as before can have another one later, which a horizon shows.
    [[nodiscard]] static bool matters_later(const ChangedRule& changed, const RowStates& before) {
        return changed.rule && changed.rule->when != nullptr && is_timed(*changed.rule->when) &&
               std::ranges::any_of(before, [](const RowState& each) { return each.any == Truth::Unknown; });
    }

    [[nodiscard]] bool notices_lost(const KnownRequest& known, std::size_t index) {
        const Mutant::Lost lost = held(mutants_[index].lost);
        if (known.issuer != lost.issuer) return false;
        check::Policy& bare = lab_.bare();
        const auto groups = bare.groups;
        std::erase(bare.groups[lost.group].members, lost.issuer);
        Arena arena;
        const bool noticed = judge(known, index, lab_.decide(*known.asked->document, arena), true);
        bare.groups = groups;
        return noticed;
    }

    /// Whether a test or an invariant does not accept the decision. Notes the first test that does, if the request
    /// gives a changed rule another result or effect.
    bool judge(const KnownRequest& known, std::size_t index, const Decision& decision, bool reached) {
        Mutation& mutation = out_[index];
        const auto notice = [&](std::string by) {
            mutation.fate = MutationFate::Noticed;
            mutation.by = std::move(by);
            mutation.reached.clear();
            mutation.decided.clear();
            mutation.decides.clear();
            return true;
        };
        for (const std::size_t index_of_case : known.cases)
            if (!differences(*plan_.tests[index_of_case]->expect, decision, layers_).empty())
                return notice(plan_.tests[index_of_case]->name);
        for (const std::uint32_t invariant : known.invariants)
            if (decision.effect == forbidden_by(policy_.invariants[invariant]))
                return notice("invariant " + policy_.invariants[invariant].name + " on " + known.asked->name);
        if (reached && mutation.reached.empty() && !known.cases.empty()) {
            mutation.reached = plan_.tests[known.cases.front()]->name;
            mutation.decided = known.decided;
            mutation.decides = describe(decision, layers_);
        }
        return false;
    }

    const check::Policy& policy_;
    const Layers& layers_;
    const TestPlan& plan_;
    const std::vector<KnownRequest>& known_;
    const std::vector<Mutant>& mutants_;
    std::vector<Mutation>& out_;
    Lab lab_;
    EqualityProof proof_;
};

/// The part of the result that is known before anything is tried.
Mutation described(const check::Policy& policy, const Mutant& mutant) {
    Mutation out;
    out.mutator = mutators()[static_cast<std::size_t>(mutant.kind)].name;
    out.span = mutant.span;
    out.before = mutant.before;
    out.after = mutant.after;
    out.needs = mutant.needs;
    for (const ChangedRule& changed : mutant.rules) {
        const Rule& rule = policy.rules[changed.index];
        out.rules.push_back(std::string(spelling_of(rule.kind)) + " " + rule.module + "." + rule.name);
    }
    return out;
}

/// Leaves out the changes of rules that no request reaches.
void keep_reached(const std::vector<KnownRequest>& known, std::vector<Mutant>& mutants) {
    std::erase_if(mutants, [&](const Mutant& mutant) {
        return std::ranges::none_of(known, [&](const KnownRequest& each) {
            if (mutant.lost) return each.issuer == mutant.lost->issuer;
            return std::ranges::any_of(
                mutant.rules, [&](const ChangedRule& changed) { return !each.rows_of(changed.index).empty(); });
        });
    });
}

std::vector<MutantGroup> grouped(const std::vector<Mutant>& mutants) {
    std::map<std::vector<std::uint32_t>, std::size_t> by_rules;
    std::vector<MutantGroup> out;
    for (std::size_t i = 0; i < mutants.size(); ++i) {
        std::vector<std::uint32_t> rules;
        for (const ChangedRule& changed : mutants[i].rules) rules.push_back(changed.index);
        const auto [at, fresh] = by_rules.emplace(rules, out.size());
        // A change of a group of issuers is tried alone.
        if (fresh || rules.empty()) {
            at->second = out.size();
            out.push_back({std::move(rules), {}});
        }
        out[at->second].mutants.push_back(i);
    }
    return out;
}

bool starts_in(Span what, Span where) {
    return what.source == where.source && what.begin >= where.begin && what.begin < where.end;
}

/// Marks the changes that a comment accepts, `// mutate: allow NAME because REASON`, and remarks on comments that do
/// nothing.
void accept(const check::Policy& policy, const MutationOptions& options, MutationRun& run) {
    const auto remark = [&](Span span, std::string message, std::string help) {
        Diagnostic& out = run.remarks.emplace_back();
        out.code = "mutate-comment";
        out.severity = Severity::Warning;
        out.span = span;
        out.message = std::move(message);
        out.help = std::move(help);
    };
    const check::AllowComments comments = check::allow_comments(policy, "mutate:");
    for (const check::IdleComment& comment : comments.idle)
        remark(comment.at, "this comment accepts no change", "write `// mutate: allow NAME because REASON`");
    for (const check::AllowComment& comment : comments.allowed) {
        const std::string name(comment.name);
        if (std::ranges::find(mutators(), comment.name, &Mutator::name) == mutators().end()) {
            remark(comment.at, "there is no change `" + name + "`", "`writ test --help` lists them");
            continue;
        }
        bool used = false;
        for (Mutation& mutation : run.mutations) {
            const bool open = mutation.fate == MutationFate::NotNoticed || mutation.fate == MutationFate::Accepted;
            if (!open || mutation.mutator != comment.name || !starts_in(mutation.span, comment.covers)) continue;
            used = true;
            if (mutation.fate == MutationFate::NotNoticed) mutation.because = comment.reason;
            mutation.fate = MutationFate::Accepted;
        }
        if (!used && options.filter.empty() && options.only.empty())
            remark(comment.at, "every change `" + name + "` is noticed here",
                   "remove the comment; it would accept the next one that is not");
    }
}

}  // namespace

MutationRun run_mutations(const check::Policy& policy, const Bundle& bundle, const MutationOptions& options) {
    MutationRun run;
    const TestPlan plan(policy, options.filter, options.threads);
    const Layers layers(bundle);
    std::vector<KnownRequest> known(plan.asked.size());
    const auto survey = [&] {
        return [&, survey = std::make_shared<Survey>(policy, layers, plan)](std::size_t i) {
            known[i] = survey->look(plan.asked[i]);
        };
    };
    in_parallel(options.threads, known.size(), survey, [](std::size_t) {});

    Mutants mutants = make_mutants(policy, options.only);
    if (!options.filter.empty()) keep_reached(known, mutants.all);
    for (const Mutant& mutant : mutants.all) run.mutations.push_back(described(policy, mutant));
    const std::vector<MutantGroup> groups = grouped(mutants.all);
    const auto trial = [&] {
        auto on = std::make_shared<Trial>(policy, layers, plan, known, mutants.all, run.mutations);
        return [&, on](std::size_t i) { on->run(groups[i]); };
    };
    in_parallel(options.threads, groups.size(), trial, [&](std::size_t done) {
        if (options.progress) options.progress(done, groups.size());
    });
    accept(policy, options, run);
    return run;
}

}  // namespace writ::testing

#include "cli/formats/mutation.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/json.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kMostShown = 60;

std::string ticked(std::string_view text) {
    return fmt::format("`{}`", text);
}

std::string rules_text(const Mutation& mutation) {
    if (mutation.rules.empty()) return {};
    const std::size_t more = mutation.rules.size() - 1;
    return "in " + mutation.rules.front() + (more > 0 ? " and " + counted(more, "more rule") : "");
}

Diagnostic finding(const Mutation& mutation) {
    Diagnostic out;
    out.code = fmt::format("mutate-{}", mutation.mutator);
    out.severity = Severity::Warning;
    out.span = mutation.span;
    out.message = mutation.after.empty() ? fmt::format("no test notices that {} is left out", ticked(mutation.before))
                                         : fmt::format("no test notices {} in place of {}", ticked(mutation.after),
                                                       ticked(mutation.before));
    out.label = rules_text(mutation);
    if (!mutation.needs.empty()) out.help = "needed: " + mutation.needs;
    if (mutation.reached.empty()) return out;
    if (!out.help.empty()) out.help += "; ";
    out.help += mutation.decided == mutation.decides
                    ? fmt::format("the decision of {} stays the same", ticked(mutation.reached))
                    : fmt::format("{} accepts both {} and, with the change, {}", ticked(mutation.reached),
                                  ticked(mutation.decided), ticked(mutation.decides));
    return out;
}

}  // namespace

std::vector<Diagnostic> mutation_findings(const MutationRun& run) {
    std::vector<Diagnostic> out;
    for (const Mutation& mutation : run.mutations)
        if (mutation.fate == MutationFate::NotNoticed) out.push_back(finding(mutation));
    out.insert(out.end(), run.remarks.begin(), run.remarks.end());
    return out;
}

std::string mutation_sums(const MutationRun& run) {
    std::string out = fmt::format("{}: {} noticed, {} not noticed", counted(run.mutations.size(), "change"),
                                  run.count(MutationFate::Noticed), run.count(MutationFate::NotNoticed));
    const auto add = [&](MutationFate fate, std::string_view what) {
        if (const std::size_t count = run.count(fate); count > 0) out += fmt::format(", {} {}", count, what);
    };
    add(MutationFate::Accepted, "accepted");
    add(MutationFate::Equal, "equal");
    add(MutationFate::NotValid, "not valid");
    return out + fmt::format(" ({})", percent_text(run.percent()));
}

std::string render_mutations(const MutationRun& run, const Diagnostics& sources, bool colour) {
    Diagnostics shown{sources.sources, mutation_findings(run)};
    const std::size_t all = shown.items.size();
    if (all > kMostShown) shown.items.resize(kMostShown);
    std::string out = shown.items.empty() ? "" : render_human(shown, colour);
    if (all > kMostShown) out += fmt::format("... and {} more; --format json lists all\n", all - kMostShown);
    return out + mutation_sums(run) + "\n";
}

Json mutations_json(const MutationRun& run, const FilePositions& places) {
    Json out;
    out["changes"] = run.mutations.size();
    for (const MutationFate fate : {MutationFate::Noticed, MutationFate::NotNoticed, MutationFate::Accepted,
                                    MutationFate::Equal, MutationFate::NotValid})
        out[std::string(fate_name(fate))] = run.count(fate);
    out["percent"] = run.percent();
    out["mutators"] = Json::array();
    for (const Mutator& mutator : mutators())
        out["mutators"].push_back(Json{{"name", mutator.name}, {"what", mutator.what}});
    out["list"] = Json::array();
    for (const Mutation& mutation : run.mutations)
        out["list"].push_back(Json{{"mutator", mutation.mutator},
                                   {"fate", fate_name(mutation.fate)},
                                   {"at", places.text(mutation.span)},
                                   {"before", mutation.before},
                                   {"after", mutation.after},
                                   {"rules", mutation.rules},
                                   {"needs", mutation.needs},
                                   {"reached", mutation.reached},
                                   {"decided", mutation.decided},
                                   {"decides", mutation.decides},
                                   {"by", mutation.by},
                                   {"because", mutation.because}});
    out["remarks"] = Json::array();
    for (const Diagnostic& remark : run.remarks)
        out["remarks"].push_back(Json{{"at", places.text(remark.span)}, {"message", remark.message}});
    return out;
}

}  // namespace writ::cli

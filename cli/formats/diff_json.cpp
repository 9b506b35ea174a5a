// A comparison as JSON. docs/diff.md has the fields.
#include "cli/formats/diff_json.h"

#include "cli/formats/diff_words.h"
#include "cli/formats/json.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kExplained = 20;  ///< groups whose examples are explained, starting with the widest and largest

Json or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json json_part(const SideSummary& side, const std::string& name) {
    return {{"name", name}, {"digest", side.digest}, {"rules", side.rules}, {"step_bound", side.step_bound}};
}

Json json_part(const ThingChange& change) {
    Json parts = Json::array();
    for (const PartChange& each : change.parts)
        parts.push_back({{"part", each.part},
                         {"before", or_null(each.before)},
                         {"after", or_null(each.after)},
                         {"direction", direction_name(each.direction)}});
    return {{"kind", thing_name(change.kind)},
            {"word", change.word},
            {"change", fate_name(change.fate)},
            {"name", or_null(change.name)},
            {"old_name", or_null(change.old_name)},
            {"place", or_null(change.place)},
            {"old_place", or_null(change.old_place)},
            {"direction", direction_name(change.direction)},
            {"parts", std::move(parts)}};
}

Json json_part(const std::vector<Cause>& causes) {
    Json out = Json::array();
    for (const Cause& each : causes)
        out.push_back(
            {{"word", each.word}, {"name", each.name}, {"old_name", or_null(each.old_name)}, {"gone", each.gone}});
    return out;
}

Json json_part(const DiffExample& example) {
    Json parts = Json::array();
    for (const PartShift& each : example.parts)
        parts.push_back({{"part", part_name(each.part)},
                         {"direction", direction_name(each.direction)},
                         {"before", each.before},
                         {"after", each.after}});
    return {{"name", example.name},
            {"request", Json::parse(example.request, nullptr, false)},
            {"parts", std::move(parts)},
            {"reasons_before", example.reasons_before},
            {"reasons_after", example.reasons_after}};
}

Json json_part(const Result<Explanation>& explained) {
    if (!explained)
        return {{"error",
                 {{"code", explained.error().code},
                  {"path", explained.error().context},
                  {"message", explained.error().message}}}};
    return Json::parse(to_json(*explained), nullptr, false);
}

Json json_part(const DecisionGroup& group) {
    constexpr std::string_view kEffects[] = {"deny", "needs_approval", "permit"};
    Json agents = Json::array();
    for (const AgentCount& each : group.agents)
        agents.push_back({{"agent", or_null(each.agent)}, {"decisions", each.decisions}, {"example", each.example}});
    return {{"direction", direction_name(group.shift.direction())},
            {"widens", group.shift.widens()},
            {"before", kEffects[static_cast<std::size_t>(group.before)]},
            {"after", kEffects[static_cast<std::size_t>(group.after)]},
            {"change", change_of(group)},
            {"causes", json_part(group.causes)},
            {"decisions", group.decisions},
            {"agents", std::move(agents)},
            {"example", json_part(group.example)}};
}

Json json_part(const HeldInvariant& held) {
    return {{"name", held.name},
            {"text", held.text},
            {"stated_before", held.stated_before},
            {"stated_after", held.stated_after},
            {"broken_before", held.broken_before},
            {"broken_after", held.broken_after},
            {"example", json_part(held.example)}};
}

}  // namespace

Json json_of(const std::vector<ThingChange>& changes) {
    Json out = Json::array();
    for (const ThingChange& each : changes) out.push_back(json_part(each));
    return out;
}

nlohmann::ordered_json diff_json(const DiffReport& report) {
    const PolicyDiff& diff = report.diff;
    Json out{{"schema_version", 1},
             {"before", json_part(diff.before, report.before)},
             {"after", json_part(diff.after, report.after)},
             {"requests", diff.requests},
             {"same", diff.same},
             {"wider", diff.wider},
             {"narrower", diff.narrower},
             {"other", diff.other},
             {"refused_before", diff.refused_before},
             {"refused_after", diff.refused_after},
             {"refused_both", diff.refused_both},
             {"no_request", report.gaps.no_request},
             {"overruled", report.gaps.overruled},
             {"repeated", report.gaps.repeated},
             {"undecided", report.gaps.undecided},
             {"structure", json_of(diff.structure)},
             {"files", Json::array()},
             {"groups", Json::array()},
             {"invariants", {{"held", diff.invariants_held}, {"proved", false}, {"broken", Json::array()}}},
             {"unseen", json_part(diff.unseen)}};
    for (const FileChange& each : diff.files)
        out["files"].push_back({{"change", fate_name(each.fate)},
                                {"name", or_null(each.name)},
                                {"old_name", or_null(each.old_name)},
                                {"text", text_change_name(each.text)}});
    for (std::size_t i = 0; i < diff.groups.size(); ++i) {
        Json group = json_part(diff.groups[i]);
        if (i < kExplained) {
            const ExplainedExample explained = explain_example(report, diff.groups[i]);
            group["example"]["explain_before"] = json_part(explained.before);
            group["example"]["explain_after"] = json_part(explained.after);
        }
        out["groups"].push_back(std::move(group));
    }
    for (const HeldInvariant& each : diff.invariants) out["invariants"]["broken"].push_back(json_part(each));
    return out;
}

std::string render_diff_json(const DiffReport& report) {
    return one_line(diff_json(report));
}

}  // namespace writ::cli

#include "cli/formats/coverage.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/formats/json.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "writ/explain.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kMostRules = 60, kMostConditions = 60;
constexpr Truth kOutcomes[] = {Truth::True, Truth::False, Truth::Unknown};

std::string listed(const std::vector<std::string_view>& words, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i)
        out.append(i == 0 ? "" : i + 1 == words.size() ? last : ", ").append(words[i]);
    return out;
}

std::size_t covered_of(const Coverage& coverage, const CoveredRule& rule) {
    return static_cast<std::size_t>(
        std::count_if(rule.conditions.begin(), rule.conditions.end(),
                      [&](std::uint32_t index) { return coverage.conditions[index].covered(); }));
}

std::string count_of(std::size_t shown, std::size_t all, std::string_view what) {
    if (shown == all) return {};
    return fmt::format("... and {} more {}; --format json lists all\n", all - shown, what);
}

std::string rules_table(const Coverage& coverage) {
    const bool many = coverage.rules.size() > kMostRules;
    std::vector<std::vector<std::string>> rows;
    std::size_t wanting = 0;
    for (const CoveredRule& rule : coverage.rules) {
        const std::size_t covered = covered_of(coverage, rule);
        if (many && rule.applied > 0 && covered == rule.conditions.size()) continue;
        if (++wanting > kMostRules) continue;
        rows.push_back({rule.kind + " " + rule.name, rule.applied == 0 ? "never" : std::to_string(rule.applied),
                        rule.conditions.empty() ? "-" : fmt::format("{} of {}", covered, rule.conditions.size())});
    }
    if (rows.empty()) return {};
    const std::string heading = many ? "rules without enough tests" : "rule";
    return table({heading, "applied", "conditions covered"}, rows) + count_of(rows.size(), wanting, "rules") + "\n";
}

std::string open_conditions(const Coverage& coverage, const FilePositions& places, const Palette& colours) {
    std::string out;
    std::size_t shown = 0, open = 0;
    for (const CoveredCondition& condition : coverage.conditions) {
        if (condition.covered()) continue;
        if (++open > kMostConditions) continue;
        ++shown;
        std::vector<std::string_view> never;
        for (const Truth truth : kOutcomes)
            if (condition.possible[index_of(truth)] && condition.seen[index_of(truth)] == 0)
                never.push_back(truth_name(truth));
        out += fmt::format("{}never {}{}  {}\n  {}-->{} {}\n", colours.warning, listed(never, " or "), colours.reset,
                           safe(condition.text), colours.frame, colours.reset, places.text(condition.span));
    }
    if (open == 0) return {};
    return out + count_of(shown, open, "conditions") + "\n";
}

/// The numbers of results that were not required, by reason.
std::string not_asked(const Coverage& coverage) {
    std::map<std::string, std::size_t> reasons;
    for (const CoveredCondition& condition : coverage.conditions)
        if (!condition.because.empty()) {
            std::vector<std::string_view> never;
            for (const Truth truth : kOutcomes)
                if (!condition.possible[index_of(truth)]) never.push_back(truth_name(truth));
            if (!never.empty()) ++reasons["never " + listed(never, " or ") + ": " + condition.because];
        }
    std::string out;
    for (const auto& [reason, count] : reasons)
        out += fmt::format("not required of {}: {}\n", counted(count, "condition"), reason);
    return out;
}

Json truths(const std::array<std::size_t, 3>& seen) {
    Json out = Json::object();
    for (const Truth truth : kOutcomes) out[std::string(truth_name(truth))] = seen[index_of(truth)];
    return out;
}

}  // namespace

std::string coverage_sums(const Coverage& coverage) {
    return fmt::format("coverage: {} of {} rules applied, {} of {} conditions seen in every way ({})",
                       coverage.applied(), coverage.rules.size(), coverage.covered(), coverage.conditions.size(),
                       percent_text(coverage));
}

std::string render_coverage(const Coverage& coverage, const FilePositions& places, const Palette& colours) {
    return rules_table(coverage) + open_conditions(coverage, places, colours) + not_asked(coverage) +
           coverage_sums(coverage) + "\n";
}

Json coverage_json(const Coverage& coverage, const FilePositions& places) {
    Json out;
    out["requests"] = coverage.requests;
    out["rules_applied"] = coverage.applied();
    out["conditions_covered"] = coverage.covered();
    out["percent"] = coverage.percent();
    out["rules"] = Json::array();
    for (const CoveredRule& rule : coverage.rules)
        out["rules"].push_back(Json{{"name", rule.name},
                                    {"kind", rule.kind},
                                    {"at", places.text(rule.span)},
                                    {"applied", rule.applied},
                                    {"seen", truths(rule.seen)},
                                    {"conditions", rule.conditions}});
    out["conditions"] = Json::array();
    for (const CoveredCondition& condition : coverage.conditions) {
        Json possible = Json::array();
        for (const Truth truth : kOutcomes)
            if (condition.possible[index_of(truth)]) possible.push_back(truth_name(truth));
        out["conditions"].push_back(Json{{"text", condition.text},
                                         {"at", places.text(condition.span)},
                                         {"covered", condition.covered()},
                                         {"seen", truths(condition.seen)},
                                         {"possible", std::move(possible)},
                                         {"because", condition.because}});
    }
    return out;
}

}  // namespace writ::cli

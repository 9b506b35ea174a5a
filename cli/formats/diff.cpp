#include "cli/formats/diff.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/diff_words.h"
#include "cli/formats/explanation.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kTextWidth = 80;  ///< texts longer than this are cut
constexpr std::size_t kMostThings = 40, kMostParts = 12, kMostGroups = 20, kMostAgents = 5, kMostLines = 12;

/// Makes a text safe and cuts it to a number of columns.
std::string fitted(std::string_view text, std::size_t width) {
    std::string out;
    std::size_t used = 0;
    for (const Glyph& glyph : glyphs_of(text)) {
        if (used + glyph.width > width) return out + "…";
        used += glyph.width;
        out += glyph.text;
    }
    return out;
}

/// The change of a part. If both texts do not fit on one line, each has its own line, which
/// starts shortly before they differ.
std::string part_lines(const PartChange& change) {
    constexpr std::string_view kIndent = "            ";
    constexpr std::size_t kColumns = kTextWidth - kIndent.size(), kLead = 12;
    std::string out(kIndent);
    const std::vector<Glyph> all = glyphs_of(text_of(change));
    const bool both = !change.before.empty() && !change.after.empty();
    if (!both || all.size() <= kColumns) return out + fitted(text_of(change), both ? kColumns : kTextWidth);
    const std::vector<Glyph> before = glyphs_of(change.before), after = glyphs_of(change.after);
    std::size_t alike = 0;
    while (alike < before.size() && alike < after.size() && before[alike].text == after[alike].text) ++alike;
    const std::size_t room = kColumns - std::min(kColumns / 2, glyphs_of(change.part).size() + 3);
    const std::size_t skipped = std::max(before.size(), after.size()) > room && alike > kLead ? alike - kLead : 0;
    const auto rest = [&](const std::vector<Glyph>& glyphs) {
        std::string text;
        for (std::size_t i = skipped; i < glyphs.size(); ++i) text += glyphs[i].text;
        return (skipped > 0 ? "…" : "") + fitted(text, room);
    };
    const std::string part = safe(change.part);
    return out + fmt::format("{} {}\n{}{:>{}} {}", part, rest(before), kIndent, "→", glyphs_of(change.part).size(),
                             rest(after));
}

std::string_view paint_of(Direction direction, const Palette& colours) {
    switch (direction) {
        case Direction::Same: return {};
        case Direction::Wider: return colours.error;
        case Direction::Narrower: return colours.good;
        case Direction::Other: return colours.warning;
    }
    return {};
}

std::string painted(std::string_view text, std::string_view paint, const Palette& colours) {
    return paint.empty() ? std::string(text) : fmt::format("{}{}{}", paint, text, colours.reset);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at) out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

class DiffPage {
public:
    DiffPage(const DiffReport& report, bool colour)
        : report_(report), diff_(report.diff), colour_(colour), colours_(palette(colour)) {}

    std::string draw() {
        out_ += fmt::format("{}{}{}\n", colours_.bold, headline(diff_), colours_.reset);
        sides();
        section("policy");
        if (diff_.structure.empty())
            out_ += "  " + nothing_decides(diff_) + "\n";
        else
            out_ += render_structure(diff_.structure, colour_, kMostThings);
        texts();
        if (!diff_.groups.empty()) section("decisions");
        for (std::size_t i = 0; i < std::min(kMostGroups, diff_.groups.size()); ++i) group(diff_.groups[i], i > 0);
        if (diff_.groups.size() > kMostGroups)
            out_ +=
                fmt::format("\n  … and {} more groups; --format json lists all\n", diff_.groups.size() - kMostGroups);
        invariants();
        section("checked");
        for (const std::string& each : limits_of(report_)) out_ += "  " + safe(each) + "\n";
        return std::move(out_);
    }

private:
    void section(std::string_view name) { out_ += fmt::format("\n{}{}{}\n", colours_.bold, name, colours_.reset); }

    void sides() {
        const auto side = [&](std::string_view word, const std::string& name, const SideSummary& of) {
            out_ += fmt::format("  {:<7} {}  {}, step bound {}, {}\n", word, safe(name), counted(of.rules, "rule"),
                                of.step_bound, of.digest.substr(0, 12));
        };
        side("before", report_.before, diff_.before);
        side("after", report_.after, diff_.after);
    }

    void texts() {
        const std::vector<std::string> lines = text_changes(diff_);
        if (lines.empty()) return;
        section("text");
        for (std::size_t i = 0; i < std::min(kMostThings, lines.size()); ++i) out_ += "  " + safe(lines[i]) + "\n";
        if (lines.size() > kMostThings)
            out_ += fmt::format("  … and {} more; --format json lists all\n", lines.size() - kMostThings);
    }

    void row(std::string_view key, std::string_view text) { out_ += fmt::format("    {:<8} {}\n", key, text); }

    void group(const DecisionGroup& group, bool apart) {
        const Direction direction = group.shift.direction();
        out_ += apart ? "\n" : "";
        out_ += fmt::format("  {}  {}: {}\n",
                            painted(direction == Direction::Other ? "both" : direction_name(direction),
                                    paint_of(direction, colours_), colours_),
                            change_of(group), counted(group.decisions, "decision"));
        row("by", safe(causes_of(group.causes)));
        std::string agents;
        for (std::size_t i = 0; i < std::min(kMostAgents, group.agents.size()); ++i)
            agents += fmt::format("{}{} {}", i > 0 ? ", " : "",
                                  group.agents[i].agent.empty() ? "(not stated)" : safe(group.agents[i].agent),
                                  group.agents[i].decisions);
        if (group.agents.size() > kMostAgents) agents += fmt::format(", … {} in all", group.agents.size());
        row("agents", agents);
        row("example", fitted(group.example.name, kTextWidth));
        if (group.before == group.after)
            for (const PartShift& each : group.example.parts)
                row(part_name(each.part), fmt::format("{} → {}", safe(each.before), safe(each.after)));
        ExplainedExample explained = explain_example(report_, group);
        shorten(explained);
        side("before", explained.before);
        side("after", explained.after);
    }

    /// The effect, then the explanation of the rule behind the change.
    void side(std::string_view word, const Result<Explanation>& explained) {
        if (!explained) {
            row(word, fmt::format("not admitted: {} {} at {}", explained.error().code, safe(explained.error().message),
                                  safe(explained.error().context)));
            return;
        }
        const std::vector<std::string> lines = lines_of(render_explanation(*explained, colour_));
        row(word, lines.empty() ? "" : lines.front());
        for (std::size_t i = 1; i < std::min(kMostLines, lines.size()); ++i) out_ += "             " + lines[i] + "\n";
        if (lines.size() > kMostLines) out_ += "             …\n";
    }

    void invariants() {
        if (diff_.invariants_held == 0) return;
        section("invariants");
        for (const HeldInvariant& each : diff_.invariants) {
            const bool now = each.broken_after > 0;
            const std::string_view word = now ? "broken" : "mended";
            out_ += fmt::format("  {} {}{}: {} before, {} after\n",
                                painted(word, now ? colours_.error : colours_.good, colours_), safe(each.name),
                                !each.stated_after    ? " (removed)"
                                : !each.stated_before ? " (new)"
                                                      : "",
                                counted(each.broken_before, "decision"), each.broken_after);
            row("says", fitted(each.text, kTextWidth));
            row("example", fitted(each.example.name, kTextWidth));
        }
        out_ += fmt::format("  {} checked on {} (not proved)\n", counted(diff_.invariants_held, "invariant"),
                            counted(diff_.requests, "request"));
    }

    const DiffReport& report_;
    const PolicyDiff& diff_;
    bool colour_;
    Palette colours_;
    std::string out_;
};

}  // namespace

std::string render_structure(const std::vector<ThingChange>& changes, bool colour, std::size_t most) {
    const Palette colours = palette(colour);
    std::string out;
    for (std::size_t i = 0; i < std::min(most, changes.size()); ++i) {
        const ThingChange& each = changes[i];
        const std::string_view meaning = consequence(each.direction);
        const std::string place = each.fate == Fate::Moved ? each.old_place + " → " + each.place
                                  : each.place.empty()     ? each.old_place
                                                           : each.place;
        out += fmt::format("  {:<7} {}{}{}  {}{}{}\n", fate_name(each.fate), colours.bold, safe(title_of(each)),
                           colours.reset, colours.frame, safe(place), colours.reset);
        if (!meaning.empty())
            out.insert(out.size() - 1, "  " + painted(meaning, paint_of(each.direction, colours), colours));
        for (std::size_t part = 0; part < std::min(kMostParts, each.parts.size()); ++part) {
            const PartChange& change = each.parts[part];
            const bool several = each.parts.size() > 1 && !consequence(change.direction).empty();
            out +=
                part_lines(change) +
                (several ? "  " + painted(consequence(change.direction), paint_of(change.direction, colours), colours)
                         : "") +
                "\n";
        }
        if (each.parts.size() > kMostParts)
            out += fmt::format("            … and {} more\n", each.parts.size() - kMostParts);
    }
    if (changes.size() > most) out += fmt::format("  … and {} more; --format json lists all\n", changes.size() - most);
    return out;
}

std::string render_diff(const DiffReport& report, bool colour) {
    return DiffPage(report, colour).draw();
}

}  // namespace writ::cli

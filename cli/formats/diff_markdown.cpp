// A comparison as Markdown, for a pull request or a page.
#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/diff_words.h"
#include "cli/formats/explanation.h"
#include "cli/formats/markdown.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kMarkdownThings = 100, kMarkdownGroups = 20, kMarkdownAgents = 5;

std::string block(const std::string& text) {
    return "\n" + std::string("```text\n") + text + "```\n";
}

std::string explained(std::string_view word, const Result<Explanation>& explanation) {
    if (!explanation)
        return fmt::format("\n{}: not admitted, {} {}\n", word, explanation.error().code,
                           markdown_text(explanation.error().message));
    std::string text = render_explanation(*explanation, false);
    // A line of backticks would end the block.
    for (std::size_t at = 0; (at = text.find("```", at)) != std::string::npos; at += 3) text.replace(at, 3, "'''");
    return fmt::format("\n{}:\n", word) + block(text);
}

std::string group_of(const DiffReport& report, const DecisionGroup& group) {
    std::string out =
        fmt::format("\n<details><summary>{}: {}, {}, by {}</summary>\n\n", direction_name(group.shift.direction()),
                    change_of(group), counted(group.decisions, "decision"), markdown_html(causes_of(group.causes)));
    out += fmt::format("Example: {}\n", markdown_code(group.example.name));
    const ExplainedExample example = explain_example(report, group);
    return out + explained("Before", example.before) + explained("After", example.after) + "\n</details>\n";
}

}  // namespace

std::string render_diff_markdown(const DiffReport& report) {
    const PolicyDiff& diff = report.diff;
    std::string out =
        fmt::format("## {}\n\n| | policy | rules | step bound | digest |\n|---|---|---|---|---|\n", headline(diff));
    const auto side = [&](std::string_view word, const std::string& name, const SideSummary& of) {
        out += fmt::format("| {} | {} | {} | {} | `{}` |\n", word, markdown_code(name), of.rules, of.step_bound,
                           of.digest.substr(0, 12));
    };
    side("before", report.before, diff.before);
    side("after", report.after, diff.after);

    if (diff.structure.empty()) out += "\n### Policy\n\n" + nothing_decides(diff) + "\n";
    if (!diff.structure.empty()) {
        out += "\n### Policy\n\n| change | what | authority | parts |\n|---|---|---|---|\n";
        for (std::size_t i = 0; i < std::min(kMarkdownThings, diff.structure.size()); ++i) {
            const ThingChange& each = diff.structure[i];
            std::string parts;
            for (const PartChange& part : each.parts)
                parts += (parts.empty() ? "" : "<br>") + markdown_code(text_of(part));
            out += fmt::format("| {} | {} | {} | {} |\n", fate_name(each.fate), markdown_code(title_of(each)),
                               consequence(each.direction), parts);
        }
        if (diff.structure.size() > kMarkdownThings)
            out += fmt::format("\n… and {} more\n", diff.structure.size() - kMarkdownThings);
    }
    if (const std::vector<std::string> lines = text_changes(diff); !lines.empty()) {
        out += "\n### Text\n\n";
        for (std::size_t i = 0; i < std::min(kMarkdownThings, lines.size()); ++i)
            out += "- " + markdown_code(lines[i]) + "\n";
        if (lines.size() > kMarkdownThings) out += fmt::format("\n… and {} more\n", lines.size() - kMarkdownThings);
    }
    if (!diff.groups.empty()) {
        out += "\n### Decisions\n\n| | change | by | agents | decisions |\n|---|---|---|---|---|\n";
        for (std::size_t i = 0; i < std::min(kMarkdownGroups, diff.groups.size()); ++i) {
            const DecisionGroup& each = diff.groups[i];
            std::string agents;
            for (std::size_t j = 0; j < std::min(kMarkdownAgents, each.agents.size()); ++j)
                agents += fmt::format("{}{} {}", j > 0 ? ", " : "", markdown_text(each.agents[j].agent),
                                      each.agents[j].decisions);
            if (each.agents.size() > kMarkdownAgents) agents += ", …";
            out += fmt::format("| {} | {} | {} | {} | {} |\n", direction_name(each.shift.direction()), change_of(each),
                               markdown_code(causes_of(each.causes)), agents, each.decisions);
        }
        if (diff.groups.size() > kMarkdownGroups)
            out += fmt::format("\n… and {} more\n", diff.groups.size() - kMarkdownGroups);
        for (std::size_t i = 0; i < std::min(kMarkdownGroups, diff.groups.size()); ++i)
            out += group_of(report, diff.groups[i]);
    }
    if (diff.invariants_held > 0) {
        out += fmt::format("\n### Invariants\n\n{} checked on {}, not proved.\n",
                           counted(diff.invariants_held, "invariant"), counted(diff.requests, "request"));
        for (const HeldInvariant& each : diff.invariants)
            out += fmt::format("\n- {} {}: broken by {} before, {} after; {}\n",
                               each.broken_after > 0 ? "**broken**" : "mended", markdown_code(each.name),
                               counted(each.broken_before, "decision"), each.broken_after,
                               markdown_code(each.example.name));
    }
    out += "\n### Checked\n\n";
    for (const std::string& each : limits_of(report)) out += "- " + markdown_text(each) + "\n";
    return out;
}

}  // namespace writ::cli

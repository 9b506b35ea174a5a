#include "writ/words.h"

#include <cmath>

#include <fmt/format.h>

namespace writ {

namespace {

/// A part that became more, less or different.
std::string_view phrase(DecisionPart part, Direction direction) {
    struct Words {
        std::string_view wider, narrower, other;
    };
    static constexpr Words kWords[kDecisionParts] = {
        {"greater effect", "lesser effect", "other effect"},
        {"more scopes", "fewer scopes", "other scopes"},
        {"more audience", "less audience", "another audience"},
        {"longer ttl", "shorter ttl", "another ttl"},
        {"later horizon", "earlier horizon", "another horizon"},
        {"reusable", "single use", "other use"},
        {"fewer obligations", "more obligations", "other obligations"},
        {"less to approve", "more to approve", "other approval"},
    };
    const Words& words = kWords[static_cast<std::size_t>(part)];
    return direction == Direction::Wider      ? words.wider
           : direction == Direction::Narrower ? words.narrower
                                              : words.other;
}

std::string_view word_of(Effect effect) {
    switch (effect) {
        case Effect::Deny: return "deny";
        case Effect::NeedsApproval: return "needs approval";
        case Effect::Permit: return "permit";
    }
    return {};
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    if (count == 1) return fmt::format("1 {}", one);
    return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

std::string percent_text(double percent) {
    return fmt::format("{:.1f}%", std::floor(percent * 10) / 10);
}

std::string percent_text(const Coverage& coverage) {
    return percent_text(coverage.percent());
}

std::string headline(const PolicyDiff& diff) {
    if (diff.requests == 0) return "no request was decided";
    std::string out;
    bool first = true;
    const auto add = [&](std::uint64_t count, std::string_view one, std::string_view many) {
        if (count == 0) return;
        out += out.empty() ? "" : ", ";
        out += first ? counted(count, "decision") + " " : std::to_string(count) + " ";
        out += count == 1 ? one : many;
        first = false;
    };
    add(diff.wider, "widens", "widen");
    add(diff.narrower, "narrows", "narrow");
    add(diff.other, "does both", "do both");
    add(diff.same, "stays the same", "stay the same");
    return out;
}

std::string change_of(const DecisionGroup& group) {
    if (group.before != group.after) return fmt::format("{} → {}", word_of(group.before), word_of(group.after));
    std::string out;
    for (std::size_t i = 0; i < kDecisionParts; ++i) {
        const auto part = static_cast<DecisionPart>(i);
        if (const Direction direction = group.shift.of(part); direction != Direction::Same)
            out.append(out.empty() ? "" : ", ").append(phrase(part, direction));
    }
    return out;
}

std::string text_of(const PartChange& part) {
    if (part.before.empty()) return fmt::format("+ {} {}", part.part, part.after);
    if (part.after.empty()) return fmt::format("- {} {}", part.part, part.before);
    return fmt::format("{} {} → {}", part.part, part.before, part.after);
}

std::vector<std::string> text_changes(const PolicyDiff& diff) {
    std::vector<std::string> out;
    for (const FileChange& each : diff.files) {
        // Changes of wording have been listed one by one.
        const bool told = !diff.structure.empty() && (each.fate != Fate::Changed || each.text == TextChange::Words);
        if (told && each.fate != Fate::Renamed) continue;
        const std::string& name = each.name.empty() ? each.old_name : each.name;
        if (each.fate != Fate::Changed)
            out.push_back(each.fate == Fate::Renamed ? each.old_name + " → " + each.name
                                                     : std::string(fate_name(each.fate)) + " " + name);
        switch (each.text) {
            case TextChange::None: break;
            case TextChange::Layout: out.push_back(name + ": layout"); break;
            case TextChange::Comments: out.push_back(name + ": comments"); break;
            case TextChange::Words: out.push_back(name + ": order or wording"); break;
        }
    }
    return out;
}

std::string nothing_decides(const PolicyDiff& diff) {
    if (diff.before.digest == diff.after.digest) return "no differences: both sides have the same digest";
    return unexplained(diff) ? "the digests differ for an unknown reason" : "only the text differs; no decision does";
}

}  // namespace writ

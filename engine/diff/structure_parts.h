// Functions that make parts. Private to structure*.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diff/structure.h"

namespace writ::diff {

/// A part of which there may be several.
[[nodiscard]] inline PolicyPart plain(std::string name, std::string key, std::string text, Direction gain) {
    return {.name = std::move(name), .text = std::move(text), .key = std::move(key), .gain = gain};
}

/// A part of which there is at most one.
[[nodiscard]] inline PolicyPart sole(std::string name, std::string key, std::string text, Direction gain,
                                     Direction grow) {
    PolicyPart out = plain(std::move(name), std::move(key), std::move(text), gain);
    out.about = out.name;
    out.grow = grow;
    return out;
}

/// The same for text that is in the policy unchanged.
[[nodiscard]] inline PolicyPart sole_text(std::string name, const std::string& text, Direction gain, Direction grow) {
    return sole(std::move(name), text, check::literal(text), gain, grow);
}

/// Sorted, without repetition.
[[nodiscard]] std::vector<PartMember> as_set(std::vector<PartMember> members);
/// Texts that are in the policy unchanged.
[[nodiscard]] std::vector<PartMember> members_of(const std::vector<std::string>& texts);

/// A set whose added and removed members are listed.
[[nodiscard]] PolicyPart several(std::string name, std::string_view each, std::vector<PartMember> members,
                                 Direction gain, Direction grow);

/// The parts of a rule.
[[nodiscard]] std::vector<PolicyPart> rule_parts(const check::Policy& policy, const check::Rule& rule,
                                                 const check::SharedNames& shared);
/// Each conjunct of a condition. Input: looser: the direction if a conjunct is true more often.
[[nodiscard]] std::vector<PolicyPart> condition_parts(const check::Policy& policy, const check::Expr& when,
                                                      Direction looser, const check::SharedNames& shared);

/// The name of each source below the folder that all given ones share; empty for a single source.
[[nodiscard]] std::vector<std::string> file_names(const check::Policy& policy);

}  // namespace writ::diff

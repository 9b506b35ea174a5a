// What a policy is made of: things with names, each a list of parts in canonical text. What two policies
// differ in is read off the lists (structure_diff.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/expr_text.h"
#include "check/typed.h"
#include "writ/diff.h"

namespace writ::analyze {

/// One part. Two are equal if name and text are, or the keys instead of texts; of a list, order is nothing.
struct Part {
    std::string name;
    std::string text;
    std::string key = {};               ///< compared in place of the text, where that depends on how it is written
    Direction gain = Direction::Other;  ///< what it means that this is there; the opposite: that it is gone
    /// Parts about one thing, of which there is one on each side, are one part that changed. Empty: none.
    std::string about = {};
    Direction grow = Direction::Other;  ///< what it means that the measure or the members are more
    std::optional<std::int64_t> measure = {};
    std::vector<std::string> members = {};  ///< sorted
    std::string_view each_member = {};      ///< what one is called, if those that came and went are told one by one
};

struct Thing {
    ThingKind kind = ThingKind::Rule;
    std::string word, name;
    std::uint32_t source = 0;  ///< where it is declared
    std::uint32_t offset = 0;
    Direction gain = Direction::Other;  ///< what it means that it is there
    std::vector<Part> parts;
};

/// Everything, rules in order. Requires: sources without errors.
/// Input: shared: names that either side of a comparison shares.
[[nodiscard]] std::vector<Thing> things_of(const check::Policy& policy, const SharedNames& shared);

/// Implements writ::structural_changes.
[[nodiscard]] std::vector<ThingChange> structural_changes(const check::Policy& before, const check::Policy& after);

[[nodiscard]] Direction opposite(Direction direction);

}  // namespace writ::analyze

// What a policy is made of: things with names, each a list of parts, each part with a key for comparing and a text for
// people. What two policies differ in is read off the lists (structure_diff.cpp).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/kind.h"
#include "check/typed.h"
#include "diff/structure_key.h"
#include "writ/diff.h"

namespace writ::diff {

/// One of several that a part lists.
struct Member {
    std::string key, text;
    friend bool operator==(const Member& a, const Member& b) { return a.key == b.key; }
    friend auto operator<=>(const Member& a, const Member& b) { return a.key <=> b.key; }
};

/// What a field of a schema admits, as far as more and less can be told apart.
struct Admits {
    std::string key;  ///< all the rest: another one is neither more nor less
    Provenance weakest = Provenance::Model;
    std::uint32_t max = 0;
};

/// One part. Two are the same if their names and keys are; of a list, order is nothing.
struct Part {
    std::string name;
    std::string text;                   ///< for people
    std::string key;                    ///< for comparing
    Direction gain = Direction::Other;  ///< what it means that this is there; the opposite: that it is gone
    /// Parts about one thing, of which there is one on each side, are one part that changed. Empty: none.
    std::string about = {};
    Direction grow = Direction::Other;  ///< what it means that the measure or the members are more
    std::optional<std::int64_t> measure = {};
    std::vector<Member> members = {};   ///< sorted
    std::string_view each_member = {};  ///< what one is called, if those that came and went are told one by one
    std::optional<Admits> admits = {};
};

struct Thing {
    ThingKind kind = ThingKind::Rule;
    std::string word, name;    ///< name: with its module before it
    std::size_t module = 0;    ///< bytes of the name that are its module
    std::uint32_t source = 0;  ///< where it is declared
    std::uint32_t offset = 0;
    Direction gain = Direction::Other;  ///< what it means that it is there
    std::vector<Part> parts;
};

/// Everything, rules in order. Requires: sources without errors.
/// Input: shared: names that either side of a comparison shares.
[[nodiscard]] std::vector<Thing> things_of(const check::Policy& policy, const check::SharedNames& shared);

/// The names that either of two policies gives to several things of one kind.
[[nodiscard]] check::SharedNames shared_names(const check::Policy& before, const check::Policy& after);

/// Implements writ::structural_changes.
[[nodiscard]] std::vector<ThingChange> structural_changes(const check::Policy& before, const check::Policy& after);

/// The files that the two are written in and that differ in name or text.
[[nodiscard]] std::vector<FileChange> file_changes(const check::Policy& before, const check::Policy& after);

[[nodiscard]] Direction opposite(Direction direction);

}  // namespace writ::diff

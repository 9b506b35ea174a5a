// The structure of a policy: named things, each with a list of parts; a part has a key for comparing and a text for
// people. structure_diff.cpp compares two such lists.
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

/// One of several members of a part.
struct PartMember {
    std::string key, text;
    friend bool operator==(const PartMember& a, const PartMember& b) { return a.key == b.key; }
    friend auto operator<=>(const PartMember& a, const PartMember& b) { return a.key <=> b.key; }
};

/// What a field of a schema accepts, as far as more and less can be distinguished.
struct Admits {
    std::string key;  ///< everything else: if it differs, the field is neither wider nor narrower
    Provenance weakest = Provenance::Model;
    std::uint32_t max = 0;
};

/// One part. Two parts are the same if their names and keys are; the order of a list does not count.
struct PolicyPart {
    std::string name;
    std::string text;                   ///< for people
    std::string key;                    ///< for comparing
    Direction gain = Direction::Other;  ///< direction if this part is added; the opposite if it is removed
    /// Identifies what the part is about: if each side has exactly one such part, they
    /// are one changed part. Empty: none.
    std::string about;
    Direction grow = Direction::Other;  ///< direction if the measure or the set of members grows
    std::optional<std::int64_t> measure;
    std::vector<PartMember> members;  ///< sorted
    std::string_view each_member;     ///< name of one member, if added and removed ones are listed one by one
    std::optional<Admits> admits;
};

struct Thing {
    ThingKind kind = ThingKind::Rule;
    std::string word, name;    ///< name: with its module
    std::size_t module = 0;    ///< length of the module in the name, in bytes
    std::uint32_t source = 0;  ///< where it is declared
    std::uint32_t offset = 0;
    Direction gain = Direction::Other;  ///< direction if it is added
    std::vector<PolicyPart> parts;
};

/// All things; rules in order. Requires: sources without errors.
/// Input: shared: names that are shared on either side of a comparison.
[[nodiscard]] std::vector<Thing> things_of(const check::Policy& policy, const check::SharedNames& shared);

/// The names that one of two policies uses for several things of a kind.
[[nodiscard]] check::SharedNames shared_names(const check::Policy& before, const check::Policy& after);

/// Implements writ::structural_changes.
[[nodiscard]] std::vector<ThingChange> structural_changes(const check::Policy& before, const check::Policy& after);

/// The files of both policies that differ in name or text.
[[nodiscard]] std::vector<FileChange> file_changes(const check::Policy& before, const check::Policy& after);

[[nodiscard]] Direction opposite(Direction direction);

}  // namespace writ::diff

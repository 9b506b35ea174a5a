// What a change does to a policy: to what it is made of, by name, and to what it decides on given requests.
// Nothing is proved here: of requests that are not given, nothing is said. How it is drawn is cli/formats/diff*.
// Reference: docs/diff.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/compare.h"
#include "writ/diagnostic.h"

namespace writ {

class Workspace;

// ---- what it is made of -----------------------------------------------------------------------

/// Schema is that of requests.
enum class ThingKind : std::uint8_t {
    Rule,
    Schema,
    Tool,
    Issuer,
    Claims,
    Enum,
    Table,
    Define,
    Invariant,
    Import,
    Fixture,
    Test,
};

/// One respect in which a thing differs. `direction` is what the language itself says of it, all else
/// unchanged: Same, it decides nothing; Other, the text alone does not say.
struct PartChange {
    std::string part;           ///< `condition`, `scope`, `ttl`, `tool`, `group`, `audience`, `row`, …
    std::string before, after;  ///< canonical text; empty: it was not there, or is no more
    Direction direction = Direction::Same;
};

/// What became of a thing; the first that is true. Moved: it is in another file.
enum class Fate : std::uint8_t { Added, Removed, Changed, Renamed, Moved };

/// Something with a name that differs. Formatting, comments and order are no difference, and neither are
/// definitions written out: a rule is what its definitions say.
struct ThingChange {
    ThingKind kind = ThingKind::Rule;
    std::string word;  ///< as an author writes it: `permit`, `tool`, `issuer`, …
    Fate fate = Fate::Changed;
    std::string name, old_name;    ///< `module.name`, after and before; empty where it is not
    std::string place, old_place;  ///< `file:line`, likewise; `file` of a data file's table
    std::vector<PartChange> parts;
    Direction direction = Direction::Same;  ///< of all parts; of a thing that came or went, of that
};

/// What differs: rules first, the other kinds in their order, by name.
/// Requires: sources without errors on both sides.
[[nodiscard]] std::vector<ThingChange> structural_changes(const Workspace& before, const Workspace& after);

/// How far the text of a file differs. Words: in other words, or in another order, whatever they come to.
enum class TextChange : std::uint8_t { None, Layout, Comments, Words };

/// A file that differs: of the policy, of its data, or of the library. It changes the digest, also where nothing that
/// the policy is made of differs.
struct FileChange {
    Fate fate = Fate::Changed;   ///< Renamed: its name differs, and its text may
    std::string name, old_name;  ///< after and before; empty where it is not
    TextChange text = TextChange::None;
};

// ---- what it decides --------------------------------------------------------------------------

/// What a difference between two decisions comes from: a rule that now applies, or no longer, or does something
/// else; where there is none, the tool or issuer concerned, or the engine's own reason code.
struct Cause {
    std::string word;      ///< `permit`, `deny`, …, `tool`, `issuer`; `reason`, of which the name is a code
    std::string name;      ///< `module.name` on the new side; on the old one if it is gone
    std::string old_name;  ///< on the old side; empty: it was not there
    bool gone = false;     ///< it is not on the new side
    friend auto operator<=>(const Cause&, const Cause&) = default;
};

/// A request that shows something, and the decisions on it.
struct DiffExample {
    std::string name;     ///< `test NAME`, `fixture NAME`, a file and line, `record 17`
    std::string request;  ///< the document
    std::vector<PartShift> parts;
    std::vector<std::string> reasons_before, reasons_after;  ///< codes, each once
};

struct AgentCount {
    std::string agent;
    std::uint64_t decisions = 0;
    std::string example;  ///< the name of its first request
};

/// Decisions that changed in one way for one cause, or for several of which none would have done alone.
struct DecisionGroup {
    Shift shift;
    Effect before = Effect::Deny, after = Effect::Deny;
    std::vector<Cause> causes;  ///< at least one
    std::uint64_t decisions = 0;
    DiffExample example;             ///< the first
    std::vector<AgentCount> agents;  ///< most decisions first
};

/// An invariant of either side, held against what the new side decides. Checked, not proved.
struct HeldInvariant {
    std::string name;  ///< `module.name`
    std::string text;  ///< `never permit when …`
    bool stated_before = false, stated_after = false;
    std::uint64_t broken_before = 0, broken_after = 0;  ///< decisions of each side that it forbids
    DiffExample example;                                ///< the first that the new side breaks, else the old
};

struct SideSummary {
    std::string digest;
    std::uint64_t rules = 0, step_bound = 0;
};

struct PolicyDiff {
    SideSummary before, after;
    std::vector<ThingChange> structure;
    std::vector<FileChange> files;  ///< policy first, then the library, then data; gone ones last

    std::uint64_t requests = 0, same = 0, wider = 0, narrower = 0;
    std::uint64_t other = 0;                              ///< wider in one part, narrower in another
    std::uint64_t refused_before = 0, refused_after = 0;  ///< not admitted by one side alone, which denies
    std::uint64_t refused_both = 0;                       ///< by neither; not among `requests`
    std::vector<DecisionGroup> groups;                    ///< what widens first, then by how many
    std::vector<HeldInvariant> invariants;                ///< those that are broken on either side
    std::uint64_t invariants_held = 0;                    ///< all of them
    /// Of the rules that came, went or changed, those that applied to no request: nothing was seen of what
    /// they do.
    std::vector<Cause> unseen;

    /// Whether a decision has become wider in some part.
    [[nodiscard]] bool widens() const { return wider + other > 0; }
};

/// Something that a change must answer for: it has widened what the policy allows, or may have.
struct Widening {
    std::string word, name;                       ///< as a Cause has them
    std::vector<const DecisionGroup*> decisions;  ///< that it made wider; of the diff that was asked
    const ThingChange* change = nullptr;          ///< what its text says; null: that does not widen
};

/// Everything behind a decision that became wider, and everything whose text has become wider or does not say that
/// it has not. Of requests that were not decided that is all there is to go by, so none is left out because others
/// show nothing. By name, and as long-lived as the diff.
[[nodiscard]] std::vector<Widening> widenings(const PolicyDiff& diff);

/// Decides requests under two policies and keeps what differs. Memory grows with groups and agents, not with
/// requests.
class Differ {
public:
    /// Input:    above: layers on top of either side, the platform's first.
    /// Requires: both have a bundle, and outlive this.
    Differ(const Workspace& before, const Workspace& after, std::vector<Bundle> above = {});
    ~Differ();
    Differ(Differ&&) noexcept;
    Differ& operator=(Differ&&) noexcept;

    /// Decides every request that the fixtures and tests of either side make, each document once.
    void decide_own();
    /// Decides one more.
    /// Errors: that of the new side, where neither side admits it; it is counted, and nothing else.
    Result<void> decide(std::string_view name, std::string_view request);
    [[nodiscard]] PolicyDiff finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// "none", "layout", "comments" or "words".
[[nodiscard]] std::string_view text_change_name(TextChange change);
/// "added", "removed", "changed", "renamed" or "moved".
[[nodiscard]] std::string_view fate_name(Fate fate);
/// "rule", "schema", "tool", "issuer", …
[[nodiscard]] std::string_view thing_name(ThingKind kind);

}  // namespace writ

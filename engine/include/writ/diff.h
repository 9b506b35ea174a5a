// Compares two versions of a policy: what they are made of, by name, and what they decide on given requests.
// It proves nothing about requests that are not given. Not here: how a diff is displayed (cli/formats/diff*).
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

// ---- structure --------------------------------------------------------------------------------

/// Schema: the schema of requests. Layer: a policy above this one, which its manifest names.
enum class ThingKind : std::uint8_t {
    Rule,
    Schema,
    Tool,
    Issuer,
    IssuerGroup,
    Claims,
    Enum,
    Table,
    Define,
    Invariant,
    Import,
    Fixture,
    Test,
    Layer,
};

/// One property in which a thing differs. `direction` is its effect by itself, with everything else unchanged. Same:
/// it decides nothing. Other: the text alone does not show the direction.
struct PartChange {
    std::string part;           ///< `condition`, `scope`, `ttl`, `tool`, `group`, `audience`, `row`, …
    std::string before, after;  ///< canonical text; empty: absent on that side
    Direction direction = Direction::Same;
};

/// How a thing changed; the first of these that applies. Moved: it is in another file.
enum class Fate : std::uint8_t { Added, Removed, Changed, Renamed, Moved };

/// A named thing that differs. Formatting, comments and order do not count. Definitions are
/// expanded before rules are compared.
struct ThingChange {
    ThingKind kind = ThingKind::Rule;
    std::string word;  ///< as in a policy: `permit`, `tool`, `issuer`, …
    Fate fate = Fate::Changed;
    std::string name, old_name;    ///< `module.name`, after and before; empty where it is absent
    std::string place, old_place;  ///< `file:line`, after and before; `file` alone for a data file's table
    std::vector<PartChange> parts;
    Direction direction = Direction::Same;  ///< of all parts together; of an added or removed thing, the direction of
                                            ///< adding or removing it
};

/// The things that differ: rules first, then the other kinds in their order, sorted by name.
/// Requires: sources without errors on both sides.
[[nodiscard]] std::vector<ThingChange> structural_changes(const Workspace& before, const Workspace& after);

/// How much the text of a file differs. Words: other words or another order, even if the meaning is the same.
enum class TextChange : std::uint8_t { None, Layout, Comments, Words };

/// A file that differs: of the policy, its data or the library. It changes the digest even
/// if no part of the policy differs.
struct FileChange {
    Fate fate = Fate::Changed;   ///< Renamed: its name differs, and perhaps its text too
    std::string name, old_name;  ///< after and before; empty where it is absent
    TextChange text = TextChange::None;
};

// ---- decisions --------------------------------------------------------------------------------

/// The cause of a difference between two decisions: a rule that now applies, no longer applies, or does something
/// else. If there is no such rule: the tool or issuer concerned, or the engine's own reason code.
struct Cause {
    std::string word;      ///< `permit`, `deny`, …, `tool`, `issuer`; or `reason`, then `name` is a code
    std::string name;      ///< `module.name` on the new side; on the old side if it was removed
    std::string old_name;  ///< on the old side; empty: it was absent
    bool gone = false;     ///< removed on the new side
    friend auto operator<=>(const Cause&, const Cause&) = default;
};

/// An example request, with the decisions on it.
struct DiffExample {
    std::string name;     ///< `test NAME`, `fixture NAME`, a file and line, `record 17`
    std::string request;  ///< the document
    std::vector<PartShift> parts;
    std::vector<std::string> reasons_before, reasons_after;  ///< codes, without repetition
};

struct AgentCount {
    std::string agent;
    std::uint64_t decisions = 0;
    std::string example;  ///< the name of the agent's first request
};

/// Decisions that changed in the same way and for the same cause, or for several causes that only act together.
struct DecisionGroup {
    Shift shift;
    Effect before = Effect::Deny, after = Effect::Deny;
    std::vector<Cause> causes;  ///< at least one
    std::uint64_t decisions = 0;
    DiffExample example;             ///< the first
    std::vector<AgentCount> agents;  ///< most decisions first
};

/// An invariant of either side, checked against the decisions of the new side. Checked on requests, not proved.
struct HeldInvariant {
    std::string name;  ///< `module.name`
    std::string text;  ///< `never permit when …`
    bool stated_before = false, stated_after = false;
    std::uint64_t broken_before = 0, broken_after = 0;  ///< decisions of each side that it forbids
    DiffExample example;  ///< the first request on which the new side breaks it; otherwise the old side
};

struct SideSummary {
    std::string digest;
    std::uint64_t rules = 0, step_bound = 0;
};

struct PolicyDiff {
    SideSummary before, after;
    std::vector<ThingChange> structure;
    std::vector<FileChange> files;  ///< policy first, then the library, then data; removed ones last

    std::uint64_t requests = 0, same = 0, wider = 0, narrower = 0;
    std::uint64_t other = 0;                              ///< wider in one part, narrower in another
    std::uint64_t refused_before = 0, refused_after = 0;  ///< not admitted, and so denied, by one side alone
    std::uint64_t refused_both = 0;         ///< requests that neither side admits; not counted in `requests`
    std::vector<DecisionGroup> groups;      ///< widening groups first, then by number
    std::vector<HeldInvariant> invariants;  ///< those that either side breaks
    std::uint64_t invariants_held = 0;      ///< number of all invariants checked
    /// The added, removed or changed rules that applied to no request: nothing is known about their effect.
    std::vector<Cause> unseen;

    /// Whether any decision has become wider in some part.
    [[nodiscard]] bool widens() const { return wider + other > 0; }
};

/// A change that has widened the policy, or may have.
struct Widening {
    std::string word, name;                       ///< as in Cause
    std::vector<const DecisionGroup*> decisions;  ///< decisions that it made wider; they point into the diff
    const ThingChange* change = nullptr;          ///< the change of its text; null: the text does not widen
};

/// Every cause of a decision that became wider, and every change whose text is wider or might be. For requests that
/// were not decided the text is the only evidence, so a change counts even if no given request shows it. Sorted by
/// name. Points into the diff.
[[nodiscard]] std::vector<Widening> widenings(const PolicyDiff& diff);

/// Whether the digests differ although no difference was found.
[[nodiscard]] bool unexplained(const PolicyDiff& diff);

/// Decides requests with two policies and keeps the differences. Memory grows with
/// groups and agents, not with requests.
class Differ {
public:
    /// Input:    above: layers on top of both sides, the platform's first.
    /// Requires: both workspaces have a bundle, and outlive this object.
    Differ(const Workspace& before, const Workspace& after, const std::vector<Bundle>& above = {});
    ~Differ();
    Differ(Differ&&) noexcept;
    Differ& operator=(Differ&&) noexcept;

    /// Decides every request in the fixtures and tests of both sides; each document once.
    void decide_own();
    /// Adds the layers that only one side's manifest names. Without such a layer the policy may decide wider.
    /// Input: PolicyFolder::layer_names of each side. The finished diff has the differences in its structure.
    void compare_layers(const std::vector<std::string>& before, const std::vector<std::string>& after);
    /// Decides one more request.
    /// Errors: the new side's error, if neither side admits the request; the request is then only counted.
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

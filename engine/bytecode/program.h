// A compiled policy as a flat array of bytes: sections of plain records that refer to each other by index. The same
// bytes are stored, digested, verified and run. docs/bundle-format.md has the layout. Not here: parsing and deciding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/automaton.h"
#include "base/kind.h"
#include "base/window.h"
#include "bytecode/image.h"
#include "writ/diagnostic.h"

namespace writ::bytecode {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

enum class Opcode : std::uint8_t {
#define OP(name, a, b, c, cls, prose) name,
#include "bytecode/opcodes.def"
};

enum class Builtin : std::uint16_t {
#define FACT(name, ...) name,
#include "base/builtin_facts.def"
    Count,
};

// ---- instructions -----------------------------------------------------------------------------

constexpr std::uint8_t kNegate = 1;  ///< flip true and false before unknown is resolved
constexpr std::uint8_t kJumpIf = 2;  ///< jump if true (otherwise: if false)

/// 16 bytes. `jump` counts instructions after the next one; after the body, if there is one.
struct Instr {
    Opcode op = Opcode::RetFalse;
    std::uint8_t flags = 0;
    std::uint16_t jump = 0;
    std::uint32_t a = 0, b = 0, c = 0;
};

/// A reference to a value; its kind is in the top 4 bits.
enum class OperandKind : std::uint8_t {
    Slot,         ///< index: fact slot of the request
    Text,         ///< index into texts
    Int,          ///< index into ints
    Set,          ///< index into sets; of tools only for ToolIn
    Temp,         ///< index of a temporary
    Elem,         ///< bits 24-27: binder depth; bits 0-23: column, or kElemSelf
    RowColumn,    ///< column of the rule's row
    ElemRow,      ///< bits 24-27: binder depth; bits 0-23: column of the table row bound there
    TableColumn,  ///< bits 12-27: table; bits 0-11: column; a list
    TableRows,    ///< index of a table; only as the list of Quantify
};
constexpr std::uint32_t kElemSelf = 0xFFFFFF;

/// What Quantify requires of its body. At-least and at-most are any and all with a count: any is at-least 1, all is
/// at-most 0. At-most counts the elements for which the body is *false*: `count(x in xs: e) <= n` has the body `not
/// e`, so that the mode is the same everywhere.
enum class Quant : std::uint8_t { Any, All, AtLeast, AtMost };

constexpr std::uint32_t quant_code(Quant quant, std::uint32_t depth) {
    return static_cast<std::uint32_t>(quant) | (depth << 2);
}
constexpr Quant quant_of(std::uint32_t code) {
    return static_cast<Quant>(code & 3);
}
constexpr std::uint32_t quant_depth(std::uint32_t code) {
    return code >> 2;
}

constexpr std::uint32_t operand(OperandKind kind, std::uint32_t index) {
    return (static_cast<std::uint32_t>(kind) << 28) | index;
}
constexpr std::uint32_t operand(OperandKind kind, std::uint32_t depth, std::uint32_t column) {
    return (static_cast<std::uint32_t>(kind) << 28) | (depth << 24) | column;
}
constexpr OperandKind operand_kind(std::uint32_t word) {
    return static_cast<OperandKind>(word >> 28);
}
constexpr std::uint32_t operand_index(std::uint32_t word) {
    return word & 0x0FFFFFFF;
}

// ---- records ----------------------------------------------------------------------------------

struct TextRef {
    std::uint32_t offset = 0, length = 0;  ///< in the `chars` section
};

/// A run in `set_items`. Items are text ids (ascending), or indices into ints (ascending values),
/// or tool indices (ascending).
struct SetRef {
    std::uint32_t first = 0, count = 0;
    std::uint32_t elem = 0;  ///< Kind of the elements; Record: tool indices
};

/// The compiled pattern of `like` or `matches`: a literal prefix, a literal suffix, and an automaton for the middle.
struct MatcherRef {
    std::uint32_t text = 0;    ///< text id; the pattern as written, for output
    std::uint32_t prefix = 0;  ///< text id, or 0: none
    std::uint32_t suffix = 0;  ///< as prefix
    std::uint32_t automaton = 0;
    std::uint32_t glob = 0;  ///< 1: pattern of `like`
};

/// An Automaton. Its classes are 256 bytes of `byte_classes`; its moves follow those of the previous one.
struct AutomatonRef {
    std::uint32_t first_move = 0, size = 0;  ///< in `moves`
    std::uint32_t width = 0, start = 0, live = 0, accepting = 0, settled = 0;
};

struct WindowRef {
    std::uint32_t start = 0, end = 0, days = 0;
    std::uint32_t zone_first = 0, zone_count = 0;  ///< in `transitions`
};

/// One node of the request's shape: how the JSON value there is checked, and where it is stored.
struct ShapeNode {
    std::uint32_t name = kNone;         ///< text id; element nodes: kNone
    std::uint32_t first_child = 0;      ///< children are contiguous; Record: fields
    std::uint32_t child_count = 0;      ///< List, Map: one child, the element
    std::uint32_t max = 0;              ///< List, Map: largest length; text: most bytes, if something reads it
    std::uint32_t slot = kNone;         ///< the slot for the value; kNone: checked and dropped
    std::uint32_t column = kNone;       ///< below a list of records: column in the element
    std::uint32_t columns = 0;          ///< List of records: columns per element
    std::uint32_t enumeration = kNone;  ///< Enum: index into enums
    std::uint32_t first_key = 0;        ///< Map: keys the policy reads, contiguous nodes with names
    std::uint32_t key_count = 0;
    std::uint8_t kind = 0;     ///< Kind
    std::uint8_t weakest = 0;  ///< Provenance
    std::uint8_t flags = 0;    ///< kOrNone, kOneOrMany, kCompared
    std::uint8_t reserved = 0;
};
constexpr std::uint8_t kOrNone = 1;
constexpr std::uint8_t kOneOrMany = 2;
constexpr std::uint8_t kCompared = 4;  ///< rules compare this text with constants, so binding looks it up

struct EnumRef {
    std::uint32_t name = 0, first_member = 0, member_count = 0;  ///< members: text ids in `ids`
};

struct SlotRef {
    std::uint32_t path = 0;  ///< text id, for output
    std::uint32_t kind = 0;  ///< Kind
    std::uint32_t elem = 0;  ///< Kind of the elements of a List
};

/// A slot that is filled from a capture in a claim's text.
struct CaptureRef {
    std::uint32_t slot = 0;
    std::uint32_t spec = 0;     ///< index into capture_specs
    std::uint32_t capture = 0;  ///< which capture: text id of its name
};
struct CaptureSpecRef {
    std::uint32_t claim = 0;  ///< ShapeNode of the parsed claim
    std::uint32_t first_pattern = 0, pattern_count = 0;
};
/// A run in `ids` with three words per piece: literal text id or kNone, capture text id or kNone, rest 0/1.
struct PatternRef {
    std::uint32_t first = 0, pieces = 0;
};

/// A further slot for the claim of a node: one claim can be read through its issuer and through groups of issuers.
struct CopyRef {
    std::uint32_t node = 0;  ///< ShapeNode; has a slot
    std::uint32_t slot = 0;
};

struct IssuerRef {
    std::uint32_t name = 0, url = 0;  ///< text ids
    std::uint32_t audiences = 0;      ///< set of texts
    std::uint32_t types = kNone;      ///< set of texts; kNone: any
    std::int64_t max_age = -1;        ///< microseconds; -1: none
    std::int64_t leeway = 0;
    std::uint32_t claims = 0;  ///< ShapeNode
    std::uint32_t first_capture = 0, capture_count = 0;
    std::uint32_t first_copy = 0, copy_count = 0;
    std::uint32_t proof_required = 0;
};

struct ToolRef {
    std::uint32_t name = 0, wire_name = 0;
    std::uint32_t audience = 0;  ///< first of a run in `ids` of text ids, in declared order
    std::uint32_t audience_count = 0;
    std::uint32_t audience_set = 0;  ///< the same as a set
    std::uint32_t scopes = 0;        ///< set of texts
    std::uint32_t params = 0;        ///< ShapeNode
    std::uint32_t reserved = 0;
    std::int64_t tier = 0;
};

/// Cells are words, row by row: an index into ints, a text id, or an index into sets.
struct TableRef {
    std::uint32_t name = 0;        ///< 0: not a table of the policy, but constants of rules with equal conditions
    std::uint32_t first_cell = 0;  ///< in `cells`
    std::uint32_t rows = 0, columns = 0;
    std::uint32_t first_kind = 0;  ///< in `ids`: `columns` Kinds, then `columns` Kinds of List elements
    std::uint32_t first_set = 0;   ///< in `ids`: for each column the set of its values if the policy reads it as a
                                   ///< TableColumn; otherwise kNone
};

constexpr std::uint8_t kTimed = 1;  ///< the condition has Time tests

/// The source of rules, for output.
struct OriginRef {
    std::uint32_t module = 0, file = 0;  ///< text ids
    std::uint32_t because = kNone;
};

constexpr std::uint16_t kNoTable = 0xFFFF;

/// One rule instance. Rules that differ only in constants share code; they have different rows and effects.
struct RuleRef {
    std::uint32_t name = 0;              ///< text id
    std::uint32_t origin = 0, line = 0;  ///< index into origins; 1-based
    std::uint32_t effect = 0;            ///< index into the section of its kind; of a deny, text id of its reason code
    std::uint32_t code = 0, code_length = 0;
    std::uint32_t row = 0;
    std::uint16_t table = kNoTable;  ///< the table whose row the code reads
    std::uint8_t kind = 0;           ///< RuleKind
    std::uint8_t flags = 0;
};

struct GrantRef {
    std::uint32_t scopes = 0;  ///< set of texts
    std::uint32_t reserved = 0;
    std::int64_t ttl = 0;  ///< microseconds
};
struct RequirementRef {
    std::uint32_t groups = 0, count = 1;
    std::int64_t within = 0;
};
struct LimitRef {
    std::int64_t ttl = -1;  ///< -1: not limited
    std::uint32_t scopes = kNone, audience = kNone;
    std::uint32_t single_use = 0, reserved = 0;
};
/// A run of (name, args) pairs of text ids in `ids`; args is canonical JSON.
struct ObligationRef {
    std::uint32_t first = 0, count = 0;
};

/// How the rules of one bucket are distinguished.
enum class Path : std::uint8_t {
    List,    ///< not at all: a run in index_rules, ascending
    Prefix,  ///< by a text prefix: a run in index_prefixes
    Range,   ///< by the range of an integer: a run in index_ranges
};

/// Rules that are found by the same facts: see bytecode/index.h. A List without facts is tried on every request.
struct IndexGroupRef {
    std::uint32_t first_key = 0, key_count = 0;       ///< in index_keys: slots, or kToolKey
    std::uint32_t first_bucket = 0, bucket_mask = 0;  ///< in index_buckets; a power of two less one
    std::uint32_t first_rule = 0, rule_count = 0;     ///< in index_rules: every rule of the group, ascending
    std::uint32_t ordered = 0;                        ///< Prefix, Range: the slot that is compared
    std::uint16_t permits = 0;                        ///< 1: permits; 0: rules that narrow
    std::uint16_t path = 0;                           ///< Path
};
/// One rule; or, with this bit, a run of rules.
constexpr std::uint32_t kRun = 0x80000000;
struct IndexBucketRef {
    std::uint32_t tag = 0;
    std::uint32_t rules = kNone;  ///< a rule, or an index into index_runs; kNone: free
};
struct IndexRunRef {
    std::uint32_t first = 0, count = 0;
};
/// Runs are sorted by text.
struct IndexPrefixRef {
    std::uint32_t text = 0, length = 0;  ///< the prefix, as part of a constant text
    std::uint32_t parent = kNone;        ///< the longest other prefix in the run that this one starts with
    std::uint32_t rules = kNone;         ///< a rule, or an index into index_runs
};
/// Runs are sorted by `low`, then by rule. A run is also a balanced tree: its middle is the root.
struct IndexRangeRef {
    std::int64_t low = 0, high = 0;  ///< both ends included
    std::int64_t most = 0;           ///< largest `high` in the subtree
    std::uint32_t rule = 0, reserved = 0;
};

struct ManifestRef {
    std::uint64_t step_bound = 0;
    std::uint32_t request_shape = 0;  ///< ShapeNode of the request record
    std::uint32_t slot_count = 0;
    std::uint32_t temp_count = 0;
    std::uint32_t max_binders = 0;
    std::uint32_t tier_enum = kNone;
    std::uint32_t tier_slot = kNone;  ///< slots that the catalogue fills, if the policy reads them
    std::uint32_t tool_scopes_slot = kNone;
    std::uint32_t tool_audience_slot = kNone;
    std::uint32_t engine_version = 0;  ///< text id
    std::uint32_t memo_count = 0;      ///< outcomes that Once remembers
};

/// A text that the bundle was compiled from. The texts follow the digest, one after the other.
struct SourceRef {
    std::uint32_t name = 0;       ///< text id; for a data file, the path as in the policy
    std::uint32_t from = kGiven;  ///< for a data file: the source that names it
    std::uint64_t size = 0;

    static constexpr std::uint32_t kGiven = kNone;         ///< a policy source
    static constexpr std::uint32_t kStandard = kNone - 1;  ///< a module of the standard library
};

// ---- the program ------------------------------------------------------------------------------

/// Sections under construction; see builder.h.
struct Sections {
#define SECTION(type, name) std::vector<type> name;
#include "bytecode/sections.def"
#undef SECTION
    std::string source_text;  ///< texts of `sources`, one after the other
};

/// Measures of the code, declared in the manifest.
struct Measures {
    std::uint64_t step_bound = 0;  ///< UINT64_MAX: does not fit
    std::uint32_t temps = 0, binders = 0, memos = 0;
    std::uint32_t costliest = 0;  ///< the rule with the largest part of the bound; the first of several
};

/// The secret of a text hash. Without it nobody can choose texts that collide.
struct HashSecret {
    std::uint64_t seed = 0xA0761D6478BD642F, a = 0xE7037ED1A0B428DB, b = 0x8EBC6AF09C88C6E3;
};
/// Hashes a text. The default secret is only for texts that do not come from requests.
[[nodiscard]] std::uint64_t text_hash(std::string_view bytes, const HashSecret& secret = {});

struct Reach;  ///< the highest cost of a request; see cost.h

/// A verified program; it owns its bytes and is immutable.
class Program {
public:
    /// Seals sections: lays them out and adds digests.
    [[nodiscard]] static std::vector<std::byte> seal(const Sections& sections);
    /// Opens sealed bytes. Does not read the sources, because nothing that decides uses them.
    /// Errors: B0001 header, B0002 digest, B0003 section bounds, B0010.. rejected by the verifier.
    [[nodiscard]] static Result<std::shared_ptr<const Program>> open(Image image);
    [[nodiscard]] static Result<std::shared_ptr<const Program>> open(std::vector<std::byte> bytes) {
        return open(Image(std::move(bytes)));
    }

    /// Verifies unsealed sections without copying them, as open() does apart from layout and digest. The program has
    /// no bytes and no digest. Requires: the sections outlive it and do not change.
    [[nodiscard]] static Result<std::shared_ptr<const Program>> over(const Sections& sections);

#define SECTION(type, name) std::span<const type> name;
#include "bytecode/sections.def"
#undef SECTION

    [[nodiscard]] std::string_view text(std::uint32_t id) const {
        return {chars.data() + texts[id].offset, texts[id].length};
    }
    std::uint64_t source_size = 0;  ///< bytes of the sources' text

    /// A copy of the sources' text.
    /// Errors: B0004 the text does not match its digest.
    [[nodiscard]] Result<std::string> source_text() const;
    /// Id of a constant with these bytes, or 0.
    [[nodiscard]] std::uint32_t find_text(std::string_view bytes) const;
    [[nodiscard]] std::span<const std::uint32_t> items(std::uint32_t set) const {
        return set_items.subspan(sets[set].first, sets[set].count);
    }
    [[nodiscard]] std::span<const Instr> code_of(const RuleRef& rule) const {
        return code.subspan(rule.code, rule.code_length);
    }
    [[nodiscard]] std::uint32_t cell(std::uint32_t table, std::uint32_t row, std::uint32_t column) const {
        return cells[tables[table].first_cell + std::size_t{row} * tables[table].columns + column];
    }
    [[nodiscard]] Kind column_kind(std::uint32_t table, std::uint32_t column) const {
        return static_cast<Kind>(ids[tables[table].first_kind + column]);
    }
    [[nodiscard]] Automaton automaton(std::uint32_t index) const {
        const AutomatonRef& ref = automata[index];
        return {&byte_classes[std::size_t{256} * index],
                &moves[ref.first_move],
                ref.width,
                ref.size,
                ref.start,
                ref.live,
                ref.accepting,
                ref.settled};
    }
    /// Whether a matcher matches a whole text, which must be UTF-8.
    [[nodiscard]] bool matches(std::uint32_t matcher, std::string_view of) const {
        const MatcherRef& ref = matchers[matcher];
        const std::string_view prefix = text(ref.prefix), suffix = text(ref.suffix);
        return of.size() >= prefix.size() + suffix.size() && of.starts_with(prefix) && of.ends_with(suffix) &&
               automaton(ref.automaton).accepts(of.substr(prefix.size(), of.size() - prefix.size() - suffix.size()));
    }
    [[nodiscard]] std::string_view digest() const { return digest_; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return image_.bytes(); }

    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

private:
    friend Result<Measures> measure(const Sections& sections);
    friend void index_rules(Sections& sections);
    friend Reach reach(const Sections& sections);
    Program() = default;
    explicit Program(const Sections& sections);
    /// Makes text_table_. Errors: B0010 two texts are the same.
    [[nodiscard]] Result<void> list_texts();
    Image image_;
    std::string digest_;
    HashSecret secret_{};                    ///< for this program only, so that nobody can choose texts that collide
    std::vector<std::uint32_t> text_table_;  ///< open addressing over texts 1 and up, half full at most; 0: free
};

/// Checks everything that the evaluator relies on: indices are in range, operand kinds fit, jumps go forward within
/// the body, bodies nest, temporaries are written before they are read, and the declared step bound is correct.
/// Errors: B0010.. with the section and index in `context`.
[[nodiscard]] Result<void> verify(const Program& program);

/// Computes the measures in the manifest. Requires: everything else in the sections is complete.
/// Errors: as verify(), but a step bound that does not fit is not an error.
[[nodiscard]] Result<Measures> measure(const Sections& sections);

/// The largest number of changes of one test of time within kMaxTtl, which is a day: a window opens and closes once a
/// day, and a zone's clock may be moved back and forth across its edges.
constexpr std::uint64_t kFlipsADay = 6;

/// The largest number of runs of a rule's code in one decision: once to decide, and once in the other mode to
/// distinguish a missing fact from a false one. A rule with tests of time runs more often. It runs three times more
/// to recognise a moment in the future and to find its horizon: once in each mode for any time, and once more. And
/// for each change it runs once to find it and once to evaluate.
[[nodiscard]] constexpr std::uint64_t rule_runs(std::uint64_t time_tests) {
    constexpr std::uint64_t kMost = UINT64_MAX / (2 * kFlipsADay) - 1;
    return time_tests == 0 ? 2 : 8 + 2 * kFlipsADay * (time_tests < kMost ? time_tests : kMost);
}

/// The most steps that a rule's code can cost in one decision; cost.h has the costs.
[[nodiscard]] std::uint64_t step_bound(const Program& program, const RuleRef& rule);

/// The most steps that one request can cost. Requires: a verified program, or sections with measures and index.
[[nodiscard]] Reach reach(const Program& program);
[[nodiscard]] Reach reach(const Sections& sections);

/// One instruction per line, with the names of operands.
[[nodiscard]] std::string disassemble(const Program& program);

}  // namespace writ::bytecode

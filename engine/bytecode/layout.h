// Maps each slot, and each column of list elements, to the node of the shape that fills it. Built when a program is
// verified, and again by readers that show operands or bound lengths.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "bytecode/program.h"

namespace writ::bytecode {

/// The static type of a value: enough to check an operand and to bound a list.
struct ValueType {
    Kind kind = Kind::Bool;
    Kind elem = Kind::Bool;       ///< List: kind of the elements
    std::uint32_t node = kNone;   ///< List of Record: its node, for the columns
    std::uint32_t table = kNone;  ///< rows of a table
    bool tools = false;           ///< List of Record: a set of tools
    bool constant_text = false;   ///< a text constant, which has no particular kind
    bool looked_up = false;       ///< text of a slot that is looked up among the texts of the bundle when it is bound
    std::uint64_t max = 0;        ///< List: largest length
    std::uint64_t text = 0;       ///< text: most bytes; list of texts: of all its elements together

    friend bool operator==(const ValueType&, const ValueType&) = default;
};

class Layout {
public:
    /// Reads the shape.
    /// Errors:  B0012 unless the nodes are trees under the declared roots, each slot is filled from one place (per
    /// request), and columns are numbered without gaps.
    [[nodiscard]] static Result<Layout> make(const Program& program);

    /// Type of a slot. Requires: slot < slots.size().
    [[nodiscard]] ValueType slot(std::uint32_t slot) const;
    /// Node that fills a slot; kNone if there is none.
    [[nodiscard]] std::uint32_t slot_node(std::uint32_t slot) const;
    /// Node of a column of a list of records; kNone if there is none.
    [[nodiscard]] std::uint32_t column_node(std::uint32_t list_node, std::uint32_t column) const;
    /// Type of the values of a node.
    [[nodiscard]] ValueType node_type(std::uint32_t node) const;
    /// Length of the longest list in a column of a table. Requires: a List column; cells verified.
    [[nodiscard]] std::uint64_t column_max(std::uint32_t table, std::uint32_t column) const;
    /// Bytes of the longest text in a column; for lists, of all texts of the longest list. Requires: cells verified.
    [[nodiscard]] std::uint64_t column_text(std::uint32_t table, std::uint32_t column) const;
    /// Bytes of the texts in a constant set; 0 if it is not a set of texts.
    [[nodiscard]] std::uint64_t set_text(std::uint32_t set) const;
    /// The root of a node.
    [[nodiscard]] std::uint32_t root_of(std::uint32_t node) const { return root_[node]; }
    [[nodiscard]] std::uint32_t parent_of(std::uint32_t node) const { return parent_[node]; }

private:
    explicit Layout(const Program& program) : program_(program) {}
    [[nodiscard]] Result<void> read_tree();
    [[nodiscard]] Result<void> read_columns();
    [[nodiscard]] Result<void> read_slots();

    /// By slot: bytes of the longest claim that it is parsed from.
    std::unordered_map<std::uint32_t, std::uint64_t> capture_text_;

    /// Whether values of two nodes can be in one slot: they have the same type, down to the columns of records.
    [[nodiscard]] bool alike(std::uint32_t a, std::uint32_t b) const;

    /// Filled from the catalogue, or by a capture.
    static constexpr std::uint32_t kElsewhere = kNone - 2, kCaptured = kNone - 1;

    const Program& program_;
    std::vector<std::uint32_t> parent_, root_;
    std::vector<std::uint32_t> list_;          ///< nearest list of records above; kNone
    std::vector<std::uint8_t> free_;           ///< below a map's element: may fill no slot
    std::vector<std::uint32_t> first_column_;  ///< of a list of records, in columns_
    std::vector<std::uint32_t> columns_;       ///< nodes
    std::vector<std::uint32_t> source_;        ///< (first) node that fills a slot; kNone, kElsewhere or kCaptured
    std::vector<std::uint8_t> looked_up_;      ///< by slot: whether everything that fills it looks the text up
    std::uint64_t tool_scopes_ = 0, tool_audiences_ = 0;  ///< longest in the catalogue
    std::uint64_t tool_text_ = 0;                         ///< bytes of the texts of the larger of the two
    /// Made on first use: most policies have no lists in tables.
    mutable std::unordered_map<std::uint64_t, std::uint64_t> column_max_, column_text_;
    mutable std::unordered_map<std::uint32_t, std::uint64_t> set_text_;
};

/// Deepest chain of nodes; deeper shapes are rejected.
constexpr std::uint32_t kMaxShapeDepth = 512;

}  // namespace writ::bytecode

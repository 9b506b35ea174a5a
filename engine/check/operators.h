// The operators of typed expressions and their properties. Passes that treat several operators alike use the class.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/operators.h"

namespace writ::check {

/// The list is base/operators.def: first the values, then the conditions.
enum class Op : std::uint8_t {
#define VALUE(name, ...) name,
#define CONDITION(name, ...) name,
#include "base/operators.def"
};

/// Groups of operators.
enum class OpClass : std::uint8_t {
    Literal,       ///< one constant
    Set,           ///< a set of listed elements
    Fact,          ///< a fact of the request, or an element of one
    Cell,          ///< a value from a table
    Clock,         ///< a value that depends on now
    Arithmetic,    ///< on numbers, durations and instants
    SetAlgebra,    ///< a list made from two lists
    TextFunction,  ///< a value made from one text
    Quantifier,    ///< kids: a list, and the body for its elements
    Plain,         ///< a condition without operands, or a bool value
    Connective,    ///< kids: conditions
    Comparison,    ///< of two values
    Membership,    ///< of a value in a list
    SetRelation,   ///< of two lists
    TextTest,      ///< of a text and a pattern
    Range,         ///< of a value and a range
    Presence,      ///< whether a fact is stated to be none
};

/// The data of an expression besides its operator and its kids, with the members of Expr that hold it.
enum class Own : std::uint8_t {
    Nothing,
    Number,       ///< integer, of its type
    Text,         ///< text, of its type
    Fact,         ///< id: FactId
    Elem,         ///< id: binder; field: leaf below the element record; none: the element itself
    Column,       ///< id: column
    ElemColumn,   ///< id: binder over a table's rows; index: column
    TableColumn,  ///< id: TableId; index: column
    Table,        ///< id: TableId
    Kind,         ///< type.kind
    Part,         ///< index: Part
    Binder,       ///< id: binder; binder_depth
    Comparison,   ///< cmp
    Pattern,      ///< test; text: as written; matcher; index: Kind whose separators apply
    Window,       ///< window; id: ZoneId
    Issuer,       ///< id: IssuerId
    Outcome,      ///< integer: 0 or 1
};

/// Whether a value is known, or a condition is true or false, if the kids are known.
enum class Known : std::uint8_t { Total, Partial, Asked };

struct OpInfo {
    bool condition;
    OpClass op_class;
    Own own;
    Known known;
    std::string_view listing, sign;
};
inline constexpr OpInfo kOps[] = {
#define VALUE(name, cls, own, known, listing, sign) {false, OpClass::cls, Own::own, Known::known, listing, sign},
#define CONDITION(name, cls, own, known, listing, sign) {true, OpClass::cls, Own::own, Known::known, listing, sign},
#include "base/operators.def"
};

constexpr const OpInfo& info(Op op) {
    return kOps[static_cast<unsigned>(op)];
}
constexpr OpClass class_of(Op op) {
    return info(op).op_class;
}
constexpr bool is_literal(Op op) {
    return class_of(op) == OpClass::Literal;
}
/// Whether a test restricts a single value. No test of sets does.
constexpr bool narrows(Op op) {
    return class_of(op) == OpClass::Comparison || class_of(op) == OpClass::Membership ||
           class_of(op) == OpClass::TextTest;
}

}  // namespace writ::check

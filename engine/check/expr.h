// Typing of expressions. Every function returns null for an expression with an error. The error has then been reported,
// and enclosing expressions report no further one. Private to check/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/context.h"

namespace writ::check {

struct Scope;

/// Counts the nesting during its lifetime.
class DepthGuard {
public:
    explicit DepthGuard(Context& c) : context_(c) {
        if (++context_.depth > context_.deepest) context_.deepest = context_.depth;
    }
    ~DepthGuard() { --context_.depth; }
    DepthGuard(const DepthGuard&) = delete;
    DepthGuard& operator=(const DepthGuard&) = delete;
    [[nodiscard]] bool too_deep() const { return context_.depth > context_.options.max_depth; }

private:
    Context& context_;
};

/// The variable of a quantifier.
struct BoundVariable {
    std::string_view name;
    std::uint32_t id = 0;
    Type element;
    TableId table;  ///< rows of a table
};

/// A parameter in the body of a define. The argument is typed again at each use, so that quantifiers inside it get the
/// depth of that place. `value` null: the define itself is checked.
struct Argument {
    const ast::Param* param = nullptr;
    Type type;
    const ast::Expr* value = nullptr;
    Scope* scope = nullptr;
    bool used = false;
};

/// The meaning of names at one place.
struct Scope {
    std::uint32_t module = 0;
    std::vector<ToolId> tools;  ///< of `for tool`
    bool broken = false;        ///< tools or row could not be resolved: stay silent about them
    bool constant = false;      ///< no facts here: a grant, a limit, a tool's scopes
    /// `tool.scopes` and `tool.audience` may be those of all tools of the rule together: the engine reduces what the
    /// rule gives a tool to the tool's own, so those of the others make no difference.
    bool reduced = false;
    std::string_view row;  ///< of `for each`
    TableId table;
    std::vector<BoundVariable> binders;
    std::uint32_t depth = 0;  ///< binders around this place, named or not
    std::vector<Argument>* arguments = nullptr;
};

/// A value, a condition or a group. `want`: the type a literal should take; may be null.
const Expr* type_expr(Context& c, Scope& s, const ast::Expr& e, const Type* want);
/// A condition; a bool value becomes Truth, a literal Constant.
const Expr* type_condition(Context& c, Scope& s, const ast::Expr& e);
/// A value, Now, Age and Count included.
const Expr* type_operand(Context& c, Scope& s, const ast::Expr& e, const Type* want);
/// A value that does not depend on `now`.
const Expr* type_value(Context& c, Scope& s, const ast::Expr& e, const Type* want);
/// Reports a value that depends on `now`, or a count: these are allowed only in a comparison. Output: whether it is
/// one.
[[nodiscard]] bool refuse_special(Context& c, const Expr& value);
/// Starts a separate expression: resets the counts.
void start_work(Context& c);
void report_too_deep(Context& c, Span span);
/// A whole condition of a rule or invariant; E0404 if it is constant.
const Expr* type_whole_condition(Context& c, Scope& s, const ast::Expr& e);
/// The help if a constant is expected.
inline constexpr std::string_view kWriteConstant =
    "write a literal, a `define`d constant or a column of the rule's row";
/// A value of the wanted type that consists only of Integer, Text, Set, Column and set algebra; otherwise E0311.
const Expr* type_constant(Context& c, Scope& s, const ast::Expr& e, const Type* want);

// Parts of type_expr, by file.
const Expr* type_literal(Context& c, const ast::Expr& e, const Type* want);               // literal.cpp
const Expr* type_set(Context& c, Scope& s, const ast::Expr& e, const Type* want);         // literal.cpp
const Expr* type_path(Context& c, Scope& s, const ast::Expr& e, const Type* want);        // paths.cpp
const Expr* type_call(Context& c, Scope& s, const ast::Expr& e, const Type* want);        // defines.cpp
const Expr* type_compare(Context& c, Scope& s, const ast::Expr& e);                       // compare.cpp
const Expr* type_membership(Context& c, Scope& s, const ast::Expr& e);                    // compare.cpp
const Expr* type_set_relation(Context& c, Scope& s, const ast::Expr& e);                  // compare.cpp
const Expr* type_is(Context& c, Scope& s, const ast::Expr& e);                            // predicates.cpp
const Expr* type_text_test(Context& c, Scope& s, const ast::Expr& e);                     // patterns.cpp
const Expr* type_window(Context& c, Scope& s, const ast::Expr& e);                        // predicates.cpp
const Expr* type_arithmetic(Context& c, Scope& s, const ast::Expr& e, const Type* want);  // arithmetic.cpp

/// Types the body of a define where it is used. type_define() checks its declaration.
const Expr* put_in(Context& c, Scope& s, Define& define, Span use, std::span<const ast::Expr* const> args, bool called,
                   const Type* want);
void type_define(Context& c, Define& define);  // defines.cpp

/// Makes the comparison of two typed values: checks the kinds, the order and what can never hold, and folds constants.
const Expr* compare(Context& c, Cmp cmp, Span span, const Expr* left, const Expr* right);
/// Reports E0302 or E0404 for a condition that facts cannot change. Always null.
const Expr* refuse_settled(Context& c, Span span, bool always, std::string help);

struct Pair {
    const Expr* left = nullptr;
    const Expr* right = nullptr;
};
/// Types two operands so that literals of one take the type of the other.
[[nodiscard]] Pair type_pair(Context& c, Scope& s, const ast::Expr& left, const ast::Expr& right);
/// Whether the type of an expression depends on the expected type: literals, enum members.
[[nodiscard]] bool is_flexible(Context& c, Scope& s, const ast::Expr& e);

/// A text literal as a value of a type: canonical text, instant, duration or enum member.
const Expr* literal_of(Context& c, std::string_view text, Span span, const Type& want);
/// A value that is compared as a whole. A URL with a query or a fragment is unknown as a whole: a rule that permits an
/// address does not mean every query, and a rule that denies it does not mean only one. Null gives null.
const Expr* as_whole(Context& c, const Expr* value);
const Expr* enum_member(Context& c, EnumId id, std::string_view name, Span span);
/// Reports E0301 for two operands, with where each type comes from.
void report_mismatch(Context& c, Span span, std::string_view operation, const Expr& left, const Expr& right);
/// Adds the declaration that a value's type comes from.
void relate(const Context& c, Diagnostic& diagnostic, const Expr& value);
[[nodiscard]] bool is_constant(const Expr& e);
[[nodiscard]] bool is_condition(const Expr& e);

/// The elements of a constant set, for many questions.
class ConstantIndex {
public:
    explicit ConstantIndex(const Expr& set) {
        for (const auto* kid : set.kids)
            if (kid->op == Op::Text)
                texts_.insert(kid->text);
            else
                integers_.insert(kid->integer);
    }
    [[nodiscard]] bool has(const Expr& item) const { return item.op == Op::Text ? has(item.text) : has(item.integer); }
    [[nodiscard]] bool has(std::string_view text) const { return texts_.contains(text); }
    [[nodiscard]] bool has(std::int64_t integer) const { return integers_.contains(integer); }

private:
    std::unordered_set<std::string_view> texts_;
    std::unordered_set<std::int64_t> integers_;
};

Expr* node(Context& c, Op op, const Type& type, Span span);
const Expr* node(Context& c, Op op, const Type& type, Span span, const std::vector<const Expr*>& kids);
const Expr* text_node(Context& c, const Type& type, Span span, std::string_view text);
const Expr* integer_node(Context& c, const Type& type, Span span, std::int64_t value);
const Expr* constant_node(Context& c, Span span, bool value);

// ---- facts (facts.cpp) ----------------------------------------------------------------------

/// The place in a schema to which the steps of a path lead.
struct Cursor {
    FactRoot root = FactRoot::Request;
    FieldId field;
    IssuerId issuer;
    std::vector<std::string> keys;
    std::vector<FactId> optionals;
    std::string shape;      ///< Param: what must be the same in all tools
    bool at_value = false;  ///< a map's value, not the map itself
};
[[nodiscard]] Type type_at(const Context& c, const Cursor& cursor);
/// Goes one step down a record or map. False: there is no such place.
[[nodiscard]] bool descend(Context& c, Cursor& cursor, const ast::PathStep& step);
/// Follows the steps from `first` on, as long as each leads into a group. Output: the number of steps that were
/// followed; none after an error, which has been reported.
[[nodiscard]] std::optional<std::size_t> walk(Context& c, Cursor& cursor, std::span<const ast::PathStep> steps,
                                              std::size_t first);
/// Help for a claim that is read without the name of an issuer: how to write it in this module. `kind`: only issuers of
/// this kind.
[[nodiscard]] std::string help_claim(const Context& c, std::uint32_t module, std::string_view claim,
                                     std::optional<std::uint32_t> kind = {});
/// Goes from a claims root to an alias's target.
void follow(Context& c, Cursor& cursor, FieldId target);
/// Canonical spelling of a place.
[[nodiscard]] std::string path_of(const Context& c, const Cursor& cursor);
[[nodiscard]] FactId intern(Context& c, const Cursor& cursor);
[[nodiscard]] FactId intern_capture(Context& c, const Cursor& parsed, std::uint32_t spec, std::string_view name);
[[nodiscard]] FactId intern_catalog(Context& c, CatalogFact which, const Type& type);
/// Reports a name that is no field of a record, with the nearest that is.
void report_no_field(Context& c, FieldId record, const ast::PathStep& step, std::vector<std::string_view> more = {});

}  // namespace writ::check

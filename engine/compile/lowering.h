// Parts shared by the sources of compile: the policy, the sections under construction, and the numbering of
// slots, columns and tables. Private.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/report.h"
#include "bytecode/builder.h"
#include "check/typed.h"
#include "compile/blocks.h"

namespace writ::compiler {

/// Numbers facts and columns when code first uses them, then lays out the shape that fills them.
class Slots {
public:
    Slots(const check::Policy& policy, bytecode::Builder& builder);

    [[nodiscard]] std::uint32_t of(check::FactId fact);
    [[nodiscard]] static std::uint32_t of(bytecode::Builtin fact) { return static_cast<std::uint32_t>(fact); }
    /// Column of a field in the elements of the nearest list of records above it.
    [[nodiscard]] std::uint32_t column(check::FieldId field) const { return columns_[field.value]; }
    /// Writes shape, slots, enums, captures, and the shapes of issuers and tools (which are already in the builder,
    /// in the policy's order).
    void finish();

private:
    struct Want;
    class Shape;
    void number_columns(check::FieldId list);
    void name_fields(check::FieldId record, const std::string& path);

    const check::Policy& policy_;
    bytecode::Builder& builder_;
    std::vector<std::uint32_t> slot_of_fact_;  // kNone: not read so far
    std::vector<check::FactId> facts_;         // by slot; none: not in the schema
    std::vector<bool> compared_;               // by slot: read by code, not only by the engine
    std::vector<std::uint32_t> columns_;       // by field; kNone: none
    std::vector<std::uint32_t> column_count_;  // by list of records
};

/// Tables, zones, windows and matchers, compiled when first used.
class Constants {
public:
    Constants(const check::Policy& policy, bytecode::Builder& builder);

    [[nodiscard]] std::uint32_t table(check::TableId id);
    /// Provides the set of a column's values; returns the index of the table.
    [[nodiscard]] std::uint32_t table_column(check::TableId id, std::uint32_t column);
    [[nodiscard]] std::uint32_t window(const Window& window, check::ZoneId zone);
    [[nodiscard]] std::uint32_t matcher(const pattern::Matcher& of);
    /// The set of those elements that are constants.
    [[nodiscard]] std::uint32_t set(Kind elem, std::span<const check::Expr* const> elements);

private:
    const check::Policy& policy_;
    bytecode::Builder& builder_;
    std::vector<std::uint32_t> tables_, zones_;  // kNone: not compiled yet
    std::unordered_map<const pattern::Matcher*, std::uint32_t> matchers_;
    std::map<std::array<std::uint32_t, 4>, std::uint32_t> windows_;
};

/// A constant of an effect: a set or a scalar, for one row of the rule's table.
/// Requires: expressions as check::Rule describes for effects.
class Effects {
public:
    Effects(const check::Policy& policy, bytecode::Builder& builder) : policy_(policy), builder_(builder) {}

    /// Writes the effect of a rule instance, or finds an equal one; returns its index. `row` is null unless the rule
    /// is a template.
    [[nodiscard]] std::uint32_t of(const check::Rule& rule, const std::vector<check::Cell>* row);
    /// Whether the effect is the same for every row.
    [[nodiscard]] static bool same_for_all(const check::Rule& rule);

private:
    using Row = const std::vector<check::Cell>*;
    [[nodiscard]] std::vector<std::string_view> texts(const check::Expr& set, Row row) const;
    [[nodiscard]] std::vector<std::int64_t> integers(const check::Expr& set, Row row) const;
    [[nodiscard]] std::uint32_t text_set(const check::Expr& set, Row row);
    [[nodiscard]] static std::int64_t integer(const check::Expr& value, Row row);
    [[nodiscard]] json::Value argument(const check::Expr& value, Row row) const;
    [[nodiscard]] std::uint32_t obligations(const check::Rule& rule, Row row);

    const check::Policy& policy_;
    bytecode::Builder& builder_;
    std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> grants_;
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::int64_t>, std::uint32_t> requirements_;
    std::map<std::tuple<std::int64_t, std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> limits_;
    std::map<std::vector<std::uint32_t>, std::uint32_t> obligations_;
};

/// Bodies of tests that do not depend on their rule, and the number of rules that have each.
class Shared {
public:
    void count(std::span<const bytecode::Instr> body, std::size_t instances) { bodies_[key(body)].count += instances; }
    /// The memo of a body that several rules have.
    [[nodiscard]] std::optional<std::uint32_t> memo(std::span<const bytecode::Instr> body) {
        const auto found = bodies_.find(key(body));
        if (found == bodies_.end() || found->second.count < 2) return std::nullopt;
        if (found->second.memo == bytecode::kNone) found->second.memo = memos_++;
        return found->second.memo;
    }

private:
    struct Body {
        std::size_t count = 0;
        std::uint32_t memo = bytecode::kNone;
    };
    static std::string key(std::span<const bytecode::Instr> body) {
        return {reinterpret_cast<const char*>(body.data()), body.size_bytes()};
    }
    std::unordered_map<std::string, Body> bodies_;
    std::uint32_t memos_ = 0;
};

struct Lowering {
    explicit Lowering(const check::Policy& checked)
        : policy(checked),
          slots(checked, builder),
          constants(checked, builder),
          effects(checked, builder),
          blocks(builder) {}

    const check::Policy& policy;
    bytecode::Builder builder;
    Slots slots;
    Constants constants;
    Effects effects;
    Shared shared;
    Blocks blocks;
};

}  // namespace writ::compiler

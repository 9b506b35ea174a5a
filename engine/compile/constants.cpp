#include <algorithm>
#include <array>

#include "compile/lowering.h"

namespace writ::compiler {

using bytecode::kNone;
using check::Expr;

Constants::Constants(const check::Policy& policy, bytecode::Builder& builder)
    : policy_(policy), builder_(builder), tables_(policy.tables.size(), kNone), zones_(policy.zones.size(), kNone) {}

std::uint32_t Constants::table(check::TableId id) {
    std::uint32_t& index = tables_[id.value];
    if (index != kNone) return index;
    const check::Table& table = policy_.tables[id.value];
    bytecode::Sections& out = builder_.out;
    bytecode::TableRef ref;
    ref.name = builder_.text(table.name);
    ref.first_cell = static_cast<std::uint32_t>(out.cells.size());
    ref.rows = static_cast<std::uint32_t>(table.rows.size());
    ref.columns = static_cast<std::uint32_t>(table.columns.size());
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const check::Type& type = table.columns[i].type;
            if (type.kind == Kind::List) {
                std::vector<std::uint32_t> ids;
                for (const std::string& item : row[i].set) ids.push_back(builder_.text(item));
                out.cells.push_back(builder_.text_set(type.elem, std::move(ids)));
            } else if (rep_of(type.kind) == Rep::Text) {
                out.cells.push_back(builder_.text(row[i].text));
            } else {
                out.cells.push_back(builder_.integer(row[i].integer));
            }
        }
    }
    std::vector<std::uint32_t> kinds;
    for (const check::Column& column : table.columns) kinds.push_back(static_cast<std::uint32_t>(column.type.kind));
    for (const check::Column& column : table.columns)
        kinds.push_back(column.type.kind == Kind::List ? static_cast<std::uint32_t>(column.type.elem) : 0);
    ref.first_kind = builder_.ids(kinds);
    ref.first_set = builder_.ids(std::vector<std::uint32_t>(table.columns.size(), kNone));
    index = static_cast<std::uint32_t>(out.tables.size());
    out.tables.push_back(ref);
    return index;
}

std::uint32_t Constants::table_column(check::TableId id, std::uint32_t column) {
    const std::uint32_t index = table(id);
    const bytecode::TableRef& ref = builder_.out.tables[index];
    std::uint32_t& set = builder_.out.ids[ref.first_set + column];
    if (set != kNone) return index;
    const check::Table& source = policy_.tables[id.value];
    const Kind kind = source.columns[column].type.kind;
    if (rep_of(kind) == Rep::Text) {
        std::vector<std::uint32_t> ids;
        for (const auto& row : source.rows) ids.push_back(builder_.text(row[column].text));
        set = builder_.text_set(kind, std::move(ids));
    } else {
        std::vector<std::int64_t> values;
        for (const auto& row : source.rows) values.push_back(row[column].integer);
        set = builder_.int_set(kind, std::move(values));
    }
    return index;
}

std::uint32_t Constants::window(const Window& window, check::ZoneId zone) {
    bytecode::Sections& out = builder_.out;
    const auto& transitions = policy_.zones[zone.value].transitions;
    std::uint32_t& first = zones_[zone.value];
    if (first == kNone) {
        first = static_cast<std::uint32_t>(out.transitions.size());
        out.transitions.insert(out.transitions.end(), transitions.begin(), transitions.end());
    }
    const auto [found, added] = windows_.try_emplace({window.start, window.end, window.days, zone.value},
                                                     static_cast<std::uint32_t>(out.windows.size()));
    if (added)
        out.windows.push_back(
            {window.start, window.end, window.days, first, static_cast<std::uint32_t>(transitions.size())});
    return found->second;
}

std::uint32_t Constants::matcher(const pattern::Matcher& of) {
    const auto [found, added] = matchers_.try_emplace(&of, kNone);
    if (added) found->second = builder_.matcher(of.text, of.prefix, of.suffix, of.between.view(), of.glob);
    return found->second;
}

std::uint32_t Constants::set(Kind elem, std::span<const Expr* const> elements) {
    if (rep_of(elem) == Rep::Text) {
        std::vector<std::uint32_t> ids;
        for (const Expr* e : elements)
            if (e->op == check::Op::Text) ids.push_back(builder_.text(e->text));
        return builder_.text_set(elem, std::move(ids));
    }
    std::vector<std::int64_t> values;
    for (const Expr* e : elements)
        if (e->op == check::Op::Integer) values.push_back(e->integer);
    return builder_.int_set(elem, std::move(values));
}

}  // namespace writ::compiler

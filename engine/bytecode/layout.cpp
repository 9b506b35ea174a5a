#include "bytecode/layout.h"

#include <algorithm>
#include <string>

#include "writ/errors.h"

namespace writ::bytecode {

namespace {

tl::unexpected<Error> refuse_node(const char* what, std::uint32_t node) {
    return fail(Code::BadShape, what, "shape[" + std::to_string(node) + "]");
}

bool is(const ShapeNode& node, Kind kind) {
    return node.kind == static_cast<std::uint8_t>(kind);
}

}  // namespace

Result<Layout> Layout::make(const Program& program) {
    Layout layout(program);
    for (const auto step : {&Layout::read_tree, &Layout::read_columns, &Layout::read_slots})
        if (auto done = (layout.*step)(); !done) return tl::unexpected(std::move(done.error()));
    for (const ToolRef& tool : program.tools) {
        layout.tool_scopes_ = std::max<std::uint64_t>(layout.tool_scopes_, program.sets[tool.scopes].count);
        layout.tool_audiences_ = std::max<std::uint64_t>(layout.tool_audiences_, tool.audience_count);
        layout.tool_text_ =
            std::max({layout.tool_text_, layout.set_text(tool.scopes), layout.set_text(tool.audience_set)});
    }
    return layout;
}

Result<void> Layout::read_tree() {
    const auto& shape = program_.shape;
    const auto size = static_cast<std::uint32_t>(shape.size());
    parent_.assign(size, kNone);
    root_.assign(size, kNone);
    list_.assign(size, kNone);
    free_.assign(size, 0);
    std::vector<std::uint32_t> depth(size, 0);
    // Children come after their parents, so one pass in order sees every parent first: no cycles.
    for (std::uint32_t i = 0; i < size; ++i) {
        const ShapeNode& node = shape[i];
        if (parent_[i] == kNone) root_[i] = i;
        const bool record_list = is(node, Kind::List) && node.child_count == 1;
        auto adopt = [&](std::uint32_t first, std::uint32_t count, bool keys) -> bool {
            if (count == 0) return true;
            if (first <= i || first >= size || count > size - first) return false;
            for (std::uint32_t child = first; child < first + count; ++child) {
                if (parent_[child] != kNone) return false;
                parent_[child] = i;
                root_[child] = root_[i];
                depth[child] = depth[i] + 1;
                free_[child] = free_[i] != 0 || (is(node, Kind::Map) && !keys);
                list_[child] = record_list && is(shape[child], Kind::Record) ? i : list_[i];
            }
            return true;
        };
        if (!adopt(node.first_child, node.child_count, false) || !adopt(node.first_key, node.key_count, true))
            return refuse_node("shape is not a tree", i);
        if (depth[i] > kMaxShapeDepth) return refuse_node("shape is too deep", i);
    }

    std::vector<std::uint8_t> declared(size, 0);
    auto declare = [&](std::uint32_t root) {
        if (root >= size || parent_[root] != kNone || declared[root] != 0 || !is(shape[root], Kind::Record))
            return false;
        declared[root] = 1;
        return true;
    };
    bool sound = declare(program_.manifest[0].request_shape);
    for (const IssuerRef& issuer : program_.issuers) sound = sound && declare(issuer.claims);
    for (const ToolRef& tool : program_.tools) sound = sound && declare(tool.params);
    if (!sound) return refuse_node("root of a shape is not a separate record", 0);
    for (std::uint32_t i = 0; i < size; ++i)
        if (parent_[i] == kNone && declared[i] == 0) return refuse_node("shape node has no parent", i);
    return {};
}

Result<void> Layout::read_columns() {
    const auto& shape = program_.shape;
    const auto size = static_cast<std::uint32_t>(shape.size());
    std::vector<std::uint32_t> count(size, 0);
    for (std::uint32_t i = 0; i < size; ++i) {
        if (shape[i].column == kNone) continue;
        if (list_[i] == kNone || free_[i] != 0) return refuse_node("column outside a list of records", i);
        ++count[list_[i]];
    }
    // The declared counts are checked before memory is allocated for them.
    first_column_.assign(size, 0);
    std::uint32_t total = 0;
    for (std::uint32_t i = 0; i < size; ++i) {
        if (shape[i].columns != count[i]) return refuse_node("number of columns is wrong", i);
        first_column_[i] = total;
        total += count[i];
    }
    columns_.assign(total, kNone);
    for (std::uint32_t i = 0; i < size; ++i) {
        if (shape[i].column == kNone) continue;
        if (shape[i].column >= count[list_[i]]) return refuse_node("column out of range", i);
        std::uint32_t& place = columns_[first_column_[list_[i]] + shape[i].column];
        if (place != kNone) return refuse_node("two nodes have the same column", i);
        place = i;
    }
    return {};
}

Result<void> Layout::read_slots() {
    source_.assign(program_.slots.size(), kNone);
    looked_up_.assign(program_.slots.size(), 1);
    enum Owner : std::uint8_t { kOther, kTool, kIssuer };
    std::vector<Owner> owner(program_.shape.size(), kOther);  // of roots
    for (const ToolRef& tool : program_.tools) owner[tool.params] = kTool;
    for (const IssuerRef& issuer : program_.issuers) owner[issuer.claims] = kIssuer;
    auto claim = [&](std::uint32_t slot, std::uint32_t source) {
        if (slot >= source_.size()) return false;
        if (source < kElsewhere && (program_.shape[source].flags & kCompared) == 0) looked_up_[slot] = 0;
        const std::uint32_t before = source_[slot];
        if (before == kNone) {
            source_[slot] = source;
            return true;
        }
        // A request is for one tool and has a token of one issuer: those of the same type may share a slot.
        if (before == kCaptured) return source == kCaptured;
        if (before == kElsewhere || source >= kElsewhere) return false;
        const Owner by = owner[root_[source]];
        return by != kOther && by == owner[root_[before]] && alike(before, source);
    };
    for (std::uint32_t i = 0; i < program_.shape.size(); ++i) {
        const std::uint32_t slot = program_.shape[i].slot;
        if (slot == kNone) continue;
        if (list_[i] != kNone || free_[i] != 0) return refuse_node("slot inside a list or under any key of a map", i);
        if (!claim(slot, i)) return refuse_node("slot is out of range or filled twice", i);
    }
    for (const CopyRef& copy : program_.copies) {
        const bool slotted = copy.node < program_.shape.size() && program_.shape[copy.node].slot != kNone;
        if (!slotted || !claim(copy.slot, copy.node)) return refuse_node("copy is out of range or of another type", 0);
    }
    for (const CaptureRef& capture : program_.captures) {
        if (!claim(capture.slot, kCaptured)) return refuse_node("slot of a capture is out of range or filled twice", 0);
        // An index that is out of range is refused later, with the captures.
        const std::uint32_t from =
            capture.spec < program_.capture_specs.size() ? program_.capture_specs[capture.spec].claim : kNone;
        std::uint64_t& longest = capture_text_[capture.slot];
        if (from < program_.shape.size()) longest = std::max<std::uint64_t>(longest, program_.shape[from].max);
    }
    const ManifestRef& manifest = program_.manifest[0];
    for (const std::uint32_t slot : {manifest.tier_slot, manifest.tool_scopes_slot, manifest.tool_audience_slot})
        if (slot != kNone && !claim(slot, kElsewhere))
            return refuse_node("slot of the catalogue is out of range or filled twice", 0);
    return {};
}

bool Layout::alike(std::uint32_t a, std::uint32_t b) const {
    ValueType one = node_type(a), other = node_type(b);
    const bool records = one.node != kNone;
    if (records != (other.node != kNone)) return false;
    one.node = other.node = kNone;
    if (!(one == other)) return false;
    if (!records) return true;
    if (program_.shape[a].columns != program_.shape[b].columns) return false;
    for (std::uint32_t i = 0; i < program_.shape[a].columns; ++i)
        if (!alike(column_node(a, i), column_node(b, i))) return false;
    return true;
}

ValueType Layout::node_type(std::uint32_t index) const {
    const ShapeNode& node = program_.shape[index];
    ValueType type;
    type.kind = static_cast<Kind>(node.kind);
    if (type.kind == Kind::List) {
        type.elem = static_cast<Kind>(program_.shape[node.first_child].kind);
        type.max = node.max;
        if (type.elem == Kind::Record) type.node = index;
        if (rep_of(type.elem) == Rep::Text)
            type.text =
                std::min<std::uint64_t>(kMaxText, std::uint64_t{node.max} * program_.shape[node.first_child].max);
    }
    if (rep_of(type.kind) == Rep::Text) type.text = node.max;
    return type;
}

std::uint32_t Layout::slot_node(std::uint32_t slot) const {
    return source_[slot] < kElsewhere ? source_[slot] : kNone;
}

ValueType Layout::slot(std::uint32_t slot) const {
    ValueType type;
    if (source_[slot] < kElsewhere) {
        type = node_type(source_[slot]);
        type.looked_up = rep_of(type.kind) == Rep::Text && looked_up_[slot] != 0;
        return type;
    }
    type.kind = static_cast<Kind>(program_.slots[slot].kind);
    type.looked_up = source_[slot] == kCaptured;
    if (const auto found = capture_text_.find(slot); found != capture_text_.end()) type.text = found->second;
    if (type.kind != Kind::List) return type;
    type.text = tool_text_;
    type.elem = static_cast<Kind>(program_.slots[slot].elem);
    const ManifestRef& manifest = program_.manifest[0];
    if (slot == manifest.tool_scopes_slot) type.max = tool_scopes_;
    if (slot == manifest.tool_audience_slot) type.max = tool_audiences_;
    return type;
}

std::uint32_t Layout::column_node(std::uint32_t list_node, std::uint32_t column) const {
    if (column >= program_.shape[list_node].columns) return kNone;
    return columns_[first_column_[list_node] + column];
}

std::uint64_t Layout::column_max(std::uint32_t table, std::uint32_t column) const {
    const auto [found, added] = column_max_.try_emplace((std::uint64_t{table} << 32) | column, 0);
    if (!added) return found->second;
    const TableRef& ref = program_.tables[table];
    for (std::uint64_t row = 0; row < ref.rows; ++row) {
        const std::uint32_t set = program_.cells[ref.first_cell + row * ref.columns + column];
        found->second = std::max<std::uint64_t>(found->second, program_.sets[set].count);
    }
    return found->second;
}

std::uint64_t Layout::set_text(std::uint32_t set) const {
    if (rep_of(static_cast<Kind>(program_.sets[set].elem)) != Rep::Text) return 0;
    const auto [found, added] = set_text_.try_emplace(set, 0);
    if (added)
        for (const std::uint32_t id : program_.items(set)) found->second += program_.texts[id].length;
    return found->second;
}

std::uint64_t Layout::column_text(std::uint32_t table, std::uint32_t column) const {
    const Kind kind = program_.column_kind(table, column);
    const bool list = kind == Kind::List;
    if (!list && rep_of(kind) != Rep::Text) return 0;
    const auto [found, added] = column_text_.try_emplace((std::uint64_t{table} << 32) | column, 0);
    const TableRef& ref = program_.tables[table];
    for (std::uint64_t row = 0; added && row < ref.rows; ++row) {
        const std::uint32_t cell = program_.cells[ref.first_cell + row * ref.columns + column];
        found->second = std::max<std::uint64_t>(found->second, list ? set_text(cell) : program_.texts[cell].length);
    }
    return found->second;
}

}  // namespace writ::bytecode

// Verifies the request's shape node by node, and the slots that it fills.
#include <algorithm>
#include <array>
#include <iterator>

#include "base/builtin_facts.h"
#include "bytecode/verify_parts.h"

namespace writ::bytecode {

namespace {

constexpr std::uint32_t word(Kind kind) {
    return static_cast<std::uint32_t>(kind);
}

/// A column that the engine itself reads.
struct BuiltinColumn {
    Builtin list;
    std::string_view name;
    BuiltinType type;
};
constexpr auto kColumns = [] {
    using namespace builtin;
    return std::array{
#define COLUMN(list, place, name, type) BuiltinColumn{Builtin::list, name, {type}},
#include "base/builtin_facts.def"
    };
}();

bool matches(const ValueType& type, const BuiltinType& expected) {
    return type.kind == expected.kind && (type.kind != Kind::List || type.elem == expected.elem);
}

/// Checks that the columns of a list that the engine reads, if present, have the types that it expects.
bool columns_match(const Program& program, const Layout& layout, Builtin list) {
    const ValueType type = layout.slot(static_cast<std::uint32_t>(list));
    if (type.node == kNone) return true;
    const ShapeNode& element = program.shape[program.shape[type.node].first_child];
    for (std::uint32_t i = 0; i < element.child_count; ++i) {
        const std::uint32_t node = element.first_child + i;
        for (const BuiltinColumn& column : kColumns)
            if (column.list == list && program.text(program.shape[node].name) == column.name &&
                (program.shape[node].column == kNone || !matches(layout.node_type(node), column.type)))
                return false;
    }
    return true;
}

/// Whether a node is at this path in the request, because the evaluator finds some nodes by name.
bool stands_at(const Program& program, const Layout& layout, std::uint32_t node, std::string_view path) {
    while (layout.parent_of(node) != kNone) {
        if (program.shape[node].name == kNone) return false;
        const std::size_t dot = path.rfind('.');
        const bool last = dot == std::string_view::npos;
        if (program.text(program.shape[node].name) != (last ? path : path.substr(dot + 1))) return false;
        path = last ? std::string_view{} : path.substr(0, dot);
        node = layout.parent_of(node);
    }
    return path.empty() && node == program.manifest[0].request_shape;
}

bool names_differ(const Program& program, const ShapeNode& record, std::vector<std::uint32_t>& names) {
    names.clear();
    for (std::uint32_t i = 0; i < record.child_count; ++i) names.push_back(program.shape[record.first_child + i].name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

bool node_is_sound(const Program& program, const ShapeNode& node) {
    if (node.kind > word(Kind::Map) || node.weakest > static_cast<std::uint8_t>(Provenance::Verified) ||
        (node.flags & ~(kOrNone | kOneOrMany | kCompared)) != 0 || node.reserved != 0)
        return false;
    if (node.name != kNone && !is_text(program, node.name)) return false;
    const auto kind = static_cast<Kind>(node.kind);
    const bool list = kind == Kind::List, map = kind == Kind::Map;
    auto inside = [&](std::uint32_t first, std::uint32_t count) {
        return count == 0 ? first == 0 : first < program.shape.size() && count <= program.shape.size() - first;
    };
    if (!inside(node.first_child, node.child_count) || !inside(node.first_key, node.key_count)) return false;
    if (kind == Kind::Enum ? node.enumeration >= program.enums.size() : node.enumeration != kNone && !(list || map))
        return false;
    if ((list || map) && (node.enumeration != kNone || node.child_count != 1)) return false;
    if (rep_of(kind) == Rep::Text ? node.max < 1 || node.max > kMaxText : !list && !map && node.max != 0) return false;
    if (kind != Kind::Record && !list && !map && node.child_count != 0) return false;
    if (!map && node.key_count != 0) return false;
    if (!list && (node.columns != 0 || (node.flags & kOneOrMany) != 0)) return false;
    if ((node.flags & kCompared) != 0 && rep_of(kind) != Rep::Text) return false;

    auto child = [&](std::uint32_t i) -> const ShapeNode& { return program.shape[node.first_child + i]; };
    if (kind == Kind::Record) {
        for (std::uint32_t i = 0; i < node.child_count; ++i)
            if (child(i).name == kNone) return false;
    } else if (node.child_count == 1) {
        const ShapeNode& elem = child(0);
        if (elem.name != kNone || elem.slot != kNone || elem.column != kNone) return false;
        if (list && (elem.kind == word(Kind::List) || elem.kind == word(Kind::Map))) return false;
        if ((node.flags & kOneOrMany) != 0 && rep_of(static_cast<Kind>(elem.kind)) != Rep::Text) return false;
        for (std::uint32_t i = 0; i < node.key_count; ++i) {
            const ShapeNode& key = program.shape[node.first_key + i];
            if (key.name == kNone || key.kind != elem.kind) return false;
        }
    }
    return true;
}

}  // namespace

Result<void> verify_shape(const Program& program) {
    if (program.slots.size() < static_cast<std::size_t>(Builtin::Count))
        return refuse(Code::BadSlots, "facts of the engine are missing", "slots", program.slots.size());
    for (std::size_t i = 0; i < program.shape.size(); ++i) {
        if (program.shape[i].kind > word(Kind::Map))
            return refuse(Code::BadShape, "node has an unknown kind", "shape", i);
    }
    std::vector<std::uint32_t> names;
    Runs children(program.shape.size()), keys(program.shape.size());
    for (std::size_t i = 0; i < program.shape.size(); ++i) {
        const ShapeNode& node = program.shape[i];
        if (!children.take(node.first_child, node.child_count) || !keys.take(node.first_key, node.key_count) ||
            !node_is_sound(program, node) || (node.kind == word(Kind::Record) && !names_differ(program, node, names)))
            return refuse(Code::BadShape, "shape node is not well formed", "shape", i);
    }
    return {};
}

Result<void> verify_slots(const Program& program, const Layout& layout) {
    for (std::uint32_t i = 0; i < program.slots.size(); ++i) {
        const SlotRef& slot = program.slots[i];
        const bool list = slot.kind == word(Kind::List);
        if (!is_text(program, slot.path) || slot.kind > word(Kind::Map) ||
            (list ? !is_scalar(slot.elem) && slot.elem != word(Kind::Record) : slot.elem != 0))
            return refuse(Code::BadSlots, "slot has an unknown kind", "slots", i);
        const ValueType type = layout.slot(i);
        if (word(type.kind) != slot.kind || (list && word(type.elem) != slot.elem))
            return refuse(Code::BadSlots, "slot has another kind than the node that fills it", "slots", i);
        if (i >= std::size(builtin::kFacts)) continue;
        const BuiltinFact& fact = builtin::kFacts[i];
        const std::uint32_t node = layout.slot_node(i);
        if (!matches(type, fact.type) || (node != kNone && !stands_at(program, layout, node, fact.path)))
            return refuse(Code::BadSlots, "fact of the engine has the wrong kind or the wrong place", "slots", i);
    }
    if (!columns_match(program, layout, Builtin::Approvals) ||
        !columns_match(program, layout, Builtin::DelegationChain))
        return refuse(Code::BadSlots, "column that the engine reads has the wrong kind", "slots", 0);

    const ManifestRef& manifest = program.manifest[0];
    auto catalog = [&](std::uint32_t slot, Kind kind, Kind elem) {
        return slot == kNone || (program.slots[slot].kind == word(kind) && program.slots[slot].elem == word(elem) &&
                                 slot >= static_cast<std::uint32_t>(Builtin::Count));
    };
    if (!catalog(manifest.tier_slot, Kind::Enum, Kind::Bool) ||
        !catalog(manifest.tool_scopes_slot, Kind::List, Kind::String) ||
        !catalog(manifest.tool_audience_slot, Kind::List, Kind::String))
        return refuse(Code::BadSlots, "slot of the catalogue has the wrong kind", "manifest", 0);

    Runs pieces(program.ids.size()), patterns(program.patterns.size());
    for (std::size_t i = 0; i < program.patterns.size(); ++i) {
        const PatternRef& pattern = program.patterns[i];
        if (!pieces.take(pattern.first, 3 * std::uint64_t{pattern.pieces}))
            return refuse(Code::BadSlots, "pattern is out of bounds", "patterns", i);
        for (std::uint32_t k = 0; k < pattern.pieces; ++k) {
            const std::uint32_t* piece = &program.ids[pattern.first + 3 * std::size_t{k}];
            const bool literal = piece[1] == kNone && piece[2] == 0 && is_text(program, piece[0]);
            const bool capture = piece[0] == kNone && piece[2] <= 1 && is_text(program, piece[1]);
            if (!literal && !capture)
                return refuse(Code::BadSlots, "piece of a pattern is neither text nor capture", "patterns", i);
        }
    }
    for (std::size_t i = 0; i < program.capture_specs.size(); ++i) {
        const CaptureSpecRef& spec = program.capture_specs[i];
        if (spec.claim >= program.shape.size() || !patterns.take(spec.first_pattern, spec.pattern_count) ||
            rep_of(static_cast<Kind>(program.shape[spec.claim].kind)) != Rep::Text)
            return refuse(Code::BadSlots, "parsed claim is out of range", "capture_specs", i);
    }
    for (std::size_t i = 0; i < program.captures.size(); ++i) {
        const CaptureRef& capture = program.captures[i];
        if (capture.spec >= program.capture_specs.size() || !is_text(program, capture.capture) ||
            program.slots[capture.slot].kind != word(Kind::String) ||
            capture.slot < static_cast<std::uint32_t>(Builtin::Count))
            return refuse(Code::BadSlots, "capture is out of range", "captures", i);
    }
    Runs captures(program.captures.size()), copies(program.copies.size());
    for (std::size_t i = 0; i < program.issuers.size(); ++i) {
        const IssuerRef& issuer = program.issuers[i];
        if (!captures.take(issuer.first_capture, issuer.capture_count))
            return refuse(Code::BadSlots, "captures of an issuer are out of bounds", "issuers", i);
        for (std::uint32_t k = 0; k < issuer.capture_count; ++k) {
            const std::uint32_t spec = program.captures[issuer.first_capture + k].spec;
            if (layout.root_of(program.capture_specs[spec].claim) != issuer.claims)
                return refuse(Code::BadSlots, "capture reads another issuer's claim", "issuers", i);
        }
        if (!copies.take(issuer.first_copy, issuer.copy_count))
            return refuse(Code::BadSlots, "copies of an issuer are out of bounds", "issuers", i);
        for (std::uint32_t k = 0; k < issuer.copy_count; ++k)
            if (layout.root_of(program.copies[issuer.first_copy + k].node) != issuer.claims)
                return refuse(Code::BadSlots, "copy of another issuer's claim", "issuers", i);
    }
    return {};
}

}  // namespace writ::bytecode

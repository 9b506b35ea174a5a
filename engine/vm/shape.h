// Steps through the shape of requests by name.
#pragma once

#include <cstdint>
#include <string_view>

#include "bytecode/program.h"

namespace writ::vm {

/// The field of a record with a name, or kNone; also if `node` is kNone.
[[nodiscard]] inline std::uint32_t child(const bytecode::Program& program, std::uint32_t node, std::string_view name) {
    if (node == bytecode::kNone) return bytecode::kNone;
    const bytecode::ShapeNode& record = program.shape[node];
    for (std::uint32_t i = 0; i < record.child_count; ++i) {
        const std::uint32_t name_id = program.shape[record.first_child + i].name;
        if (name_id != bytecode::kNone && program.text(name_id) == name) return record.first_child + i;
    }
    return bytecode::kNone;
}

/// The element type of a list, or kNone.
[[nodiscard]] inline std::uint32_t element(const bytecode::Program& program, std::uint32_t list) {
    if (list == bytecode::kNone || program.shape[list].child_count == 0) return bytecode::kNone;
    return program.shape[list].first_child;
}

}  // namespace writ::vm

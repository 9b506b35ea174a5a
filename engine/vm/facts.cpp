// Where the engine's own facts are in one program, and facts that are used again.
#include "vm/facts.h"

#include <algorithm>

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

std::uint32_t child(const bytecode::Program& program, std::uint32_t node, std::string_view name) {
    if (node == kNone) return kNone;
    const ShapeNode& record = program.shape[node];
    for (std::uint32_t i = 0; i < record.child_count; ++i) {
        const std::uint32_t name_id = program.shape[record.first_child + i].name;
        if (name_id != kNone && program.text(name_id) == name) return record.first_child + i;
    }
    return kNone;
}

/// The record that is the element of a list.
std::uint32_t element(const bytecode::Program& program, std::uint32_t list) {
    if (list == kNone || program.shape[list].child_count == 0) return kNone;
    return program.shape[list].first_child;
}

std::uint32_t column(const bytecode::Program& program, std::uint32_t node) {
    return node == kNone ? kNone : program.shape[node].column;
}

std::int64_t enum_member(const bytecode::Program& program, std::uint32_t node, std::string_view name) {
    if (node == kNone || program.shape[node].enumeration == kNone) return -1;
    const bytecode::EnumRef& members = program.enums[program.shape[node].enumeration];
    for (std::uint32_t i = 0; i < members.member_count; ++i)
        if (program.text(program.ids[members.first_member + i]) == name) return i;
    return -1;
}

Places places_of(const bytecode::Program& program) {
    const std::uint32_t root = program.manifest[0].request_shape;
    const std::uint32_t token = child(program, root, "token");
    const std::uint32_t hop = element(program, child(program, child(program, root, "delegation"), "chain"));
    const std::uint32_t approval = element(program, child(program, root, "approvals"));
    const auto hop_column = [&](std::string_view name) { return column(program, child(program, hop, name)); };
    const auto approval_column = [&](std::string_view name) {
        return column(program, child(program, approval, name));
    };
    Places places;
    places.claims = child(program, token, "claims");
    places.params = child(program, child(program, root, "tool"), "params");
    places.hop_actor = hop_column("actor");
    places.hop_scopes = hop_column("granted_scopes");
    places.hop_expires = hop_column("exp");
    places.state = approval_column("state");
    places.approver = approval_column("approver");
    places.groups = approval_column("groups");
    places.requester = approval_column("requester");
    places.at = approval_column("at");
    places.expires = approval_column("exp");
    places.binding = approval_column("binding_digest");
    places.uses = approval_column("uses");
    places.approved = enum_member(program, child(program, approval, "state"), "approved");
    places.bearer = enum_member(program, child(program, token, "proof"), "bearer");
    return places;
}

}  // namespace

Facts::Facts(const bytecode::Program& program)
    : program_(program), places_(places_of(program)), slots_(program.manifest[0].slot_count) {
    for (std::uint32_t i = 0; i < program.issuers.size(); ++i)
        issuers_.emplace_back(program.issuers[i].url, i);
    for (std::uint32_t i = 0; i < program.tools.size(); ++i)
        tools_.emplace_back(program.tools[i].wire_name, i);
    std::sort(issuers_.begin(), issuers_.end());
    std::sort(tools_.begin(), tools_.end());
}

void Facts::clear() {
    std::fill(slots_.begin(), slots_.end(), Value{});
    scratch_.reset();
    issuer_ = tool_ = kNotFound;
    params_.clear();
    has_params_ = false;
}

}  // namespace writ::vm

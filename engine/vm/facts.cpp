// Where the engine's own facts are in one program, and facts that are used again.
#include "vm/facts.h"

#include <bit>

namespace writ::vm {

using bytecode::kNone;
using bytecode::ShapeNode;

namespace {

/// Spreads ids, which are small and dense, over a table.
constexpr std::size_t kSpread = 0x9E3779B1;

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
    const std::uint32_t tool = child(program, root, "tool");
    const std::uint32_t delegation = child(program, root, "delegation");
    Places places;
    places.issuer = child(program, token, "issuer");
    places.tool = child(program, tool, "name");
    places.depth = child(program, delegation, "depth");
    places.chain = child(program, delegation, "chain");
    places.claims = child(program, token, "claims");
    places.params = child(program, tool, "params");
    places.hop_actor = hop_column("actor");
    places.hop_run = hop_column("run");
    places.hop_scopes = hop_column("granted_scopes");
    places.hop_expires = hop_column("exp");
    places.approval = approval_column("id");
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

Names::Names(std::size_t count) : entries_(std::bit_ceil(2 * count + 1)) {}

void Names::add(std::uint32_t id, std::uint32_t index) {
    if (id == 0 || find(id) != kNotFound) return;
    std::size_t at = id * kSpread & (entries_.size() - 1);
    while (entries_[at].id != 0) at = (at + 1) & (entries_.size() - 1);
    entries_[at] = {id, index};
}

std::uint32_t Names::find(std::uint32_t id) const {
    if (id == 0) return kNotFound;
    for (std::size_t at = id * kSpread & (entries_.size() - 1);; at = (at + 1) & (entries_.size() - 1)) {
        if (entries_[at].id == id) return entries_[at].index;
        if (entries_[at].id == 0) return kNotFound;
    }
}

Facts::Facts(const bytecode::Program& program)
    : program_(program), places_(places_of(program)), issuers_(program.issuers.size()), tools_(program.tools.size()),
      slots_(program.manifest[0].slot_count), follows_(2 * program.shape.size(), kNone) {
    for (std::uint32_t i = 0; i < program.issuers.size(); ++i) issuers_.add(program.issuers[i].url, i);
    for (std::uint32_t i = 0; i < program.tools.size(); ++i) tools_.add(program.tools[i].wire_name, i);
}

Result<Place> Facts::find(std::string_view path) const {
    Place place{program_.manifest[0].request_shape, kNone};
    std::string_view rest = path;
    const auto unknown = [&](std::string_view what) {
        return tl::unexpected(Error{"Q0011", "the request has no field `" + std::string(path) + "`: " + std::string(what), "$"});
    };
    while (!rest.empty()) {
        const ShapeNode& node = program_.shape[place.node];
        std::string_view step;
        if (rest.starts_with("[\"")) {
            const std::size_t end = rest.find("\"]");
            if (end == std::string_view::npos) return unknown("a key ends with `\"]`");
            step = rest.substr(2, end - 2);
            rest.remove_prefix(end + 2);
        } else {
            if (place.node != program_.manifest[0].request_shape && rest.front() == '.') rest.remove_prefix(1);
            step = rest.substr(0, rest.find_first_of(".["));
            rest.remove_prefix(step.size());
        }
        if (static_cast<Kind>(node.kind) == Kind::Map) {
            std::uint32_t at = node.first_child;
            for (std::uint32_t i = 0; i < node.key_count; ++i)
                if (program_.text(program_.shape[node.first_key + i].name) == step) at = node.first_key + i;
            place.node = at;
        } else {
            if (static_cast<Kind>(node.kind) != Kind::Record) return unknown("it is inside a list or a single value");
            const std::uint32_t next = child(program_, place.node, step);
            if (next == kNone) return unknown("there is no `" + std::string(step) + "`");
            if (node.slot != kNone) place.group = place.node;
            place.node = next;
        }
    }
    return place;
}

void Facts::clear() {
    // Only the state of a missing value is ever looked at.
    for (Value& slot : slots_) slot.state = State::Missing;
    scratch_.reset();
    issuer_name_ = tool_name_ = {};
    depth_ = hops_ = kUnstated;
    issuer_ = tool_ = kNotFound;
    params_.clear();
    has_params_ = false;
}

}  // namespace writ::vm

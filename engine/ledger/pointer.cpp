#include "ledger/pointer.h"

#include <algorithm>
#include <initializer_list>

#include "base/access.h"
#include "base/kind.h"
#include "bytecode/opcode_info.h"

namespace writ::ledger {

using bytecode::Builtin;
using bytecode::kNone;
using bytecode::Program;
using bytecode::ShapeNode;

namespace {

/// The facts that the engine itself reads, independent of the rules.
constexpr Builtin kDecisive[] = {Builtin::Now,
                                 Builtin::TokenIssuer,
                                 Builtin::TokenAudience,
                                 Builtin::TokenExpires,
                                 Builtin::TokenNotBefore,
                                 Builtin::TokenIssued,
                                 Builtin::TokenType,
                                 Builtin::TokenProof,
                                 Builtin::RunExpires,
                                 Builtin::UserSessionExpires,
                                 Builtin::DelegationChain,
                                 Builtin::DelegationDepth,
                                 Builtin::ToolName,
                                 Builtin::WantScopes,
                                 Builtin::WantAudience,
                                 Builtin::WantTtl,
                                 Builtin::WantAllOrNothing};

/// Groups that approvals are bound to, or that determine who is independent.
constexpr std::string_view kApprovalGroups[] = {"agent", "run",      "tenant",    "user", "delegation",
                                                "tool",  "resource", "approvals", "want", "workload"};

bool is(const Program& program, std::uint32_t node, Kind kind) {
    return static_cast<Kind>(program.shape[node].kind) == kind;
}

bool is_index(std::string_view step) {
    return step == "*" ||
           (!step.empty() && std::all_of(step.begin(), step.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

}  // namespace

std::optional<Steps> steps_of(std::string_view pointer) {
    if (pointer.empty() || pointer[0] != '/') return std::nullopt;
    Steps out(1);
    for (std::size_t i = 1; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            out.emplace_back();
        } else if (pointer[i] != '~') {
            out.back() += pointer[i];
        } else {
            ++i;
            if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
            out.back() += pointer[i] == '0' ? '~' : '/';
        }
    }
    return out;
}

void append_pointer(std::string& pointer, std::string_view step) {
    pointer += '/';
    for (const char c : step) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

std::string_view text_at(const json::Node& request, std::initializer_list<std::string_view> path) {
    const json::Node* here = &request;
    for (const std::string_view key : path)
        if (here != nullptr) here = here->find(key);
    return here != nullptr && here->type == json::Type::String ? here->text() : std::string_view{};
}

std::uint32_t child_of(const Program& program, std::uint32_t record, std::string_view name) {
    const ShapeNode& node = program.shape[record];
    for (std::uint32_t i = 0; i < node.child_count; ++i)
        if (program.text(program.shape[node.first_child + i].name) == name) return node.first_child + i;
    return kNone;
}

bool is_field_name(const Layers& layers, std::string_view name) {
    return std::any_of(layers.bundles().begin(), layers.bundles().end(), [&](const Bundle& bundle) {
        const Program& program = Access::program(bundle);
        const std::uint32_t id = program.find_text(name);
        return id != 0 && std::any_of(program.shape.begin(), program.shape.end(),
                                      [&](const ShapeNode& node) { return node.name == id; });
    });
}

std::vector<std::uint32_t> claims_of(const Program& program, const json::Node* request) {
    std::vector<std::uint32_t> out;
    const std::uint32_t url = request != nullptr ? program.find_text(text_at(*request, {"token", "issuer"})) : 0;
    for (const bytecode::IssuerRef& issuer : program.issuers)
        if (request == nullptr || (url != 0 && issuer.url == url)) out.push_back(issuer.claims);
    return out;
}

std::vector<std::uint32_t> params_of(const Program& program, const json::Node* request) {
    std::vector<std::uint32_t> out;
    const std::uint32_t name = request != nullptr ? program.find_text(text_at(*request, {"tool", "name"})) : 0;
    for (const bytecode::ToolRef& tool : program.tools)
        if (request == nullptr || (name != 0 && tool.wire_name == name)) out.push_back(tool.params);
    return out;
}

Reached reach(const Program& program, const Steps& steps, const json::Node* request) {
    Reached out;
    out.nodes = {program.manifest[0].request_shape};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string& step = steps[i];
        std::vector<std::uint32_t> below;
        for (const std::uint32_t at : out.nodes) {
            const ShapeNode& node = program.shape[at];
            if (is(program, at, Kind::Record)) {
                if (const std::uint32_t child = child_of(program, at, step); child != kNone) below.push_back(child);
            } else if (is(program, at, Kind::List) && is_index(step)) {
                out.lists.push_back(at);
                below.push_back(node.first_child);
            } else if (is(program, at, Kind::Map)) {
                below.push_back(node.first_child);
                for (std::uint32_t k = 0; k < node.key_count; ++k)
                    if (step == "*" || program.text(program.shape[node.first_key + k].name) == step)
                        below.push_back(node.first_key + k);
            }
        }
        out.nodes = std::move(below);
        const bool second = i == 1;
        if (second && steps[0] == "token" && step == "claims") {
            out.undeclared = steps.size() > 2;
            out.nodes = claims_of(program, request);
        } else if (second && steps[0] == "tool" && step == "params") {
            out.nodes = params_of(program, request);
        }
    }
    return out;
}

FactsRead::FactsRead(const Layers& layers) : layers_(layers) {
    for (const Bundle& bundle : layers_.bundles()) {
        const Program& program = Access::program(bundle);
        std::vector<bool>& slots = slots_.emplace_back(program.slots.size());
        // Slots other than the engine's own exist because a rule reads them.
        for (std::size_t i = static_cast<std::size_t>(Builtin::Count); i < slots.size(); ++i) slots[i] = true;
        for (const Builtin fact : kDecisive) slots[static_cast<std::size_t>(fact)] = true;
        const auto read = [&](bytecode::Operand field, std::uint32_t word) {
            const std::uint32_t index = bytecode::operand_index(word);
            if (bytecode::is_value(field) && bytecode::operand_kind(word) == bytecode::OperandKind::Slot &&
                index < slots.size())
                slots[index] = true;
        };
        for (const bytecode::Instr& in : program.code) {
            const bytecode::OpcodeInfo& info = bytecode::info(in.op);
            read(info.a, in.a);
            read(info.b, in.b);
            read(info.c, in.c);
        }
        std::vector<bool>& nodes = nodes_.emplace_back(program.shape.size());
        for (const bytecode::CaptureSpecRef& spec : program.capture_specs)
            if (spec.claim < nodes.size()) nodes[spec.claim] = true;
    }
}

bool FactsRead::reads(std::size_t layer, std::uint32_t at) const {
    const Program& program = Access::program(layers_.bundles()[layer]);
    const ShapeNode& node = program.shape[at];
    if (nodes_[layer][at] || (node.slot != kNone && slots_[layer][node.slot])) return true;
    for (std::uint32_t i = 0; i < node.child_count; ++i)
        if (reads(layer, node.first_child + i)) return true;
    for (std::uint32_t i = 0; i < node.key_count; ++i)
        if (reads(layer, node.first_key + i)) return true;
    return false;
}

bool FactsRead::reads(const std::vector<std::string_view>& pointers, const json::Node& request) const {
    const json::Node* given = request.find("approvals");
    const bool approved = given != nullptr && given->type == json::Type::Array && given->count > 0;
    for (std::size_t layer = 0; layer < slots_.size(); ++layer) {
        const Program& program = Access::program(layers_.bundles()[layer]);
        const bool approvals = approved && !program.requirements.empty();
        for (const std::string_view pointer : pointers) {
            const auto steps = steps_of(pointer);
            if (!steps) continue;
            if (approvals && std::find(std::begin(kApprovalGroups), std::end(kApprovalGroups), steps->front()) !=
                                 std::end(kApprovalGroups))
                return true;
            const Reached reached = reach(program, *steps, &request);
            const auto matters = [&](std::uint32_t node) { return reads(layer, node); };
            if (std::any_of(reached.nodes.begin(), reached.nodes.end(), matters)) return true;
            for (const std::uint32_t list : reached.lists)
                if (const std::uint32_t slot = program.shape[list].slot; slot != kNone && slots_[layer][slot])
                    return true;
        }
    }
    return false;
}

}  // namespace writ::ledger

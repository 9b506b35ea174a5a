#include "ledger/surroundings.h"

#include <algorithm>
#include <initializer_list>

#include "bytecode/program.h"
#include "ledger/hash.h"

namespace writ::ledger {

namespace {

std::string_view text_at(const json::Node& value, std::initializer_list<std::string_view> path) {
    const json::Node* here = &value;
    for (const std::string_view key : path)
        if (here != nullptr) here = here->find(key);
    return here != nullptr && here->type == json::Type::String ? here->text() : std::string_view{};
}

bool counted(std::string_view approver, const Decision& decision) {
    const auto& all = decision.attribution.approvers;
    return std::find(all.begin(), all.end(), approver) != all.end();
}

template <class Each>
void each_counted_approval(const json::Node& request, const Decision& decision, Each each) {
    const json::Node* approvals = request.find("approvals");
    if (approvals == nullptr || approvals->type != json::Type::Array) return;
    const json::Node* approval = approvals->first();
    for (std::uint32_t i = 0; i < approvals->count; ++i, approval = approval->next())
        if (counted(text_at(*approval, {"approver"}), decision)) each(*approval);
}

void read_tier(const Layers& layers, std::string_view tool, Surroundings& around) {
    for (const Bundle& bundle : layers.bundles()) {
        const bytecode::Program& program = bundle.program();
        for (const bytecode::ToolRef& each : program.tools) {
            if (program.text(each.wire_name) != tool || program.manifest[0].tier_enum >= program.enums.size())
                continue;
            const bytecode::EnumRef& tiers = program.enums[program.manifest[0].tier_enum];
            if (each.tier < 0 || each.tier >= tiers.member_count) continue;
            around.tier =
                program.text(program.ids[tiers.first_member + static_cast<std::uint32_t>(each.tier)]);
            around.tier_rank = static_cast<std::uint32_t>(each.tier) + 1;
            around.tier_count = tiers.member_count;
            return;
        }
    }
}

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) {
    return text.find_first_not_of('0') == text.npos;
}

}  // namespace

void read_surroundings(const json::Node& request, const Layers& layers, Record& record) {
    Surroundings& around = record.around;
    around.request_id = text_at(request, {"request_id"});
    around.broker = text_at(request, {"broker"});
    around.idempotency_key = text_at(request, {"idempotency_key"});
    around.operation = text_at(request, {"tool", "operation"});
    around.environment = text_at(request, {"resource", "environment"});
    if (around.environment.empty()) around.environment = text_at(request, {"workload", "environment"});
    around.credential_kind = text_at(request, {"token", "credential_kind"});
    around.proof = text_at(request, {"token", "proof"});
    around.tier = {};
    around.tier_rank = around.tier_count = 0;
    read_tier(layers, record.decision.attribution.tool, around);
    around.approvals.clear();
    each_counted_approval(request, record.decision, [&](const json::Node& approval) {
        if (const std::string_view id = text_at(approval, {"id"}); !id.empty())
            around.approvals.push_back(id);
    });
}

Trace read_traceparent(std::string_view header) {
    constexpr std::size_t kLength = 55;  // version 00; later ones may be longer, with the same beginning
    if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return {};
    const std::string_view version = header.substr(0, 2), trace = header.substr(3, 32),
                           span = header.substr(36, 16);
    if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(header.substr(53, 2))) return {};
    if (version == "ff" || all_zero(trace) || all_zero(span)) return {};
    if (header.size() > kLength && (version == "00" || header[kLength] != '-')) return {};
    return {trace, span};
}

Hash ask_of(const json::Value& request) {
    json::Value same = request;
    same.remove("now");
    same.remove("request_id");
    if (json::Value* run = same.find("run"); run != nullptr && run->type == json::Type::Object)
        run->remove("attempt");
    return sha256({"writ.ask.v1\n", json::canonical(same)});
}

std::vector<std::string> used_approvals(const json::Node& request, const Decision& decision) {
    std::vector<std::string> out;
    if (decision.effect != Effect::Permit) return out;
    each_counted_approval(request, decision, [&](const json::Node& approval) {
        const json::Node* uses = approval.find("uses");
        if (uses == nullptr || uses->type != json::Type::Int || uses->integer != 1) return;
        const std::string_view id = text_at(approval, {"id"});
        std::string name(id);
        if (name.empty()) {  // known by all that it says
            std::vector<const json::Node*> order;
            json::append_canonical(name, approval, order);
            name = to_hex(sha256({name}));
        }
        out.push_back("approval:" + name);
    });
    return out;
}

}  // namespace writ::ledger

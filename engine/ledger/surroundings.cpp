#include "ledger/surroundings.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "base/access.h"
#include "base/person.h"
#include "bytecode/program.h"
#include "ledger/pointer.h"
#include "writ/revocations.h"

namespace writ::ledger {

namespace {

template <class Each>
void each_approval(const json::Node& request, Each each) {
    const json::Node* approvals = request.find("approvals");
    if (approvals == nullptr || approvals->type != json::Type::Array) return;
    const json::Node* approval = approvals->first();
    for (std::uint32_t i = 0; i < approvals->count; ++i, approval = approval->next()) each(*approval);
}

/// Whether an approval is by a person whose approval was counted.
bool by_counted(const json::Node& approval, const Decision& decision) {
    const auto& all = decision.attribution.approvers;
    const std::string_view approver = text_at(approval, {"approver"});
    return !approver.empty() && std::find(all.begin(), all.end(), approver) != all.end();
}

/// Whether each counted approver has a name. One that the broker knows only by id has none.
bool all_named(const json::Node& request, const Decision& decision) {
    const auto& all = decision.attribution.approvers;
    return std::all_of(all.begin(), all.end(), [&](std::string_view name) {
        bool found = false;
        each_approval(request, [&](const json::Node& each) { found = found || text_at(each, {"approver"}) == name; });
        return found && !name.empty();
    });
}

void read_tier(const Layers& layers, std::string_view tool, Surroundings& around) {
    for (const Bundle& bundle : layers.bundles()) {
        const bytecode::Program& program = Access::program(bundle);
        for (const bytecode::ToolRef& each : program.tools) {
            if (program.text(each.wire_name) != tool || program.manifest[0].tier_enum >= program.enums.size()) continue;
            const bytecode::EnumRef& tiers = program.enums[program.manifest[0].tier_enum];
            if (each.tier < 0 || each.tier >= tiers.member_count) continue;
            around.tier = program.text(program.ids[tiers.first_member + static_cast<std::uint32_t>(each.tier)]);
            around.tier_rank = static_cast<std::uint32_t>(each.tier) + 1;
            around.tier_count = tiers.member_count;
            return;
        }
    }
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
    each_approval(request, [&](const json::Node& approval) {
        if (!by_counted(approval, record.decision)) return;
        if (const std::string_view id = text_at(approval, {"id"}); !id.empty()) around.approvals.push_back(id);
    });
}

Hash key_of(const Attribution& who, std::string_view key, const Keyed& keyed) {
    return keyed.digest("key",
                        fmt::format("{}:{}{}:{}{}", who.tenant.size(), who.tenant, who.agent.size(), who.agent, key));
}

Hash ask_of(const json::Node& request, const Keyed& keyed) {
    using Path = std::array<std::string_view, 3>;
    constexpr Path kParts[] = {{"tenant"},
                               {"agent", "id"},
                               {"run", "id"},
                               {"user", "id"},
                               {"delegation", "originator"},
                               {"delegation", "actor"},
                               {"token", "issuer"},
                               {"token", "claims", "sub"},
                               {"workload", "spiffe_id"},
                               {"workload", "namespace"},
                               {"workload", "service_account"},
                               {"tool"},
                               {"resource"},
                               {"want"},
                               {"egress"}};
    std::string text;
    std::vector<const json::Node*> order;
    for (const auto& path : kParts) {
        const json::Node* here = &request;
        for (const std::string_view step : path)
            if (here != nullptr && !step.empty()) here = here->find(step);
        if (here != nullptr) json::append_canonical(text, *here, order);
        text += '\n';  // canonical text has none
    }
    return keyed.digest("ask", text);
}

CountedApprovals counted_approvals(const json::Node& request, const Decision& decision, const Keyed& keyed) {
    CountedApprovals out;
    if (decision.effect != Effect::Permit || decision.attribution.approvers.empty()) return out;
    const bool named = all_named(request, decision);
    each_approval(request, [&](const json::Node& approval) {
        if (named && !by_counted(approval, decision)) return;
        const json::Node* uses = approval.find("uses");
        const bool limited = uses != nullptr && uses->type == json::Type::Int;
        if (limited && uses->integer < 1) return;  // it did not count
        // Without an id in canonical spelling an approval counts only if its uses have no limit.
        const std::string_view id = text_at(approval, {"id"});
        const auto spelled = canonical_subject(RevocationKind::Approval, id);
        if (!spelled || !comparable_name(id)) return;
        auto& names = limited && uses->integer == 1 ? out.used : out.unused;
        std::string name = "approval:" + to_hex(keyed.digest("approval", *spelled));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    });
    return out;
}

}  // namespace writ::ledger

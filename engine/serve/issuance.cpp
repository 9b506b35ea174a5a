#include "serve/issuance.h"

#include <algorithm>
#include <array>

#include "base/values.h"
#include "serve/issuance_names.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

const std::string& text_of(const Value& entity, std::string_view member) {
    return entity.find(member)->text;
}

bool is_same(const Value& one, const Value& other) {
    return text_of(one, "type") == text_of(other, "type") && text_of(one, "id") == text_of(other, "id");
}

bool has(const Value* object, std::string_view member) {
    const Value* found = object == nullptr ? nullptr : object->find(member);
    return found != nullptr && found->type != Type::Null;
}

/// Whether an array has this text.
bool lists(const Value* object, std::string_view member, std::string_view text) {
    const Value* found = object == nullptr ? nullptr : object->find(member);
    return found != nullptr && found->type == Type::Array &&
           std::any_of(found->items.begin(), found->items.end(),
                       [&](const Value& each) { return each.type == Type::String && each.text == text; });
}

/// A scope as OAuth spells it.
bool is_scope(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
}

Value text_list(const auto& texts) {
    Value out = Value::array();
    for (const auto& each : texts) out.items.push_back(Value::of(std::string_view(each)));
    return out;
}

Value decision(bool yes, Value context = Value::object()) {
    Value out = Value::object();
    out.set("decision", Value::of(yes));
    if (!context.members.empty()) out.set("context", std::move(context));
    return out;
}

/// Why a decision is not a permit, for servers that may know.
Value reasons_of(const Decision& decision) {
    std::vector<std::string_view> codes;
    for (const Reason& each : decision.reasons)
        if (std::find(codes.begin(), codes.end(), each.code) == codes.end()) codes.push_back(each.code);
    Value out = Value::object();
    out.set("reasons", text_list(codes));
    return out;
}

Value args_of(const Obligation& obligation) {
    const auto args = json::parse(obligation.args);
    return args ? *args : Value::object();
}

/// Why the approval that a request has does not lift a denial.
std::string_view failing(const Decision& denied) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kWhy = {{
        {"approval_unbound", draft::kOutOfScope},
        {"approval_revoked", draft::kApprovalExpired},
        {"approval_used", draft::kApprovalExpired},
        {"approval_expired", draft::kApprovalExpired},
        {"approval_stale", draft::kApprovalExpired},
        {"approval_not_approved", draft::kApprovalExpired},
        {"approval_group", draft::kUnverifiable},
        {"approval_not_independent", draft::kUnverifiable},
    }};
    for (const auto& why : kWhy)
        if (std::any_of(denied.reasons.begin(), denied.reasons.end(),
                        [&](const Reason& each) { return each.code == why.first; }))
            return why.second;
    return draft::kApprovalRequired;
}

/// Obligations as the extension has them.
Value extension_of(const std::vector<Obligation>& obligations) {
    Value out = Value::array();
    for (const Obligation& each : obligations) {
        Value properties = Value::object();
        properties.set("name", Value::of(each.name));
        properties.set("args", args_of(each));
        Value item = Value::object();
        item.set("id", Value::of(std::string_view("o" + std::to_string(out.items.size() + 1))));
        item.set("type", Value::of(draft::kCustom));
        item.set("properties", std::move(properties));
        out.items.push_back(std::move(item));
    }
    return out;
}

/// Obligations as a claim.
Value duties_of(const std::vector<Obligation>& obligations) {
    Value out = Value::array();
    for (const Obligation& each : obligations) {
        Value item = Value::object();
        item.set("name", Value::of(each.name));
        item.set("args", args_of(each));
        out.items.push_back(std::move(item));
    }
    return out;
}

}  // namespace

bool is_undecided(const ledger::Decided& decided) {
    if (decided.decision->effect != Effect::Deny) return false;
    constexpr std::array<std::string_view, 4> kCodes = {"policy_stale", "audit_unavailable", "policy_error",
                                                        "budget_exhausted"};
    const auto& reasons = decided.decision->reasons;
    return (decided.error && !decided.error->code.starts_with('Q')) ||
           std::any_of(reasons.begin(), reasons.end(), [&](const Reason& each) {
               return std::find(kCodes.begin(), kCodes.end(), each.code) != kCodes.end();
           });
}

// ---- reading ------------------------------------------------------------------------------------

bool Issuance::concerns(const Questions& questions, const IssuanceMapping& mapping) {
    return std::any_of(questions.begin(), questions.end(),
                       [&](const auto& each) { return each && mapping.concerns(text_of(each->resource, "type")); });
}

Issuance::Issuance(const Questions& questions, const IssuanceMapping& mapping, const Directory& directory,
                   std::string_view self, std::int64_t now)
    : mapping_(&mapping), now_(now), items_(questions.size()) {
    why_ = read(questions, directory, self);
    if (!why_.empty()) document_ = json::write(document_of(now));
}

/// Output: why the request is refused; empty: it is not.
std::string Issuance::read(const Questions& questions, const Directory& directory, std::string_view self) {
    TokenRequest request;
    // One question that is not understood refuses all: what it would have stated must not be left out.
    const auto place = [](std::size_t i) { return "`evaluations[" + std::to_string(i) + "]`: "; };
    std::vector<AccessQuestion> asked;
    for (const auto& each : questions) {
        if (!each) return place(asked.size()) + "it is no question";
        asked.push_back(*each);
    }
    if (std::string why = read_gates(asked, request); !why.empty()) return why;
    bool chain = false;
    knows_obligations_ = true;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const AccessQuestion& question = asked[i];
        if (std::string why = read_item(question, items_[i], request); !why.empty()) return place(i) + why;
        chain =
            chain || has(question.context, draft::kActor) || has(question.subject.find("properties"), draft::kActor);
        knows_obligations_ = knows_obligations_ &&
                             lists(question.context, draft::kSupportedExtensions, draft::kObligations) &&
                             lists(question.context, draft::kSupportedObligations, draft::kCustom);
    }
    if (!mapping_->knows(request)) return "the mapping has no rules for a subject, the target or a detail";

    read_approvals(asked, self, request);
    FilledToken filled = mapping_->fill(request, directory, now_);
    if (!filled.one_call) return "its details, or its scopes, are different calls; ask for one at a time";
    if (chain && !filled.delegated) return "there is a chain of actors, and no rule states `delegation`";
    auto of_cell = filled.of_cells.begin();
    for (Item& item : items_)
        if (item.kind == Item::Kind::Cell) item.scopes = std::move(*of_cell++);
    document_ = std::move(filled.document);
    call_ = std::move(filled.call);
    ends_ = filled.ends;
    dropped_ = filled.dropped;
    return {};
}

/// Reads the approval that every question has.
void Issuance::read_approvals(const std::vector<AccessQuestion>& asked, std::string_view self, TokenRequest& request) {
    const auto& approvals = mapping_->approvals();
    if (!approvals || !approvals->trust || !has(asked.front().context, draft::kApproval)) return;
    const Value& approval = *asked.front().context->find(draft::kApproval);
    for (const AccessQuestion& each : asked)
        if (!has(each.context, draft::kApproval) ||
            json::write(*each.context->find(draft::kApproval)) != json::write(approval))
            return;
    approval_ = Value::object();
    if (approval.type == Type::Object) request.approvals = read_approval(approval, *approvals->trust, self, now_);
    if (!request.approvals) return;
    is_believed_ = true;
    approval_.set("id", *approval.find("id"));
    approval_.set(
        draft::kApprovedUntil,
        Value::of(std::string_view(format_instant(request.approvals->items[0].find("exp")->integer * 1'000'000))));
}

/// Finds what kind of token is asked for, its target, and the parties.
std::string Issuance::read_gates(const std::vector<AccessQuestion>& asked, TokenRequest& request) {
    std::vector<const AccessQuestion*> gates;
    for (const AccessQuestion& each : asked) {
        if (text_of(each.resource, "type") != draft::kAudience) continue;
        const std::string& name = text_of(each.action, "name");
        if (token_type_of(name).empty()) return "`" + name + "` is no gate";
        if (gate_.empty() && mapping_->allows(name)) gate_ = name;
        if (name == gate_) gates.push_back(&each);
    }
    if (gates.empty()) return "the mapping allows none of the gates";
    subject_ = gates.front()->subject;
    resource_ = gates.front()->resource;
    action_ = gates.front()->action;
    request.token_type = token_type_of(gate_);
    request.target = text_of(gates.front()->resource, "id");
    request.subject = &gates.front()->subject;
    for (const AccessQuestion* gate : gates)
        if (request.requesting == nullptr && !is_same(gate->subject, *request.subject))
            request.requesting = &gate->subject;
    return {};
}

std::string Issuance::read_item(const AccessQuestion& question, Item& item, TokenRequest& request) const {
    const std::string &type = text_of(question.resource, "type"), &name = text_of(question.action, "name");
    // Gates of another kind of token are false: the server does not issue these, and goes on.
    if (type == draft::kAudience && name != gate_) return {};
    if (text_of(question.resource, "id") != request.target) return "a token has one target";
    if (is_same(question.subject, *request.subject))
        request.of_subject.push_back(question);
    else if (request.requesting != nullptr && is_same(question.subject, *request.requesting))
        request.of_requesting.push_back(question);
    else
        return "its subject is the subject of no gate, or the gates have more than two";
    if (type == draft::kAudience) {
        item.kind = Item::Kind::Gate;
    } else if (type == draft::kProtectedResource) {
        if (!is_scope(name)) return "the action is no scope";
        item.kind = Item::Kind::Scope;
        item.scopes = {name};
        request.scope_tuples.push_back(question);
    } else if (mapping_->concerns(type)) {
        item.kind = Item::Kind::Cell;
        request.cells.push_back(question);
    } else {
        return "the mapping has no `details` of this type";
    }
    return {};
}

// ---- answering ----------------------------------------------------------------------------------

std::optional<Value> Issuance::shape(const ledger::Decided& decided) const {
    const Grant& grant = decided.decision->grant;
    const std::string& target = text_of(resource_, "id");
    if (grant.ttl < 1 || grant.scopes.empty() ||
        std::find(grant.audience.begin(), grant.audience.end(), target) == grant.audience.end())
        return {};
    Value issuance = Value::object(), claims = Value::object(), context = Value::object();
    issuance.set(draft::kTokenLifetime, Value::of(grant.ttl));
    const auto any = [&](Item::Kind kind) {
        return std::any_of(items_.begin(), items_.end(), [&](const Item& each) { return each.kind == kind; });
    };
    // Without it the server would use scopes of its own. What cells grant is not a scope of the token.
    if (!any(Item::Kind::Scope)) {
        std::string scopes;
        if (!any(Item::Kind::Cell))
            for (const std::string_view each : grant.scopes) scopes.append(scopes.empty() ? "" : " ").append(each);
        issuance.set(draft::kGrantedScope, Value::of(std::string_view(scopes)));
    }
    const IssuanceMapping::Claims& names = mapping_->claims();
    if (!names.call.empty()) claims.set(names.call, call_);
    if (grant.single_use) {
        if (names.single_use.empty() || !decided.record) return {};
        claims.set(names.single_use, Value::of(std::string_view("grant:" + std::to_string(*decided.record))));
    }
    if (!grant.obligations.empty()) {
        if (knows_obligations_)
            context.set(draft::kObligations, extension_of(grant.obligations));
        else if (!names.duties.empty())
            claims.set(names.duties, duties_of(grant.obligations));
        else
            return {};
    }
    if (!claims.members.empty()) {
        Value crit = Value::array();
        for (const json::Member& each : claims.members) crit.items.push_back(Value::of(std::string_view(each.first)));
        issuance.set(draft::kClaims, std::move(claims));
        issuance.set(draft::kCrit, std::move(crit));
    }
    context.set(draft::kIssuance, std::move(issuance));
    if (is_believed_) context.set(draft::kApproval, approval_);
    return context;
}

std::optional<Value> Issuance::access_request(const ledger::Decided& decided, const BindingSigner& signer) const {
    const Decision& denied = *decided.decision;
    const auto& approvals = mapping_->approvals();
    if (signer.key == nullptr || !approvals || !decided.record || denied.binding_digest.empty()) return {};
    // Whoever sends what is not signed is not led on.
    if (approval_.type == Type::Object && !is_believed_) {
        Value context = Value::object();
        context.set(draft::kReason, Value::of(draft::kUnverifiable));
        context.set(draft::kNextAction, Value::of(draft::kNone));
        return context;
    }
    // No approval counts until the request states this fact.
    const bool unbound = std::any_of(denied.reasons.begin(), denied.reasons.end(), [](const Reason& each) {
        return each.code == "approval_unbound" && !each.detail.empty();
    });
    const std::int64_t ends = std::min(now_ + approvals->seconds, ends_);
    if (unbound) return {};
    Value requirements = Value::array();
    for (const Requirement& each : denied.requirements) {
        Value item = Value::object();
        item.set("groups", text_list(each.groups));
        item.set("needed", Value::of(std::int64_t{each.needed}));
        requirements.items.push_back(std::move(item));
    }
    const std::string id = std::to_string(*decided.record);
    const auto token = signer.key->sign({signer.issuer, approvals->audience, now_, ends, id, subject_, resource_,
                                         action_, denied.binding_digest, call_, std::move(requirements)});
    if (!token) return {};
    Value request = Value::object();
    request.set(draft::kExpiresAt, Value::of(std::string_view(format_instant(ends * 1'000'000))));
    request.set("endpoint", Value::of(std::string_view(approvals->endpoint)));
    request.set(draft::kBindingToken, Value::of(std::string_view(*token)));
    Value context = Value::object();
    context.set(draft::kReason, Value::of(is_believed_ ? failing(denied) : draft::kApprovalRequired));
    if (is_believed_) context.set(draft::kNextAction, Value::of(draft::kRequestAgain));
    context.set(draft::kEvaluationId, Value::of(std::string_view(id)));
    context.set(draft::kEvaluatedAt, Value::of(std::string_view(format_instant(denied.now))));
    context.set(draft::kAccessRequest, std::move(request));
    return context;
}

std::vector<Value> Issuance::answers(const ledger::Decided& decided, const BindingSigner& signer, bool explain) const {
    Value why = explain ? reasons_of(*decided.decision) : Value::object();
    if (explain && !why_.empty()) {
        Value error = Value::object();
        error.set("status", Value::of(std::int64_t{400}));
        error.set("message", Value::of(std::string_view(why_)));
        why = Value::object();
        why.set("error", std::move(error));
    }
    std::vector<Value> out(items_.size(), decision(false, std::move(why)));
    if (!why_.empty()) return out;
    const auto first =
        std::find_if(items_.begin(), items_.end(), [](const Item& each) { return each.kind == Item::Kind::Gate; });
    const auto place = static_cast<std::size_t>(first - items_.begin());
    if (decided.decision->effect == Effect::NeedsApproval) {
        if (auto context = access_request(decided, signer)) out[place] = decision(false, std::move(*context));
        return out;
    }
    if (decided.decision->effect != Effect::Permit) return out;
    auto context = shape(decided);
    if (!context) return out;
    const auto& granted = decided.decision->grant.scopes;
    const bool of_cells =
        std::any_of(items_.begin(), items_.end(), [](const Item& each) { return each.kind == Item::Kind::Cell; });
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const Item& item = items_[i];
        const bool all = std::all_of(item.scopes.begin(), item.scopes.end(), [&](const std::string& scope) {
            return std::find(granted.begin(), granted.end(), scope) != granted.end();
        });
        if (item.kind == Item::Kind::Other || !all) continue;
        // The decision is about the call of the details, not about a scope that outlives it.
        if (item.kind == Item::Kind::Scope && of_cells) continue;
        out[i] = i == place ? decision(true, std::move(*context)) : decision(true);
    }
    return out;
}

}  // namespace writ::serve

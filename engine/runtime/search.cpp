// Searches: writes the request once without its open field, then decides it with the members of each candidate added.
// Request and Evaluator treat each of these documents like any other.
#include "writ/search.h"

#include <algorithm>
#include <set>

#include "base/access.h"
#include "base/json.h"
#include "bytecode/program.h"
#include "vm/decision_json.h"
#include "vm/reason.h"
#include "writ/errors.h"

namespace writ {

namespace {

constexpr std::size_t kMostCandidates = 100'000;
constexpr std::size_t kMostCandidateBytes = 64u << 20;

tl::unexpected<Error> malformed(Code code, std::string message, std::string context) {
    return fail(code, std::move(message), std::move(context));
}

std::string_view text_at(const json::Value& object, std::string_view key) {
    const json::Value* found = object.find(key);
    return found != nullptr && found->type == json::Type::String ? std::string_view(found->text) : std::string_view{};
}

/// The content of all layers' catalogues.
class LayerCatalogues {
public:
    explicit LayerCatalogues(const Layers& layers) : layers_(layers) {}

    [[nodiscard]] std::set<std::string_view> tools() const {
        std::set<std::string_view> out;
        each([&](const bytecode::Program& program, const bytecode::ToolRef& tool) {
            out.insert(program.text(tool.wire_name));
        });
        return out;
    }
    [[nodiscard]] std::set<std::string_view> scopes(std::string_view name) const {
        std::set<std::string_view> out;
        each([&](const bytecode::Program& program, const bytecode::ToolRef& tool) {
            if (program.text(tool.wire_name) != name) return;
            for (const std::uint32_t scope : program.items(tool.scopes)) out.insert(program.text(scope));
        });
        return out;
    }

private:
    template <class Visit>
    void each(Visit visit) const {
        for (const Bundle& bundle : layers_.bundles())
            for (const bytecode::ToolRef& tool : Access::program(bundle).tools) visit(Access::program(bundle), tool);
    }
    const Layers& layers_;
};

json::Value texts(const std::set<std::string_view>& from) {
    json::Value out = json::Value::array();
    for (const std::string_view text : from) out.items.push_back(json::Value::of(text));
    return out;
}

/// The group of the document in which the candidate is put.
std::string_view group_of(Open open) {
    switch (open) {
        case Open::Tool: return "tool";
        case Open::Scope: return "want";
        case Open::Agent: return "agent";
    }
    return {};
}

/// The request with a gap for the candidate.
class Template {
public:
    Template(json::Value document, Open open, const LayerCatalogues& catalogue)
        : catalogue_(catalogue), open_(open), document_(std::move(document)) {
        group_ = take(group_of(open));
        if (open == Open::Scope) group_.remove("scopes");
        if (open == Open::Tool) {
            asks_ = document_.find("want") == nullptr || document_.find("want")->find("scopes") == nullptr;
            if (asks_) want_ = take("want");
        }
        head_ = json::write(document_);
        head_.pop_back();
    }

    /// Everything except the open field, which the document may state.
    [[nodiscard]] std::string without() const {
        json::Value rest = document_;
        const json::Value& want = open_ == Open::Scope ? group_ : want_;
        if (!want.members.empty()) rest.set("want", want);
        return json::write(rest);
    }

    [[nodiscard]] const std::string& fill(const json::Value& candidate) {
        text_ = head_;
        const json::Value group = group_with(candidate);
        member(group_of(open_), group);
        if (asks_) {
            json::Value want = want_;
            want.set("scopes", texts(catalogue_.scopes(text_at(group, "name"))));
            member("want", want);
        }
        text_ += '}';
        return text_;
    }

    [[nodiscard]] std::string name_of(const json::Value& candidate) const {
        if (candidate.type == json::Type::String) return candidate.text;
        return std::string(text_at(candidate, open_ == Open::Tool ? "name" : "id"));
    }

private:
    /// Takes a group out of the document. A value that is not a group stays, and is refused with the rest.
    json::Value take(std::string_view name) {
        json::Value* found = document_.find(name);
        if (found == nullptr || found->type != json::Type::Object) return json::Value::object();
        json::Value out = std::move(*found);
        document_.remove(name);
        return out;
    }
    [[nodiscard]] json::Value group_with(const json::Value& candidate) const {
        if (candidate.type == json::Type::Object) return candidate;
        json::Value group = group_;
        switch (open_) {
            case Open::Tool: group.set("name", candidate); break;
            case Open::Agent: group.set("id", candidate); break;
            case Open::Scope: {
                json::Value one = json::Value::array();
                one.items.push_back(candidate);
                group.set("scopes", std::move(one));
                break;
            }
        }
        return group;
    }
    void member(std::string_view name, const json::Value& value) {
        if (text_.size() > 1) text_ += ',';
        json::append_quoted(text_, name);
        text_ += ':';
        text_ += json::write(value);
    }

    const LayerCatalogues& catalogue_;
    Open open_;
    json::Value document_, group_, want_;
    bool asks_ = false;  ///< the candidate's own scopes are requested
    std::string head_, text_;
};

/// The candidates: as given, or from the catalogues.
Result<json::Value> candidates_for(Open open, std::string_view given, const json::Value& document,
                                   const LayerCatalogues& catalogue, RequestLimits limits) {
    if (given.empty()) {
        switch (open) {
            case Open::Tool: return texts(catalogue.tools());
            case Open::Scope: {
                const json::Value* tool = document.find("tool");
                return texts(tool == nullptr ? std::set<std::string_view>{} : catalogue.scopes(text_at(*tool, "name")));
            }
            case Open::Agent:
                return malformed(Code::NoCandidates, "policies do not list agents, so candidates must be given",
                                 "candidates");
        }
    }
    limits.max_bytes = kMostCandidateBytes;
    limits.max_members = kMostCandidates;
    auto list = json::parse(given, limits);
    if (!list) {
        Error& error = list.error();
        error.context.replace(0, std::min<std::size_t>(1, error.context.size()), "candidates");
        return tl::unexpected(std::move(error));
    }
    if (list->type != json::Type::Array)
        return malformed(Code::WrongType, "candidates must be an array, not " + std::string(json::name_of(list->type)),
                         "candidates");
    for (std::size_t i = 0; i < list->items.size(); ++i) {
        const json::Type type = list->items[i].type;
        if (type == json::Type::String || (type == json::Type::Object && open != Open::Scope)) continue;
        return malformed(Code::WrongType,
                         std::string(open == Open::Scope ? "a scope must be a string"
                                                         : "a candidate must be a string or an object") +
                             ", not " + std::string(json::name_of(type)),
                         "candidates[" + std::to_string(i) + "]");
    }
    return std::move(*list);
}

/// Whether a request is denied only because facts are missing. A rule that lacks a fact has its own reason
/// `fact_missing` besides a deny's name; a layer without a permit lacks facts if any of its permits does.
bool wants_facts(const Decision& decision, const Layers& layers) {
    const std::string_view missing = vm::name_of(vm::ReasonCode::fact_missing);
    const auto lacks = [&](const Reason& about) {
        return std::any_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& each) {
            if (each.code != missing || each.layer != about.layer || each.rule == kNoRule) return false;
            if (about.rule != kNoRule) return each.rule == about.rule;
            return layers.bundles()[each.layer].rule(each.rule).kind == spelling_of(RuleKind::Permit);
        });
    };
    if (decision.effect != Effect::Deny || decision.reasons.empty()) return false;
    return std::all_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& each) {
        if (each.code == missing) return true;
        if (each.rule == kNoRule) return each.code == vm::name_of(vm::ReasonCode::no_permit) && lacks(each);
        // Another layer's permit, or approval, does not count against it.
        return layers.bundles()[each.layer].rule(each.rule).kind != spelling_of(RuleKind::Deny) || lacks(each);
    });
}

}  // namespace

Result<SearchResult> search(Evaluator& evaluator, std::string_view request_json, Open open,
                            std::string_view candidates_json, const RequestLimits& limits) {
    const Layers& layers = evaluator.layers();
    const LayerCatalogues catalogue(layers);
    auto document = json::parse(request_json, limits);
    if (!document) return tl::unexpected(std::move(document.error()));
    Request request(layers);
    if (document->type != json::Type::Object) {
        // The request reports its own errors.
        auto refused = request.parse(request_json, limits);
        return tl::unexpected(std::move(refused.error()));
    }
    auto candidates = candidates_for(open, candidates_json, *document, catalogue, limits);
    if (!candidates) return tl::unexpected(std::move(candidates.error()));
    Template filled(std::move(*document), open, catalogue);
    if (auto rest = request.parse(filled.without(), limits); !rest) return tl::unexpected(std::move(rest.error()));

    SearchResult result{open, layers, {}};
    Decision decision;
    for (const json::Value& candidate : candidates->items) {
        SearchItem& item = result.items.emplace_back();
        item.name = filled.name_of(candidate);
        if (auto parsed = request.parse(filled.fill(candidate), limits); !parsed) {
            item.refused = std::move(parsed.error());
            continue;
        }
        evaluator.evaluate(request, decision);
        item.answer = decision.effect;
        item.scopes.assign(decision.grant.scopes.begin(), decision.grant.scopes.end());
        item.reasons = decision.reasons;
        item.wants_facts = wants_facts(decision, layers);
    }
    return result;
}

std::string_view answer_name(Effect answer) {
    switch (answer) {
        case Effect::Deny: return "never";
        case Effect::NeedsApproval: return "if_approved";
        case Effect::Permit: return "always";
    }
    return "never";
}

std::string to_json(const SearchResult& result) {
    constexpr std::string_view kNames[] = {"tool", "scope", "agent"};
    json::Writer to;
    to.open('{');
    to.key("schema_version"), to.number(1);
    to.key("open"), to.text(kNames[static_cast<std::size_t>(result.open)]);
    to.key("items");
    to.open('[');
    for (const SearchItem& item : result.items) {
        to.open('{');
        to.key("name"), to.text_or_null(item.name);
        to.key("answer"), to.text(answer_name(item.answer));
        to.key("scopes"), to.texts(item.scopes);
        to.key("wants_facts"), to.boolean(item.wants_facts);
        to.key("reasons"), vm::write_reasons(to, item.reasons, result.layers);
        to.key("refused");
        if (item.refused.code.empty()) {
            to.raw("null");
        } else {
            to.open('{');
            to.key("code"), to.text(item.refused.code);
            to.key("path"), to.text(item.refused.context);
            to.key("message"), to.text(item.refused.message);
            to.close('}');
        }
        to.close('}');
    }
    to.close(']');
    to.close('}');
    return to.take();
}

}  // namespace writ

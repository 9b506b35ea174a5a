// Explanations as JSON. The format is described in docs/explain-format.md.
#include "base/json_writer.h"
#include "base/source.h"
#include "base/words.h"
#include "vm/decision_json.h"
#include "writ/explain.h"

namespace writ {

using json::Writer;

std::string_view role_name(Role role) {
    switch (role) {
        case Role::Denies: return "denies";
        case Role::Suspected: return "suspected";
        case Role::Asks: return "asks";
        case Role::Permits: return "permits";
        case Role::Met: return "met";
        case Role::Limits: return "limits";
        case Role::Obliges: return "obliges";
        case Role::Nearest: return "nearest";
        case Role::Named: return "named";
    }
    return {};
}

std::string_view truth_name(Truth truth) {
    switch (truth) {
        case Truth::False: return "false";
        case Truth::Unknown: return "unknown";
        case Truth::True: return "true";
    }
    return {};
}

namespace {

class Document {
public:
    explicit Document(const Explanation& explanation) : of_(explanation), layers_(explanation.bundle) {}

    std::string write() {
        to_.open('{');
        to_.key("schema_version"), to_.number(1);
        to_.key("decision"), to_.raw(to_json(of_.decision, layers_, View::Operator));
        list("checks", of_.checks, [&](const SeenCheck& each) { check(each); });
        list("rules", of_.rules, [&](const SeenRule& each) { rule(each); });
        list("lifetimes", of_.lifetimes, [&](const Bound& each) { bound(each, "seconds"); });
        list("horizons", of_.horizons, [&](const Bound& each) { bound(each, "at"); });
        list("dropped", of_.dropped, [&](const Dropped& each) { dropped(each); });
        list("approvals", of_.approvals, [&](const SeenApprovals& each) { approvals(each); });
        list("nearest", of_.nearest, [&](const Nearest& each) { nearest(each); });
        to_.key("once_approved"), once_approved();
        to_.close('}');
        return to_.take();
    }

private:
    template <class Items, class Each>
    void list(std::string_view name, const Items& items, Each each) {
        to_.key(name);
        to_.open('[');
        for (const auto& item : items) each(item);
        to_.close(']');
    }
    void rule_of(std::uint32_t index) { to_.key("rule"), vm::write_rule(to_, layers_, 0, index); }

    void facts(const std::vector<SeenFact>& facts) {
        list("facts", facts, [&](const SeenFact& each) {
            to_.open('{');
            to_.key("path"), to_.text(each.path);
            to_.key("value"), to_.text_or_null(each.value);
            to_.key("lack"), to_.text_or_null(each.lack);
            to_.close('}');
        });
    }
    void check(const SeenCheck& each) {
        to_.open('{');
        to_.key("code"), to_.text(each.code);
        to_.key("what"), to_.text(each.what);
        facts(each.facts);
        to_.key("note"), to_.text_or_null(each.note);
        to_.close('}');
    }
    void condition(const SeenCondition& each) {
        to_.open('{');
        to_.key("text"), to_.text(each.text);
        const bool placed = each.span.source < of_.sources.sources.size();
        const Source* source = placed ? &of_.sources.sources[each.span.source] : nullptr;
        to_.key("file"), to_.text_or_null(placed ? std::string_view(source->name) : std::string_view{});
        to_.key("line"), to_.number(placed ? position_of(source->text, each.span.begin).line : 0);
        to_.key("truth"), to_.text(truth_name(each.truth));
        facts(each.facts);
        list("parts", each.parts, [&](const SeenCondition& part) { condition(part); });
        to_.close('}');
    }
    void members(const SeenRule& each) {
        rule_of(each.rule);
        to_.key("role"), to_.text(role_name(each.role));
        to_.key("truth"), to_.text(truth_name(each.truth));
        to_.key("for_tool"), to_.boolean(each.for_tool);
        to_.key("row"), to_.text_or_null(each.row);
        to_.key("does"), to_.text_or_null(each.does);
        list("conditions", each.conditions, [&](const SeenCondition& part) { condition(part); });
    }
    void rule(const SeenRule& each) {
        to_.open('{');
        members(each);
        to_.close('}');
    }
    void bound(const Bound& each, std::string_view unit) {
        to_.open('{');
        if (unit == "at")
            to_.key(unit), to_.instant(each.micros);
        else
            to_.key(unit), to_.number(each.micros / kSecond);
        rule_of(each.rule);
        to_.key("fact"), to_.text_or_null(each.fact);
        to_.close('}');
    }
    void dropped(const Dropped& each) {
        to_.open('{');
        to_.key(each.audience ? "audience" : "scope"), to_.text(each.value);
        rule_of(each.rule);
        to_.key("by"), to_.text_or_null(each.by);
        to_.close('}');
    }
    void approvals(const SeenApprovals& each) {
        to_.open('{');
        rule_of(each.rule);
        to_.key("groups"), to_.texts(each.groups);
        to_.key("needed"), to_.number(each.needed);
        to_.key("counted"), to_.number(each.counted);
        to_.key("within"), to_.number(each.within / kSecond);
        to_.key("against"), to_.texts(each.against);
        to_.key("unstated"), to_.text_or_null(each.unstated);
        list("unbound", each.unbound, [&](const Unbound& approval) {
            to_.open('{');
            to_.key("approval"), to_.number(approval.approval);
            to_.key("differences"), to_.texts(approval.differences);
            to_.close('}');
        });
        to_.close('}');
    }
    void nearest(const Nearest& each) {
        to_.open('{');
        members(each.rule);
        to_.key("holding"), to_.number(static_cast<std::int64_t>(each.holding));
        list("changes", each.changes, [&](const Change& change) {
            to_.open('{');
            to_.key("path"), to_.text(change.path);
            to_.key("from"), to_.raw(change.from.empty() ? "null" : change.from);
            to_.key("to"), to_.raw(change.to);
            to_.close('}');
        });
        to_.key("effect"), to_.text(spelling_of(each.effect));
        to_.key("open"), to_.texts(each.open);
        to_.close('}');
    }
    void once_approved() {
        if (!of_.once_approved) return to_.raw("null");
        to_.open('{');
        to_.key("effect"), to_.text(spelling_of(of_.once_approved->effect));
        to_.key("scopes"), to_.texts(of_.once_approved->scopes);
        to_.key("ttl"), to_.number(of_.once_approved->ttl);
        to_.key("against"), to_.texts(of_.once_approved->against);
        to_.close('}');
    }

    const Explanation& of_;
    Layers layers_;
    Writer to_;
};

}  // namespace

std::string to_json(const Explanation& explanation) {
    return Document(explanation).write();
}

}  // namespace writ

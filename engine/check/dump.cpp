// The typed policy as an indented listing, for people and golden files.
#include "base/values.h"
#include "check/check.h"
#include "check/context.h"
#include "check/expr_text.h"

namespace writ::check {
namespace {

std::string_view name_of(const Expr& e) {
    return e.op == Op::TextTest ? spelling_of(e.test) : info(e.op).listing;
}

class Dumper {
public:
    explicit Dumper(const Policy& policy) : policy_(policy) {}

    std::string run() {
        for (const auto& rule : policy_.rules) dump(rule);
        for (const auto& invariant : policy_.invariants) {
            line(0, "invariant " + invariant.module + "." + invariant.name + ": never " +
                        (invariant.never_needs_approval ? "needs_approval" : "permit"));
            if (invariant.when != nullptr) dump(*invariant.when, 1);
        }
        return std::move(out_);
    }

private:
    void line(unsigned depth, std::string_view text) { out_.append(std::size_t{depth} * 2, ' ').append(text) += '\n'; }

    void dump(const Rule& rule) {
        std::string head = std::string(spelling_of(rule.kind)) + " " + rule.module + "." + rule.name;
        for (std::size_t i = 0; i < rule.tools.size(); ++i)
            head += (i == 0 ? " for tool " : ", ") + policy_.tools[rule.tools[i].value].name;
        if (rule.each.valid()) head += " for each row of " + policy_.tables[rule.each.value].name;
        columns_ = rule.each.valid() ? &policy_.tables[rule.each.value] : nullptr;
        line(0, head);
        part("when", rule.when);
        part("scopes", rule.scopes);
        part(rule.kind == RuleKind::Require ? "within" : "ttl", rule.ttl);
        part("audience", rule.audience);
        if (rule.single_use) line(1, "single_use");
        if (rule.approvals > 0) {
            std::string text = "approvals " + std::to_string(rule.approvals) + " from";
            for (const auto& group : rule.groups) json::append_quoted(text += ' ', group);
            line(1, text);
        }
        for (const auto& obligation : rule.obligations) {
            line(1, "with " + obligation.name);
            for (const auto& arg : obligation.args) {
                line(2, arg.name + ":");
                dump(*arg.value, 3);
            }
        }
    }

    void part(std::string_view name, const Expr* e) {
        if (e == nullptr) return;
        line(1, name);
        dump(*e, 2);
    }

    std::string value_of(const Expr& e) const {
        return e.type.kind == Kind::Instant ? format_instant(e.integer) : scalar_text(policy_, e.type, e.integer);
    }

    std::string binder(const Expr& e) const { return " $" + std::to_string(e.id); }

    /// The data of a node besides its name and kids.
    std::string detail(const Expr& e) const {
        std::string text;
        switch (info(e.op).own) {
            case Own::Number:
            case Own::Outcome: return " " + value_of(e);
            case Own::Text:
                text = " ";
                json::append_quoted(text, display_text(e.type.kind, e.text));
                return text;
            case Own::Pattern:
                text = " ";
                json::append_quoted(text, e.text);
                return text;
            case Own::Fact: return " " + policy_.at(FactId{e.id}).path;
            case Own::Elem: return binder(e) + (e.field.valid() ? "." + policy_.at(e.field).name : "");
            case Own::Column: return " " + (columns_ != nullptr ? columns_->columns[e.id].name : std::to_string(e.id));
            case Own::ElemColumn: return binder(e) + " #" + std::to_string(e.index);
            case Own::TableColumn:
                return " " + policy_.tables[e.id].name + "." + policy_.tables[e.id].columns[e.index].name;
            case Own::Table: return " " + policy_.tables[e.id].name;
            case Own::Comparison: return " " + std::string(spelling_of(e.cmp));
            case Own::Part: return " #" + std::to_string(e.index);
            case Own::Issuer: return " " + policy_.issuers[e.id].name;
            case Own::Binder: return binder(e);
            case Own::Window:
                return " " + std::to_string(e.window.start) + ".." + std::to_string(e.window.end) + " days " +
                       std::to_string(e.window.days) + " " + policy_.zones[e.id].name;
            case Own::Kind:
            case Own::Nothing: return {};
        }
        return {};
    }

    void dump(const Expr& e, unsigned depth) {
        std::string text = std::string(name_of(e)) + detail(e);
        if (!info(e.op).condition) text += ": " + describe(policy_, e.type);
        line(depth, text);
        for (const auto* kid : e.kids) dump(*kid, depth + 1);
    }

    const Policy& policy_;
    const Table* columns_ = nullptr;
    std::string out_;
};

}  // namespace

std::string dump_typed(const Policy& policy) {
    return Dumper(policy).run();
}

}  // namespace writ::check

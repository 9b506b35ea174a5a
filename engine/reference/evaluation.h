// The parts of the reference evaluator: values that can be unknown, the facts of one document, and the evaluation of
// expressions. Explanations, coverage and mutation testing also read documents with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/values.h"
#include "reference/reference.h"
#include "reference/text.h"

namespace writ::reference {

constexpr std::int64_t kNever = INT64_MAX;  ///< stands for a moment that never comes

struct Unknown {};  ///< not stated, too weak, invalid, or read through none
struct None {};     ///< stated to be none
/// A group of the document: one that `is some` asks about, or an element of a list.
struct Group {
    const json::Value* object = nullptr;
    check::FieldId record;  ///< the field whose children its members are
    Provenance given = Provenance::Model;
};
struct Row {
    const check::Table* table = nullptr;
    std::size_t index = 0;
};
struct Value;
using List = std::vector<Value>;

/// An integer of any kind, a text, a list, a group or a row; or Unknown or None.
struct Value {
    std::variant<Unknown, None, std::int64_t, std::string_view, List, Group, Row> is;

    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&is);
    }
    [[nodiscard]] bool unknown() const { return as<Unknown>() != nullptr; }
    [[nodiscard]] bool none() const { return as<None>() != nullptr; }
    [[nodiscard]] bool known() const { return !unknown() && !none(); }
};

/// Whether both are the same integer, or texts with the same bytes. False for lists, groups and rows.
[[nodiscard]] bool same(const Value& a, const Value& b);
[[nodiscard]] bool holds(const List& list, const Value& item);
/// The list without repeated integers and texts, because repetition in a list is not observable.
[[nodiscard]] List distinct(const List& list);

constexpr Truth truth_of(bool value) {
    return value ? Truth::True : Truth::False;
}

/// A request document read through the policy's schema.
class Facts {
public:
    Facts(const check::Policy& policy, const json::Value& document, Arena& arena);

    /// Requires: a fact of the policy. Each fact is read once; the result is valid as long as this object.
    [[nodiscard]] const Value& fact(const check::Fact& fact) const;
    /// A field of the request by its path, `token.exp`.
    [[nodiscard]] Value at(std::string_view path) const;
    /// A field of a list's element: by its name, or by the leaf field that an expression reads.
    [[nodiscard]] Value member(const Group& group, std::string_view name) const;
    [[nodiscard]] Value below(const Group& group, check::FieldId leaf) const;
    [[nodiscard]] Value cell(const check::Table& table, std::size_t row, std::size_t column) const;

    /// The declarations that the request names; null if there is none.
    [[nodiscard]] const check::Tool* tool() const { return tool_; }
    [[nodiscard]] const check::Issuer* issuer() const { return issuer_; }
    /// Whether the token is of this issuer, or of one in this group.
    [[nodiscard]] bool is_of(check::IssuerId id) const {
        return issuer_ != nullptr && policy_.is_among(static_cast<std::uint32_t>(issuer_ - policy_.issuers.data()), id);
    }
    /// The index of a member in the enum of the field at `path`; -1 if there is none.
    [[nodiscard]] std::int64_t member_index(std::string_view path, std::string_view member) const;
    /// A record of the document as stated; null if it is not stated, or if its provenance is too weak.
    [[nodiscard]] const json::Value* stated(std::string_view path) const;
    [[nodiscard]] const check::Policy& policy() const { return policy_; }

private:
    [[nodiscard]] Value read(const check::Fact& fact) const;
    [[nodiscard]] Provenance given(std::string_view group) const;
    [[nodiscard]] check::FieldId find(check::FieldId root, std::string_view path) const;
    [[nodiscard]] Value walk(const json::Value& from, Provenance given, check::FieldId root, check::FieldId leaf,
                             std::span<const std::string> keys) const;
    [[nodiscard]] Value convert(const check::Type& type, const json::Value& value, Provenance given,
                                Rounding rounding) const;
    [[nodiscard]] Value scalar(const check::Type& type, Kind kind, const json::Value& value, Rounding rounding) const;
    [[nodiscard]] Value request(check::FieldId leaf, std::span<const std::string> keys) const;
    [[nodiscard]] Value claim(check::FieldId leaf, std::span<const std::string> keys) const;
    [[nodiscard]] Value param(check::FieldId leaf) const;
    [[nodiscard]] Value capture(const check::Fact& fact) const;
    [[nodiscard]] Value catalog(check::CatalogFact fact) const;
    [[nodiscard]] std::optional<std::string_view> text_at(std::string_view path) const;

    void order_chain();

    const check::Policy& policy_;
    const json::Value& document_;
    json::Value made_ = json::Value::object();  ///< fields of `delegation` that are made from the chain
    Arena& arena_;
    const check::Tool* tool_ = nullptr;
    const check::Issuer* issuer_ = nullptr;
    mutable std::vector<std::optional<Value>> read_;  ///< by fact
};

/// Evaluates the expressions of one rule instance at one moment.
class Evaluation {
public:
    /// `now`: none: the time is unknown, and so is each condition on time.
    Evaluation(const check::Policy& policy, const Facts& facts, Arena& arena, std::optional<std::int64_t> now, Row row)
        : policy_(policy), facts_(facts), arena_(arena), now_(now), row_(row) {}

    [[nodiscard]] Truth condition(const check::Expr& expr);
    [[nodiscard]] Value value(const check::Expr& expr);

    /// The first moment after `now` at which a condition on time in the tree changes its result; kNever if none does.
    /// Requires: `now` is known.
    [[nodiscard]] std::int64_t next_change(const check::Expr& expr);

    /// From now on an instant in the future has a negative age, not an unknown one.
    void foresee() { foresees_ = true; }

    /// Binds a quantifier's variable to an element, to evaluate its body alone.
    void bind(std::uint32_t binder, const Value& element);

private:
    [[nodiscard]] Truth compare(const check::Expr& expr);
    [[nodiscard]] Truth quantify(const check::Expr& expr);
    [[nodiscard]] Truth membership(const check::Expr& expr);
    [[nodiscard]] Truth text_test(const check::Expr& expr);
    Truth in_block(const check::Expr& expr);
    [[nodiscard]] Value arithmetic(const check::Expr& expr);
    [[nodiscard]] Value set_algebra(const check::Expr& expr);
    [[nodiscard]] Value text_function(const check::Expr& expr);
    [[nodiscard]] Value element(const check::Expr& expr);
    [[nodiscard]] std::int64_t change_of_compare(const check::Expr& expr);

    /// The possible values of one side of a comparison: a count with unknown elements is a range.
    struct Range {
        bool known = false;
        std::int64_t low = 0, high = 0;
    };
    [[nodiscard]] Range range(const check::Expr& expr);

    const check::Policy& policy_;
    const Facts& facts_;
    Arena& arena_;
    std::optional<std::int64_t> now_;
    bool foresees_ = false;
    Row row_;
    std::vector<Value> binders_;
    Patterns patterns_;
};

/// When the token ends: at `token.exp`; if that is none, at `token.iat` plus its issuer's `max_age`. Empty: it has no
/// end, or does not state it.
[[nodiscard]] std::optional<std::int64_t> end_of_token(const Facts& facts);

/// The reasons why the request is refused before any rule runs, in the order of the checks; empty if it is not refused.
[[nodiscard]] std::vector<Reason> refusals(const Facts& facts, const check::Policy& policy);

/// Adds a reason for each fact that is not stated although a revocation in force could concern it, unless `reasons`
/// contains the fact already.
void need_revocable(const Facts& facts, const Revocations& revoked, std::int64_t now, std::vector<Reason>& reasons);
/// Adds a reason for each fact that names a revoked subject, and adds these subjects to `found`.
void refuse_revoked(const Facts& facts, const Revocations& revoked, std::int64_t now, std::vector<Reason>& reasons,
                    std::vector<Revoked>& found);
/// Whether an approval or its approver is revoked, or may be because the approval does not state them.
[[nodiscard]] bool approval_revoked(const Facts& facts, const Group& approval, const Revocations& revoked,
                                    std::int64_t now);

/// What an approval of a request is bound to: its digest, and whether the digest in an approval covers the request.
class Binding {
public:
    /// Requires: the request names a tool of the policy.
    explicit Binding(const Facts& facts);

    [[nodiscard]] std::string digest() const;
    /// The first fact that must be stated and is not: no approval counts then. Empty if there is none.
    [[nodiscard]] const std::string& unstated() const { return unstated_; }
    /// The longest lifetime that a digest allows for this request; kNever if the digest states none. Empty: the digest
    /// does not cover this request.
    [[nodiscard]] std::optional<std::int64_t> covers(std::string_view digest) const;
    /// How a digest that does not cover this request differs from it, for people: for each part that differs, what.
    /// Requires: unstated() is empty.
    [[nodiscard]] std::vector<std::string> misfit(std::string_view digest) const;

private:
    using Texts = std::vector<std::string>;
    /// A digest, taken apart.
    struct Parts {
        Texts scopes, audience, fields;
        std::string_view ttl, hash;
    };
    [[nodiscard]] static std::optional<Parts> parse(std::string_view digest);
    void need(const Facts& facts, check::FieldId field, const json::Value* stated, const std::string& path);
    void show(const std::string& name, const json::Value& value);
    /// None if the request does not state one of the fields of the resource.
    [[nodiscard]] std::optional<std::string> hash(const Texts& fields) const;

    std::set<std::string> scopes_, audience_;                ///< requested, escaped
    std::optional<std::int64_t> ttl_;                        ///< requested, in seconds
    std::vector<std::pair<std::string, std::string>> core_;  ///< facts that every approval binds, as JSON
    std::map<std::string, std::string> fields_;              ///< of the resource, by escaped name, as JSON
    std::string unstated_;
};

/// How far the approvals in a request meet one requirement.
struct ApprovalState {
    std::uint32_t counted = 0;              ///< distinct approvers
    std::vector<std::string_view> against;  ///< reason codes of approvals that do not count, once each
    std::vector<std::size_t> used;          ///< indices into the request's approvals, if it is met
    std::int64_t until = kNever;            ///< when the first of those used stops counting
    std::string digest;                     ///< the digest that approvals must be bound to
    std::string unstated;                   ///< the missing fact without which no approval is bound
    std::vector<Unbound> unbound;           ///< those bound to another request
    /// Missing facts without which no approval is known to be independent: first those of the request, then those of
    /// the approvals.
    std::vector<std::string_view> unknown_persons;
    /// The fact that a reason names, if it has one.
    [[nodiscard]] std::string_view unstated_for(std::string_view code) const {
        if (code == "approval_unbound") return unstated;
        return code == "approval_not_independent" && !unknown_persons.empty() ? unknown_persons[0] : std::string_view{};
    }
};
/// `revoked`: null: nothing is revoked.
[[nodiscard]] ApprovalState approvals_for(const check::Rule& rule, std::int64_t within, const Facts& facts,
                                          std::int64_t now, const Revocations* revoked);
/// The approvals in the request; empty if `approvals` is none or missing.
[[nodiscard]] List approvals_of(const Facts& facts);

/// An obligation's arguments as a canonical JSON object.
[[nodiscard]] std::string render_args(const check::Obligation& obligation, const check::Policy& policy,
                                      Evaluation& evaluation, const Row& row);

}  // namespace writ::reference

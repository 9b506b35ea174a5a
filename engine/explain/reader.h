// Inside explain: a document read for people. Private to explain/.
#pragma once

#include <string>
#include <vector>

#include "check/expr_text.h"
#include "explain/seen.h"
#include "reference/evaluation.h"

namespace writ::explain {

using reference::Evaluation;
using reference::Facts;
using reference::Group;
using reference::List;
using reference::Row;
using reference::Value;

class DocumentReader {
public:
    DocumentReader(const check::Policy& policy, const json::Value& document)
        : policy_(policy),
          document_(document),
          trusted_document_(trusted(document)),
          facts_(policy, document_, arena_),
          trusted_(policy, trusted_document_, arena_) {}
    DocumentReader(const DocumentReader&) = delete;
    DocumentReader& operator=(const DocumentReader&) = delete;

    [[nodiscard]] Evaluation evaluation(const reference::Standing& standing) const;
    /// The same, as if every stated fact had a sufficient provenance.
    [[nodiscard]] Evaluation trusting(const reference::Standing& standing) const;
    /// A rule's conditions, each of which must hold.
    [[nodiscard]] static std::vector<const check::Expr*> conjuncts(const check::Rule& rule);

    [[nodiscard]] SeenCondition condition(const check::Expr& expr, Evaluation& evaluation) const;
    [[nodiscard]] SeenFact fact(const check::Fact& fact) const;
    /// A fact of the request schema that the engine reads: `token.exp`.
    [[nodiscard]] SeenFact fact_at(std::string_view path) const;
    [[nodiscard]] std::string effect(const reference::Standing& standing) const;
    [[nodiscard]] std::string row(const reference::Standing& standing) const;
    /// A value as an author writes it.
    [[nodiscard]] std::string show(const check::Type& type, const Value& value) const;
    [[nodiscard]] std::string text_of(Span span) const { return check::source_line(policy_, span); }

    /// The place of a fact in the document; empty if it has none.
    [[nodiscard]] std::vector<std::string> place_of(const check::Fact& fact) const;
    /// The group whose provenance applies to a fact.
    [[nodiscard]] static std::string group_of(const check::Fact& fact);
    [[nodiscard]] std::string provenance_of(const std::string& group) const;
    /// Whether a fact is stated with a provenance that is too weak.
    [[nodiscard]] bool too_weak(const check::Fact& fact) const;

    [[nodiscard]] const Facts& facts() const { return facts_; }
    [[nodiscard]] const check::Policy& policy() const { return policy_; }
    [[nodiscard]] const json::Value& document() const { return document_; }

private:
    [[nodiscard]] static json::Value trusted(const json::Value& document);
    [[nodiscard]] std::string lack_of(const check::Fact& fact) const;
    [[nodiscard]] std::string show_scalar(const check::Type& type, Kind kind, const Value& value) const;
    void elements(const check::Expr& expr, Evaluation& evaluation, SeenCondition& out) const;
    void read(const check::Expr& expr, Evaluation& evaluation, std::vector<SeenFact>& out) const;
    [[nodiscard]] std::optional<std::int64_t> now() const;
    [[nodiscard]] static Row row_of(const check::Policy& policy, const reference::Standing& standing);

    const check::Policy& policy_;
    const json::Value& document_;
    json::Value trusted_document_;
    mutable Arena arena_;
    Facts facts_, trusted_;
};

}  // namespace writ::explain

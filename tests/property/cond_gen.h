// Random well-typed conditions over the universe's facts.
#pragma once

#include <string>
#include <vector>

#include "policy_gen.h"
#include "universe.h"

namespace writ::property {

/// What a condition may read at its place.
struct CondScope {
    bool narrowing = false;          ///< reads must be guarded
    std::vector<std::size_t> tools;  ///< of `for tool`
    bool row = false;                ///< of `for each row in tenants`
    bool reads_want = true;
};

class CondGen {
public:
    CondGen(Rng& rng, CondScope scope);

    Cond condition(std::size_t depth);
    /// Conditions of the sorts by which an index finds rules, and similar ones, about few facts.
    Cond indexable();
    /// A condition that is true, or false, for most requests.
    Cond likely();
    Cond unlikely();
    /// A condition that reads each of the given terms at least once: the body of a define.
    Cond over(const std::vector<Term>& terms);

private:
    struct Set {
        std::string text;
        std::vector<std::string> guards;
    };

    Cond leaf();
    Cond leaf_on(const Term& term);
    std::string indexable_test();
    std::string test(const Term& term, std::vector<std::string>& guards);
    std::string text_test(const Term& term, std::vector<std::string>& guards);
    std::string number_test(const Term& term, std::vector<std::string>& guards);
    std::string instant_test(const Term& term, std::vector<std::string>& guards);
    std::string list_test(const Term& term, std::vector<std::string>& guards);
    std::string clock_test();
    Cond quantified(std::size_t depth);
    Set set_of(Kind elem, const Term& like, bool with_fact);

    const Term& term();
    /// Another term with comparable values; null if there is none.
    const Term* partner(const Term& term);
    /// A term of a kind; null if none was found.
    const Term* some(Kind kind);
    std::string constant(const Term& term, Kind kind);
    std::string literal_set(const Term& term, Kind kind, std::size_t most);
    Cond guarded(const std::string& text, std::vector<std::string> guards);
    Cond guarded_wrap(std::string before, Cond body, std::string after, const std::vector<std::string>& guards);
    std::string compare() { return rng_.pick({" == ", " != ", " < ", " <= ", " > ", " >= "}); }
    std::string same() { return rng_.pick({" == ", " == ", " != "}); }

    Rng& rng_;
    CondScope scope_;
    std::vector<Term> params_;
    std::vector<std::vector<Term>> binders_;  ///< terms of each enclosing quantifier
};

/// Definitions that conditions may use: `d_plain`, `d_over(p, n)`, …
[[nodiscard]] std::vector<std::string> random_defines(Rng& rng, bool reads_want);

}  // namespace writ::property

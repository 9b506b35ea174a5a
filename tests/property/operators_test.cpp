// Tests that the random policies contain every operator of the language's tables and every kind of scalar.
#include <doctest/doctest.h>

#include <set>

#include "harness.h"

namespace writ::property {
namespace {

using check::Expr;
using check::Op;

constexpr Op kOperators[] = {
#define VALUE(name, ...) Op::name,
#define CONDITION(name, ...) Op::name,
#include "base/operators.def"
};
constexpr TextTest kTextTests[] = {
#define TEXT_TEST(name, ...) TextTest::name,
#include "base/operators.def"
};

constexpr Kind kScalars[] = {
#define GROUP_KIND(...)
#define KIND(name, ...) Kind::name,
#include "base/kinds.def"
};

/// The operators of a policy's conditions and effects, and the kinds that they read.
struct Seen {
    std::set<Op> operators;
    std::set<TextTest> tests;
    std::set<Cmp> comparisons;
    std::set<Kind> kinds;

    void add(const Expr* e) {
        if (e == nullptr) return;
        operators.insert(e->op);
        kinds.insert(e->type.kind);
        if (e->op == Op::TextTest) tests.insert(e->test);
        if (e->op == Op::Compare) comparisons.insert(e->cmp);
        for (const Expr* kid : e->kids) add(kid);
    }
    void add(const check::Policy& policy) {
        for (const check::Rule& rule : policy.rules) {
            for (const Expr* e : {rule.when, rule.scopes, rule.ttl, rule.audience}) add(e);
            for (const check::Obligation& obligation : rule.obligations)
                for (const check::ObligationArg& arg : obligation.args) add(arg.value);
        }
    }
};

TEST_CASE("property: the random policies have every operator and kind") {
    Seen seen;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        Rng rng(seed);
        const Generated made = random_subject(rng, random_shape(rng));
        if (made.subject != nullptr) seen.add(made.subject->policy());
    }
    for (const Op op : kOperators) {
        if (op == Op::Constant) continue;  // the checker folds it away or refuses the condition
        INFO(check::info(op).listing);
        CHECK(seen.operators.contains(op));
    }
    for (const TextTest test : kTextTests) {
        INFO(spelling_of(test));
        CHECK(seen.tests.contains(test));
    }
    CHECK(seen.comparisons.size() == 6);
    for (const Kind kind : kScalars) {
        INFO(spelling_of(kind));
        CHECK(seen.kinds.contains(kind));
    }
}

}  // namespace
}  // namespace writ::property

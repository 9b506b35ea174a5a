#include <doctest/doctest.h>

#include "vm_program.h"

using namespace writ;
using namespace writ::testing;
using bytecode::Quant;
using vm::Mode;
using vm::Outcome;

namespace {

/// One rule on the base request with changes. Results: `T`: true; `F`: false; `?`: unknown, that is false in mode
/// Surely and true in mode Possibly.
struct Rule {
    TestProgram test;
    json::Value document = base_request();
    std::unique_ptr<Machine> machine;

    Rule& with(std::string_view path, std::string_view value) { return set(document, path, value), *this; }
    Rule& without(std::string_view path) { return remove(document, path), *this; }

    Outcome run(std::vector<Instr> code, Mode mode) {
        TestProgram fresh = test;
        fresh.deny("rule", std::move(code));
        machine = std::make_unique<Machine>(fresh);
        REQUIRE(machine->bind(document) == "");
        const bytecode::RuleRef& rule = machine->program->rules[0];
        const Outcome outcome = machine->interpreter.run(machine->facts, rule, mode);
        const std::uint64_t bound = bytecode::step_bound(*machine->program, rule);
        CHECK(machine->interpreter.steps() <= bound);
        return outcome;
    }
    char truth(Instr instr) { return truth(std::vector{instr}); }
    char truth(std::vector<Instr> conjunction) {
        const std::vector<Instr> code = TestProgram::all_of(std::move(conjunction));
        const bool surely = run(code, Mode::Surely).holds, possibly = run(code, Mode::Possibly).holds;
        REQUIRE((possibly || !surely));
        return surely ? 'T' : possibly ? '?' : 'f';
    }
    std::int64_t until(std::vector<Instr> conjunction, Mode mode) {
        return run(TestProgram::all_of(std::move(conjunction)), mode).until;
    }
};

Instr test(Opcode op, std::uint32_t a, std::uint32_t b = 0, std::uint32_t c = 0) {
    return TestProgram::test(op, a, b, c);
}
Instr cmp(Opcode op, std::uint32_t a, std::uint32_t b, Cmp code) {
    return TestProgram::cmp(op, a, b, code);
}
Instr no(Instr instr) {
    return TestProgram::no(instr);
}
constexpr std::int64_t kNow = kNowSeconds * kSecond;

}  // namespace

TEST_CASE("opcode RetTrue, RetFalse: end the rule") {
    Rule r;
    CHECK(r.run({{Opcode::RetTrue}}, Mode::Surely).holds);
    CHECK_FALSE(r.run({{Opcode::RetFalse}}, Mode::Possibly).holds);
}

TEST_CASE("opcode TextEq: fact and constant, two facts, missing and none") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth(test(Opcode::TextEq, t.slot("tenant"), t.lit("acme"))) == 'T');
    CHECK(r.truth(test(Opcode::TextEq, t.lit("globex"), t.slot("tenant"))) == 'f');
    CHECK(r.truth(test(Opcode::TextEq, t.slot("tenant"), t.slot("user.tenant"))) == 'T');
    // Neither text is a constant of the program, so their ids do not distinguish them.
    r.with("run.id", R"("zzz1")").with("agent.deployment_id", R"("zzz2")");
    CHECK(r.truth(test(Opcode::TextEq, t.slot("run.id"), t.slot("agent.deployment_id"))) == 'f');
    r.with("agent.deployment_id", R"("zzz1")");
    CHECK(r.truth(test(Opcode::TextEq, t.slot("run.id"), t.slot("agent.deployment_id"))) == 'T');
    CHECK(r.truth(test(Opcode::TextEq, t.slot("resource.path"), t.lit("x"))) == '?');
    CHECK(r.truth(no(test(Opcode::TextEq, t.slot("resource.path"), t.lit("x")))) == '?');
    CHECK(r.truth(test(Opcode::TextEq, t.slot("run.parent_id"), t.lit("x"))) == '?');
    CHECK(r.truth(no(test(Opcode::TextEq, t.slot("tenant"), t.lit("acme")))) == 'f');
}

TEST_CASE("opcode TextEq: the empty text is a text like others") {
    Rule r;
    auto& t = r.test;
    r.with("tenant", "\"\"").with("user.tenant", "\"\"");
    CHECK(r.truth(test(Opcode::TextEq, t.slot("tenant"), t.slot("user.tenant"))) == 'T');
    CHECK(r.truth(test(Opcode::TextEq, t.slot("tenant"), t.lit(""))) == 'T');
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts({"", "b"}))) == 'T');
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts({"a", "b"}))) == 'f');
}

TEST_CASE("opcode TextCmp: byte order") {
    Rule r;
    auto& t = r.test;
    r.with("tenant", "\"b\\u00e9\"");
    CHECK(r.truth(cmp(Opcode::TextCmp, t.slot("tenant"), t.lit("bz"), Cmp::Gt)) == 'T');
    CHECK(r.truth(cmp(Opcode::TextCmp, t.slot("tenant"), t.lit("b"), Cmp::Lt)) == 'f');
    CHECK(r.truth(cmp(Opcode::TextCmp, t.slot("tenant"), t.slot("tenant"), Cmp::Ne)) == 'f');
    CHECK(r.truth(cmp(Opcode::TextCmp, t.slot("resource.path"), t.lit("b"), Cmp::Le)) == '?');
}

TEST_CASE("opcode IntCmp: every comparison") {
    Rule r;
    auto& t = r.test;
    const auto is = [&](Cmp code, std::int64_t with) {
        return r.truth(cmp(Opcode::IntCmp, t.slot("agent.shared_count"), t.num(with), code));
    };
    CHECK(is(Cmp::Eq, 1) == 'T');
    CHECK(is(Cmp::Ne, 1) == 'f');
    CHECK(is(Cmp::Lt, 2) == 'T');
    CHECK(is(Cmp::Lt, 1) == 'f');
    CHECK(is(Cmp::Le, 1) == 'T');
    CHECK(is(Cmp::Gt, 1) == 'f');
    CHECK(is(Cmp::Gt, -1) == 'T');
    CHECK(is(Cmp::Ge, 1) == 'T');
    CHECK(is(Cmp::Ge, 2) == 'f');
    CHECK(r.truth(cmp(Opcode::IntCmp, t.slot("spent"), t.num(0), Cmp::Ge)) == '?');
}

TEST_CASE("opcode TextIn: constant sets, lists of the request") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts({"globex", "acme"}))) == 'T');
    CHECK(r.truth(test(Opcode::TextIn, t.slot("run.id"), t.texts({"globex", "acme"}))) == 'f');
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts({}))) == 'f');
    CHECK(r.truth(test(Opcode::TextIn, t.lit("refunds"), t.slot("user.roles"))) == 'T');
    CHECK(r.truth(no(test(Opcode::TextIn, t.lit("admin"), t.slot("user.roles")))) == 'T');
    CHECK(r.truth(test(Opcode::TextIn, t.lit("x"), t.slot("egress"))) == '?');
    std::vector<std::string> many;
    for (int i = 0; i < 40; ++i) many.push_back("tenant" + std::to_string(i));
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts(many))) == 'f');
    many.push_back("acme");
    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), t.texts(many))) == 'T');
}

TEST_CASE("opcode IntIn: constant sets and lists") {
    Rule r;
    auto& t = r.test;
    r.with("numbers", "[3, -4, 3]");
    CHECK(r.truth(test(Opcode::IntIn, t.slot("agent.shared_count"), t.ints({5, 1, -7}))) == 'T');
    CHECK(r.truth(test(Opcode::IntIn, t.slot("agent.shared_count"), t.ints({5, -7}))) == 'f');
    CHECK(r.truth(test(Opcode::IntIn, t.num(-4), t.slot("numbers"))) == 'T');
    CHECK(r.truth(test(Opcode::IntIn, t.num(4), t.slot("numbers"))) == 'f');
}

TEST_CASE("opcode Subset, Overlaps, ListEq: also of the empty list, and of long ones") {
    Rule r;
    auto& t = r.test;
    const auto roles = t.slot("user.roles");
    CHECK(r.truth(test(Opcode::Subset, roles, t.texts({"refunds", "support", "x"}))) == 'T');
    CHECK(r.truth(test(Opcode::Subset, roles, t.texts({"refunds"}))) == 'f');
    CHECK(r.truth(test(Opcode::Subset, t.texts({}), roles)) == 'T');
    CHECK(r.truth(test(Opcode::Overlaps, roles, t.texts({"x", "support"}))) == 'T');
    CHECK(r.truth(test(Opcode::Overlaps, roles, t.texts({"x"}))) == 'f');
    CHECK(r.truth(test(Opcode::Overlaps, roles, t.texts({}))) == 'f');
    CHECK(r.truth(test(Opcode::ListEq, roles, t.texts({"support", "refunds"}))) == 'T');
    CHECK(r.truth(test(Opcode::ListEq, roles, t.texts({"support"}))) == 'f');
    CHECK(r.truth(test(Opcode::ListEq, t.texts({"support"}), roles)) == 'f');
    CHECK(r.truth(test(Opcode::Subset, t.slot("egress"), roles)) == '?');
    CHECK(r.truth(no(test(Opcode::Overlaps, roles, t.slot("egress")))) == '?');

    std::string words, numbers;
    for (int i = 0; i < 500; ++i) {
        words += (i > 0 ? ",\"w" : "\"w") + std::to_string(i) + "\"";
        numbers += (i > 0 ? "," : "") + std::to_string(i * 65536);
    }
    r.with("words", "[" + words + "]").with("numbers", "[" + numbers + "]");
    CHECK(r.truth(test(Opcode::Subset, t.slot("words"), t.slot("words"))) == 'T');
    CHECK(r.truth(test(Opcode::ListEq, t.slot("numbers"), t.slot("numbers"))) == 'T');
    CHECK(r.truth(test(Opcode::Subset, t.slot("numbers"), t.ints({0, 65536}))) == 'f');
    CHECK(r.truth(test(Opcode::Overlaps, t.slot("words"), t.texts({"w499"}))) == 'T');
    CHECK(r.truth(test(Opcode::Overlaps, t.slot("words"), roles)) == 'f');
}

TEST_CASE("opcode Match: the whole of a text, between a literal beginning and a literal end") {
    Rule r;
    auto& t = r.test;
    r.with("resource.path", R"("a/b/c")");
    const auto path = t.slot("resource.path");
    CHECK(r.truth(test(Opcode::Match, path, t.add_glob("a/*/c", "/"))) == 'T');
    CHECK(r.truth(test(Opcode::Match, path, t.add_glob("a/*", "/"))) == 'f');
    CHECK(r.truth(test(Opcode::Match, path, t.add_glob("a/*", "."))) == 'T');
    const std::uint32_t regex = t.add_regex("ac[m]e|x");
    CHECK(r.truth(test(Opcode::Match, t.slot("tenant"), regex)) == 'T');
    CHECK(r.truth(no(test(Opcode::Match, t.slot("tenant"), regex))) == 'f');
    CHECK(r.truth(test(Opcode::Match, t.slot("tenant"), t.add_regex("acme.*acme"))) == 'f');
    r.with("tenant", R"("acme2")");
    CHECK(r.truth(test(Opcode::Match, t.slot("tenant"), regex)) == 'f');
    r.with("tenant", R"("a\ncme")");
    CHECK(r.truth(test(Opcode::Match, t.slot("tenant"), t.add_regex("a.*me"))) == 'T');
    r.without("resource.path");
    CHECK(r.truth(test(Opcode::Match, path, t.add_glob("**", "/"))) == '?');
    CHECK(r.truth(no(test(Opcode::Match, path, t.add_glob("**", "/")))) == '?');
}

TEST_CASE("opcode InCidr: addresses in blocks") {
    Rule r;
    auto& t = r.test;
    r.with("address", R"("10.1.2.3")");
    const std::uint32_t block = t.lit(*canonical_text(Kind::Cidr, "10.0.0.0/8"));
    CHECK(r.truth(test(Opcode::InCidr, t.slot("address"), block)) == 'T');
    r.with("address", R"("11.1.2.3")");
    CHECK(r.truth(test(Opcode::InCidr, t.slot("address"), block)) == 'f');
    r.with("address", R"("11.1.2")");
    CHECK(r.truth(test(Opcode::InCidr, t.slot("address"), block)) == '?');
}

TEST_CASE("opcode Truth: a bool") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth(test(Opcode::Truth, t.slot("agent.revoked"))) == '?');
    r.with("agent.revoked", "true");
    CHECK(r.truth(test(Opcode::Truth, t.slot("agent.revoked"))) == 'T');
    r.with("agent.revoked", "false");
    CHECK(r.truth(test(Opcode::Truth, t.slot("agent.revoked"))) == 'f');
}

TEST_CASE("opcode IsNone: none is a fact, missing is not") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth(test(Opcode::IsNone, t.slot("delegation"))) == 'T');
    CHECK(r.truth(test(Opcode::IsNone, t.slot("user"))) == 'f');
    CHECK(r.truth(no(test(Opcode::IsNone, t.slot("user")))) == 'T');
    CHECK(r.truth(test(Opcode::IsNone, t.slot("approvals"))) == '?');
    CHECK(r.truth(no(test(Opcode::IsNone, t.slot("approvals")))) == '?');
    r.with("user", "null");
    CHECK(r.truth(test(Opcode::TextEq, t.slot("user.id"), t.lit("ursula"))) == '?');
}

TEST_CASE("opcode ToolIn: the request's tool") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth(test(Opcode::ToolIn, t.tools({0}))) == 'T');
    CHECK(r.truth(test(Opcode::ToolIn, t.tools({1}))) == 'f');
    CHECK(r.truth(test(Opcode::ToolIn, t.tools({0, 1}))) == 'T');
    r.with("tool.name", R"("unheard of")").with("tool.params", "{}");
    CHECK(r.truth(test(Opcode::ToolIn, t.tools({0}))) == '?');
}

TEST_CASE("opcode Quantify, Bound: any, all, at least, at most, over elements with unknown tests") {
    Rule r;
    auto& t = r.test;
    r.with("delegation",
           R"({"chain": [{"actor": "a", "tenant": "acme"}, {"actor": "b"}, {"actor": "c", "tenant": "x"}]})");
    const auto chain = t.slot("delegation.chain");
    const auto tenant = [&](std::string_view is) {
        return std::vector{test(Opcode::TextEq, t.elem("delegation.chain", "tenant"), t.lit(is))};
    };
    const auto not_tenant = [&](std::string_view is) { return std::vector{no(tenant(is)[0])}; };
    CHECK(r.truth(t.quantify(Quant::Any, chain, tenant("acme"))) == 'T');
    CHECK(r.truth(t.quantify(Quant::Any, chain, tenant("y"))) == '?');
    CHECK(r.truth(t.quantify(Quant::All, chain, tenant("acme"))) == 'f');
    CHECK(r.truth(t.quantify(Quant::All, chain, not_tenant("y"))) == '?');
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("acme"), t.num(1))) == 'T');
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("acme"), t.num(2))) == '?');
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("acme"), t.num(3))) == 'f');
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("y"), t.num(0))) == 'T');
    // At most counts where the body is false: count(tenant == acme) <= n has the body `!=`.
    CHECK(r.truth(t.quantify(Quant::AtMost, chain, not_tenant("acme"), t.num(2))) == 'T');
    CHECK(r.truth(t.quantify(Quant::AtMost, chain, not_tenant("acme"), t.num(1))) == '?');
    CHECK(r.truth(t.quantify(Quant::AtMost, chain, not_tenant("acme"), t.num(0))) == 'f');
    CHECK(r.truth(t.quantify(Quant::AtMost, chain, not_tenant("acme"), t.num(-1))) == 'f');
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("acme"), t.slot("agent.shared_count"))) == 'T');
    r.without("agent.shared_count");
    CHECK(r.truth(t.quantify(Quant::AtLeast, chain, tenant("acme"), t.slot("agent.shared_count"))) == '?');

    r.without("provenance").with("provenance", R"({"now": "broker", "tenant": "broker"})");
    CHECK(r.truth(t.quantify(Quant::Any, chain, tenant("acme"))) == '?');
    CHECK(r.truth(t.quantify(Quant::All, chain, tenant("acme"))) == '?');
}

TEST_CASE("opcode Quantify: the empty list, constant sets, lists in one another") {
    Rule r;
    auto& t = r.test;
    r.with("user.roles", "[]");
    const auto self_is = [&](std::string_view is) { return std::vector{test(Opcode::TextEq, t.self(0), t.lit(is))}; };
    CHECK(r.truth(t.quantify(Quant::Any, t.slot("user.roles"), self_is("a"))) == 'f');
    CHECK(r.truth(t.quantify(Quant::All, t.slot("user.roles"), self_is("a"))) == 'T');
    CHECK(r.truth(t.quantify(Quant::Any, t.texts({"a", "b"}), self_is("b"))) == 'T');
    CHECK(r.truth(t.quantify(Quant::AtLeast, t.ints({1, 2, 3}), {cmp(Opcode::IntCmp, t.self(0), t.num(1), Cmp::Gt)},
                             t.num(2))) == 'T');
    CHECK(r.truth(t.quantify(Quant::AtLeast, t.ints({1, 2, 3}), {cmp(Opcode::IntCmp, t.self(0), t.num(1), Cmp::Gt)},
                             t.num(3))) == 'f');

    r.with("delegation", R"({"chain": [{"granted_scopes": ["a", "b"]}, {"granted_scopes": ["c"]}]})");
    const auto inner = [&](std::string_view is) {
        return t.quantify(Quant::Any, t.elem("delegation.chain", "granted_scopes"),
                          {test(Opcode::TextEq, t.self(1), t.lit(is))}, 0, 1);
    };
    CHECK(r.truth(t.quantify(Quant::Any, t.slot("delegation.chain"), inner("c"))) == 'T');
    CHECK(r.truth(t.quantify(Quant::Any, t.slot("delegation.chain"), inner("d"))) == 'f');
    CHECK(r.truth(t.quantify(Quant::All, t.slot("delegation.chain"), inner("c"))) == 'f');
}

TEST_CASE("operands: rows and columns of tables") {
    Rule r;
    auto& t = r.test;
    const std::uint32_t acme = t.text("acme"), globex = t.text("globex");
    const std::uint32_t roles = t.set({"refunds"}), none = t.set({});
    bytecode::TableRef table;
    table.name = t.text("tenants");
    table.rows = 2;
    table.columns = 3;
    table.first_kind = t.build.ids(
        std::vector{static_cast<std::uint32_t>(Kind::String), static_cast<std::uint32_t>(Kind::Int),
                    static_cast<std::uint32_t>(Kind::List), 0u, 0u, static_cast<std::uint32_t>(Kind::String)});
    table.first_set = t.build.ids(std::vector{t.set({"acme", "globex"}), bytecode::kNone, bytecode::kNone});
    t.build.out.cells = {acme, t.build.integer(7), roles, globex, t.build.integer(9), none};
    t.build.out.tables.push_back(table);
    const auto column = [](std::uint32_t index) { return bytecode::operand(OperandKind::RowColumn, index); };
    const auto of_row = [](std::uint32_t index) { return bytecode::operand(OperandKind::ElemRow, 0, index); };
    const std::uint32_t rows = bytecode::operand(OperandKind::TableRows, 0);
    const std::uint32_t tenants = bytecode::operand(OperandKind::TableColumn, 0);

    CHECK(r.truth(test(Opcode::TextIn, t.slot("tenant"), tenants)) == 'T');
    CHECK(r.truth(test(Opcode::TextIn, t.slot("run.id"), tenants)) == 'f');
    CHECK(r.truth(t.quantify(Quant::Any, rows,
                             {test(Opcode::TextEq, of_row(0), t.slot("tenant")),
                              cmp(Opcode::IntCmp, of_row(1), t.num(7), Cmp::Eq)})) == 'T');
    CHECK(r.truth(t.quantify(Quant::Any, rows,
                             {test(Opcode::TextEq, of_row(0), t.slot("tenant")),
                              cmp(Opcode::IntCmp, of_row(1), t.num(9), Cmp::Eq)})) == 'f');
    CHECK(r.truth(t.quantify(Quant::Any, rows, {test(Opcode::Overlaps, of_row(2), t.slot("user.roles"))})) == 'T');
    t.at_row(0, 0);
    CHECK(r.truth({test(Opcode::TextEq, column(0), t.slot("tenant")), cmp(Opcode::IntCmp, column(1), t.num(7), Cmp::Eq),
                   test(Opcode::TextIn, t.lit("refunds"), column(2))}) == 'T');
    t.at_row(0, 1);
    CHECK(r.truth(test(Opcode::TextEq, column(0), t.slot("tenant"))) == 'f');
    CHECK(r.truth(test(Opcode::TextIn, t.lit("refunds"), column(2))) == 'f');
}

TEST_CASE("opcode Add, Sub, Mul: saturate, and are unknown of unknown") {
    Rule r;
    auto& t = r.test;
    const auto count = t.slot("agent.shared_count");
    const auto equals = [&](Opcode op, std::uint32_t a, std::uint32_t b, std::int64_t result) {
        return r.truth({test(op, a, b, 0), cmp(Opcode::IntCmp, t.temp(0), t.num(result), Cmp::Eq)});
    };
    CHECK(equals(Opcode::Add, count, t.num(4), 5) == 'T');
    CHECK(equals(Opcode::Sub, count, t.num(4), -3) == 'T');
    CHECK(equals(Opcode::Mul, count, t.num(-4), -4) == 'T');
    CHECK(equals(Opcode::Add, count, t.num(INT64_MAX), INT64_MAX) == 'T');
    CHECK(equals(Opcode::Mul, t.num(INT64_MIN), t.num(2), INT64_MIN) == 'T');
    CHECK(equals(Opcode::Add, t.slot("spent"), t.num(1), 1) == '?');
}

TEST_CASE("opcode Union, Intersect, Minus: each element once") {
    Rule r;
    auto& t = r.test;
    r.with("numbers", "[1, 2]");
    const auto equals = [&](Opcode op, std::uint32_t a, std::uint32_t b, std::uint32_t result) {
        return r.truth({test(op, a, b, 0), test(Opcode::ListEq, t.temp(0), result)});
    };
    const auto roles = t.slot("user.roles");
    CHECK(equals(Opcode::Union, roles, t.texts({"x", "support"}), t.texts({"refunds", "support", "x"})) == 'T');
    CHECK(equals(Opcode::Intersect, roles, t.texts({"x", "support"}), t.texts({"support"})) == 'T');
    CHECK(equals(Opcode::Minus, roles, t.texts({"x", "support"}), t.texts({"refunds"})) == 'T');
    CHECK(equals(Opcode::Union, t.slot("numbers"), t.ints({2, 3}), t.ints({1, 2, 3})) == 'T');
    CHECK(equals(Opcode::Minus, t.ints({1, 2, 3}), t.slot("numbers"), t.ints({3})) == 'T');
    CHECK(equals(Opcode::Union, roles, t.slot("egress"), t.texts({})) == '?');
    std::vector<Instr> code{test(Opcode::Union, roles, roles, 0)};
    const auto counted = t.quantify(Quant::AtLeast, t.temp(0), {test(Opcode::TextIn, t.self(0), roles)}, t.num(3));
    code.insert(code.end(), counted.begin(), counted.end());
    CHECK(r.truth(code) == 'f');
}

TEST_CASE("opcode Words: split at spaces, each word once") {
    Rule r;
    auto& t = r.test;
    r.with("tenant", R"("  files.read mail  files.read ")");
    const auto words = test(Opcode::Words, t.slot("tenant"), 0, 0);
    CHECK(r.truth({words, test(Opcode::ListEq, t.temp(0), t.texts({"files.read", "mail"}))}) == 'T');
    CHECK(r.truth({words, test(Opcode::TextIn, t.lit("files"), t.temp(0))}) == 'f');
    std::vector<Instr> code{words};
    const auto three = t.quantify(Quant::AtLeast, t.temp(0), {test(Opcode::TextIn, t.self(0), t.temp(0))}, t.num(3));
    code.insert(code.end(), three.begin(), three.end());
    CHECK(r.truth(code) == 'f');
    r.with("tenant", R"("   ")");
    CHECK(r.truth({words, test(Opcode::ListEq, t.temp(0), t.texts({}))}) == 'T');
}

TEST_CASE("opcode Lower: ASCII letters only") {
    Rule r;
    auto& t = r.test;
    r.with("tenant", "\"A\\u00c9Z[1\"");
    CHECK(r.truth({test(Opcode::Lower, t.slot("tenant"), 0, 0),
                   test(Opcode::TextEq, t.temp(0), t.lit("a\xC3\x89z[1"))}) == 'T');
    CHECK(r.truth({test(Opcode::Lower, t.slot("resource.path"), 0, 0), test(Opcode::TextEq, t.temp(0), t.lit("a"))}) ==
          '?');
}

TEST_CASE("opcode Convert: canonical, or unknown") {
    Rule r;
    auto& t = r.test;
    const auto host = [&](std::string_view is) {
        return r.truth({test(Opcode::Convert, t.slot("tenant"), static_cast<std::uint32_t>(Kind::Host), 0),
                        test(Opcode::TextEq, t.temp(0), t.lit(is))});
    };
    r.with("tenant", R"("Acme.Example")");
    CHECK(host("acme.example") == 'T');
    CHECK(host("Acme.Example") == 'f');
    r.with("tenant", R"("acme..example")");
    CHECK(host("acme.example") == '?');
}

TEST_CASE("opcode PartOf: text parts, the port, parts that are not there") {
    Rule r;
    auto& t = r.test;
    const auto url = [&](Part part, Instr then) {
        return r.truth({test(Opcode::Convert, t.slot("tenant"), static_cast<std::uint32_t>(Kind::Url), 0),
                        test(Opcode::PartOf, t.temp(0), static_cast<std::uint32_t>(part), 1), then});
    };
    r.with("tenant", R"("https://acme.example:8443/x")");
    CHECK(url(Part::UrlHost, test(Opcode::TextEq, t.temp(1), t.lit("acme.example"))) == 'T');
    CHECK(url(Part::UrlPort, cmp(Opcode::IntCmp, t.temp(1), t.num(8443), Cmp::Eq)) == 'T');
    r.with("tenant", R"("https://acme.example/x")");
    CHECK(url(Part::UrlPort, cmp(Opcode::IntCmp, t.temp(1), t.num(8443), Cmp::Eq)) == '?');
}

TEST_CASE("opcode SingleText, SingleInt: a list of one") {
    Rule r;
    auto& t = r.test;
    CHECK(r.truth({test(Opcode::SingleText, t.slot("tenant"), 0, 0),
                   test(Opcode::ListEq, t.temp(0), t.texts({"acme"}))}) == 'T');
    CHECK(r.truth({test(Opcode::SingleInt, t.slot("agent.shared_count"), 0, 0),
                   test(Opcode::ListEq, t.temp(0), t.ints({1}))}) == 'T');
    CHECK(r.truth({test(Opcode::SingleText, t.slot("resource.path"), 0, 0),
                   test(Opcode::ListEq, t.temp(0), t.texts({"acme"}))}) == '?');
}

TEST_CASE("opcode NowCmp: flips at the instant, or just after it") {
    Rule r;
    auto& t = r.test;
    const std::int64_t exp = kNow + 3600 * kSecond;
    const auto exp_slot = t.slot("token.exp");
    const auto check = [&](Cmp code, char truth, std::int64_t until) {
        Instr instr{Opcode::NowCmp, 0, 0, exp_slot, 0, static_cast<std::uint32_t>(code)};
        CHECK(r.truth(instr) == truth);
        CHECK(r.until({instr}, Mode::Surely) == until);
        CHECK(r.until({instr}, Mode::Possibly) == until);
    };
    check(Cmp::Lt, 'T', exp);
    check(Cmp::Le, 'T', exp + 1);
    check(Cmp::Gt, 'f', exp + 1);
    check(Cmp::Ge, 'f', exp);
    check(Cmp::Eq, 'f', exp);
    check(Cmp::Ne, 'T', exp);
    r.with("token.exp", "null");
    check(Cmp::Lt, '?', INT64_MAX);
    r.with("token.exp", std::to_string(kNowSeconds));
    check(Cmp::Eq, 'T', kNow + 1);
    check(Cmp::Ge, 'T', INT64_MAX);
    check(Cmp::Gt, 'f', kNow + 1);
}

TEST_CASE("opcode AgeCmp: flips when the age is reached, or just after") {
    Rule r;
    auto& t = r.test;
    const std::int64_t iat = kNow - 100 * kSecond, limit = iat + 600 * kSecond;
    const auto age = [&](Cmp code) { return cmp(Opcode::AgeCmp, t.slot("token.iat"), t.num(600 * kSecond), code); };
    CHECK(r.truth(age(Cmp::Le)) == 'T');
    CHECK(r.until({age(Cmp::Le)}, Mode::Surely) == limit + 1);
    CHECK(r.until({age(Cmp::Lt)}, Mode::Surely) == limit);
    CHECK(r.truth(age(Cmp::Gt)) == 'f');
    CHECK(r.until({age(Cmp::Gt)}, Mode::Possibly) == limit + 1);
    CHECK(r.until({age(Cmp::Ge)}, Mode::Possibly) == limit);
    r.without("token.iat");
    CHECK(r.truth(age(Cmp::Le)) == '?');
    CHECK(r.until({age(Cmp::Le)}, Mode::Possibly) == INT64_MAX);
}

TEST_CASE("opcode InWindow: now in a weekly window, until it closes") {
    Rule r;
    auto& t = r.test;
    const std::uint32_t office = t.add_window({9 * 3600, 17 * 3600, 0x1F}, {{0, 0}});
    const std::uint32_t night = t.add_window({22 * 3600, 6 * 3600, 0x7F}, {{0, 0}});
    const auto in = [&](std::uint32_t window) { return test(Opcode::InWindow, t.slot("now"), window); };
    CHECK(r.truth(in(office)) == 'T');
    CHECK(r.until({in(office)}, Mode::Surely) == kNow + 7 * 3600 * kSecond);
    CHECK(r.truth(in(night)) == 'f');
    CHECK(r.until({in(night)}, Mode::Possibly) == kNow + 12 * 3600 * kSecond);
    // An instant other than now does not change with time.
    CHECK(r.truth(test(Opcode::InWindow, t.slot("token.exp"), office)) == 'T');
    CHECK(r.until({test(Opcode::InWindow, t.slot("token.exp"), office)}, Mode::Surely) == INT64_MAX);
}

TEST_CASE("until: steps over changes that do not change the whole, and looks a day ahead") {
    Rule r;
    auto& t = r.test;
    const std::uint32_t office = t.add_window({9 * 3600, 17 * 3600, 0x7F}, {{0, 0}});
    const Instr in_office = test(Opcode::InWindow, t.slot("now"), office);
    const std::int64_t hour = 3600 * kSecond, far = kNow + 23 * hour;
    // Monday 10:00. Changes: 17:00, then `far` on Tuesday 09:00 together with the window.
    const Instr later = cmp(Opcode::NowCmp, t.num(far), 0, Cmp::Ge);
    CHECK(r.until({in_office, later}, Mode::Possibly) == far);
    const Instr too_late = cmp(Opcode::NowCmp, t.num(far + 24 * hour), 0, Cmp::Ge);
    CHECK(r.until({in_office, too_late}, Mode::Possibly) == INT64_MAX);
    // Independent of time: always false.
    const Instr other_tenant = test(Opcode::TextEq, t.slot("tenant"), t.lit("globex"));
    CHECK(r.until({other_tenant, in_office}, Mode::Possibly) == INT64_MAX);
    // So many changes that a limit on their number would be exceeded.
    std::vector<Instr> many{cmp(Opcode::NowCmp, t.num(kNow + 20 * hour), 0, Cmp::Ge)};
    for (std::int64_t i = 1; i <= 12; ++i) many.push_back(cmp(Opcode::NowCmp, t.num(kNow + i * hour), 0, Cmp::Ge));
    CHECK(r.until(many, Mode::Possibly) == kNow + 20 * hour);
}

TEST_CASE("until: a conjunction that holds ends with the first of its tests that changes") {
    Rule r;
    auto& t = r.test;
    const std::int64_t hour = 3600 * kSecond;
    const auto before = [&](std::int64_t hours) { return cmp(Opcode::NowCmp, t.num(kNow + hours * hour), 0, Cmp::Lt); };
    const Instr tenant = test(Opcode::TextEq, t.slot("tenant"), t.lit("acme"));
    for (const Mode mode : {Mode::Surely, Mode::Possibly}) {
        CHECK(r.until({before(5), tenant, before(3)}, mode) == kNow + 3 * hour);
        CHECK(r.until({no(cmp(Opcode::NowCmp, t.num(kNow + 2 * hour), 0, Cmp::Ge)), before(3)}, mode) ==
              kNow + 2 * hour);
        CHECK(r.until({before(25), tenant}, mode) == INT64_MAX);  // no grant lives longer than a day
    }
    // If the first part of an `or` ends, the second may still be true.
    std::vector<Instr> either{before(3), before(5), {Opcode::RetTrue}, {Opcode::RetFalse}};
    either[0].flags = bytecode::kJumpIf;
    either[0].jump = 1;
    either[1].jump = 1;
    CHECK(r.run(either, Mode::Surely).until == kNow + 5 * hour);
    // An unknown test counts as true in mode Possibly, and does not change.
    r.without("tenant");
    CHECK(r.until({tenant, before(3)}, Mode::Possibly) == kNow + 3 * hour);
}

TEST_CASE("until: sees tests that were not run, and every element of a list") {
    Rule r;
    auto& t = r.test;
    r.with("delegation", R"({"chain": [{"actor": "a", "exp": 1717409000}, {"actor": "b", "exp": 1717408900}]})");
    const auto body = std::vector{cmp(Opcode::NowCmp, t.elem("delegation.chain", "exp"), 0, Cmp::Ge)};
    const auto any_ended = t.quantify(Quant::Any, t.slot("delegation.chain"), body);
    CHECK(r.until(any_ended, Mode::Possibly) == 1717408900 * kSecond);
    const auto all_ended = t.quantify(Quant::All, t.slot("delegation.chain"), body);
    CHECK(r.until(all_ended, Mode::Possibly) == 1717409000 * kSecond);
    // The first conjunct is false now and becomes true first; the second was never run.
    CHECK(
        r.until({cmp(Opcode::NowCmp, t.num(kNow + 10), 0, Cmp::Ge), cmp(Opcode::NowCmp, t.num(kNow + 20), 0, Cmp::Ge)},
                Mode::Possibly) == kNow + 20);
}

TEST_CASE("until: operands computed on the way") {
    Rule r;
    auto& t = r.test;
    CHECK(r.until({test(Opcode::Add, t.slot("token.iat"), t.num(kSecond * 700), 0),
                   cmp(Opcode::NowCmp, t.temp(0), 0, Cmp::Lt)},
                  Mode::Surely) == kNow + 600 * kSecond);
}

TEST_CASE("until: a rule for other tools never starts to apply") {
    Rule r;
    auto& t = r.test;
    const std::uint32_t office = t.add_window({9 * 3600, 17 * 3600, 0x7F}, {{0, 0}});
    const Instr in_office = test(Opcode::InWindow, t.slot("now"), office);
    CHECK(r.until({test(Opcode::ToolIn, t.tools({1})), in_office}, Mode::Possibly) == INT64_MAX);
    CHECK(r.until({test(Opcode::ToolIn, t.tools({0})), in_office}, Mode::Surely) == kNow + 7 * 3600 * kSecond);
}

TEST_CASE("until: unknown tests count as the mode at every moment") {
    Rule r;
    auto& t = r.test;
    const Instr unknown = test(Opcode::TextEq, t.slot("resource.path"), t.lit("x"));
    const Instr later = cmp(Opcode::NowCmp, t.num(kNow + 5), 0, Cmp::Ge);
    CHECK(r.until({unknown, later}, Mode::Possibly) == kNow + 5);
    CHECK(r.until({unknown, later}, Mode::Surely) == INT64_MAX);
}

TEST_CASE("interpreter: jumps over what cannot matter, either way round") {
    Rule r;
    auto& t = r.test;
    // tenant == globex or tenant == acme
    std::vector<Instr> code{test(Opcode::TextEq, t.slot("tenant"), t.lit("globex")),
                            test(Opcode::TextEq, t.slot("tenant"), t.lit("acme")),
                            {Opcode::RetTrue},
                            {Opcode::RetFalse}};
    code[0].flags = bytecode::kJumpIf;
    code[0].jump = 1;
    code[1].jump = 1;
    CHECK(r.run(code, Mode::Surely).holds);
    r.with("tenant", R"("globex")");
    CHECK(r.run(code, Mode::Surely).holds);
    r.with("tenant", R"("other")");
    CHECK_FALSE(r.run(code, Mode::Surely).holds);
    CHECK_FALSE(r.run(code, Mode::Possibly).holds);
}

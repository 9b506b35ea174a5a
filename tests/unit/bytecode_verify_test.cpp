// Tests what the verifier rejects: each case makes one thing wrong in valid sections.
#include <doctest/doctest.h>

#include <functional>

#include "bytecode_everything.h"

using namespace writ;
using namespace writ::testing;
using namespace writ::bytecode;

namespace {

const Program& sound() {
    static const FromText policy = everything();
    return *policy.program;
}

using Change = std::function<void(Sections&)>;

/// The code and the place of the error; "opened" if there is none.
std::string refusal(const Change& change) {
    Sections sections = sections_of(sound());
    change(sections);
    const auto opened = Program::open(Program::seal(sections));
    return opened ? "opened" : opened.error().code;
}

const RuleRef& rule_named(const Sections& s, std::string_view name) {
    for (const RuleRef& rule : s.rules) {
        const TextRef& text = s.texts[rule.name];
        if (std::string_view(s.chars.data() + text.offset, text.length) == name) return rule;
    }
    throw std::runtime_error("no such rule");
}

/// The first instruction with this opcode in a rule.
Instr& instr(Sections& s, std::string_view rule, Opcode op) {
    const RuleRef& ref = rule_named(s, rule);
    for (std::uint32_t i = 0; i < ref.code_length; ++i)
        if (s.code[ref.code + i].op == op) return s.code[ref.code + i];
    throw std::runtime_error("no such instruction");
}

/// The first instruction of the body that a rule shares with others.
Instr& in_once(Sections& s, std::string_view rule) {
    const RuleRef& ref = rule_named(s, rule);
    for (std::uint32_t i = 0; i < ref.code_length; ++i)
        if (s.code[ref.code + i].op == Opcode::Once) return s.code[ref.code + i + 1];
    throw std::runtime_error("no such instruction");
}

/// The first node for which `fits` is true.
ShapeNode& node(Sections& s, const std::function<bool(const ShapeNode&)>& fits) {
    for (ShapeNode& each : s.shape)
        if (fits(each)) return each;
    throw std::runtime_error("no such node");
}
bool is_kind(const ShapeNode& node, Kind kind) {
    return node.kind == static_cast<std::uint8_t>(kind);
}

}  // namespace

TEST_CASE("verify: sound sections open") {
    CHECK(refusal([](Sections&) {}) == "opened");
}

TEST_CASE("verify: B0010 texts") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"no texts", [](Sections& s) { s.texts.clear(); }},
        {"text 0 is not empty", [](Sections& s) { s.texts[0].length = 1; }},
        {"a gap between texts", [](Sections& s) { s.texts[5].offset += 1; }},
        {"text beyond the chars", [](Sections& s) { s.texts.back().length += 1; }},
        {"chars that are no text", [](Sections& s) { s.chars.push_back('x'); }},
        {"one text twice",
         [](Sections& s) {
             s.texts.push_back({static_cast<std::uint32_t>(s.chars.size()), s.texts[3].length});
             s.chars.insert(s.chars.end(), s.chars.begin() + s.texts[3].offset,
                            s.chars.begin() + s.texts[3].offset + s.texts[3].length);
         }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0010");
    }
}

TEST_CASE("verify: B0011 sets, matchers, automata, windows, enums, sources") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"set out of bounds", [](Sections& s) { s.sets[0].first = 0xFFFFFFF0; }},
        {"set too long", [](Sections& s) { s.sets.back().count += 100; }},
        {"set of no kind", [](Sections& s) { s.sets[0].elem = 99; }},
        {"set of lists", [](Sections& s) { s.sets[0].elem = static_cast<std::uint32_t>(Kind::List); }},
        {"set that descends",
         [](Sections& s) {
             for (const SetRef& set : s.sets)
                 if (set.count > 1) return std::swap(s.set_items[set.first], s.set_items[set.first + 1]);
         }},
        {"item that is no text", [](Sections& s) { s.set_items[s.sets[0].first] = 0; }},
        {"addresses that are none", [](Sections& s) { s.sets[0].elem = static_cast<std::uint32_t>(Kind::Ip); }},
        {"text that is not canonical", [](Sections& s) { s.sets[0].elem = static_cast<std::uint32_t>(Kind::Email); }},
        {"matcher that is no text", [](Sections& s) { s.matchers[0].text = 99'999; }},
        {"beginning that is no text", [](Sections& s) { s.matchers[0].prefix = 99'999; }},
        {"end that is no text", [](Sections& s) { s.matchers[0].suffix = 99'999; }},
        {"no such automaton", [](Sections& s) { s.matchers[0].automaton = 99; }},
        {"matcher of a third sort", [](Sections& s) { s.matchers[0].glob = 2; }},
        {"automata without their classes", [](Sections& s) { s.byte_classes.pop_back(); }},
        {"no such class", [](Sections& s) { s.byte_classes['a'] = 200; }},
        {"moves of no automaton", [](Sections& s) { s.moves.push_back(0); }},
        {"automata that overlap", [](Sections& s) { s.automata[1].first_move = 0; }},
        {"rows of no length", [](Sections& s) { s.automata[0].width = 0; }},
        {"automaton of no size", [](Sections& s) { s.automata[0].size = 0; }},
        {"start that is no state", [](Sections& s) { s.automata[0].start = s.automata[0].size; }},
        {"start inside of a row", [](Sections& s) { s.automata[0].start = 1; }},
        {"groups out of order",
         [](Sections& s) { s.automata[0].accepting = s.automata[0].settled + s.automata[0].width; }},
        {"move beyond the table", [](Sections& s) { s.moves[0] = static_cast<std::uint16_t>(s.automata[0].size); }},
        {"move into a row", [](Sections& s) { s.moves[0] = 1; }},
        {"dead state that leads on", [](Sections& s) { s.moves[0] = static_cast<std::uint16_t>(s.automata[0].live); }},
        {"settled state that leads on", [](Sections& s) { s.automata[0].settled = s.automata[0].accepting; }},
        {"window past midnight", [](Sections& s) { s.windows[0].start = 86400; }},
        {"an eighth day", [](Sections& s) { s.windows[0].days = 0x80; }},
        {"no zone", [](Sections& s) { s.windows[0].zone_count = 0; }},
        {"zone out of bounds", [](Sections& s) { s.windows[0].zone_first = 0xFFFFFFFE; }},
        {"zone that descends", [](Sections& s) { std::swap(s.transitions[2], s.transitions[3]); }},
        {"offset of days", [](Sections& s) { s.transitions[1].offset = 1'000'000; }},
        {"enum out of bounds", [](Sections& s) { s.enums[0].member_count = 1u << 30; }},
        {"member that is no text", [](Sections& s) { s.ids[s.enums[1].first_member] = kNone; }},
        {"source without a name", [](Sections& s) { s.sources[0].name = 0; }},
        {"source longer than the text", [](Sections& s) { s.sources[0].size += 1; }},
        {"text does not belong to a source", [](Sections& s) { s.source_text += "x"; }},
        {"data file named by a source after it", [](Sections& s) { s.sources[0].from = 0; }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0011");
    }
}

TEST_CASE("verify: B0012 the shape is made of trees") {
    const auto is_list = [](const ShapeNode& n) { return is_kind(n, Kind::List) && n.columns > 1; };
    const auto is_map = [](const ShapeNode& n) { return n.key_count > 0; };
    const std::vector<std::pair<std::string, Change>> changes = {
        {"no such kind", [](Sections& s) { s.shape[3].kind = 99; }},
        {"a child that is its parent", [](Sections& s) { s.shape[0].first_child = 0; }},
        {"children out of bounds", [](Sections& s) { s.shape[0].first_child = 0x7FFFFFFF; }},
        {"a child of two parents", [](Sections& s) { s.shape[0].child_count += 1; }},
        {"an orphan", [](Sections& s) { s.shape[0].child_count -= 1; }},
        {"field without a name", [](Sections& s) { s.shape[1].name = kNone; }},
        {"two fields of one name", [](Sections& s) { s.shape[1].name = s.shape[2].name; }},
        {"no such enum",
         [](Sections& s) { node(s, [](const ShapeNode& n) { return is_kind(n, Kind::Enum); }).enumeration = 999; }},
        {"scalar with children", [](Sections& s) { s.shape[1].child_count = 1, s.shape[1].first_child = 9; }},
        {"list without an element", [&](Sections& s) { node(s, is_list).child_count = 0; }},
        {"list of lists",
         [&](Sections& s) {
             s.shape[node(s, [](const ShapeNode& n) { return is_kind(n, Kind::List) && n.columns == 0; }).first_child]
                 .kind = static_cast<std::uint8_t>(Kind::List);
         }},
        {"one column too many", [&](Sections& s) { node(s, is_list).columns += 1; }},
        {"columns without end", [&](Sections& s) { node(s, is_list).columns = kNone; }},
        {"column twice",
         [&](Sections& s) {
             const ShapeNode& list = node(s, is_list);
             s.shape[s.shape[list.first_child].first_child].column =
                 s.shape[s.shape[list.first_child].first_child + 1].column;
         }},
        {"column outside a list", [](Sections& s) { s.shape[1].column = 0; }},
        {"slot inside a list",
         [&](Sections& s) { s.shape[s.shape[node(s, is_list).first_child].first_child].slot = 50; }},
        {"slot under any key", [&](Sections& s) { s.shape[node(s, is_map).first_child].slot = 50; }},
        {"key of another kind", [&](Sections& s) { s.shape[node(s, is_map).first_key].kind = 0; }},
        {"slot out of range", [](Sections& s) { s.shape[1].slot = 4000; }},
        {"slot filled twice", [](Sections& s) { s.shape[2].slot = s.shape[1].slot; }},
        {"slot of a claim and of the request",
         [](Sections& s) { s.shape[s.shape[s.issuers[0].claims].first_child].slot = 0; }},
        {"root in another tree", [](Sections& s) { s.manifest[0].request_shape = s.issuers[0].claims; }},
        {"root out of range", [](Sections& s) { s.manifest[0].request_shape = 1u << 20; }},
        {"no such provenance", [](Sections& s) { s.shape[1].weakest = 4; }},
        {"no such flag", [](Sections& s) { s.shape[1].flags = 0x80; }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0012");
    }
}

TEST_CASE("verify: B0013 slots and captures") {
    const auto approvals = static_cast<std::size_t>(Builtin::Approvals);
    const std::vector<std::pair<std::string, Change>> changes = {
        {"slot of another kind than its node",
         [](Sections& s) { s.slots[0].kind = static_cast<std::uint32_t>(Kind::String); }},
        {"fact of the engine of another kind",
         [](Sections& s) {
             ShapeNode& now = node(s, [](const ShapeNode& n) { return n.slot == 0; });
             now.kind = static_cast<std::uint8_t>(Kind::String);
             now.max = kDefaultText;
             s.slots[0].kind = now.kind;
         }},
        {"fact of the engine in another place",
         [](Sections& s) {
             ShapeNode& now = node(s, [](const ShapeNode& n) { return n.slot == 0; });
             ShapeNode& other = node(s, [&](const ShapeNode& n) {
                 return is_kind(n, Kind::Instant) && n.slot == kNone && n.column == kNone;
             });
             now.slot = kNone;
             other.slot = 0;
         }},
        {"too few slots", [](Sections& s) { s.slots.resize(3), s.manifest[0].slot_count = 3; }},
        {"no such kind", [](Sections& s) { s.slots[1].kind = 77; }},
        {"path that is no text", [](Sections& s) { s.slots[1].path = 0; }},
        {"list of nothing", [=](Sections& s) { s.slots[approvals].elem = static_cast<std::uint32_t>(Kind::Map); }},
        {"column the engine reads as another kind",
         [=](Sections& s) {
             const ShapeNode& list = node(s, [=](const ShapeNode& n) { return n.slot == approvals; });
             const ShapeNode& element = s.shape[list.first_child];
             for (std::uint32_t i = 0; i < element.child_count; ++i) {
                 ShapeNode& column = s.shape[element.first_child + i];
                 if (is_kind(column, Kind::Int))
                     column.kind = static_cast<std::uint8_t>(Kind::String), column.max = kDefaultText;
             }
         }},
        {"tier that is text", [](Sections& s) { std::swap(s.manifest[0].tier_slot, s.captures[0].slot); }},
        {"no such pattern", [](Sections& s) { s.capture_specs[0].first_pattern = 1000; }},
        {"pattern out of bounds", [](Sections& s) { s.patterns[0].pieces = 1u << 30; }},
        {"piece that is both", [](Sections& s) { s.ids[s.patterns[0].first] = 5, s.ids[s.patterns[0].first + 1] = 5; }},
        {"no such spec", [](Sections& s) { s.captures[0].spec = 10; }},
        {"no such claim", [](Sections& s) { s.capture_specs[0].claim = 1u << 30; }},
        {"claim of the request", [](Sections& s) { s.capture_specs[0].claim = 1 + s.shape[0].first_child; }},
        {"captures out of bounds", [](Sections& s) { s.issuers[0].capture_count = 1000; }},
        {"captures of another issuer",
         [](Sections& s) {
             std::swap(s.issuers[0].capture_count, s.issuers[1].capture_count);
             std::swap(s.issuers[0].first_capture, s.issuers[1].first_capture);
         }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0013");
    }
}

TEST_CASE("verify: B0014 issuers, tools, tables") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"issuer without a url", [](Sections& s) { s.issuers[0].url = 0; }},
        {"audiences that are no set", [](Sections& s) { s.issuers[0].audiences = 1000; }},
        {"negative leeway", [](Sections& s) { s.issuers[0].leeway = -1; }},
        {"age before the epoch", [](Sections& s) { s.issuers[0].max_age = -2; }},
        {"tool without a name", [](Sections& s) { s.tools[0].wire_name = kNone; }},
        {"tier beyond the last", [](Sections& s) { s.tools[0].tier = 3; }},
        {"scopes that are numbers",
         [](Sections& s) {
             for (std::uint32_t i = 0; i < s.sets.size(); ++i)
                 if (s.sets[i].elem == static_cast<std::uint32_t>(Kind::Int)) s.tools[0].scopes = i;
         }},
        {"audience out of bounds", [](Sections& s) { s.tools[0].audience = 0xFFFFFFFF; }},
        {"table out of bounds", [](Sections& s) { s.tables[0].rows = 1u << 30; }},
        {"table without columns", [](Sections& s) { s.tables[0].columns = 0; }},
        {"column of no kind",
         [](Sections& s) { s.ids[s.tables[0].first_kind] = static_cast<std::uint32_t>(Kind::Map); }},
        {"cell that is no text", [](Sections& s) { s.cells[s.tables[0].first_cell] = 0; }},
        {"cell that is no set", [](Sections& s) { s.cells[s.tables[0].first_cell + 4] = 5000; }},
        {"cell that is no block",
         [](Sections& s) { s.cells[s.tables[0].first_cell + 6] = s.cells[s.tables[0].first_cell]; }},
        {"set of a column of another kind", [](Sections& s) { s.ids[s.tables[0].first_set + 7] = 0; }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0014");
    }
}

TEST_CASE("verify: B0015 rules and effects") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"no such kind", [](Sections& s) { s.rules[0].kind = 5; }},
        {"no such flag", [](Sections& s) { s.rules[0].flags = 2; }},
        {"no such grant", [](Sections& s) { s.rules[0].effect = 100; }},
        {"effect of a deny",
         [](Sections& s) {
             for (RuleRef& rule : s.rules)
                 if (rule.kind == static_cast<std::uint8_t>(RuleKind::Deny)) rule.effect = 5000;
         }},
        {"no such row", [](Sections& s) { s.rules[1].row = 2; }},
        {"row without a table", [](Sections& s) { s.rules.back().row = 1; }},
        {"code out of bounds", [](Sections& s) { s.rules.back().code = 0xFFFFFFF0; }},
        {"code too long", [](Sections& s) { s.rules.back().code_length = 0xFFFFFFF0; }},
        {"no code", [](Sections& s) { s.rules.back().code_length = 0; }},
        {"name that is no text", [](Sections& s) { s.rules[0].name = 0; }},
        {"grant without scopes", [](Sections& s) { s.grants[0].scopes = kNone; }},
        {"negative ttl", [](Sections& s) { s.grants[0].ttl = -1; }},
        {"no approvals asked for", [](Sections& s) { s.requirements[0].count = 0; }},
        {"limit of no audience set", [](Sections& s) { s.limits[0].audience = 4000; }},
        {"obligations out of bounds", [](Sections& s) { s.obligations[0].count = 1u << 31; }},
        {"arguments that are no JSON",
         [](Sections& s) { s.ids[s.obligations[0].first + 1] = s.ids[s.obligations[0].first]; }},
        {"instances that share code but not its length", [](Sections& s) { s.rules[1].code_length -= 1; }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0015");
    }
}

TEST_CASE("verify: B0016 code") {
    const std::vector<std::pair<std::string, Change>> changes = {
        {"no such instruction", [](Sections& s) { s.code[0].op = static_cast<Opcode>(200); }},
        {"no end",
         [](Sections& s) { s.code[s.rules.back().code + s.rules.back().code_length - 1].op = Opcode::Truth; }},
        {"jump beyond the end", [](Sections& s) { s.code[0].jump = 60'000; }},
        {"jump into a body", [](Sections& s) { s.code[rule_named(s, "rows").code].jump = 3; }},
        {"jump out of a body", [](Sections& s) { instr(s, "rows", Opcode::IntCmp).jump = 11; }},
        {"jump to a bound", [](Sections& s) { s.code[rule_named(s, "rows").code].jump = 1; }},
        {"unknown flag", [](Sections& s) { s.code[0].flags = 4; }},
        {"flag where there is no test", [](Sections& s) { instr(s, "words", Opcode::Lower).flags = kNegate; }},
        {"negated quantifier", [](Sections& s) { instr(s, "rows", Opcode::Quantify).flags |= kNegate; }},
        {"quantifier without bound", [](Sections& s) { instr(s, "rows", Opcode::Bound).op = Opcode::RetTrue; }},
        {"bound without quantifier", [](Sections& s) { instr(s, "words", Opcode::Lower).op = Opcode::Bound; }},
        {"body too long", [](Sections& s) { instr(s, "rows", Opcode::Quantify).b = 1000; }},
        {"body without an end", [](Sections& s) { instr(s, "rows", Opcode::Quantify).b -= 2; }},
        {"empty body", [](Sections& s) { instr(s, "rows", Opcode::Quantify).b = 0; }},
        {"wrong depth", [](Sections& s) { instr(s, "rows", Opcode::Quantify).c |= 1 << 2; }},
        {"no such slot", [](Sections& s) { s.code[1].a = operand(OperandKind::Slot, 5000); }},
        {"no such text", [](Sections& s) { instr(s, "claims", Opcode::TextEq).b = operand(OperandKind::Text, 0); }},
        {"no such operand", [](Sections& s) { s.code[1].a = 0xF0000000; }},
        {"number where text is due",
         [](Sections& s) { instr(s, "claims", Opcode::TextEq).b = operand(OperandKind::Int, 0); }},
        {"list where text is due",
         [](Sections& s) {
             instr(s, "claims", Opcode::TextEq).a =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::WantScopes));
         }},
        {"group where text is due",
         [](Sections& s) {
             instr(s, "claims", Opcode::TextEq).a =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::User));
         }},
        {"text where a list is due",
         [](Sections& s) {
             instr(s, "words", Opcode::ListEq).a =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::Tenant));
         }},
        {"lists of texts and of numbers",
         [](Sections& s) { instr(s, "words", Opcode::ListEq).b = instr(s, "words", Opcode::IntIn).b; }},
        {"records where scalars are due",
         [](Sections& s) {
             instr(s, "words", Opcode::ListEq).a =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::Approvals));
         }},
        {"numbers in a list of texts",
         [](Sections& s) {
             instr(s, "words", Opcode::IntIn).b =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::WantScopes));
         }},
        {"set of tools as a list",
         [](Sections& s) { instr(s, "words", Opcode::IntIn).b = operand(OperandKind::Set, s.code[0].a); }},
        {"list as a set of tools",
         [](Sections& s) { s.code[0].a = operand_index(instr(s, "words", Opcode::IntIn).b); }},
        {"no such comparison", [](Sections& s) { instr(s, "claims", Opcode::IntCmp).c = 6; }},
        {"no such matcher", [](Sections& s) { instr(s, "words", Opcode::Match).b = 9; }},
        {"no such window", [](Sections& s) { instr(s, "time", Opcode::InWindow).b = 9; }},
        {"no such part", [](Sections& s) { instr(s, "words", Opcode::PartOf).b = 99; }},
        {"part of another kind",
         [](Sections& s) { instr(s, "words", Opcode::PartOf).b = static_cast<std::uint32_t>(Part::UrlHost); }},
        {"block that is none",
         [](Sections& s) { instr(s, "words", Opcode::InCidr).b = instr(s, "words", Opcode::TextIn).a; }},
        {"address that is none",
         [](Sections& s) {
             instr(s, "words", Opcode::InCidr).a =
                 operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::Tenant));
         }},
        {"binder that is not open",
         [](Sections& s) { instr(s, "claims", Opcode::TextEq).a = operand(OperandKind::Elem, 0, kElemSelf); }},
        {"no such column",
         [](Sections& s) { instr(s, "hops", Opcode::TextEq).a = operand(OperandKind::Elem, 0, 500); }},
        {"record as a value",
         [](Sections& s) { instr(s, "hops", Opcode::TextEq).a = operand(OperandKind::Elem, 0, kElemSelf); }},
        {"row where there is no table",
         [](Sections& s) { instr(s, "claims", Opcode::TextEq).a = operand(OperandKind::RowColumn, 0); }},
        {"no such column of the row",
         [](Sections& s) { instr(s, "each_owner", Opcode::TextEq).b = operand(OperandKind::RowColumn, 8); }},
        {"no such table",
         [](Sections& s) { instr(s, "rows", Opcode::Quantify).a = operand(OperandKind::TableRows, 1); }},
        {"column without its set",
         [](Sections& s) { instr(s, "rows", Opcode::TextIn).b = operand(OperandKind::TableColumn, 1); }},
        {"rows as a list of texts",
         [](Sections& s) { instr(s, "rows", Opcode::TextIn).b = operand(OperandKind::TableRows, 0); }},
        {"temporary read before it is written",
         [](Sections& s) { instr(s, "words", Opcode::Lower).a = operand(OperandKind::Temp, 0); }},
        {"temporary written out of turn", [](Sections& s) { instr(s, "words", Opcode::Lower).c = 5; }},
        {"temporary read where paths join",
         [](Sections& s) {
             // The jump of the test before it goes to a place between the write and the read.
             const RuleRef& rule = rule_named(s, "words");
             for (std::uint32_t i = 1; i < rule.code_length; ++i)
                 if (s.code[rule.code + i].op == Opcode::Lower) s.code[rule.code + i - 1].jump = 1;
         }},
        {"is-none of a computed value",
         [](Sections& s) { instr(s, "gate", Opcode::IsNone).a = operand(OperandKind::Text, 1); }},
        {"unused field", [](Sections& s) { instr(s, "claims", Opcode::TextEq).c = 1; }},
        {"negated once", [](Sections& s) { instr(s, "words", Opcode::Once).flags = kNegate; }},
        {"two bodies for one memo", [](Sections& s) { in_once(s, "words").flags = kNegate; }},
        {"two lengths of one memo", [](Sections& s) { ++instr(s, "words", Opcode::Once).b; }},
        {"no such memo",
         [](Sections& s) { instr(s, "words", Opcode::Once).a = static_cast<std::uint32_t>(s.code.size()); }},
        {"body of a once that does not end", [](Sections& s) { --instr(s, "words", Opcode::Once).b; }},
        {"once without a body", [](Sections& s) { instr(s, "words", Opcode::Once).b = 0; }},
        {"once to the end of the code", [](Sections& s) { instr(s, "words", Opcode::Once).b = 1000; }},
        {"row in a once",
         [](Sections& s) {
             for (const RuleRef& rule : s.rules)
                 if (rule.table != bytecode::kNoTable) in_once(s, "words").a = operand(OperandKind::RowColumn, 0);
         }},
        {"jump into a once",
         [](Sections& s) {
             const RuleRef& rule = rule_named(s, "words");
             for (std::uint32_t i = 1; i < rule.code_length; ++i)
                 if (s.code[rule.code + i].op == Opcode::Once) s.code[rule.code + i - 1].jump = 1;
         }},
        {"jump out of a once", [](Sections& s) { in_once(s, "words").jump = 2; }},
        {"rule that is timed and does not say so",
         [](Sections& s) {
             for (RuleRef& rule : s.rules) rule.flags = 0;
         }},
    };
    for (const auto& [what, change] : changes) {
        CAPTURE(what);
        CHECK(refusal(change) == "B0016");
    }
}

TEST_CASE("verify: B0016 blocks of code that overlap, each sound by itself") {
    Sections s = sections_of(sound());
    RuleRef& rule = s.rules.back();
    const RuleRef& other = rule_named(s, "claims");
    rule.code = other.code + 1;
    rule.code_length = other.code_length - 1;
    const auto opened = Program::open(Program::seal(s));
    REQUIRE(!opened);
    CHECK(opened.error().code == "B0016");
    CHECK(opened.error().message == "blocks of code overlap");
}

TEST_CASE("verify: B0017 a step bound that is too low") {
    CHECK(refusal([](Sections& s) { s.manifest[0].step_bound -= 1; }) == "B0017");
    CHECK(refusal([](Sections& s) { s.manifest[0].step_bound += 1; }) == "opened");
    // A longer list costs more.
    CHECK(refusal([](Sections& s) {
              node(s, [](const ShapeNode& n) { return is_kind(n, Kind::List) && n.columns > 1; }).max += 1;
          }) == "B0017");
}

TEST_CASE("verify: B0018 the manifest") {
    CHECK(refusal([](Sections& s) { s.manifest.clear(); }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest.push_back(s.manifest[0]); }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest[0].slot_count += 1; }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest[0].temp_count += 1; }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest[0].max_binders += 1; }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest[0].tier_enum = 100; }) == "B0018");
    CHECK(refusal([](Sections& s) { s.manifest[0].engine_version = 0; }) == "B0018");
}

TEST_CASE("verify: a body may not write what is outside of it") {
    // t0 is the list of the quantifier.
    Sections s = unindexed(sections_of(sound()));
    Instr& lower = instr(s, "words", Opcode::Lower);
    const std::uint32_t scopes = operand(OperandKind::Slot, static_cast<std::uint32_t>(Builtin::WantScopes));
    auto program = [&](std::uint32_t dest) {
        Sections out = s;
        const std::vector<Instr> code = {
            {Opcode::Union, 0, 0, scopes, scopes, 0},
            {Opcode::Quantify, 0, 1, operand(OperandKind::Temp, 0), 4, quant_code(Quant::Any, 0)},
            {Opcode::Bound},
            {Opcode::Lower, 0, 0, lower.a, 0, dest},
            {Opcode::TextEq, 0, 1, operand(OperandKind::Elem, 0, kElemSelf), operand(OperandKind::Temp, dest)},
            {Opcode::RetTrue},
            {Opcode::RetFalse},
            {Opcode::RetTrue},
            {Opcode::RetFalse}};
        RuleRef& rule = out.rules.back();
        rule.code = static_cast<std::uint32_t>(out.code.size());
        rule.code_length = static_cast<std::uint32_t>(code.size());
        out.code.insert(out.code.end(), code.begin(), code.end());
        out.manifest[0].step_bound *= 2;
        const auto opened = Program::open(Program::seal(out));
        return opened ? std::string("opened") : opened.error().code + " " + opened.error().message;
    };
    CHECK(program(1) == "opened");
    CHECK(program(0) == "B0016 temporary is written out of order");
}

#include "bytecode/code_check.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/values.h"
#include "writ/errors.h"

// Temporaries are a stack. Writing temporary t requires that 0..t-1 are written, reads only those, and discards
// everything above t; a body must not write temporaries below it; where paths join, only temporaries below the body
// remain. So a readable temporary was written on every path, after everything it may point into, and one number
// describes which are readable.

namespace writ::bytecode {

namespace {

constexpr std::uint32_t kBound = kNone;
constexpr std::uint64_t kLongestAddress = 64;  // an address or block after conversion

bool is_end(const Instr& at) {
    return info(at.op).op_class == OpcodeClass::End;
}

/// Whether an operand is in the bundle, and not in the request or computed from it.
bool is_constant(std::uint32_t word) {
    switch (operand_kind(word)) {
        case OperandKind::Text:
        case OperandKind::Int:
        case OperandKind::Set:
        case OperandKind::RowColumn:
        case OperandKind::ElemRow:
        case OperandKind::TableColumn:
        case OperandKind::TableRows: return true;
        case OperandKind::Slot:
        case OperandKind::Temp:
        case OperandKind::Elem: return false;
    }
    return false;
}

bool plain_list(const ValueType& type) {
    return type.kind == Kind::List && type.table == kNone && rep_of(type.elem) != Rep::Group;
}

}  // namespace

bool CodeCheck::refuse(const char* what) {
    what_ = what;
    return false;
}

Result<BlockFacts> CodeCheck::read(const RuleRef& rule, std::uint32_t unknown) {
    unknown_ = unknown;
    code_ = program_.code_of(rule);
    first_ = rule.code;
    table_ = rule.table == kNoTable ? kNone : rule.table;
    reads_row_ = false;
    what_ = nullptr;
    pc_ = 0;
    BlockFacts facts;
    if (!structure() || !values(rule, facts))
        return fail(Code::BadCode, what_, "code[" + std::to_string(std::uint64_t{first_} + pc_) + "]");
    facts.reads_row = reads_row_;
    bound(facts);
    return facts;
}

// Checks that bodies nest and end in an End, and that jumps stay in their body.
bool CodeCheck::structure() {
    const auto size = static_cast<std::uint32_t>(code_.size());
    if (size == 0 || !is_end(code_[size - 1])) return refuse("code does not end");
    body_.assign(size, 0);
    target_.assign(size, 0);
    levels_.assign(1, Level{.end = size});
    std::uint32_t bodies = 0;
    for (pc_ = 0; pc_ < size; ++pc_) {
        while (pc_ == levels_.back().end) levels_.pop_back();
        body_[pc_] = levels_.back().id;
        const Instr& at = code_[pc_];
        if (static_cast<std::size_t>(at.op) >= kOpcodeCount) return refuse("no such instruction");
        if (at.op == Opcode::Bound) return refuse("bound without its quantifier");
        if (at.op != Opcode::Quantify && at.op != Opcode::Once) continue;
        const bool once = at.op == Opcode::Once;
        const std::uint32_t end = levels_.back().end, body = pc_ + (once ? 1 : 2);
        if (!once && (pc_ + 2 >= end || code_[pc_ + 1].op != Opcode::Bound))
            return refuse("quantifier without its bound");
        // An instruction must follow the body.
        if (at.b == 0 || body >= end || at.b >= end - body) return refuse("body is out of range");
        if (!is_end(code_[body + at.b - 1])) return refuse("body does not end");
        if (once && levels_.size() > 1) return refuse("once in another body");
        if (levels_.size() > kMaxBinders + (in_once() ? 1 : 0)) return refuse("quantifiers nest too deep");
        levels_.push_back({.end = body + at.b, .id = ++bodies, .once = once});
        if (!once) body_[++pc_] = kBound;
    }
    for (pc_ = 0; pc_ < size; ++pc_) {
        const Instr& at = code_[pc_];
        if (body_[pc_] == kBound || !is_test(info(at.op).op_class)) continue;
        const std::uint64_t next = pc_ + width(at);
        const std::uint64_t to = next + at.jump;
        if (next >= size || to >= size || body_[next] != body_[pc_] || body_[to] != body_[pc_])
            return refuse("jump leaves its body");
        target_[to] = 1;
    }
    return true;
}

// Checks that values exist and have the required representation.
bool CodeCheck::values(const RuleRef& rule, BlockFacts& facts) {
    const auto size = static_cast<std::uint32_t>(code_.size());
    size_.assign(size, 0);
    own_.assign(size, 0);
    levels_.assign(1, Level{.end = size});
    binders_.clear();
    temps_.clear();
    for (pc_ = 0; pc_ < size; ++pc_) {
        while (pc_ == levels_.back().end) {
            if (!levels_.back().once) binders_.pop_back();
            levels_.pop_back();
            temps_.resize(levels_.back().base);
        }
        if (target_[pc_] != 0) temps_.resize(levels_.back().base);
        if (!instruction(code_[pc_], facts)) return false;
    }
    if ((facts.time_tests != 0) != ((rule.flags & kTimed) != 0))
        return refuse("the timed flag does not match the code");
    return true;
}

bool CodeCheck::instruction(const Instr& at, BlockFacts& facts) {
    const OpcodeInfo& op = info(at.op);
    const bool test = is_test(op.op_class);
    if (!test && (at.flags != 0 || at.jump != 0)) return refuse("jump in an instruction that is not a test");
    if ((at.flags & ~(kNegate | kJumpIf)) != 0) return refuse("unknown flag");
    if (op.op_class == OpcodeClass::Time && in_once()) return refuse("test of time in a once");
    if (op.op_class == OpcodeClass::Time)
        facts.time_tests = sat_plus(facts.time_tests, std::max(levels_.back().times, std::uint64_t{1}));

    ValueType a, b, c;
    if (!field(op.a, at, at.a, a) || !field(op.b, at, at.b, b) || !field(op.c, at, at.c, c)) return false;
    if (op.a == Operand::ListVal && op.b == Operand::ListVal && rep_of(a.elem) != rep_of(b.elem))
        return refuse("lists of different representations");
    own_[pc_] = cost_of(at, a, b);

    // A test consumes the temporaries made for it. Those that a Quantify reads remain below its body's.
    if (op.op_class == OpcodeClass::End || (test && at.op != Opcode::Quantify)) temps_.resize(levels_.back().base);
    if (op.op_class == OpcodeClass::Value) {
        if (!write(at, a, b)) return false;
        facts.temps = std::max(facts.temps, static_cast<std::uint32_t>(temps_.size()));
    }
    if (at.op == Opcode::Quantify) return enter_quantifier(at, a, facts);
    return at.op != Opcode::Once || enter_once(at, facts);
}

bool CodeCheck::enter_quantifier(const Instr& at, const ValueType& list, BlockFacts& facts) {
    if ((at.flags & kNegate) != 0) return refuse("negated quantifier");
    if (quant_depth(at.c) != binders_.size()) return refuse("binder depth is wrong");
    size_[pc_] = list.max;
    const bool counts = quant_of(at.c) == Quant::AtLeast || quant_of(at.c) == Quant::AtMost;
    const Instr& count = code_[pc_ + 1];
    if (count.flags != 0 || count.jump != 0 || count.b != 0 || count.c != 0) return refuse("unused field is not zero");
    ValueType type;
    if (counts ? !field(Operand::IntVal, count, count.a, type) : count.a != 0)
        return what_ != nullptr ? false : refuse("unused field is not zero");
    levels_.push_back({.end = pc_ + 2 + at.b,
                       .base = static_cast<std::uint32_t>(temps_.size()),
                       .times = sat_times(levels_.back().times, list.max)});
    binders_.push_back(list);
    facts.binders = std::max(facts.binders, static_cast<std::uint32_t>(binders_.size()));
    ++pc_;
    return true;
}

// Checks that a remembered outcome is the same for every rule: its body reads nothing from around it, and equal
// numbers have equal bodies.
bool CodeCheck::enter_once(const Instr& at, BlockFacts& facts) {
    if ((at.flags & kNegate) != 0) return refuse("negated once");
    if (at.a >= program_.code.size()) return refuse("no such memo");
    if (memos_.size() <= at.a) memos_.resize(at.a + std::size_t{1});
    Body& body = memos_[at.a];
    const auto mine = code_.subspan(pc_ + 1, at.b);
    if (body.length == 0)
        body = {first_ + pc_ + 1, at.b, 0};
    else if (body.length != at.b || std::memcmp(&program_.code[body.first], mine.data(), mine.size_bytes()) != 0)
        return refuse("two bodies for one memo");
    facts.memos = std::max(facts.memos, at.a + 1);
    temps_.clear();
    levels_.push_back({.end = pc_ + 1 + at.b, .once = true});
    return true;
}

bool CodeCheck::field(Operand field, const Instr& at, std::uint32_t word, ValueType& type) {
    if (is_value(field)) {
        if (!resolve(word, type)) return what_ != nullptr ? false : refuse("operand is out of range");
        if (!fits(field, word, type, at.b)) return refuse("operand is of the wrong representation");
        return true;
    }
    bool good = true;
    switch (field) {
        case Operand::None: good = word == 0; break;
        case Operand::ConstMatcher: good = word < program_.matchers.size(); break;
        case Operand::ConstWindow: good = word < program_.windows.size(); break;
        case Operand::CmpCode: good = word <= static_cast<std::uint32_t>(Cmp::Ge); break;
        case Operand::KindCode:
            good = word <= static_cast<std::uint32_t>(Kind::Map) && rep_of(static_cast<Kind>(word)) == Rep::Text;
            break;
        case Operand::PartCode: good = word < kPartCount; break;
        case Operand::QuantCode: good = quant_depth(word) < kMaxBinders; break;
        // Checked where they are used.
        case Operand::BodyLen:
        case Operand::BoundVal:
        case Operand::Memo:
#define NUMBER(...)
#define OPERAND(name) case Operand::name:
#include "bytecode/operands.def"
            break;
    }
    return good ? true : refuse("field is out of range");
}

bool CodeCheck::column(std::uint32_t table, std::uint32_t column, ValueType& type) const {
    const TableRef& ref = program_.tables[table];
    if (column >= ref.columns) return false;
    type.kind = static_cast<Kind>(program_.ids[ref.first_kind + column]);
    if (type.kind == Kind::List) {
        type.elem = static_cast<Kind>(program_.ids[ref.first_kind + ref.columns + column]);
        type.tools = type.elem == Kind::Record;
        if (!type.tools) type.max = layout_.column_max(table, column);
    }
    type.text = layout_.column_text(table, column);
    return true;
}

bool CodeCheck::resolve(std::uint32_t word, ValueType& type) {
    const std::uint32_t index = operand_index(word);
    const std::uint32_t depth = index >> 24, below = index & 0xFFFFFF;
    switch (operand_kind(word)) {
        case OperandKind::Slot:
            if (index >= program_.slots.size()) return false;
            type = layout_.slot(index);
            if (index == unknown_) type.max = type.text = 0;
            return true;
        case OperandKind::Text:
            type.kind = Kind::String;
            type.constant_text = true;
            if (index == 0 || index >= program_.texts.size()) return false;
            type.text = program_.texts[index].length;
            return true;
        case OperandKind::Int: type.kind = Kind::Int; return index < program_.ints.size();
        case OperandKind::Set:
            if (index >= program_.sets.size()) return false;
            type.kind = Kind::List;
            type.elem = static_cast<Kind>(program_.sets[index].elem);
            type.tools = type.elem == Kind::Record;
            type.max = program_.sets[index].count;
            type.text = layout_.set_text(index);
            return true;
        case OperandKind::Temp:
            if (index >= temps_.size()) return refuse("temporary is read before it is written");
            type = temps_[index];
            return true;
        case OperandKind::Elem: {
            if (depth >= binders_.size() || binders_[depth].table != kNone) return false;
            const ValueType& list = binders_[depth];
            if (list.elem != Kind::Record) {
                // Costs grow at most linearly with text, so for all elements together the average is used.
                type.kind = list.elem;
                type.text = list.max == 0 ? 0 : list.text / list.max + 1;
                return below == kElemSelf;
            }
            const std::uint32_t node = list.node == kNone ? kNone : layout_.column_node(list.node, below);
            if (node == kNone) return false;
            type = layout_.node_type(node);
            return true;
        }
        case OperandKind::RowColumn:
            if (in_once()) return refuse("row in a once");
            reads_row_ = true;
            return table_ != kNone && column(table_, index, type);
        case OperandKind::ElemRow:
            return depth < binders_.size() && binders_[depth].table != kNone &&
                   column(binders_[depth].table, below, type);
        case OperandKind::TableColumn: {
            const std::uint32_t table = index >> 12, at = index & 0xFFF;
            if (table >= program_.tables.size() || at >= program_.tables[table].columns) return false;
            const std::uint32_t set = program_.ids[program_.tables[table].first_set + at];
            if (set == kNone) return false;
            type.kind = Kind::List;
            type.elem = static_cast<Kind>(program_.sets[set].elem);
            type.max = program_.sets[set].count;
            type.text = layout_.set_text(set);
            return true;
        }
        case OperandKind::TableRows:
            if (index >= program_.tables.size()) return false;
            type.kind = Kind::List;
            type.elem = Kind::Record;
            type.table = index;
            type.max = program_.tables[index].rows;
            return true;
    }
    return false;
}

bool CodeCheck::fits(Operand field, std::uint32_t word, const ValueType& type, std::uint32_t part) const {
    const bool text = rep_of(type.kind) == Rep::Text;
    auto constant = [&] { return program_.text(operand_index(word)); };
    switch (field) {
        case Operand::IntVal: return rep_of(type.kind) == Rep::I64;
        case Operand::TextVal: return text;
        case Operand::IpVal: return type.constant_text ? constant().size() == 16 : type.kind == Kind::Ip;
        case Operand::CidrVal:
            return type.constant_text ? constant().size() == 17 && static_cast<unsigned char>(constant()[16]) <= 128
                                      : type.kind == Kind::Cidr;
        case Operand::PartVal:
            return part < kPartCount && !type.constant_text && type.kind == owner_of(static_cast<Part>(part));
        case Operand::ListVal: return plain_list(type);
        case Operand::TextList: return plain_list(type) && rep_of(type.elem) == Rep::Text;
        case Operand::IntList: return plain_list(type) && rep_of(type.elem) == Rep::I64;
        case Operand::AnyList: return type.kind == Kind::List && !type.tools;
        case Operand::ToolSet: return type.tools && operand_kind(word) != OperandKind::ElemRow;
        case Operand::FactVal:
            return operand_kind(word) == OperandKind::Slot || operand_kind(word) == OperandKind::Elem;
#define READS(...)
#define OPERAND(name) case Operand::name:
#include "bytecode/operands.def"
            return false;
    }
    return false;
}

bool CodeCheck::write(const Instr& at, const ValueType& a, const ValueType& b) {
    if (at.c < levels_.back().base || at.c > temps_.size()) return refuse("temporary is written out of order");
    for (const auto& [word, field] : {std::pair(at.a, info(at.op).a), std::pair(at.b, info(at.op).b)})
        if (is_value(field) && operand_kind(word) == OperandKind::Temp && operand_index(word) >= at.c)
            return refuse("temporary is computed from itself");

    ValueType made;
    switch (info(at.op).c) {
        case Operand::DestInt: made.kind = a.kind; break;
        case Operand::DestText:
            made.kind = at.op == Opcode::Convert ? static_cast<Kind>(at.b) : Kind::String;
            made.text = std::max<std::uint64_t>(a.text, kLongestAddress);
            break;
        case Operand::DestPart:
            made.kind = kind_of(static_cast<Part>(at.b));
            made.text = a.text;
            break;
        case Operand::DestList: {
            made.kind = Kind::List;
            const bool single = at.op == Opcode::SingleText || at.op == Opcode::SingleInt;
            made.elem = single ? a.kind : at.op == Opcode::Words ? Kind::String : a.elem;
            made.max = single ? 1 : at.op == Opcode::Words ? most_words(a.text) : a.max;
            made.text = a.text;
            if (at.op == Opcode::Union) {
                made.max = sat_plus(a.max, b.max);
                made.text = sat_plus(a.text, b.text);
                if (a.elem != b.elem) made.elem = rep_of(a.elem) == Rep::Text ? Kind::String : Kind::Int;
            }
            break;
        }
#define WRITES(...)
#define OPERAND(name) case Operand::name:
#include "bytecode/operands.def"
            return refuse("instruction has no result");
    }
    temps_.resize(at.c);
    temps_.push_back(made);
    return true;
}

std::uint64_t CodeCheck::shared_steps() const {
    std::uint64_t steps = 0;
    for (const Body& body : memos_) steps = sat_plus(steps, sat_times(2, body.steps));
    return steps;
}

// The cost of an instruction with its longest possible operands.
std::uint64_t CodeCheck::cost_of(const Instr& at, ValueType a, ValueType b) const {
    if (!charges_.text) a.text = b.text = 0;
    const auto plus = [](auto... parts) {
        std::uint64_t sum = 1;
        for (const std::uint64_t part : {static_cast<std::uint64_t>(parts)...}) sum = sat_plus(sum, part);
        return sum;
    };
    // The usual tests of a fact against a fact or a constant are not decoded: see vm/ready.
    const auto usual = [](std::uint32_t word) {
        const OperandKind kind = operand_kind(word);
        return kind == OperandKind::Slot || kind == OperandKind::Text || kind == OperandKind::Int ||
               kind == OperandKind::RowColumn;
    };
    const std::uint64_t decoded = operand_kind(at.a) == OperandKind::Slot && usual(at.b) ? 0 : kDecodedSteps;
    const auto looked_up = [&] { return plus(kLookUpSteps, hashed(a.text)); };
    switch (at.op) {
        case Opcode::RetTrue:
        case Opcode::RetFalse: return 1;
        case Opcode::Truth:
        case Opcode::IsNone:
        case Opcode::IntCmp: return plus(decoded);
        case Opcode::TextEq: return plus(decoded, compared(std::min(a.text, b.text)));
        case Opcode::Bound:
        case Opcode::NowCmp:
        case Opcode::AgeCmp:
        case Opcode::Add:
        case Opcode::Sub:
        case Opcode::Mul:
        case Opcode::SingleText:
        case Opcode::SingleInt: return plus(kDecodedSteps);
        case Opcode::TextCmp: return plus(kDecodedSteps, compared(std::min(a.text, b.text)));
        case Opcode::ToolIn: return plus(kElementSteps);
        case Opcode::TextIn:
        case Opcode::IntIn: {
            if (is_constant(at.b)) return plus(kDecodedSteps, a.looked_up ? kLookUpSteps : looked_up());
            // All elements of the request's list are compared; together they are at most as long as the list.
            const std::uint64_t scan = plus(b.max, compared(std::min(b.text, sat_times(a.text, b.max))));
            return plus(kDecodedSteps, scan, looked_up());
        }
        case Opcode::Subset:
        case Opcode::Overlaps:
        case Opcode::ListEq:
        case Opcode::Union:
        case Opcode::Intersect:
        case Opcode::Minus: {
            const std::uint64_t once =
                sat_plus(sat_times(kMemberSteps, sat_plus(a.max, b.max)), hashed(sat_plus(a.text, b.text)));
            return plus(kDecodedSteps, once, once);  // each element is stored and looked up
        }
        case Opcode::Match: {
            const std::uint64_t moves =
                charges_.patterns ? program_.automata[program_.matchers[at.b].automaton].size : 0;
            return plus(kDecodedSteps, scanned(a.text), walked(a.text, moves));
        }
        case Opcode::Lower: return plus(kDecodedSteps, scanned(a.text));
        case Opcode::Convert:
        case Opcode::PartOf: return plus(kDecodedSteps, kLookUpSteps, scanned(a.text));
        case Opcode::Words:
            return plus(kDecodedSteps, scanned(a.text), hashed(a.text),
                        sat_times(kMemberSteps + kLookUpSteps, most_words(a.text)));
        case Opcode::InCidr: return plus(kDecodedSteps, kElementSteps);
        case Opcode::InWindow: return plus(kDecodedSteps, kWindowSteps);
        case Opcode::Quantify:
        case Opcode::Once: return plus(kDecodedSteps);  // without the body
    }
    return UINT64_MAX;
}

// Counts every instruction once, and a body once for each element. This is more than any path costs, and as much as
// searching for the next change of the time tests, which follows no jumps.
void CodeCheck::bound(BlockFacts& facts) {
    cost_.assign(code_.size(), 0);  // from here to the end of the body
    for (std::size_t pc = code_.size(); pc-- > 0;) {
        const Instr& at = code_[pc];
        if (body_[pc] == kBound) continue;
        const std::size_t next = pc + width(at);
        std::uint64_t own = own_[pc];
        if (at.op == Opcode::Quantify) {
            const std::uint64_t body = cost_[pc + 2];
            own = sat_plus(own, charges_.nesting ? sat_times(size_[pc], sat_plus(body, kElementSteps))
                                                 : sat_plus(sat_times(size_[pc], kElementSteps), body));
        }
        if (at.op == Opcode::Once) {
            own = sat_plus(own, cost_[pc + 1]);
            facts.shared = sat_plus(facts.shared, cost_[pc + 1]);
            memos_[at.a].steps = cost_[pc + 1];
        }
        const bool last = next >= code_.size() || body_[next] != body_[pc];
        cost_[pc] = last ? own : sat_plus(own, cost_[next]);
    }
    facts.bound = sat_plus(cost_[0], kRuleSteps);
}

}  // namespace writ::bytecode

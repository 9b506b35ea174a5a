#include <algorithm>
#include <cstdio>
#include <iterator>

#include "base/json.h"
#include "base/operators.h"
#include "base/parts.h"
#include "base/values.h"
#include "bytecode/layout.h"
#include "bytecode/opcode_info.h"

namespace writ::bytecode {

namespace {

constexpr std::string_view kQuants[] = {"any", "all", "at-least", "at-most"};
std::string name_of_whole(Part part) {
    const std::string_view name = name_of(part);
    return std::string(spelling_of(owner_of(part))) + "." + std::string(name.empty() ? "whole" : name);
}

class Disassembler {
public:
    Disassembler(const Program& program, const Layout& layout) : program_(program), layout_(layout) {}

    std::string run() {
        out_ += "rules " + std::to_string(program_.rules.size()) + ", step bound " +
                std::to_string(program_.manifest[0].step_bound) + "\n";
        for (std::size_t first = 0; first < program_.rules.size();) {
            // The instances of a template are adjacent and share their code, which is shown once.
            const RuleRef& rule = program_.rules[first];
            std::size_t next = first + 1;
            bool same_effect = true;
            while (of_template(rule) && next < program_.rules.size() && program_.rules[next].table == rule.table &&
                   program_.rules[next].code == rule.code && program_.rules[next].name == rule.name &&
                   program_.rules[next].origin == rule.origin && program_.rules[next].row > rule.row) {
                same_effect = same_effect && program_.rules[next].effect == rule.effect;
                ++next;
            }
            header(rule, next - first);
            if (same_effect) effect(rule);
            code(rule);
            first = next;
        }
        return std::move(out_);
    }

private:
    void text(std::uint32_t id) {
        // Addresses are raw bytes; text that is not UTF-8 is shown as bytes.
        const std::string_view bytes = program_.text(id);
        if (valid_utf8(bytes)) {
            json::append_quoted(out_, bytes);
            return;
        }
        if (bytes.size() == 16 || bytes.size() == 17) {
            out_ += display_text(bytes.size() == 16 ? Kind::Ip : Kind::Cidr, bytes);
            return;
        }
        out_ += "0x";
        for (const char byte : bytes) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            out_ += kDigits[static_cast<unsigned char>(byte) >> 4];
            out_ += kDigits[static_cast<unsigned char>(byte) & 15];
        }
    }

    void set(std::uint32_t index) {
        constexpr std::size_t kShown = 8;
        const auto kind = static_cast<Kind>(program_.sets[index].elem);
        const auto ids = program_.items(index);
        std::vector<std::uint32_t> items(ids.begin(), ids.end());
        // Ids depend on the rest of the policy; showing contents makes a listing change only where a rule does.
        if (kind != Kind::Record && rep_of(kind) == Rep::Text) {
            const auto end = items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), kShown));
            std::partial_sort(items.begin(), end, items.end(),
                              [&](std::uint32_t a, std::uint32_t b) { return program_.text(a) < program_.text(b); });
        }
        out_ += '{';
        for (std::size_t i = 0; i < items.size(); ++i) {
            out_ += i == 0 ? " " : ", ";
            if (i == kShown) {
                out_ += "… " + std::to_string(items.size()) + " in all";
                break;
            }
            if (kind == Kind::Record)
                out_ += program_.text(program_.tools[items[i]].name);
            else if (rep_of(kind) == Rep::Text)
                text(items[i]);
            else
                out_ += std::to_string(program_.ints[items[i]]);
        }
        out_ += items.empty() ? "}" : " }";
    }

    void header(const RuleRef& rule, std::size_t instances) {
        out_ += '\n';
        out_ += spelling_of(static_cast<RuleKind>(rule.kind));
        out_ += ' ';
        out_ += program_.text(program_.origins[rule.origin].module);
        out_ += '.';
        out_ += program_.text(rule.name);
        out_ += " (";
        out_ += program_.text(program_.origins[rule.origin].file);
        out_ += ':' + std::to_string(rule.line) + ')';
        if (of_template(rule)) {
            out_ += " for each of " + std::to_string(instances) + " rows of ";
            out_ += program_.text(program_.tables[rule.table].name);
        }
        out_ += '\n';
    }

    void effect(const RuleRef& rule) {
        switch (static_cast<RuleKind>(rule.kind)) {
            case RuleKind::Permit: {
                const GrantRef& grant = program_.grants[rule.effect];
                out_ += "  grant ";
                set(grant.scopes);
                out_ += " for " + format_duration(grant.ttl) + "\n";
                return;
            }
            case RuleKind::Deny: return;
            case RuleKind::Require: {
                const RequirementRef& requirement = program_.requirements[rule.effect];
                out_ += "  " + std::to_string(requirement.count) + " from ";
                set(requirement.groups);
                out_ += " within " + format_duration(requirement.within) + "\n";
                return;
            }
            case RuleKind::Limit: {
                const LimitRef& limit = program_.limits[rule.effect];
                out_ += "  to";
                if (limit.ttl >= 0) out_ += " ttl " + format_duration(limit.ttl);
                if (limit.scopes != kNone) {
                    out_ += " scopes ";
                    set(limit.scopes);
                }
                if (limit.audience != kNone) {
                    out_ += " audience ";
                    set(limit.audience);
                }
                if (limit.single_use != 0) out_ += " single_use";
                out_ += '\n';
                return;
            }
            case RuleKind::Oblige: {
                const ObligationRef& obligation = program_.obligations[rule.effect];
                for (std::size_t i = 0; i < obligation.count; ++i) {
                    out_ += "  with ";
                    out_ += program_.text(program_.ids[obligation.first + 2 * i]);
                    out_ += ' ';
                    out_ += program_.text(program_.ids[obligation.first + 2 * i + 1]);
                    out_ += '\n';
                }
                return;
            }
        }
    }

    /// The list of a binder while its body is printed.
    struct Binder {
        std::size_t end;
        std::uint32_t node;  // for a list of records; otherwise kNone
    };

    void code(const RuleRef& rule) {
        rule_ = &rule;
        const auto block = program_.code_of(rule);
        binders_.clear();
        once_end_ = 0;
        for (std::size_t pc = 0; pc < block.size(); ++pc) {
            while (!binders_.empty() && pc == binders_.back().end) binders_.pop_back();
            const Instr& at = block[pc];
            const OpcodeInfo& op = info(at.op);
            number(pc);
            out_ += op.name;
            const bool bound = at.op == Opcode::Bound;
            const bool counts = bound && quant_of(block[pc - 1].c) >= Quant::AtLeast;
            bool first = true;
            for (const auto& [field, word] : {std::pair(op.a, at.a), std::pair(op.b, at.b), std::pair(op.c, at.c)}) {
                if (field == Operand::None || (bound && !counts)) continue;
                constexpr std::size_t kNameWidth = 11;
                if (first)
                    out_.append(kNameWidth - std::min(op.name.size(), kNameWidth - 1), ' ');
                else
                    out_ += ", ";
                first = false;
                operand(field, word, bound);
            }
            if (is_test(op.op_class)) {
                const std::size_t next = pc + width(at);
                char target[32];
                std::snprintf(target, sizeof target, "  %s%s->%04zu", (at.flags & kNegate) != 0 ? "! " : "",
                              (at.flags & kJumpIf) != 0 ? "?" : "", next + at.jump);
                out_ += target;
            }
            out_ += '\n';
            if (at.op == Opcode::Quantify) pending_ = {pc + 2 + at.b, list_node(at.a)};
            if (bound) binders_.push_back(pending_);
            if (at.op == Opcode::Once) once_end_ = pc + width(at);
        }
    }

    void number(std::size_t pc) {
        char text[32];
        std::snprintf(text, sizeof text, "  %04zu ", pc);
        out_ += text;
        out_.append(2 * (binders_.size() + (pc < once_end_ ? 1 : 0)), ' ');
    }

    [[nodiscard]] std::uint32_t list_node(std::uint32_t word) const {
        const std::uint32_t index = operand_index(word);
        if (operand_kind(word) == OperandKind::Slot) return layout_.slot(index).node;
        if (operand_kind(word) != OperandKind::Elem) return kNone;
        const std::uint32_t node = column_node(index >> 24, index & 0xFFFFFF);
        return node == kNone ? kNone : layout_.node_type(node).node;
    }
    [[nodiscard]] std::uint32_t column_node(std::size_t depth, std::uint32_t column) const {
        if (depth >= binders_.size() || binders_[depth].node == kNone) return kNone;
        return layout_.column_node(binders_[depth].node, column);
    }

    void operand(Operand field, std::uint32_t word, bool bound) {
        if (is_value(field) || bound) return value(word);
        switch (field) {
            case Operand::ConstMatcher:
                out_ += program_.matchers[word].glob != 0 ? "like " : "matches ";
                text(program_.matchers[word].text);
                break;
            case Operand::ConstWindow: window(program_.windows[word]); break;
            case Operand::CmpCode: out_ += spelling_of(static_cast<Cmp>(word)); break;
            case Operand::KindCode: out_ += spelling_of(static_cast<Kind>(word)); break;
            case Operand::PartCode: out_ += name_of_whole(static_cast<Part>(word)); break;
#define WRITES(name) case Operand::name:
#define OPERAND(...)
#include "bytecode/operands.def"
                out_ += "t" + std::to_string(word);
                break;
            case Operand::Memo:
            case Operand::BodyLen: out_ += std::to_string(word); break;
            case Operand::QuantCode:
                out_ += kQuants[static_cast<std::size_t>(quant_of(word))];
                out_ += " #" + std::to_string(quant_depth(word));
                break;
            case Operand::None:
            case Operand::BoundVal:
#define READS(name) case Operand::name:
#define OPERAND(...)
#include "bytecode/operands.def"
                break;
        }
    }

    void window(const WindowRef& ref) {
        char range[64];
        std::snprintf(range, sizeof range, "%02u:%02u:%02u..%02u:%02u:%02u on %02x", ref.start / 3600,
                      ref.start / 60 % 60, ref.start % 60, ref.end / 3600, ref.end / 60 % 60, ref.end % 60, ref.days);
        out_ += range;
    }

    void value(std::uint32_t word) {
        const std::uint32_t index = operand_index(word);
        const std::uint32_t depth = index >> 24, below = index & 0xFFFFFF;
        switch (operand_kind(word)) {
            case OperandKind::Slot: out_ += program_.text(program_.slots[index].path); break;
            case OperandKind::Text: text(index); break;
            case OperandKind::Int: out_ += std::to_string(program_.ints[index]); break;
            case OperandKind::Set: set(index); break;
            case OperandKind::Temp: out_ += "t" + std::to_string(index); break;
            case OperandKind::Elem:
                out_ += "#" + std::to_string(depth);
                if (below != kElemSelf) column(column_node(depth, below));
                break;
            case OperandKind::RowColumn: row_column(index); break;
            case OperandKind::ElemRow: out_ += "#" + std::to_string(depth) + "[" + std::to_string(below) + "]"; break;
            case OperandKind::TableColumn:
                out_ += program_.text(program_.tables[index >> 12].name);
                out_ += "[" + std::to_string(index & 0xFFF) + "]";
                break;
            case OperandKind::TableRows: out_ += program_.text(program_.tables[index].name); break;
        }
    }

    /// Whether it is an instance of a template, and does not merely share code with others.
    [[nodiscard]] bool of_template(const RuleRef& rule) const {
        return rule.table != kNoTable && program_.tables[rule.table].name != 0;
    }

    /// A constant in a rule's row is shown like any other constant.
    void row_column(std::uint32_t column) {
        if (of_template(*rule_)) {
            out_ += "row[" + std::to_string(column) + "]";
            return;
        }
        const std::uint32_t cell = program_.cell(rule_->table, rule_->row, column);
        switch (rep_of(program_.column_kind(rule_->table, column))) {
            case Rep::I64: out_ += std::to_string(program_.ints[cell]); break;
            case Rep::Text: text(cell); break;
            case Rep::Group: set(cell); break;
        }
    }

    /// `.name` of a column, with the records between the list and the column.
    void column(std::uint32_t node) {
        if (node == kNone) return;
        std::string path;
        for (; program_.shape[node].name != kNone; node = layout_.parent_of(node))
            path = "." + std::string(program_.text(program_.shape[node].name)) + path;
        out_ += path;
    }

    const Program& program_;
    const Layout& layout_;
    std::string out_;
    const RuleRef* rule_ = nullptr;  ///< the rule whose code is shown
    std::vector<Binder> binders_;
    Binder pending_{0, kNone};
    std::size_t once_end_ = 0;  // end of the body of a Once
};

}  // namespace

std::string disassemble(const Program& program) {
    const auto layout = Layout::make(program);
    if (!layout) return {};
    return Disassembler(program, *layout).run();
}

}  // namespace writ::bytecode

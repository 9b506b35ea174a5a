// Computes when a condition changes because of time alone.
#include <algorithm>

#include "base/values.h"
#include "vm/machine.h"

namespace writ::vm {

using bytecode::Instr;
using bytecode::Opcode;

namespace {

constexpr std::int64_t kNever = INT64_MAX;

/// The first moment after `now` at which the result of `moment-in-time CMP limit` changes.
std::int64_t flip(Cmp cmp, std::int64_t limit, std::int64_t now) {
    const bool at_limit = cmp != Cmp::Le && cmp != Cmp::Gt;
    const bool after_limit = cmp != Cmp::Lt && cmp != Cmp::Ge;
    if (at_limit && limit > now) return limit;
    const std::int64_t after = sat_add(limit, 1);
    return after_limit && after > now ? after : kNever;
}

bool is_time(Opcode op) {
    return bytecode::info(op).op_class == bytecode::OpcodeClass::Time;
}

}  // namespace

/// When the result of a Time test next changes, with its current operands.
std::int64_t Machine::change(const Instr& in) const {
    if (in.op == Opcode::InWindow) {
        if (in.a != kNowOperand) return kNever;
        const auto [window, zone] = window_of(in);
        return window_next_change(window, zone, now);
    }
    const Value a = load(in.a);
    if (!a.present()) return kNever;
    if (in.op == Opcode::NowCmp) return flip(static_cast<Cmp>(in.c), a.integer, now);
    const Value b = load(in.b);
    return b.present() ? flip(static_cast<Cmp>(in.c), sat_add(a.integer, b.integer), now) : kNever;
}

/// The earliest change of all Time tests in code[at, end), whether run or not, for all elements.
std::int64_t Machine::next_change(std::size_t at, std::size_t end) {
    std::int64_t next = kNever;
    while (at < end) {
        const Instr& in = code[at++];
        ++steps;
        if (is_time(in.op)) {
            next = std::min(next, change(in));
        } else if (in.op == Opcode::Once) {
            at += in.b;  // nothing in it depends on time
        } else if (in.op == Opcode::Quantify) {
            const std::size_t body = at + 1;
            at = body + in.b;
            const bool timed =
                std::ranges::any_of(code.subspan(body, in.b), [](const Instr& each) { return is_time(each.op); });
            List list;
            if (!timed || !load_list(in.a, list)) continue;
            Bound& element = binders[bytecode::quant_depth(in.c)];
            for (std::size_t i = 0; i < list.count; ++i) {
                ++steps;
                bind_element(list, i, element);
                next = std::min(next, next_change(body, at));
            }
        } else if (bytecode::info(in.op).op_class == bytecode::OpcodeClass::Value) {
            compute(in);
        }
    }
    return next;
}

std::int64_t Machine::until(bool unknown, bool held) {
    // All tests of a conjunction that holds count as true: it ends when the first of them changes.
    if (held && (ready_code->flags & kConjunction) != 0) {
        const std::int64_t ends = next_change(0, code.size());
        return ends > sat_add(now, kMaxTtl) ? kNever : ends;
    }
    // Never, if the other facts decide the rule at any time.
    timeless = true;
    const bool settled = exec<false>(ready_code, false) || !exec<false>(ready_code, true);
    timeless = false;
    if (settled) return kNever;
    // Search as far as a grant can live. A limit on the number of changes would let a request that leaves out a fact,
    // and its changes, see further ahead.
    const std::int64_t last = sat_add(now, kMaxTtl);
    for (;;) {
        scratch.reset();
        std::fill(temps.begin(), temps.end(), Value{});
        now = next_change(0, code.size());
        if (now > last || now == kNever) return kNever;
        scratch.reset();
        if (exec<false>(ready_code, unknown) != held) return now;
    }
}

}  // namespace writ::vm

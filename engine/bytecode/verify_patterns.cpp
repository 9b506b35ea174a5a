// Verifies matchers and automata. The machine follows an automaton without checks, and stops early if the group of a
// state shows that the answer is known.
#include <algorithm>

#include "bytecode/verify_parts.h"

namespace writ::bytecode {

namespace {

constexpr std::size_t kBytes = 256;

const char* fault_of(const Program& program, const AutomatonRef& ref, std::span<const std::uint8_t> classes) {
    if (ref.width == 0 || ref.width > kBytes || ref.size == 0 || ref.size > Automaton::kMaxMoves ||
        ref.size % ref.width != 0)
        return "automaton has no rows";
    const auto is_row = [&](std::uint32_t at) { return at % ref.width == 0 && at <= ref.size; };
    if (!is_row(ref.start) || ref.start == ref.size || !is_row(ref.live) || !is_row(ref.accepting) ||
        !is_row(ref.settled) || ref.live > ref.accepting || ref.accepting > ref.settled)
        return "states of an automaton are out of order";
    if (std::any_of(classes.begin(), classes.end(), [&](std::uint8_t each) { return each >= ref.width; }))
        return "class of a byte is out of range";
    const auto moves = program.moves.subspan(ref.first_move, ref.size);
    for (std::uint32_t at = 0; at < ref.size; ++at) {
        const std::uint32_t to = moves[at];
        if (to >= ref.size || !is_row(to)) return "automaton moves to a state that does not exist";
        if ((at < ref.live && to >= ref.live) || (at >= ref.settled && to < ref.settled))
            return "automaton leaves a state that it marks as final";
    }
    return nullptr;
}

}  // namespace

Result<void> verify_patterns(const Program& program) {
    if (program.byte_classes.size() != kBytes * program.automata.size())
        return refuse(Code::BadConstants, "automata and byte classes differ in number", "byte_classes", 0);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < program.automata.size(); ++i) {
        const AutomatonRef& ref = program.automata[i];
        const bool follows = ref.first_move == at;
        at += ref.size;
        if (!follows || at > program.moves.size())
            return refuse(Code::BadConstants, "automata are not contiguous", "automata", i);
        if (const char* fault = fault_of(program, ref, program.byte_classes.subspan(kBytes * i, kBytes)))
            return refuse(Code::BadConstants, fault, "automata", i);
    }
    if (at != program.moves.size())
        return refuse(Code::BadConstants, "moves do not belong to an automaton", "moves", static_cast<std::size_t>(at));
    for (std::size_t i = 0; i < program.matchers.size(); ++i) {
        const MatcherRef& ref = program.matchers[i];
        if (ref.text >= program.texts.size() || ref.prefix >= program.texts.size() ||
            ref.suffix >= program.texts.size() || ref.automaton >= program.automata.size() || ref.glob > 1)
            return refuse(Code::BadConstants, "matcher is out of range", "matchers", i);
    }
    return {};
}

}  // namespace writ::bytecode

// The order of the delegation chain: the facts that are made from the hops and their positions.
#include "base/chain_order.h"

#include "base/builtin_facts.h"
#include "vm/deciding.h"
#include "vm/shape.h"

namespace writ::vm {

using bytecode::Builtin;
using bytecode::kNone;
using bytecode::Program;
using bytecode::ShapeNode;

namespace {

/// Whether a value bound at one node may be read at the other: a bundle could declare them differently.
bool alike(const Program& program, std::uint32_t a, std::uint32_t b) {
    const ShapeNode &from = program.shape[a], &to = program.shape[b];
    if (from.kind != to.kind || from.max != to.max || from.enumeration != to.enumeration) return false;
    const Kind kind = static_cast<Kind>(from.kind);
    if (kind == Kind::Record || kind == Kind::Map) return false;
    if (kind != Kind::List) return true;
    const std::uint32_t inner = element(program, a), other = element(program, b);
    return inner != kNone && other != kNone && static_cast<Kind>(program.shape[inner].kind) != Kind::List &&
           alike(program, inner, other);
}

/// Every field of a hop that is also read at the record `made`, with its slot or column there.
ChainOrder::Moves moves(const Program& program, std::uint32_t hop, std::uint32_t made, bool columns) {
    ChainOrder::Moves out;
    if (hop == kNone || made == kNone) return out;
    const ShapeNode& record = program.shape[made];
    for (std::uint32_t i = 0; i < record.child_count; ++i) {
        const std::uint32_t to = record.first_child + i;
        const std::uint32_t place = columns ? program.shape[to].column : program.shape[to].slot;
        if (place == kNone || program.shape[to].name == kNone) continue;
        const std::uint32_t from = child(program, hop, program.text(program.shape[to].name));
        if (from != kNone && program.shape[from].column != kNone && alike(program, from, to))
            out.emplace_back(program.shape[from].column, place);
    }
    return out;
}

}  // namespace

ChainOrder chain_order_of(const Program& program, const Places& places) {
    const std::uint32_t hop = element(program, places.chain);
    ChainOrder out;
    out.first = moves(program, hop, places.first_hop, false);
    out.last = moves(program, hop, places.last_hop, false);
    if (places.hop_pairs == kNone) return out;
    const ShapeNode& pairs = program.shape[places.hop_pairs];
    if (static_cast<Kind>(pairs.kind) != Kind::List) return out;
    const std::uint32_t pair = element(program, places.hop_pairs);
    if (pair == kNone || static_cast<Kind>(program.shape[pair].kind) != Kind::Record) return out;
    out.pairs = pairs.slot;
    out.columns = pairs.columns;
    out.most = pairs.max;
    out.before = moves(program, hop, child(program, pair, kHopBefore), true);
    out.after = moves(program, hop, child(program, pair, kHopAfter), true);
    return out;
}

void Facts::order_chain() {
    const Value chain = slots_[static_cast<std::size_t>(Builtin::DelegationChain)];
    if (!chain.present() || chain.length == 0) return;
    if (order_.first.empty() && order_.last.empty() && order_.pairs == kNone) return;
    // Each position from 1 to the number of hops, once: a chain that lost or repeats a hop has no order.
    const std::uint32_t count = chain.length;
    const Value** hops = scratch_.array<const Value*>(count);
    bool whole = true;
    each_row(chain, [&](const Value* hop) {
        const Value& position = column_of(hop, places_.hop_position);
        whole = whole && position.present() && position.integer >= 1 && position.integer <= count;
        if (!whole) return;
        const Value*& place = hops[position.integer - 1];
        whole = place == nullptr;
        place = hop;
    });
    if (!whole) return;
    const auto move = [](const Value* hop, const ChainOrder::Moves& all, Value* to) {
        for (const auto& [from, place] : all) to[place] = hop[from];
    };
    move(hops[0], order_.first, slots_.data());
    move(hops[count - 1], order_.last, slots_.data());
    if (order_.pairs == kNone || count - 1 > order_.most) return;
    Value* const rows = scratch_.array<Value>(std::size_t{count - 1} * order_.columns);
    for (std::uint32_t i = 0; i + 1 < count; ++i) {
        Value* const row = rows + std::size_t{i} * order_.columns;
        move(hops[i], order_.before, row);
        move(hops[i + 1], order_.after, row);
    }
    slots_[order_.pairs] = Value::list(rows, count - 1, order_.columns);
}

}  // namespace writ::vm

#include "bytecode/index.h"

#include <algorithm>
#include <bit>
#include <map>

#include <fmt/format.h>

#include "bytecode/opcode_info.h"

namespace writ::bytecode {

namespace {

/// A rule is filed under at most this many combinations of values, and an index has at most this many
/// groups: beyond, a rule is found by fewer facts, so that odd policies cost time and not memory.
constexpr std::size_t kMaxCombinations = 16;
constexpr std::size_t kMaxGroups = 48;

/// A fact that a condition compares with constants, and which of them would do.
struct Key {
    std::uint32_t fact = kToolKey;
    std::vector<std::uint64_t> words;
};
using Keys = std::vector<Key>;

std::uint64_t word_of(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Reads one test as a key, if it is one: a fact that equals a constant or is one of several.
/// `Parts` is Program or Sections.
template <class Parts>
bool read_key(const Parts& parts, const RuleRef& rule, const Instr& in, Key& key) {
    const bool negated = (in.flags & kNegate) != 0;
    auto cell = [&](std::uint32_t column) {
        const TableRef& table = parts.tables[rule.table];
        return parts.cells[table.first_cell + std::size_t{rule.row} * table.columns + column];
    };
    if (in.op == Opcode::ToolIn) {
        if (negated) return false;
        key.fact = kToolKey;
        const std::uint32_t index = operand_index(in.a);
        const SetRef& set = parts.sets[operand_kind(in.a) == OperandKind::Set ? index : cell(index)];
        for (std::uint32_t i = 0; i < set.count; ++i) key.words.push_back(parts.set_items[set.first + i]);
        return true;
    }
    if (operand_kind(in.a) != OperandKind::Slot) return false;
    key.fact = operand_index(in.a);
    if (in.op == Opcode::Truth) {
        key.words.push_back(negated ? 0 : 1);
        return true;
    }
    if (negated) return false;
    const OperandKind kind = operand_kind(in.b);
    const std::uint32_t index = operand_index(in.b);
    switch (in.op) {
        case Opcode::TextEq:
            if (kind == OperandKind::Text) key.words.push_back(index);
            else if (kind == OperandKind::RowColumn) key.words.push_back(cell(index));
            else return false;
            return true;
        case Opcode::IntCmp:
            if (static_cast<Cmp>(in.c) != Cmp::Eq) return false;
            if (kind == OperandKind::Int) key.words.push_back(word_of(parts.ints[index]));
            else if (kind == OperandKind::RowColumn) key.words.push_back(word_of(parts.ints[cell(index)]));
            else return false;
            return true;
        case Opcode::TextIn:
        case Opcode::IntIn: {
            if (kind != OperandKind::Set && kind != OperandKind::RowColumn) return false;
            const SetRef& set = parts.sets[kind == OperandKind::Set ? index : cell(index)];
            for (std::uint32_t i = 0; i < set.count; ++i) {
                const std::uint32_t item = parts.set_items[set.first + i];
                key.words.push_back(in.op == Opcode::TextIn ? item : word_of(parts.ints[item]));
            }
            return true;
        }
        case Opcode::RetTrue: case Opcode::RetFalse: case Opcode::TextCmp: case Opcode::Subset:
        case Opcode::Overlaps: case Opcode::ListEq: case Opcode::Glob: case Opcode::Regex:
        case Opcode::InCidr: case Opcode::Truth: case Opcode::IsNone: case Opcode::ToolIn:
        case Opcode::InWindow: case Opcode::NowCmp: case Opcode::AgeCmp: case Opcode::Quantify:
        case Opcode::Bound: case Opcode::Add: case Opcode::Sub: case Opcode::Mul: case Opcode::Union:
        case Opcode::Intersect: case Opcode::Minus: case Opcode::Words: case Opcode::Lower:
        case Opcode::Convert: case Opcode::PartOf: case Opcode::SingleText: case Opcode::SingleInt: break;
    }
    return false;
}

/// The keys of a rule: of the tests its code begins with, those of which each alone makes the whole
/// condition false. By fact, one key each, and few enough combinations.
template <class Parts>
Keys keys_of(const Parts& parts, const RuleRef& rule) {
    Keys keys;
    for (std::uint32_t at = 0; at < rule.code_length; ++at) {
        const Instr& in = parts.code[rule.code + at];
        if (!is_test(info(in.op).op_class) || in.op == Opcode::Quantify) break;
        const std::uint32_t target = at + 1 + in.jump;
        if ((in.flags & kJumpIf) != 0 || target >= rule.code_length ||
            parts.code[rule.code + target].op != Opcode::RetFalse)
            break;
        Key key;
        if (!read_key(parts, rule, in, key)) continue;
        const bool again = std::any_of(keys.begin(), keys.end(), [&](const Key& k) { return k.fact == key.fact; });
        if (!again) keys.push_back(std::move(key));
    }
    auto product = [&] {
        std::size_t count = 1;
        for (const Key& key : keys) count = std::min(count * key.words.size(), std::size_t{1} << 20);
        return count;
    };
    while (!keys.empty() && product() > kMaxCombinations)
        keys.erase(std::max_element(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
            return a.words.size() < b.words.size();
        }));
    std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.fact < b.fact; });
    return keys;
}

/// Leaves only the keys a group is found by. Requires: the rule has them all.
template <class Parts>
Keys keys_for(const Parts& parts, const RuleRef& rule, std::span<const std::uint32_t> facts) {
    Keys keys = keys_of(parts, rule);
    std::erase_if(keys, [&](const Key& key) { return std::find(facts.begin(), facts.end(), key.fact) == facts.end(); });
    return keys;
}

/// Calls `visit(hash)` for every combination of the keys' values.
template <class Visit>
void each_combination(const Keys& keys, Visit visit, std::size_t at = 0, std::uint64_t hash = key_start()) {
    if (at == keys.size()) return visit(hash);
    for (const std::uint64_t word : keys[at].words) each_combination(keys, visit, at + 1, key_add(hash, word));
}

/// Facts of a group; permits and narrowing rules never share one, as missing facts part them.
using Signature = std::pair<bool, std::vector<std::uint32_t>>;

bool is_permit(const RuleRef& rule) { return static_cast<RuleKind>(rule.kind) == RuleKind::Permit; }

/// Signatures of all rules, coarsened until there are few: rules of the rarest shapes are found by
/// one fact, then by none.
std::vector<Signature> signatures_of(const Sections& out) {
    std::vector<Signature> signatures;
    signatures.reserve(out.rules.size());
    std::map<Signature, std::size_t> count;
    for (const RuleRef& rule : out.rules) {
        Signature signature{is_permit(rule), {}};
        for (const Key& key : keys_of(out, rule)) signature.second.push_back(key.fact);
        ++count[signature];
        signatures.push_back(std::move(signature));
    }
    for (const std::size_t keep : {std::size_t{1}, std::size_t{0}}) {
        if (count.size() <= kMaxGroups) break;
        std::vector<std::size_t> sizes;
        for (const auto& [signature, rules] : count) sizes.push_back(rules);
        std::nth_element(sizes.begin(), sizes.begin() + kMaxGroups / 2, sizes.end(), std::greater<>());
        const std::size_t rare = sizes[kMaxGroups / 2];
        std::map<Signature, std::size_t> coarser;
        for (Signature& signature : signatures) {
            if (count[signature] <= rare && signature.second.size() > keep) signature.second.resize(keep);
            ++coarser[signature];
        }
        count = std::move(coarser);
    }
    return signatures;
}

/// Files the rules of one group.
void file(Sections& out, const std::vector<std::uint32_t>& rules, IndexGroupRef& group) {
    const std::vector<std::uint32_t> facts(out.index_keys.begin() + group.first_key, out.index_keys.end());
    std::vector<std::pair<std::uint64_t, std::uint32_t>> entries;
    for (const std::uint32_t rule : rules)
        each_combination(keys_for(out, out.rules[rule], facts), [&](std::uint64_t hash) { entries.emplace_back(hash, rule); });
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) distinct += i == 0 || entries[i].first != entries[i - 1].first;

    const std::size_t buckets = std::bit_ceil(distinct + distinct / 2 + 1);
    group.first_bucket = static_cast<std::uint32_t>(out.index_buckets.size());
    group.bucket_mask = static_cast<std::uint32_t>(buckets - 1);
    out.index_buckets.resize(out.index_buckets.size() + buckets);
    for (std::size_t i = 0; i < entries.size();) {
        std::size_t end = i;
        while (end < entries.size() && entries[end].first == entries[i].first) ++end;
        IndexBucketRef bucket{tag_of(entries[i].first), entries[i].second};
        if (end - i > 1) {
            bucket.rules = kRun | static_cast<std::uint32_t>(out.index_rules.size());
            out.index_rules.push_back(static_cast<std::uint32_t>(end - i));
            for (std::size_t k = i; k < end; ++k) out.index_rules.push_back(entries[k].second);
        }
        std::size_t at = entries[i].first & group.bucket_mask;
        while (out.index_buckets[group.first_bucket + at].rules != kNone) at = (at + 1) & group.bucket_mask;
        out.index_buckets[group.first_bucket + at] = bucket;
        i = end;
    }
}

tl::unexpected<Error> wrong(const char* message, std::size_t at) {
    return tl::unexpected(Error{"B0019", message, "index[" + std::to_string(at) + "]"});
}

}  // namespace

void index_rules(Sections& out) {
    const auto signatures = signatures_of(out);
    std::map<Signature, std::vector<std::uint32_t>> groups;
    for (std::uint32_t rule = 0; rule < signatures.size(); ++rule) groups[signatures[rule]].push_back(rule);
    for (const auto& [signature, rules] : groups) {
        IndexGroupRef group;
        group.permits = signature.first ? 1 : 0;
        group.first_key = static_cast<std::uint32_t>(out.index_keys.size());
        group.key_count = static_cast<std::uint32_t>(signature.second.size());
        out.index_keys.insert(out.index_keys.end(), signature.second.begin(), signature.second.end());
        group.first_rule = static_cast<std::uint32_t>(out.index_rules.size());
        group.rule_count = static_cast<std::uint32_t>(rules.size());
        out.index_rules.insert(out.index_rules.end(), rules.begin(), rules.end());
        if (group.key_count != 0) file(out, rules, group);
        out.index_groups.push_back(group);
    }
}

Result<void> verify_index(const Program& program) {
    const std::size_t rule_count = program.rules.size();
    if (program.index_groups.empty() && program.index_buckets.empty() && program.index_rules.empty() &&
        program.index_keys.empty())
        return {};  // no index: every rule is tried
    std::vector<bool> grouped(rule_count, false);
    std::size_t total = 0;
    for (std::size_t g = 0; g < program.index_groups.size(); ++g) {
        const IndexGroupRef& group = program.index_groups[g];
        if (group.permits > 1 || group.key_count > kMaxGroups ||
            group.first_key > program.index_keys.size() || group.key_count > program.index_keys.size() - group.first_key ||
            group.first_rule > program.index_rules.size() || group.rule_count > program.index_rules.size() - group.first_rule)
            return wrong("index group is out of bounds", g);
        const auto facts = program.index_keys.subspan(group.first_key, group.key_count);
        for (const std::uint32_t fact : facts) {
            const bool known = fact == kToolKey ||
                (fact < program.slots.size() && rep_of(static_cast<Kind>(program.slots[fact].kind)) != Rep::Group);
            if (!known) return wrong("index group is found by no fact", g);
        }
        const auto rules = program.index_rules.subspan(group.first_rule, group.rule_count);
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const std::uint32_t rule = rules[i];
            if (rule >= rule_count || grouped[rule] || (i > 0 && rules[i - 1] >= rule) ||
                is_permit(program.rules[rule]) != (group.permits == 1))
                return wrong("index group holds a wrong rule", g);
            grouped[rule] = true;
            ++total;
        }
        if (facts.empty()) {
            if (group.first_bucket != 0 || group.bucket_mask != 0) return wrong("index group has buckets but no facts", g);
            continue;
        }
        const std::size_t buckets = std::size_t{group.bucket_mask} + 1;
        if (!std::has_single_bit(buckets) || group.first_bucket > program.index_buckets.size() ||
            buckets > program.index_buckets.size() - group.first_bucket)
            return wrong("index buckets are out of bounds", g);
        bool free = false;
        for (const IndexBucketRef& bucket : program.index_buckets.subspan(group.first_bucket, buckets)) {
            free = free || bucket.rules == kNone;
            if (bucket.rules == kNone || ((bucket.rules & kRun) == 0 && bucket.rules < rule_count)) continue;
            const std::uint32_t run = bucket.rules & ~kRun;
            if ((bucket.rules & kRun) == 0 || run >= program.index_rules.size() ||
                program.index_rules[run] > program.index_rules.size() - run - 1)
                return wrong("index bucket is out of bounds", g);
            for (const std::uint32_t rule : program.index_rules.subspan(run + 1, program.index_rules[run]))
                if (rule >= rule_count) return wrong("index bucket holds no rule", g);
        }
        if (!free) return wrong("index buckets are full", g);
        for (const std::uint32_t rule : rules) {
            const Keys keys = keys_for(program, program.rules[rule], facts);
            if (keys.size() != facts.size() ||
                !std::equal(keys.begin(), keys.end(), facts.begin(), [](const Key& key, std::uint32_t f) { return key.fact == f; }))
                return wrong("index group is found by other facts than its rules ask for", g);
            bool found = true;
            each_combination(keys, [&](std::uint64_t hash) {
                bool here = false;
                each_filed(program, group, hash, [&](std::uint32_t filed) { here = here || filed == rule; });
                found = found && here;
            });
            if (!found) return wrong("a rule is not where its facts would look", rule);
        }
    }
    if (total != rule_count) return wrong("a rule is in no group", total);
    return {};
}

std::string describe_index(const Program& program) {
    std::string out = fmt::format("rules {}, groups {}\n", program.rules.size(), program.index_groups.size());
    for (const IndexGroupRef& group : program.index_groups) {
        std::string facts;
        for (const std::uint32_t fact : program.index_keys.subspan(group.first_key, group.key_count))
            facts += (facts.empty() ? "" : ", ") +
                     (fact == kToolKey ? std::string("tool") : std::string(program.text(program.slots[fact].path)));
        out += fmt::format("\n{} {} rule{} found by {}\n", group.rule_count, group.permits == 1 ? "permit" : "narrowing",
                           group.rule_count == 1 ? "" : "s", facts.empty() ? "nothing: tried on every request" : facts);
        for (const std::uint32_t rule : program.index_rules.subspan(group.first_rule, group.rule_count)) {
            const RuleRef& ref = program.rules[rule];
            out += fmt::format("  {}.{} ({}:{})\n", program.text(program.origins[ref.origin].module), program.text(ref.name),
                               program.text(program.origins[ref.origin].file), ref.line);
        }
    }
    return out;
}

}  // namespace writ::bytecode

#include "bytecode/builder.h"

#include <algorithm>
#include <cstring>

namespace writ::bytecode {

namespace {

std::string_view bytes_of(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), size};
}

}  // namespace

Builder::Builder() {
    out.texts.push_back({});
    text_table_.assign(16, 0);
}

std::uint32_t Builder::text(std::string_view bytes) {
    std::size_t mask = text_table_.size() - 1;
    std::size_t at = text_hash(bytes) & mask;
    for (; text_table_[at] != 0; at = (at + 1) & mask) {
        const TextRef& ref = out.texts[text_table_[at]];
        if (ref.length == bytes.size() && std::equal(bytes.begin(), bytes.end(), out.chars.begin() + ref.offset))
            return text_table_[at];
    }
    const auto id = static_cast<std::uint32_t>(out.texts.size());
    out.texts.push_back({static_cast<std::uint32_t>(out.chars.size()), static_cast<std::uint32_t>(bytes.size())});
    out.chars.insert(out.chars.end(), bytes.begin(), bytes.end());
    text_table_[at] = id;
    // At most half full, so that searches are short and always end.
    if (out.texts.size() * 2 > text_table_.size()) grow_text_table();
    return id;
}

void Builder::grow_text_table() {
    const std::size_t mask = text_table_.size() * 2 - 1;
    text_table_.assign(mask + 1, 0);
    for (std::uint32_t id = 1; id < out.texts.size(); ++id) {
        const TextRef& ref = out.texts[id];
        std::size_t at = text_hash({out.chars.data() + ref.offset, ref.length}) & mask;
        while (text_table_[at] != 0) at = (at + 1) & mask;
        text_table_[at] = id;
    }
}

std::uint32_t Builder::integer(std::int64_t value) {
    const auto [found, added] = ints_.try_emplace(value, static_cast<std::uint32_t>(out.ints.size()));
    if (added) out.ints.push_back(value);
    return found->second;
}

std::uint32_t Builder::text_set(Kind elem, std::vector<std::uint32_t> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return set(static_cast<std::uint32_t>(elem), ids);
}

std::uint32_t Builder::int_set(Kind elem, std::vector<std::int64_t> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::vector<std::uint32_t> items;
    items.reserve(values.size());
    for (const std::int64_t value : values) items.push_back(integer(value));
    return set(static_cast<std::uint32_t>(elem), items);
}

std::uint32_t Builder::tool_set(std::vector<std::uint32_t> tools) {
    std::sort(tools.begin(), tools.end());
    tools.erase(std::unique(tools.begin(), tools.end()), tools.end());
    return set(static_cast<std::uint32_t>(Kind::Record), tools);
}

std::uint32_t Builder::set(std::uint32_t elem, std::span<const std::uint32_t> items) {
    const std::uint64_t hash = text_hash(bytes_of(items.data(), items.size_bytes())) + elem;
    const auto [first, last] = sets_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
        const SetRef& ref = out.sets[it->second];
        if (ref.elem == elem && ref.count == items.size() &&
            std::equal(items.begin(), items.end(), out.set_items.begin() + ref.first))
            return it->second;
    }
    const auto index = static_cast<std::uint32_t>(out.sets.size());
    out.sets.push_back(
        {static_cast<std::uint32_t>(out.set_items.size()), static_cast<std::uint32_t>(items.size()), elem});
    out.set_items.insert(out.set_items.end(), items.begin(), items.end());
    sets_.emplace(hash, index);
    return index;
}

std::uint32_t Builder::automaton(const Automaton& tables) {
    constexpr std::size_t kBytes = 256;
    const std::array<std::uint32_t, 6> numbers = {tables.width, tables.size,      tables.start,
                                                  tables.live,  tables.accepting, tables.settled};
    std::string key(bytes_of(numbers.data(), sizeof numbers));
    key += bytes_of(tables.classes, kBytes);
    key += bytes_of(tables.moves, tables.size * sizeof(std::uint16_t));
    const auto [found, added] = automata_.try_emplace(std::move(key), static_cast<std::uint32_t>(out.automata.size()));
    if (added) {
        out.automata.push_back({static_cast<std::uint32_t>(out.moves.size()), tables.size, tables.width, tables.start,
                                tables.live, tables.accepting, tables.settled});
        out.byte_classes.insert(out.byte_classes.end(), tables.classes, tables.classes + kBytes);
        out.moves.insert(out.moves.end(), tables.moves, tables.moves + tables.size);
    }
    return found->second;
}

std::uint32_t Builder::matcher(std::string_view pattern, std::string_view prefix, std::string_view suffix,
                               const Automaton& between, bool glob) {
    const auto part = [&](std::string_view bytes) { return bytes.empty() ? 0 : text(bytes); };
    const MatcherRef ref{text(pattern), part(prefix), part(suffix), automaton(between), glob ? 1u : 0u};
    const auto [found, added] = matchers_.try_emplace({ref.text, ref.prefix, ref.suffix, ref.automaton, ref.glob},
                                                      static_cast<std::uint32_t>(out.matchers.size()));
    if (added) out.matchers.push_back(ref);
    return found->second;
}

std::uint32_t Builder::origin(OriginRef origin) {
    const auto [found, added] = origins_.try_emplace({origin.module, origin.file, origin.because},
                                                     static_cast<std::uint32_t>(out.origins.size()));
    if (added) out.origins.push_back(origin);
    return found->second;
}

std::uint32_t Builder::ids(std::span<const std::uint32_t> words) {
    const auto first = static_cast<std::uint32_t>(out.ids.size());
    out.ids.insert(out.ids.end(), words.begin(), words.end());
    return first;
}

std::uint32_t Builder::code(std::span<const Instr> block, std::uint32_t tag) {
    static_assert(sizeof(Instr) == 16, "no padding: instructions compare as bytes");
    const std::uint64_t hash = text_hash(bytes_of(block.data(), block.size_bytes())) + tag;
    const auto [first, last] = blocks_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
        const Block& found = it->second;
        if (found.tag == tag && found.length == block.size() &&
            std::memcmp(out.code.data() + found.first, block.data(), block.size_bytes()) == 0)
            return found.first;
    }
    const auto at = static_cast<std::uint32_t>(out.code.size());
    out.code.insert(out.code.end(), block.begin(), block.end());
    blocks_.emplace(hash, Block{at, static_cast<std::uint32_t>(block.size()), tag});
    return at;
}

}  // namespace writ::bytecode

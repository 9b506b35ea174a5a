#include "vm/lists.h"

#include <bit>

namespace writ::vm {

namespace {

std::size_t hash_of(const Value& value) {
    if (value.rep == Rep::Text) return static_cast<std::size_t>(bytecode::text_hash(value.text()));
    // Multiplying by an odd constant spreads small integers over the high bits; fold them down.
    const auto mixed = static_cast<std::uint64_t>(value.integer) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

/// Below this many comparisons, scanning is the cheaper way.
constexpr std::size_t kScan = 256;

std::size_t table_size(std::size_t elements) {
    return std::bit_ceil(2 * elements + 1);
}

/// A list under construction that takes each value once.
class Distinct {
public:
    Distinct(std::size_t most, Scratch& scratch) : items_(scratch.array<Value>(most)) {
        if (most * most <= kScan) return;
        mask_ = table_size(most) - 1;
        table_ = scratch.array<std::uint32_t>(mask_ + 1);
    }
    void add(const Value& value) {
        if (table_ == nullptr) {
            if (!repeated(items_, count_, value)) items_[count_++] = value;
            return;
        }
        std::size_t at = hash_of(value) & mask_;
        for (; table_[at] != 0; at = (at + 1) & mask_)
            if (same(items_[table_[at] - 1], value)) return;
        items_[count_++] = value;
        table_[at] = static_cast<std::uint32_t>(count_);
    }
    [[nodiscard]] Value list() const { return Value::list(items_, count_, 1); }

private:
    Value* items_;
    std::uint32_t* table_ = nullptr;
    std::size_t mask_ = 0, count_ = 0;
};

}  // namespace

Members::Members(const bytecode::Program& program, const List& list, std::size_t questions, Scratch& scratch)
    : program_(program), list_(list) {
    if (list.form != List::Form::Values || list.count * questions <= kScan) return;
    mask_ = table_size(list.count) - 1;
    auto* table = scratch.array<std::uint32_t>(mask_ + 1);
    for (std::size_t i = 0; i < list.count; ++i) {
        const Value& item = list.items[i * list.stride];
        if (!item.present()) continue;
        std::size_t at = hash_of(item) & mask_;
        while (table[at] != 0) at = (at + 1) & mask_;
        table[at] = static_cast<std::uint32_t>(i + 1);
    }
    table_ = table;
}

bool Members::has(const Value& value) const {
    switch (list_.form) {
        case List::Form::Texts:
            return value.rep == Rep::Text && set_has_text(program_, list_.ids, value);
        case List::Form::Ints:
            return value.rep == Rep::I64 && set_has_int(program_, list_.ids, value.integer);
        case List::Form::Rows:
            return false;
        case List::Form::Values:
            break;
    }
    if (table_ == nullptr) {
        for (std::size_t i = 0; i < list_.count; ++i) {
            const Value& item = list_.items[i * list_.stride];
            if (item.present() && same(item, value)) return true;
        }
        return false;
    }
    for (std::size_t at = hash_of(value) & mask_; table_[at] != 0; at = (at + 1) & mask_)
        if (same(list_.items[(table_[at] - 1) * list_.stride], value)) return true;
    return false;
}

Value union_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch) {
    Distinct out(a.count + b.count, scratch);
    for (std::size_t i = 0; i < a.count; ++i) out.add(a.at(program, i));
    for (std::size_t i = 0; i < b.count; ++i) out.add(b.at(program, i));
    return out.list();
}

Value filtered(const bytecode::Program& program, const List& a, const List& b, bool keep, Scratch& scratch) {
    Distinct out(a.count, scratch);
    const Members members(program, b, a.count, scratch);
    for (std::size_t i = 0; i < a.count; ++i)
        if (const Value value = a.at(program, i); members.has(value) == keep) out.add(value);
    return out.list();
}

Value words_of(const bytecode::Program& program, std::string_view text, Scratch& scratch) {
    const auto each = [text](const auto& take) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find(' ', at), text.size());
            if (end > at) take(text.substr(at, end - at));
            at = end + 1;
        }
    };
    std::size_t count = 0;
    each([&](std::string_view) { ++count; });
    if (count > bytecode::kMaxWords) return {};
    Distinct out(count, scratch);
    each([&](std::string_view word) { out.add(Value::of(word, program.find_text(word))); });
    return out.list();
}

bool subset_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch) {
    const Members members(program, b, a.count, scratch);
    for (std::size_t i = 0; i < a.count; ++i)
        if (!members.has(a.at(program, i))) return false;
    return true;
}

bool overlap(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch) {
    const Members members(program, b, a.count, scratch);
    for (std::size_t i = 0; i < a.count; ++i)
        if (members.has(a.at(program, i))) return true;
    return false;
}

}  // namespace writ::vm

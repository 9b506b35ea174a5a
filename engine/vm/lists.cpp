#include "vm/lists.h"

#include <bit>

namespace writ::vm {

namespace {

/// Up to this many values are scanned, which is cheaper.
constexpr std::size_t kScan = 16;

/// A list under construction that stores each value once.
class Distinct {
public:
    Distinct(std::size_t most, Scratch& scratch, const Hasher& hasher)
        : items_(scratch.array<Value>(most)), seen_(most, scratch, hasher) {}
    void add(const Value& value) {
        items_[count_] = value;
        if (seen_.add(items_, count_)) ++count_;
    }
    [[nodiscard]] Value list() const { return Value::list(items_, count_, 1); }

private:
    Value* items_;
    Seen seen_;
    std::size_t count_ = 0;
};

}  // namespace

Seen::Seen(std::size_t most, Scratch& scratch, const Hasher& hasher) : hasher_(hasher) {
    if (most <= kScan) return;
    mask_ = std::bit_ceil(2 * most + 1) - 1;
    places_ = scratch.array<std::uint32_t>(mask_ + 1);
}

std::size_t Seen::home(const Value& value) const {
    return static_cast<std::size_t>(value.rep == Rep::Text ? hasher_.text(value.text())
                                                           : hasher_.integer(value.integer)) &
           mask_;
}

bool Seen::add(const Value* items, std::size_t index, std::size_t stride) {
    const Value& value = items[index * stride];
    if (mask_ == 0) {
        if (has(items, value, stride)) return false;
        count_ = index + 1;
        return true;
    }
    std::size_t at = home(value);
    for (; places_[at] != 0; at = (at + 1) & mask_)
        if (same(items[(places_[at] - 1) * stride], value)) return false;
    places_[at] = static_cast<std::uint32_t>(index + 1);
    return true;
}

bool Seen::has(const Value* items, const Value& value, std::size_t stride) const {
    if (mask_ == 0) {
        for (std::size_t i = 0; i < count_; ++i)
            if (items[i * stride].present() && same(items[i * stride], value)) return true;
        return false;
    }
    for (std::size_t at = home(value); places_[at] != 0; at = (at + 1) & mask_)
        if (same(items[(places_[at] - 1) * stride], value)) return true;
    return false;
}

Members::Members(const bytecode::Program& program, const List& list, std::size_t questions, Scratch& scratch,
                 const Hasher& hasher)
    : program_(program),
      list_(list),
      seen_(list.form == List::Form::Values && questions > 1 ? list.count : 0, scratch, hasher) {
    noted_ = list.form == List::Form::Values && questions > 1;
    for (std::size_t i = 0; noted_ && i < list.count; ++i)
        if (list.items[i * list.stride].present()) seen_.add(list.items, i, list.stride);
}

bool Members::has(const Value& value) const {
    switch (list_.form) {
        case List::Form::Texts: return value.rep == Rep::Text && set_has_text(program_, list_.ids, value);
        case List::Form::Ints: return value.rep == Rep::I64 && set_has_int(program_, list_.ids, value.integer);
        case List::Form::Rows: return false;
        case List::Form::Values: break;
    }
    if (noted_) return seen_.has(list_.items, value, list_.stride);
    for (std::size_t i = 0; i < list_.count; ++i) {
        const Value& item = list_.items[i * list_.stride];
        if (item.present() && same(item, value)) return true;
    }
    return false;
}

Value union_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch, const Hasher& hasher) {
    Distinct out(a.count + b.count, scratch, hasher);
    for (std::size_t i = 0; i < a.count; ++i) out.add(a.at(program, i));
    for (std::size_t i = 0; i < b.count; ++i) out.add(b.at(program, i));
    return out.list();
}

Value filtered(const bytecode::Program& program, const List& a, const List& b, bool keep, Scratch& scratch,
               const Hasher& hasher) {
    Distinct out(a.count, scratch, hasher);
    const Members members(program, b, a.count, scratch, hasher);
    for (std::size_t i = 0; i < a.count; ++i)
        if (const Value value = a.at(program, i); members.has(value) == keep) out.add(value);
    return out.list();
}

Value words_of(const bytecode::Program& program, std::string_view text, Scratch& scratch, const Hasher& hasher) {
    const auto each = [text](const auto& take) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find(' ', at), text.size());
            if (end > at) take(text.substr(at, end - at));
            at = end + 1;
        }
    };
    std::size_t count = 0;
    each([&](std::string_view) { ++count; });
    Distinct out(count, scratch, hasher);
    each([&](std::string_view word) { out.add(Value::of(word, program.find_text(word))); });
    return out.list();
}

bool subset_of(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch, const Hasher& hasher) {
    const Members members(program, b, a.count, scratch, hasher);
    for (std::size_t i = 0; i < a.count; ++i)
        if (!members.has(a.at(program, i))) return false;
    return true;
}

bool overlap(const bytecode::Program& program, const List& a, const List& b, Scratch& scratch, const Hasher& hasher) {
    const Members members(program, b, a.count, scratch, hasher);
    for (std::size_t i = 0; i < a.count; ++i)
        if (members.has(a.at(program, i))) return true;
    return false;
}

}  // namespace writ::vm

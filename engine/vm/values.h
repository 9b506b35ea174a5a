// Comparison of values: by interned id if both ids are known, otherwise by bytes.
#pragma once

#include <algorithm>
#include <span>

#include "base/kind.h"
#include "bytecode/program.h"
#include "vm/facts.h"

namespace writ::vm {

/// Requires: both present text.
inline bool same_text(const Value& a, const Value& b) {
    if (a.id != Value::kUnbound && b.id != Value::kUnbound) {
        if (a.id != b.id) return false;
        if (a.id != 0) return true;  // 0 means any text that is not a constant
    }
    return a.text() == b.text();
}

/// Requires: both present scalars.
inline bool same(const Value& a, const Value& b) {
    if (a.rep != b.rep) return false;
    return a.rep == Rep::Text ? same_text(a, b) : a.integer == b.integer;
}

/// Whether one of `count` present scalars at `items` equals `value`.
inline bool repeated(const Value* items, std::size_t count, const Value& value) {
    for (std::size_t i = 0; i < count; ++i)
        if (items[i].present() && same(items[i], value)) return true;
    return false;
}

/// Whether ascending ids contain an id.
inline bool has_id(std::span<const std::uint32_t> ids, std::uint32_t id) {
    if (ids.size() <= 8) {
        for (const std::uint32_t candidate : ids)
            if (candidate == id) return true;
        return false;
    }
    return std::binary_search(ids.begin(), ids.end(), id);
}

/// Whether a constant set of texts contains a present text.
inline bool set_has_text(const bytecode::Program& program, std::span<const std::uint32_t> ids, const Value& text) {
    constexpr std::size_t kFew = 4;  // comparing them costs no more than a look-up
    if (text.id == Value::kUnbound && ids.size() <= kFew)
        return std::any_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return program.text(id) == text.text(); });
    const std::uint32_t id = text.id != Value::kUnbound ? text.id : program.find_text(text.text());
    return id != 0 && has_id(ids, id);
}

/// Whether a constant set of integers (indices into ints, values ascending) contains a value.
inline bool set_has_int(const bytecode::Program& program, std::span<const std::uint32_t> items, std::int64_t integer) {
    const auto found =
        std::lower_bound(items.begin(), items.end(), integer,
                         [&](std::uint32_t index, std::int64_t value) { return program.ints[index] < value; });
    return found != items.end() && program.ints[*found] == integer;
}

/// Whether text of a kind is made canonical, and may be rejected, before it is compared.
constexpr bool has_canonical_form(Kind kind) {
    return kind == Kind::Path || kind == Kind::Spiffe || kind == Kind::Url || kind == Kind::Host ||
           kind == Kind::Email || kind == Kind::Arn || kind == Kind::Ip || kind == Kind::Cidr;
}

}  // namespace writ::vm

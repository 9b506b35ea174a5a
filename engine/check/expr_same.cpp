#include "check/expr_same.h"

#include <algorithm>
#include <functional>

namespace writ::check {

using check::Expr;

namespace {

std::uint64_t mix(std::uint64_t h, std::uint64_t value) {
    h ^= value + 0x9E3779B97F4A7C15 + (h << 6) + (h >> 2);
    return h * 0xBF58476D1CE4E5B9;
}

}  // namespace

std::uint64_t hash_of(const Expr& e) {
    std::uint64_t h = static_cast<std::uint64_t>(e.op) * 31 + static_cast<std::uint64_t>(e.cmp);
    h = h * 31 + static_cast<std::uint64_t>(e.test);
    for (const std::uint64_t each :
         {std::uint64_t{e.id}, std::uint64_t{e.index}, std::uint64_t{e.field.value},
          static_cast<std::uint64_t>(e.integer), std::uint64_t{std::hash<std::string_view>{}(e.text)},
          std::uint64_t{e.window.start}, std::uint64_t{e.window.end}, std::uint64_t{e.window.days}})
        h = mix(h, each);
    for (const Expr* kid : e.kids) h = mix(h, hash_of(*kid));
    return h;
}

bool same(const Expr& a, const Expr& b) {
    if (a.op != b.op || a.cmp != b.cmp || a.test != b.test || a.id != b.id || a.index != b.index ||
        a.field != b.field || a.integer != b.integer || a.text != b.text || a.type.kind != b.type.kind ||
        a.kids.size() != b.kids.size())
        return false;
    if (a.window.start != b.window.start || a.window.end != b.window.end || a.window.days != b.window.days)
        return false;
    return std::equal(a.kids.begin(), a.kids.end(), b.kids.begin(),
                      [](const Expr* x, const Expr* y) { return same(*x, *y); });
}

}  // namespace writ::check

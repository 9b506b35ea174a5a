// The facts that the engine itself reads, as a table. The list is builtin_facts.def.
#pragma once

#include <iterator>
#include <string_view>

#include "base/kind.h"

namespace writ {

/// How the presence of a fact is checked; see builtin_facts.def.
enum class Presence : std::uint8_t { Stated, OrNone, UserStated, UserOrNone, Hops, Optional };

/// The type as which the engine reads a value.
struct BuiltinType {
    Kind kind;
    Kind elem = Kind::Bool;  ///< of a list
};

struct BuiltinFact {
    std::string_view path;
    Presence presence;
    BuiltinType type;
};

namespace builtin {
using enum Kind;
constexpr BuiltinType list_of(Kind elem) {
    return {Kind::List, elem};
}
/// By bytecode::Builtin.
constexpr BuiltinFact kFacts[] = {
#define FACT(name, path, presence, type) {path, Presence::presence, {type}},
#include "base/builtin_facts.def"
};
}  // namespace builtin

}  // namespace writ

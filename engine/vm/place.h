// Where a field's value is stored in one bundle, and whether it can be stored unchanged.
#pragma once

#include <cstdint>
#include <string>

#include "base/kind.h"
#include "writ/request.h"

namespace writ::vm {

struct Place {
    /// Values that are stored unchanged; all others are bound like values of a document.
    enum class Plain : std::uint8_t { Nothing, Text, Name, Int, Seconds, Texts, Enum, Path, Spiffe, OneOrMany };
    std::uint32_t node = 0xFFFFFFFF;
    std::uint32_t group = 0xFFFFFFFF;  ///< the group that is stated with it, if that is a fact of its own
    std::uint32_t slot = 0xFFFFFFFF;   ///< none: no rule reads it
    std::uint32_t max = 0;             ///< of text, or of each text in a list: bytes
    Plain plain = Plain::Nothing;
    Provenance weakest = Provenance::Model;
    bool compared = false, or_none = false;
    Rep rep{};          ///< of its value
    std::string shown;  ///< its name in a binding digest, if it is there when it is stated
};

}  // namespace writ::vm

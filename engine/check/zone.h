// Time zones by name. They are built into the compiler, so that the same sources give the same bundle on any machine.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/window.h"

namespace writ::check {

/// A zone of the IANA database, its rule expanded to the end of 2099. Empty: there is no zone with that name.
[[nodiscard]] std::optional<std::vector<Transition>> load_zone(std::string_view name);

/// Every name that load_zone() accepts, ascending.
[[nodiscard]] std::vector<std::string_view> zone_names();

/// The content of a TZif file. Empty: it is damaged, counts leap seconds, or is older than version 2.
[[nodiscard]] std::optional<std::vector<Transition>> read_zone(std::string_view bytes);

}  // namespace writ::check

// Formats the catalogue of a bundle for people. As JSON: to_json() in writ/catalogue.h.
#pragma once

#include <string>

#include "writ/catalogue.h"

namespace writ::cli {

/// Tables of tools, parameters, issuers, and the claims that rules read.
[[nodiscard]] std::string human(const Catalogue& catalogue, bool colour);

}  // namespace writ::cli

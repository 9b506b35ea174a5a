// The policy with which a request is drafted from claims if none is given.
#pragma once

#include <string>
#include <string_view>

#include "writ/bundle.h"

namespace writ {

/// A policy that declares an issuer of the kind and imports the baseline, and nothing else.
/// Errors: K0002 with the kind in `context`: the module, or the policy with it, does not compile.
[[nodiscard]] Result<Bundle> policy_of_kind(const std::string& kind, std::string_view module);

}  // namespace writ

// The request documents of a policy's own fixtures and tests.
#pragma once

#include <string>
#include <string_view>

#include "check/typed.h"
#include "writ/diagnostic.h"

namespace writ::testing {

/// Implements Workspace::request_of.
[[nodiscard]] Result<std::string> export_request(const check::Policy& policy, std::string_view name);

}  // namespace writ::testing

// The rows of the docs' tables of codes and reasons, for `writ explain`.
#pragma once

#include <string_view>

namespace writ::cli {

/// What the docs say of a code such as `S0045` or of a reason such as `approval_unbound`, and the page that does.
/// Empty: no table has it.
[[nodiscard]] std::string_view code_row(std::string_view code);

}  // namespace writ::cli

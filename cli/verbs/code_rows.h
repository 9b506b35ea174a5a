// The rows of the tables of codes and reasons in the docs, for `writ explain`.
#pragma once

#include <string_view>

namespace writ::cli {

/// The row of a code such as `S0045`, or of a reason such as `approval_unbound`, and the page that it is from.
/// Empty: no table has it.
[[nodiscard]] std::string_view code_row(std::string_view code);

}  // namespace writ::cli

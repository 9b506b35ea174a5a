// JSON as every verb prints it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/formats/format.h"
#include "writ/diagnostic.h"

namespace writ::cli {

using Json = nlohmann::ordered_json;

/// `{"schema_version":1, …}` on one line, with no character that a terminal obeys.
[[nodiscard]] std::string json_line(Json members);

/// What a verb ends with that could not decide a request: as JSON where that is asked for, with no effect in it, as
/// nothing was decided; and on stderr in any case. Input: subject: what is wrong, by its name.
[[nodiscard]] Exit refuse(const Error& error, const std::string& subject, Format format, const Terminal& terminal);

}  // namespace writ::cli

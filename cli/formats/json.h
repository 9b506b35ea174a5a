// Parts of JSON output that all verbs share.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/formats/format.h"
#include "writ/diagnostic.h"

namespace writ::cli {

using Json = nlohmann::ordered_json;

/// A document on one line, without characters that a terminal interprets: they are escapes, and its value is the same.
[[nodiscard]] std::string one_line(const Json& document);
/// `{"schema_version":1, …}` on one line, without characters that a terminal interprets.
[[nodiscard]] std::string json_line(const Json& members);

/// Ends a verb that could not decide a request. Reports the error on stderr and, if the format is JSON, as a document
/// without an effect. Input: subject: the name of the faulty input.
[[nodiscard]] Exit refuse(const Error& error, const std::string& subject, Format format, const Terminal& terminal);

}  // namespace writ::cli

// Random request documents, written from the request schema with the constants of the universe.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "rng.h"
#include "universe.h"

namespace writ::property {

/// How many fields are left out or weakened, in percent.
struct RequestShape {
    unsigned missing = 2;
    unsigned odd = 4;      ///< invalid values, and other spellings of canonical ones
    unsigned trouble = 6;  ///< tokens, runs and sessions that a built-in check denies
};

[[nodiscard]] RequestShape random_request_shape(Rng& rng);
[[nodiscard]] json::Value random_request(Rng& rng, const RequestShape& shape);

/// Every fact in the document that can be removed, as paths of object keys; not `want` and `provenance`.
[[nodiscard]] std::vector<std::vector<std::string>> facts_in(const json::Value& document);
/// The document without one of them.
[[nodiscard]] json::Value without(const json::Value& document, const std::vector<std::string>& path);

}  // namespace writ::property

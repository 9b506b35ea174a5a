// The tables of the store, and how a store of an earlier schema becomes one of this.
// Reference: docs/store.md, "The database".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "store/database.h"

namespace writ::store {

/// Takes a database from schema i to schema i + 1. A step is never changed once released; a new one is
/// added at the end.
struct SchemaStep {
    std::string_view statements;                ///< separated by `;`
    Result<void> (*then)(Database&) = nullptr;  ///< what SQL cannot do
};
[[nodiscard]] std::span<const SchemaStep> schema_steps();

/// Brings a database to the schema that `steps` leads to, in one transaction.
/// Errors: S0003 no store, S0005 a later schema; what the database refuses.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const SchemaStep> steps, bool fresh);

/// Refuses a database whose schema is not that of `steps`; changes nothing.
/// Output: the schema it has, at most that of `steps`.
/// Errors: S0003, S0005.
[[nodiscard]] Result<std::uint64_t> schema_of(Database& database, std::span<const SchemaStep> steps);

}  // namespace writ::store

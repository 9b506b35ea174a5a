// The tables of the store, and the upgrade of earlier schemas. Reference: docs/store.md, "The database".
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "store/database.h"

namespace writ::store {

/// Upgrades a database from schema i to schema i + 1. Released steps never change; new ones are added at the end.
struct SchemaStep {
    std::string_view statements;                ///< separated by `;`
    Result<void> (*then)(Database&) = nullptr;  ///< what SQL cannot express
};
[[nodiscard]] std::span<const SchemaStep> schema_steps();

/// Upgrades a database to the schema after all `steps`, in one transaction.
/// Errors: S0003 not a store, S0005 a later schema; errors of the database.
[[nodiscard]] Result<void> migrate(Database& database, std::span<const SchemaStep> steps, bool fresh);

/// Checks that a database has at most the schema of `steps`; changes nothing.
/// Output: its schema.
/// Errors: S0003, S0005.
[[nodiscard]] Result<std::uint64_t> schema_of(Database& database, std::span<const SchemaStep> steps);

}  // namespace writ::store

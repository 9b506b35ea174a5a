// The database interface of the store: statements in portable SQL, transactions, and detection of changes. sqlite.cpp
// implements it over os/sqlite.h; the other sources of the store do not depend on the database.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "os/sqlite.h"
#include "writ/diagnostic.h"

namespace writ::store {

using Bytes = os::Blob;
using SqlParam = os::SqlValue;

/// The rows of a result.
class Rows {
public:
    using Cell = std::variant<std::int64_t, std::string>;

    explicit Rows(std::size_t columns = 0) : columns_(columns) {}
    [[nodiscard]] std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
    [[nodiscard]] bool empty() const { return cells_.empty(); }
    /// A cell with another type than requested is 0 or empty: the schema defines the types.
    [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const {
        const auto* value = std::get_if<std::int64_t>(&cells_[row * columns_ + column]);
        return value != nullptr ? *value : 0;
    }
    [[nodiscard]] std::string text(std::size_t row, std::size_t column) const {
        const auto* value = std::get_if<std::string>(&cells_[row * columns_ + column]);
        return value != nullptr ? *value : std::string();
    }
    void add(std::int64_t integer) { cells_.emplace_back(std::in_place_type<std::int64_t>, integer); }
    void add(std::string text) { cells_.emplace_back(std::in_place_type<std::string>, std::move(text)); }

private:
    std::size_t columns_;
    std::vector<Cell> cells_;
};

/// A connection; used by one thread at a time. After a failure the database is as it was before the transaction.
class Database {
public:
    virtual ~Database() = default;

    /// Runs one statement. `$1`, `$2`, … are the parameters.
    /// Errors: S0004, S0006.. S0010.
    [[nodiscard]] virtual Result<Rows> run(std::string_view sql, std::initializer_list<SqlParam> params) = 0;
    [[nodiscard]] Result<Rows> run(std::string_view sql) { return run(sql, {}); }
    /// Number of rows that the last statement inserted, updated or deleted.
    [[nodiscard]] virtual std::uint64_t affected() const = 0;

    /// Begins a transaction that reads one consistent state, or the only one that may write.
    [[nodiscard]] virtual Result<void> begin(bool to_write) = 0;
    /// Commits the transaction durably.
    [[nodiscard]] virtual Result<void> commit() = 0;
    /// Rolls the transaction back; does nothing if there is none.
    virtual void rollback() = 0;

    /// A number that changes when another connection changes the database.
    [[nodiscard]] virtual Result<std::uint64_t> change_count() = 0;
    /// The problems that the database finds in itself, one line each.
    [[nodiscard]] virtual Result<std::vector<std::string>> check() = 0;
    /// Frees the space of deleted content.
    [[nodiscard]] virtual Result<void> compact() = 0;
};

/// A transaction that is rolled back unless it is committed.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database, bool to_write) {
        if (auto begun = database.begin(to_write); !begun) return tl::unexpected(std::move(begun.error()));
        return Transaction(database);
    }
    ~Transaction() { undo(); }
    Transaction(Transaction&& other) noexcept : open_(std::exchange(other.open_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;

    void undo() {
        if (open_ != nullptr) std::exchange(open_, nullptr)->rollback();
    }
    [[nodiscard]] Result<void> commit() {
        auto done = open_->commit();
        if (done) open_ = nullptr;
        return done;
    }

private:
    explicit Transaction(Database& database) : open_(&database) {}
    Database* open_;
};

struct Opening {
    bool create = false;     ///< make a new file, which must not exist
    bool read_only = false;  ///< avoid every write that can be avoided
    int patience = 5000;     ///< milliseconds to wait for another program
};

/// Errors: S0001, S0002, S0003, S0004, S0006..
[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const Opening& opening);

}  // namespace writ::store

// SQLite: a connection and its statements. Only this part includes the library, and only the store and the ledger link
// it. Not here: the content of databases, and error codes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "os/failure.h"

struct sqlite3;
struct sqlite3_stmt;

namespace writ::os {

/// Bytes that are not text.
struct Blob {
    std::string_view data;
};
/// The value of a parameter.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string_view, Blob>;

/// A connection; used by one thread at a time, and closed when it and its statements are destroyed.
class Sqlite {
public:
    enum class OpenMode : std::uint8_t {
        Read,
        ReadUnchanging,  ///< reads a file that nobody writes, and creates no other file
        Write,
        Create,  ///< writes, and makes the file if it does not exist; `:memory:` is not a file
    };
    /// `patience`: milliseconds to wait for another program.
    [[nodiscard]] static Expected<Sqlite> open(const std::string& path, OpenMode mode, int patience);

    /// Runs statements without parameters. Output: whether all succeeded; if not, failure() has the reason.
    [[nodiscard]] bool run(const std::string& sql);
    /// Why the last call of this object or of a statement failed.
    [[nodiscard]] Failure failure() const;
    /// Rows that the last statement inserted, updated or deleted.
    [[nodiscard]] std::uint64_t affected() const;
    [[nodiscard]] bool in_transaction() const;

private:
    friend class SqlStatement;
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    Sqlite(sqlite3* connection, std::string path) : connection_(connection), path_(std::move(path)) {}
    std::unique_ptr<sqlite3, Close> connection_;
    std::string path_;
};

/// A prepared statement that can be run many times.
class SqlStatement {
public:
    enum class Step : std::uint8_t { Row, Done, Failed };
    enum class Kind : std::uint8_t { Nothing, Integer, Real, Bytes };

    /// If it cannot be prepared, is_ready() is false and every step fails.
    SqlStatement(const Sqlite& database, std::string_view sql);
    ~SqlStatement();
    SqlStatement(const SqlStatement&) = delete;
    SqlStatement& operator=(const SqlStatement&) = delete;
    [[nodiscard]] bool is_ready() const { return statement_ != nullptr; }

    /// Sets the next parameter. Bytes must be valid until reset() or run().
    SqlStatement& add(const SqlValue& value);
    /// Sets the parameter with this name, if there is one.
    void set(const char* name, const SqlValue& value);

    [[nodiscard]] Step step();
    /// Prepares the statement for other values.
    void reset();
    /// Runs a statement that returns no rows, and resets it. Output: whether it succeeded.
    [[nodiscard]] bool run();

    // Values of the current row.
    [[nodiscard]] int columns() const;
    [[nodiscard]] std::string name(int column) const;
    [[nodiscard]] Kind kind(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    /// Text or bytes; valid until the next step.
    [[nodiscard]] std::string_view bytes(int column) const;

private:
    void bind(int parameter, const SqlValue& value);
    sqlite3_stmt* statement_ = nullptr;
    int given_ = 0;
};

}  // namespace writ::os

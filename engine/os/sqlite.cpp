#include "os/sqlite.h"

#include <cerrno>
#include <utility>

#include <sqlite3.h>

namespace writ::os {

namespace {

What what_of(int status, int system) {
    switch (status & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return What::Busy;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN: return What::Denied;
        case SQLITE_FULL: return What::NoSpace;
        case SQLITE_CORRUPT: return What::Damaged;
        case SQLITE_NOTADB: return What::Foreign;
        case SQLITE_IOERR:
            if (system == ENOSPC || system == EDQUOT || system == EFBIG) return What::NoSpace;
            if (system == EROFS || system == EACCES || system == EPERM) return What::Denied;
            return What::Io;
        default: return What::Refused;
    }
}

/// The path as a URI with the information that nobody writes the file.
std::string unchanging(const std::string& path) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "file:";
    for (const char c : path) {
        if (c != '%' && c != '?' && c != '#') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return out + "?immutable=1";
}

}  // namespace

// ---- a connection -----------------------------------------------------------------------------

void Sqlite::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

Expected<Sqlite> Sqlite::open(const std::string& path, OpenMode mode, int patience) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    switch (mode) {
        case OpenMode::Read: flags |= SQLITE_OPEN_READONLY; break;
        case OpenMode::ReadUnchanging: flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI; break;
        case OpenMode::Write: flags |= SQLITE_OPEN_READWRITE; break;
        case OpenMode::Create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    }
    const std::string name = mode == OpenMode::ReadUnchanging ? unchanging(path) : path;
    sqlite3* raw = nullptr;
    const int status = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    Sqlite out(raw, path);
    if (status != SQLITE_OK) return tl::unexpected(out.failure());
    sqlite3_busy_timeout(raw, patience);
    return out;
}

bool Sqlite::run(const std::string& sql) {
    return sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

Failure Sqlite::failure() const {
    sqlite3* const at = connection_.get();
    return {what_of(sqlite3_extended_errcode(at), sqlite3_system_errno(at)), sqlite3_errmsg(at), path_};
}

std::uint64_t Sqlite::affected() const {
    return static_cast<std::uint64_t>(sqlite3_changes64(connection_.get()));
}

bool Sqlite::in_transaction() const {
    return sqlite3_get_autocommit(connection_.get()) == 0;
}

// ---- a statement ------------------------------------------------------------------------------

SqlStatement::SqlStatement(const Sqlite& database, std::string_view sql) {
    sqlite3_prepare_v3(database.connection_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                       &statement_, nullptr);
}

SqlStatement::~SqlStatement() {
    sqlite3_finalize(statement_);
}

void SqlStatement::bind(int parameter, const SqlValue& value) {
    // An empty text with a null address would be NULL.
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        sqlite3_bind_int64(statement_, parameter, *integer);
    else if (const auto* text = std::get_if<std::string_view>(&value))
        sqlite3_bind_text64(statement_, parameter, text->empty() ? "" : text->data(), text->size(), SQLITE_STATIC,
                            SQLITE_UTF8);
    else if (const auto* blob = std::get_if<Blob>(&value))
        sqlite3_bind_blob64(statement_, parameter, blob->data.empty() ? "" : blob->data.data(), blob->data.size(),
                            SQLITE_STATIC);
    else
        sqlite3_bind_null(statement_, parameter);
}

SqlStatement& SqlStatement::add(const SqlValue& value) {
    bind(++given_, value);
    return *this;
}

void SqlStatement::set(const char* name, const SqlValue& value) {
    if (const int parameter = sqlite3_bind_parameter_index(statement_, name); parameter != 0) bind(parameter, value);
}

SqlStatement::Step SqlStatement::step() {
    if (!is_ready()) return Step::Failed;
    switch (sqlite3_step(statement_)) {
        case SQLITE_ROW: return Step::Row;
        case SQLITE_DONE: return Step::Done;
        default: return Step::Failed;
    }
}

void SqlStatement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    given_ = 0;
}

bool SqlStatement::run() {
    const bool done = step() == Step::Done;
    reset();
    return done;
}

int SqlStatement::columns() const {
    return sqlite3_column_count(statement_);
}

std::string SqlStatement::name(int column) const {
    return sqlite3_column_name(statement_, column);
}

SqlStatement::Kind SqlStatement::kind(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_INTEGER: return Kind::Integer;
        case SQLITE_FLOAT: return Kind::Real;
        case SQLITE_NULL: return Kind::Nothing;
        default: return Kind::Bytes;
    }
}

std::int64_t SqlStatement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double SqlStatement::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string_view SqlStatement::bytes(int column) const {
    const void* at = sqlite3_column_blob(statement_, column);
    return {static_cast<const char*>(at),
            at == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace writ::os

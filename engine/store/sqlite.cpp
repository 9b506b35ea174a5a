// The embedded database. The only file that knows SQLite.
#include <cerrno>
#include <cstring>
#include <unordered_map>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/database.h"
#include "writ/errors.h"

namespace writ::store {

namespace {

Code code_of(int status, int system) {
    if ((status & 0xFF) == SQLITE_IOERR) {
        if (system == ENOSPC || system == EDQUOT || system == EFBIG) return Code::NoSpace;
        if (system == EROFS || system == EACCES || system == EPERM) return Code::NotWritable;
    }
    switch (status & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Code::StoreLocked;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN: return Code::NotWritable;
        case SQLITE_FULL: return Code::NoSpace;
        case SQLITE_IOERR: return Code::StoreIoFailed;
        case SQLITE_CORRUPT: return Code::StoreDamaged;
        case SQLITE_NOTADB: return Code::NotAStore;
        default: return Code::DatabaseFailed;
    }
}

std::string_view sentence_of(Code code) {
    switch (code) {
        case Code::NotAStore: return "the file is not a store";
        case Code::StoreDamaged: return "the store is damaged; `writ store verify` says more";
        case Code::StoreLocked: return "another program holds the store; nothing was changed, try again";
        case Code::NotWritable: return "the store or its folder cannot be written by this program";
        case Code::NoSpace: return "there is no space left for the store; nothing was changed";
        case Code::StoreIoFailed: return "the file system failed; nothing was changed";
        default: return "the database failed";
    }
}

struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

class Sqlite : public Database {
public:
    Sqlite(std::unique_ptr<sqlite3, Close> connection, std::string path)
        : path_(std::move(path)), connection_(std::move(connection)) {}

    Result<Rows> run(std::string_view sql, std::initializer_list<Param> params) override {
        auto prepared = statement(sql);
        if (!prepared) return tl::unexpected(std::move(prepared.error()));
        sqlite3_stmt* stmt = *prepared;
        std::size_t number = 0;
        for (const Param& param : params) {
            const std::string name = "$" + std::to_string(++number);
            const int at = sqlite3_bind_parameter_index(stmt, name.c_str());
            if (at != 0) bind(stmt, at, param);
        }
        auto rows = read(stmt);
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
        return rows;
    }

    std::uint64_t affected() const override { return static_cast<std::uint64_t>(sqlite3_changes64(connection_.get())); }

    Result<void> begin(bool to_write) override { return done(run(to_write ? "BEGIN IMMEDIATE" : "BEGIN", {})); }
    Result<void> commit() override { return done(run("COMMIT", {})); }
    void rollback() override {
        // Some failures have undone the transaction already.
        if (sqlite3_get_autocommit(connection_.get()) == 0) (void)run("ROLLBACK", {});
    }

    Result<std::uint64_t> change_count() override {
        auto rows = run("PRAGMA data_version", {});
        if (!rows) return tl::unexpected(std::move(rows.error()));
        return static_cast<std::uint64_t>(rows->integer(0, 0));
    }

    Result<std::vector<std::string>> check() override {
        auto rows = run("PRAGMA integrity_check", {});
        if (!rows) return tl::unexpected(std::move(rows.error()));
        std::vector<std::string> found;
        for (std::size_t i = 0; i < rows->size(); ++i)
            if (rows->text(i, 0) != "ok") found.push_back(rows->text(i, 0));
        return found;
    }

    Result<void> compact() override { return done(run("VACUUM", {})); }

    /// A failure in SQLite's words, under our code.
    tl::unexpected<Error> failed(int status) const {
        const Code code = code_of(status, sqlite3_system_errno(connection_.get()));
        return fail(code, std::string(sentence_of(code)) + " (" + sqlite3_errmsg(connection_.get()) + ")", path_);
    }

private:
    static Result<void> done(Result<Rows> rows) {
        if (!rows) return tl::unexpected(std::move(rows.error()));
        return {};
    }

    Result<sqlite3_stmt*> statement(std::string_view sql) {
        auto& kept = statements_[std::string(sql)];
        if (kept == nullptr) {
            sqlite3_stmt* made = nullptr;
            const int status = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                                  SQLITE_PREPARE_PERSISTENT, &made, nullptr);
            kept.reset(made);
            if (status != SQLITE_OK) return failed(status);
        }
        return kept.get();
    }

    static void bind(sqlite3_stmt* stmt, int at, const Param& param) {
        // The caller's bytes outlive the call.
        if (const auto* integer = std::get_if<std::int64_t>(&param))
            sqlite3_bind_int64(stmt, at, *integer);
        else if (const auto* text = std::get_if<std::string_view>(&param))
            sqlite3_bind_text64(stmt, at, text->empty() ? "" : text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
        else {
            const std::string_view data = std::get<Bytes>(param).data;
            sqlite3_bind_blob64(stmt, at, data.empty() ? "" : data.data(), data.size(), SQLITE_STATIC);
        }
    }

    Result<Rows> read(sqlite3_stmt* stmt) const {
        const int columns = sqlite3_column_count(stmt);
        Rows rows(static_cast<std::size_t>(columns));
        for (;;) {
            const int status = sqlite3_step(stmt);
            if (status == SQLITE_DONE) return rows;
            if (status != SQLITE_ROW) return failed(status);
            for (int i = 0; i < columns; ++i) {
                if (sqlite3_column_type(stmt, i) == SQLITE_INTEGER) {
                    rows.add(std::int64_t{sqlite3_column_int64(stmt, i)});
                    continue;
                }
                std::string text;
                if (const void* data = sqlite3_column_blob(stmt, i))
                    text.assign(static_cast<const char*>(data),
                                static_cast<std::size_t>(sqlite3_column_bytes(stmt, i)));
                rows.add(std::move(text));
            }
        }
    }

    std::string path_;
    std::unique_ptr<sqlite3, Close> connection_;
    std::unordered_map<std::string, Statement> statements_;  ///< finalized before the connection closes
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const Opening& opening) {
    struct stat there{};
    const bool exists = ::stat(path.c_str(), &there) == 0;
    if (opening.create && exists) return fail(Code::AlreadyThere, "something is there already", path);
    if (!opening.create && !exists) return fail(Code::NothingThere, "there is no store here", path);
    if (exists && !S_ISREG(there.st_mode)) return fail(Code::NotAStore, "not a file", path);
    if (opening.create) {
        // Two that make the same store at once do not both believe that they did.
        const int made = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        if (made < 0 && errno == EEXIST) return fail(Code::AlreadyThere, "something is there already", path);
        if (made < 0) return fail(errno == ENOENT ? Code::NothingThere : Code::NotWritable, std::strerror(errno), path);
        ::close(made);
    }

    sqlite3* raw = nullptr;
    const int flags = opening.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const int status =
        sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    auto database = std::make_unique<Sqlite>(std::unique_ptr<sqlite3, Close>(raw), path);
    if (status != SQLITE_OK) return database->failed(status);
    sqlite3_busy_timeout(raw, opening.patience);
    // Written data is on the disk before a transaction is told as done; triggers and views that a
    // hostile file may hold are not trusted with functions.
    for (const char* setting :
         {"PRAGMA trusted_schema = OFF", "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON"})
        if (auto set = database->run(setting, {}); !set) return tl::unexpected(std::move(set.error()));
    if (!opening.read_only)
        if (auto wal = database->run("PRAGMA journal_mode = WAL", {}); !wal)
            return tl::unexpected(std::move(wal.error()));
    return database;
}

}  // namespace writ::store

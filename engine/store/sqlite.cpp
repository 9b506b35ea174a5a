// The database interface, implemented with SQLite.
#include <unordered_map>

#include "store/database.h"
#include "store/system.h"
#include "writ/errors.h"

namespace writ::store {

namespace {

using os::SqlStatement;

class Embedded : public Database {
public:
    explicit Embedded(os::Sqlite connection) : connection_(std::move(connection)) {}

    Result<Rows> run(std::string_view sql, std::initializer_list<SqlParam> params) override {
        auto prepared = statement(sql);
        if (!prepared) return tl::unexpected(std::move(prepared.error()));
        SqlStatement& at = **prepared;
        std::size_t number = 0;
        // The caller's bytes outlive the call.
        for (const SqlParam& param : params) at.set(("$" + std::to_string(++number)).c_str(), param);
        auto rows = read(at);
        at.reset();
        return rows;
    }

    std::uint64_t affected() const override { return connection_.affected(); }

    Result<void> begin(bool to_write) override { return done(run(to_write ? "BEGIN IMMEDIATE" : "BEGIN", {})); }
    Result<void> commit() override { return done(run("COMMIT", {})); }
    void rollback() override {
        // Some failures have rolled the transaction back already.
        if (connection_.in_transaction()) (void)run("ROLLBACK", {});
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

private:
    static Result<void> done(Result<Rows> rows) {
        if (!rows) return tl::unexpected(std::move(rows.error()));
        return {};
    }

    Result<SqlStatement*> statement(std::string_view sql) {
        const auto [kept, made] = statements_.try_emplace(std::string(sql), connection_, sql);
        if (kept->second.is_ready()) return &kept->second;
        Error error = database_error(connection_.failure());
        statements_.erase(kept);
        return tl::unexpected(std::move(error));
    }

    Result<Rows> read(SqlStatement& at) const {
        const int columns = at.columns();
        Rows rows(static_cast<std::size_t>(columns));
        for (;;) {
            const SqlStatement::Step step = at.step();
            if (step == SqlStatement::Step::Done) return rows;
            if (step == SqlStatement::Step::Failed) return tl::unexpected(database_error(connection_.failure()));
            for (int i = 0; i < columns; ++i) {
                if (at.kind(i) == SqlStatement::Kind::Integer)
                    rows.add(at.integer(i));
                else
                    rows.add(std::string(at.bytes(i)));
            }
        }
    }

    os::Sqlite connection_;
    std::unordered_map<std::string, SqlStatement> statements_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const Opening& opening) {
    const auto there = os::status_of(path);
    if (opening.create && there) return fail(Code::AlreadyThere, "the path already exists", path);
    if (!opening.create && !there) return fail(Code::NothingThere, "there is no store here", path);
    if (there && !there->regular) return fail(Code::NotAStore, "not a file", path);
    if (opening.create) {
        // If two programs make the same store at once, only one succeeds.
        const auto made = os::File::open(path, os::OpenMode::New);
        if (!made && made.error().what == os::What::Exists)
            return fail(Code::AlreadyThere, "the path already exists", path);
        if (!made)
            return fail(made.error().what == os::What::Missing ? Code::NothingThere : Code::NotWritable,
                        made.error().reason, path);
    }

    auto opened = os::Sqlite::open(path, opening.read_only ? os::Sqlite::OpenMode::Read : os::Sqlite::OpenMode::Write,
                                   opening.patience);
    if (!opened) return tl::unexpected(database_error(opened.error()));
    auto database = std::make_unique<Embedded>(std::move(*opened));
    // Data is on the disk before a commit is reported; triggers and views in a hostile
    // file cannot use unsafe functions.
    for (const char* setting :
         {"PRAGMA trusted_schema = OFF", "PRAGMA synchronous = FULL", "PRAGMA cell_size_check = ON"})
        if (auto set = database->run(setting, {}); !set) return tl::unexpected(std::move(set.error()));
    if (!opening.read_only)
        if (auto wal = database->run("PRAGMA journal_mode = WAL", {}); !wal)
            return tl::unexpected(std::move(wal.error()));
    return database;
}

}  // namespace writ::store

#include "ledger/index.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "ledger/hash.h"
#include "ledger/log.h"
#include "ledger/system.h"
#include "os/sqlite.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

using os::Blob;
using os::SqlStatement;

constexpr int kSchemaVersion = 2;
constexpr int kPatience = 5000;  // milliseconds

constexpr const char* kSchema = R"(
create table place (ledger blob not null, next integer not null, last blob not null);
create table decision (
  seq integer primary key, time integer not null, now integer not null, effect integer not null, shadow integer not null,
  agent text not null, class text not null, deployment text not null, run text not null, parent_run text not null,
  tenant text not null, person text not null, initiator text not null, chain integer not null, workload text not null,
  issuer text not null, token_id text not null, tool text not null, operation text not null, resource text not null,
  environment text not null, credential_kind text not null, tier text not null, tier_rank integer not null,
  high_risk integer not null, approvers integer not null, ttl integer not null, single_use integer not null,
  request_id text not null, trace_id text not null, broker text not null, bundle text not null, reason text not null,
  repeats integer);
create index decision_request on decision (request_id);
create index decision_trace on decision (trace_id);
create index decision_run on decision (run);
create index decision_parent on decision (parent_run);
create table shaped (seq integer not null, kind text not null, rule text not null);
create index shaped_seq on shaped (seq);
create table receipt (
  seq integer primary key, time integer not null, decision integer not null, credential text not null,
  resource text not null, issued_at integer not null, accepted_at integer not null, revoked_at integer not null);
create index receipt_decision on receipt (decision);
create table holder (
  seq integer not null, place integer not null, name blob not null, ask blob not null, holds integer not null,
  primary key (seq, place)) without rowid;
create index holder_name on holder (name);
create table drops (seq integer primary key, time integer not null, dropped integer not null);
)";

InquiryCell cell_of(const SqlStatement& row, int column) {
    switch (row.kind(column)) {
        case SqlStatement::Kind::Integer: return row.integer(column);
        case SqlStatement::Kind::Real: return row.real(column);
        case SqlStatement::Kind::Nothing: return std::monostate{};
        case SqlStatement::Kind::Bytes: return std::string(row.bytes(column));
    }
    return std::monostate{};
}

std::string index_path(const std::string& folder) {
    return folder + "/index.sqlite";
}

tl::unexpected<Error> index_failed(const std::string& path, std::string_view why) {
    return fail(Code::IndexFailed, fmt::format("the index cannot be used: {}", why), path);
}

/// Brings the tables into the database, unless it has them. Output: false if it cannot be used.
bool prepare(os::Sqlite& database) {
    if (!database.run("pragma journal_mode = wal; pragma synchronous = normal; begin immediate")) return false;
    std::int64_t version = -1;
    {
        SqlStatement ask(database, "pragma user_version");
        if (ask.step() == SqlStatement::Step::Row) version = ask.integer(0);
    }
    bool fits = version == kSchemaVersion;
    if (version == 0)
        fits = database.run(kSchema) && database.run(fmt::format("pragma user_version = {}", kSchemaVersion)) &&
               database.run("insert into place values (x'', 0, x'')");
    return database.run(fits ? "commit" : "rollback") && fits;
}

/// Whether the index belongs to this ledger and matches its current content.
bool belongs(os::Sqlite& database, const std::string& folder, std::string_view id) {
    std::int64_t next = 0;
    std::string last;
    {
        SqlStatement place(database, "select ledger, next, last from place");
        if (place.step() != SqlStatement::Step::Row) return false;
        next = place.integer(1);
        last = place.bytes(2);
        if (next == 0) {
            SqlStatement claim(database, "update place set ledger = ?");
            place.reset();
            return claim.add(Blob{id}).run();
        }
        if (place.bytes(0) != id) return false;
    }
    auto reader = Reader::open(folder);
    if (!reader || !reader->seek(static_cast<std::uint64_t>(next - 1))) return false;
    const auto there = reader->next();
    return there && *there && bytes_of(leaf_hash(reader->bytes())) == last;
}

/// Opens the existing index of a ledger, or makes a new one.
Result<os::Sqlite> connect(const std::string& where, const std::string& folder, std::string_view id) {
    auto opened = os::Sqlite::open(where, os::Sqlite::OpenMode::Create, kPatience);
    if (!opened) return index_failed(index_path(folder), "it cannot be opened");
    if (!prepare(*opened) || !belongs(*opened, folder, id))
        return index_failed(index_path(folder), opened->failure().reason);
    return std::move(*opened);
}

/// An index that does not match is made again; if that is impossible, in memory.
Result<os::Sqlite> index_of(const std::string& folder) {
    auto segments = segments_in(folder);
    if (!segments) return tl::unexpected(std::move(segments.error()));
    auto first = SegmentReader::open(folder + "/" + segment_name(segments->front()));
    if (!first) return tl::unexpected(std::move(first.error()));
    const std::string id(reinterpret_cast<const char*>(first->header().id.data()), first->header().id.size());
    const std::string path = index_path(folder);
    const auto connect_file = [&] {
        // SQLite would make it readable for everybody; its other files get the same mode.
        (void)os::File::open(path, os::OpenMode::New, kFileMode);
        return connect(path, folder, id);
    };
    if (auto kept = connect_file()) return kept;
    if (os::may_write(folder)) {
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::error_code ignored;
            std::filesystem::remove(path + suffix, ignored);
        }
        if (auto made = connect_file()) return made;
    }
    return connect(":memory:", folder, id);
}

}  // namespace

struct Index::Impl {
    std::string folder;
    os::Sqlite database;

    struct Statements {
        SqlStatement decision, shaped, receipt, holder, drops, place, find;
        explicit Statements(const os::Sqlite& db)
            : decision(db,
                       "insert into decision values "
                       "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
              shaped(db, "insert into shaped values (?,?,?)"),
              receipt(db, "insert into receipt values (?,?,?,?,?,?,?,?)"),
              holder(db, "insert into holder values (?,?,?,?,?)"),
              drops(db, "insert into drops values (?,?,?)"),
              place(db, "update place set next = ?, last = ?"),
              find(db, "select seq, ask, holds from holder where name = ? order by seq, place limit 1") {}
    };
    Statements statements;

    Impl(std::string in, os::Sqlite connected)
        : folder(std::move(in)), database(std::move(connected)), statements(database) {}

    tl::unexpected<Error> failed() const { return index_failed(index_path(folder), database.failure().reason); }
    bool run(const std::string& sql) { return database.run(sql); }

    Result<void> catch_up() {
        constexpr int kAtOnce = 20'000;  // records in one transaction
        auto reader = Reader::open(folder);
        if (!reader) return tl::unexpected(std::move(reader.error()));
        Record record;
        for (bool more = true; more;) {
            if (!run("begin immediate")) return failed();
            const auto undo = [this](Error error) {
                run("rollback");
                return tl::unexpected(std::move(error));
            };
            std::uint64_t next = 0;
            {
                SqlStatement place(database, "select next from place");
                if (place.step() == SqlStatement::Step::Row) next = static_cast<std::uint64_t>(place.integer(0));
            }
            if (auto found = reader->seek(next); !found) return undo(std::move(found.error()));
            Hash last{};
            int taken = 0;
            while (taken < kAtOnce) {
                auto there = reader->next();
                if (!there) return undo(std::move(there.error()));
                more = *there;
                if (!more) break;
                if (auto read = decode(reader->bytes(), record); !read) return undo(std::move(read.error()));
                if (!insert(reader->sequence(), record, reader->bytes())) return undo(std::move(failed().value()));
                last = leaf_hash(reader->bytes());
                next = reader->sequence() + 1;
                ++taken;
            }
            if (taken > 0 && !statements.place.add(static_cast<std::int64_t>(next)).add(Blob{bytes_of(last)}).run())
                return undo(std::move(failed().value()));
            if (!run("commit")) return undo(std::move(failed().value()));
        }
        return {};
    }

    bool insert(std::uint64_t sequence, const Record& record, std::string_view bytes) {
        const auto seq = static_cast<std::int64_t>(sequence);
        std::int64_t place = 0;
        for (const Spent& one : entry_of(bytes).spent(sequence))
            if (!statements.holder.add(seq)
                     .add(place++)
                     .add(Blob{one.name})
                     .add(Blob{bytes_of(one.ask)})
                     .add(static_cast<std::int64_t>(one.grant))
                     .run())
                return false;
        switch (record.kind) {
            case RecordKind::Decision: return insert_decision(seq, record);
            case RecordKind::Receipt: {
                const Receipt& told = record.receipt;
                return statements.receipt.add(seq)
                    .add(record.time)
                    .add(static_cast<std::int64_t>(told.decision))
                    .add(told.credential)
                    .add(told.resource)
                    .add(told.issued_at)
                    .add(told.accepted_at)
                    .add(told.revoked_at)
                    .run();
            }
            case RecordKind::Use: return true;
            case RecordKind::Drops:
                return statements.drops.add(seq).add(record.time).add(static_cast<std::int64_t>(record.dropped)).run();
        }
        return false;
    }

    bool insert_decision(std::int64_t seq, const Record& record) {
        const Decision& decision = record.decision;
        const Attribution& who = decision.attribution;
        const Surroundings& around = record.around;
        const bool high = around.tier_rank > 1 && around.tier_rank == around.tier_count;
        SqlStatement& row = statements.decision;
        row.add(seq)
            .add(record.time)
            .add(decision.now)
            .add(static_cast<std::int64_t>(decision.effect))
            .add(record.shadow ? 1 : 0);
        for (const std::string_view text :
             {who.agent, who.agent_class, who.deployment, who.run, who.parent_run, who.tenant, who.user, who.initiator})
            row.add(text);
        row.add(static_cast<std::int64_t>(who.chain.size()));
        for (const std::string_view text : {who.workload, who.issuer, who.token_id, who.tool, around.operation,
                                            who.resource, around.environment, around.credential_kind, around.tier})
            row.add(text);
        row.add(static_cast<std::int64_t>(around.tier_rank))
            .add(high ? 1 : 0)
            .add(static_cast<std::int64_t>(who.approvers.size()));
        row.add(decision.effect == Effect::Permit ? decision.grant.ttl : 0).add(decision.grant.single_use ? 1 : 0);
        row.add(around.request_id).add(around.trace_id).add(around.broker);
        row.add(record.bundles.empty() ? std::string_view{} : record.bundles.back());
        row.add(decision.reasons.empty() ? std::string_view{} : decision.reasons.front().code);
        if (record.repeats)
            row.add(static_cast<std::int64_t>(*record.repeats));
        else
            row.add(std::monostate{});
        if (!row.run()) return false;
        for (const RecordedRule& rule : record.rules)
            if (!statements.shaped.add(seq).add(rule.kind).add(rule.name).run()) return false;
        return true;
    }
};

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::string& folder) {
    auto connected = index_of(folder);
    if (!connected) return tl::unexpected(std::move(connected.error()));
    auto impl = std::make_unique<Impl>(folder, std::move(*connected));
    if (auto caught_up = impl->catch_up(); !caught_up) return tl::unexpected(std::move(caught_up.error()));
    return std::unique_ptr<Index>(new Index(std::move(impl)));
}

Result<void> Index::catch_up() {
    return impl_->catch_up();
}

Result<std::optional<Holder>> Index::find(std::string_view name) {
    SqlStatement& find = impl_->statements.find;
    find.add(Blob{name});
    std::optional<Holder> out;
    const SqlStatement::Step got = find.step();
    if (got == SqlStatement::Step::Row) {
        out.emplace();
        out->sequence = static_cast<std::uint64_t>(find.integer(0));
        find.bytes(1).copy(reinterpret_cast<char*>(out->ask.data()), out->ask.size());
        out->grant = static_cast<std::uint64_t>(find.integer(2));
    }
    find.reset();
    if (got != SqlStatement::Step::Row && got != SqlStatement::Step::Done) return impl_->failed();
    return out;
}

namespace {

constexpr std::string_view kRows = "select seq, name, ask, holds from holder order by seq, place";

/// Reads a row of kRows. Output: its record's number.
std::uint64_t read_row(const SqlStatement& row, Spent& out) {
    out.name = row.bytes(1);
    out.ask = {};
    row.bytes(2).copy(reinterpret_cast<char*>(out.ask.data()), out.ask.size());
    out.grant = static_cast<std::uint64_t>(row.integer(3));
    return static_cast<std::uint64_t>(row.integer(0));
}

}  // namespace

std::uint64_t Index::print_of(std::string_view name) {
    const Hash digest = sha256({"writ.name.v1\n", name});
    std::uint64_t out = 0;
    std::memcpy(&out, digest.data(), sizeof out);
    return out;
}

Result<Index::Names> Index::names(std::uint64_t size) {
    SqlStatement rows(impl_->database, kRows);
    Names out;
    Spent one;
    SqlStatement::Step got = rows.step();
    for (; got == SqlStatement::Step::Row; got = rows.step()) {
        const std::uint64_t sequence = read_row(rows, one);
        if (sequence >= size) {
            got = SqlStatement::Step::Done;
            break;
        }
        out.hash.add(sequence, one);
        out.prints.push_back(print_of(one.name));
    }
    if (got != SqlStatement::Step::Done) return impl_->failed();
    std::sort(out.prints.begin(), out.prints.end());
    return out;
}

struct SpentRows::Impl {
    os::Sqlite database;
    SqlStatement rows;
    std::uint64_t covered, sequence = 0;
    bool there = false;
    Spent row;

    Impl(os::Sqlite connected, std::uint64_t records)
        : database(std::move(connected)), rows(database, kRows), covered(records) {}

    /// Null if the index cannot be read.
    static std::unique_ptr<Impl> connect(const std::string& path, os::Sqlite::OpenMode mode) {
        auto opened = os::Sqlite::open(path, mode, kPatience);
        if (!opened) return nullptr;
        std::uint64_t records = 0;
        {
            SqlStatement version(*opened, "pragma user_version"), place(*opened, "select next from place");
            if (version.step() != SqlStatement::Step::Row || version.integer(0) != kSchemaVersion ||
                place.step() != SqlStatement::Step::Row)
                return nullptr;
            records = static_cast<std::uint64_t>(place.integer(0));
        }
        return std::make_unique<Impl>(std::move(*opened), records);
    }
    void step() {
        there = rows.step() == SqlStatement::Step::Row;
        if (there) sequence = read_row(rows, row);
    }
};

SpentRows::SpentRows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SpentRows::~SpentRows() = default;

std::unique_ptr<SpentRows> SpentRows::open(const std::string& folder) {
    const std::string path = index_path(folder);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return nullptr;
    const bool alone = !std::filesystem::exists(path + "-wal", ignored);
    auto impl = Impl::connect(path, os::Sqlite::OpenMode::Read);
    if (impl == nullptr && alone) impl = Impl::connect(path, os::Sqlite::OpenMode::ReadUnchanging);
    if (impl == nullptr) return nullptr;
    impl->step();
    return std::unique_ptr<SpentRows>(new SpentRows(std::move(impl)));
}

std::uint64_t SpentRows::covered() const {
    return impl_->covered;
}
bool SpentRows::at_row() const {
    return impl_->there;
}
void SpentRows::next() {
    impl_->step();
}
std::uint64_t SpentRows::sequence() const {
    return impl_->sequence;
}
const Spent& SpentRows::row() const {
    return impl_->row;
}

Result<InquiryTable> Index::ask(std::string name, std::string_view sql, const std::vector<std::string>& texts) {
    SqlStatement question(impl_->database, sql);
    for (const std::string& text : texts) question.add(std::string_view(text));
    InquiryTable out;
    out.name = std::move(name);
    for (int i = 0; i < question.columns(); ++i) out.columns.push_back(question.name(i));
    SqlStatement::Step got = question.step();
    for (; got == SqlStatement::Step::Row; got = question.step()) {
        auto& row = out.rows.emplace_back();
        for (int i = 0; i < static_cast<int>(out.columns.size()); ++i) row.push_back(cell_of(question, i));
    }
    if (got != SqlStatement::Step::Done) return impl_->failed();
    return out;
}

}  // namespace writ::ledger

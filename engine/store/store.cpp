// Opening a store; versions, tags and events.
#include "writ/store.h"

#include <algorithm>

#include "base/access.h"
#include "base/person.h"
#include "base/values.h"
#include "bytecode/program.h"
#include "os/clock.h"
#include "store/impl.h"
#include "store/schema.h"
#include "store/system.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

// ---- small functions --------------------------------------------------------------------------

namespace store {

namespace {

constexpr std::size_t kMostText = 4096, kMostName = 64, kShortDigest = 8;

}  // namespace

Result<void> check_name(std::string_view what, std::string_view name) {
    const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool fits =
        !name.empty() && name.size() <= kMostName && word(name[0]) &&
        std::all_of(name.begin(), name.end(), [&](char c) { return word(c) || c == '.' || c == '_' || c == '-'; });
    if (fits) return {};
    return fail(
        Code::MalformedName,
        "a " + std::string(what) + " has 1 to 64 characters of `a-z 0-9 . _ -` and starts with a letter or digit",
        std::string(name));
}

Result<void> check_text(std::string_view what, std::string_view text, bool may_be_empty) {
    const bool control = std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
    if ((may_be_empty || !text.empty()) && text.size() <= kMostText && !control && valid_utf8(text)) return {};
    return fail(Code::MalformedText, "the " + std::string(what) + " must be one line of UTF-8, at most 4 KiB" +
                                         (may_be_empty ? "" : ", and not empty"));
}

Result<void> check_origin(const Origin& origin) {
    if (auto author = check_text("author", origin.author, false); !author) return author;
    return check_text("message", origin.message, true);
}

std::optional<std::int64_t> version_number(std::string_view name) {
    if (name.size() < 2 || name.size() > 16 || name[0] != 'v' || name[1] == '0') return {};
    std::int64_t number = 0;
    for (const char c : name.substr(1)) {
        if (c < '0' || c > '9') return {};
        number = number * 10 + (c - '0');
    }
    return number;
}

bool looks_like_digest(std::string_view name) {
    return name.size() >= kShortDigest && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string_view person_of(std::string_view author) {
    const std::size_t open = author.rfind(" <");
    if (open == std::string_view::npos || !author.ends_with('>')) return author;
    return author.substr(open + 2, author.size() - open - 3);
}

bool two_people(std::string_view a, std::string_view b) {
    return compare_names(person_of(a), person_of(b)) == Likeness::Different;
}

std::string text_of(Serial serial) {
    return std::to_string(serial.epoch) + "." + std::to_string(serial.number);
}

std::string text_of(const Version& version) {
    return "v" + std::to_string(version.number) + " (" + version.digest.substr(0, kShortDigest) + ")";
}

}  // namespace store

// ---- opening ----------------------------------------------------------------------------------

Store::Store(std::unique_ptr<Connection> impl) : impl_(std::move(impl)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::init(const std::string& path, const StoreOptions& options) {
    if (auto name = check_name("namespace", options.space); !name) return error_of(name);
    auto database = open_sqlite(path, {.create = true, .patience = options.patience_ms});
    if (!database) {
        if (database.error().code != code_name(Code::NothingThere) &&
            database.error().code != code_name(Code::AlreadyThere))
            os::remove_file(path);
        return error_of(database);
    }
    if (auto made = migrate(**database, schema_steps(), true); !made) {
        database->reset();
        os::remove_file(path);
        return error_of(made);
    }
    return Store(std::make_unique<Connection>(Connection{std::move(*database), path, options.space}));
}

Result<std::unique_ptr<Connection>> store::connect(const std::string& path, const StoreOptions& options) {
    if (auto name = check_name("namespace", options.space); !name) return error_of(name);
    auto database = open_sqlite(path, {.read_only = options.read_only, .patience = options.patience_ms});
    if (!database) return error_of(database);
    auto schema = schema_of(**database, schema_steps());
    if (schema && *schema < schema_steps().size()) {
        if (options.read_only)
            schema =
                fail(Code::OtherSchema, "the store has an earlier schema; run `writ store list` once to upgrade it");
        else if (auto done = migrate(**database, schema_steps(), false); !done)
            schema = error_of(done);
    }
    if (!schema) {
        if (schema.error().context.empty()) schema.error().context = path;
        return error_of(schema);
    }
    return std::make_unique<Connection>(Connection{std::move(*database), path, options.space});
}

Result<Store> Store::open(const std::string& path, const StoreOptions& options) {
    auto connection = connect(path, options);
    if (!connection) return error_of(connection);
    return Store(std::move(*connection));
}

// ---- shared parts -----------------------------------------------------------------------------

Result<std::int64_t> store::Connection::next(std::string_view table) const {
    const std::string_view column = table == "version" ? "number" : "sequence";
    const std::string sql =
        "SELECT COALESCE(MAX(" + std::string(column) + "), 0) + 1 FROM " + std::string(table) + " WHERE namespace = $1";
    auto rows = db->run(sql, {space});
    if (!rows) return error_of(rows);
    return rows->integer(0, 0);
}

Result<void> store::Connection::record(std::string_view kind, std::string_view subject, std::string_view detail,
                                       std::string_view author) const {
    auto sequence = next("event");
    if (!sequence) return error_of(sequence);
    auto done = db->run(
        "INSERT INTO event (namespace, sequence, kind, subject, detail, author, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {space, *sequence, kind, subject, detail, author, os::now_micros()});
    if (!done) return error_of(done);
    return {};
}

Result<void> store::Connection::record_alone(std::string_view kind, std::string_view subject, std::string_view detail,
                                             std::string_view author) const {
    auto transaction = Transaction::begin(*db, true);
    if (!transaction) return error_of(transaction);
    if (auto done = record(kind, subject, detail, author); !done) return done;
    return transaction->commit();
}

Result<bool> store::Connection::exists(std::string_view sql, std::initializer_list<SqlParam> params) const {
    auto rows = db->run(sql, params);
    if (!rows) return error_of(rows);
    return !rows->empty();
}

Result<std::vector<Version>> store::Connection::select_versions(std::string_view where, std::string_view value) const {
    const std::string sql =
        "SELECT v.number, v.digest, v.parent, v.author, v.message, v.created_at, v.engine,"
        " EXISTS (SELECT 1 FROM bundle b WHERE b.digest = v.digest)"
        " FROM version v WHERE v.namespace = $1 AND " +
        std::string(where) + " ORDER BY v.number DESC";
    auto rows = db->run(sql, {space, value});
    if (!rows) return error_of(rows);
    std::vector<Version> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        Version& version = out.emplace_back();
        version.number = static_cast<std::uint64_t>(rows->integer(i, 0));
        version.digest = rows->text(i, 1);
        version.parent = rows->text(i, 2);
        version.origin = {rows->text(i, 3), rows->text(i, 4)};
        version.created_at = rows->integer(i, 5);
        version.engine = rows->text(i, 6);
        version.collected = rows->integer(i, 7) == 0;
    }
    return out;
}

Result<Version> store::Connection::version_of(std::string_view digest) const {
    auto found = select_versions("v.digest = $2", digest);
    if (!found) return error_of(found);
    if (found->empty()) return fail(Code::UnknownVersion, "there is no version with this digest", std::string(digest));
    return std::move(found->front());
}

Result<Version> store::Connection::insert(const Bundle& bundle, const Version& version) const {
    // Loading verifies only what decides; a published bundle must be completely intact.
    if (auto sources = bundle.sources(); !sources) return tl::unexpected(std::move(sources.error()));
    const std::string_view bytes{reinterpret_cast<const char*>(bundle.bytes().data()), bundle.bytes().size()};
    auto kept = db->run(
        "INSERT INTO bundle (digest, bytes) SELECT $1, $2 WHERE NOT EXISTS"
        " (SELECT 1 FROM bundle WHERE digest = $1)",
        {bundle.digest(), Bytes{bytes}});
    if (!kept) return error_of(kept);
    // Content is read back before it is reported as stored.
    auto back = db->run("SELECT bytes FROM bundle WHERE digest = $1", {bundle.digest()});
    if (!back) return error_of(back);
    if (back->size() != 1 || back->text(0, 0) != bytes)
        return fail(Code::StoreDamaged, "the store has other content under this digest", std::string(bundle.digest()));
    if (auto there = select_versions("v.digest = $2", bundle.digest()); !there || !there->empty()) {
        if (!there) return error_of(there);
        return std::move(there->front());
    }
    auto number = next("version");
    if (!number) return error_of(number);
    auto done = db->run(
        "INSERT INTO version (namespace, number, digest, parent, author, message, created_at, engine)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {space, *number, bundle.digest(), version.parent, version.origin.author, version.origin.message,
         version.created_at, version.engine});
    if (!done) return error_of(done);
    return version_of(bundle.digest());
}

// ---- versions ---------------------------------------------------------------------------------

Result<Version> Store::publish(const Bundle& bundle, const Origin& origin, std::string_view parent) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    Version version;
    version.origin = origin;
    version.created_at = os::now_micros();
    const bytecode::Program& program = Access::program(bundle);
    version.engine = program.text(program.manifest[0].engine_version);
    if (!parent.empty()) {
        auto named = resolve(parent);
        if (!named) return error_of(named);
        version.parent = named->digest;
    } else {
        auto last = impl_->db->run("SELECT digest FROM version WHERE namespace = $1 ORDER BY number DESC LIMIT 1",
                                   {impl_->space});
        if (!last) return error_of(last);
        if (!last->empty()) version.parent = last->text(0, 0);
    }
    auto published = impl_->insert(bundle, version);
    if (!published) return published;
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return published;
}

Result<std::vector<Version>> Store::versions() const {
    return impl_->select_versions("v.digest <> $2", "");
}

Result<Version> Store::resolve(std::string_view name) const {
    if (const auto number = version_number(name)) {
        auto found =
            impl_->db->run("SELECT digest FROM version WHERE namespace = $1 AND number = $2", {impl_->space, *number});
        if (!found) return error_of(found);
        if (found->empty()) return fail(Code::UnknownVersion, "there is no such version", std::string(name));
        return impl_->version_of(found->text(0, 0));
    }
    auto tagged =
        impl_->db->run("SELECT digest FROM tag WHERE namespace = $1 AND name = $2 ORDER BY sequence DESC LIMIT 1",
                       {impl_->space, name});
    if (!tagged) return error_of(tagged);
    if (!tagged->empty()) return impl_->version_of(tagged->text(0, 0));
    auto active = impl_->db->run("SELECT digest FROM channel WHERE namespace = $1 AND name = $2", {impl_->space, name});
    if (!active) return error_of(active);
    if (!active->empty() && !active->text(0, 0).empty()) return impl_->version_of(active->text(0, 0));
    if (looks_like_digest(name)) {
        auto found = impl_->select_versions("v.digest LIKE $2", std::string(name) + "%");
        if (!found) return error_of(found);
        if (found->size() > 1)
            return fail(Code::AmbiguousVersion, "more than one digest starts with this", std::string(name));
        if (!found->empty()) return std::move(found->front());
    }
    return fail(Code::UnknownVersion,
                "there is no such version: give `vN`, a tag, a channel with an active version, "
                "or at least 8 digits of a digest",
                std::string(name));
}

Result<Bundle> Store::bundle(std::string_view digest) const {
    return impl_->content(digest);
}

Result<Bundle> store::Connection::content(std::string_view digest) const {
    auto rows = db->run("SELECT bytes FROM bundle WHERE digest = $1", {digest});
    if (!rows) return error_of(rows);
    if (rows->empty()) {
        auto version = version_of(digest);
        if (!version) return error_of(version);
        return fail(Code::ContentCollected,
                    "the content of this version was removed by `writ store gc`; publish its sources again",
                    text_of(*version));
    }
    const std::string bytes = rows->text(0, 0);
    auto bundle = Bundle::load(std::as_bytes(std::span(bytes)));
    if (!bundle || bundle->digest() != digest)
        return fail(
            Code::StoreDamaged,
            "the content of this version is damaged: " + (bundle ? "it has another digest" : bundle.error().message),
            std::string(digest));
    return bundle;
}

// ---- tags and events --------------------------------------------------------------------------

Result<Tag> Store::tag(const std::string& name, std::string_view version, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    if (auto fits = check_name("tag", name); !fits) return error_of(fits);
    if (version_number(name) || looks_like_digest(name))
        return fail(Code::NameTaken, "the name of a tag must not look like a number or a digest", name);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto channel = impl_->exists("SELECT 1 FROM channel WHERE namespace = $1 AND name = $2", {impl_->space, name});
    if (!channel) return error_of(channel);
    if (*channel) return fail(Code::NameTaken, "a channel has this name", name);
    auto named = resolve(version);
    if (!named) return error_of(named);
    auto sequence = impl_->next("tag");
    if (!sequence) return error_of(sequence);
    Tag tag{name, named->digest, origin, os::now_micros()};
    auto done = impl_->db->run(
        "INSERT INTO tag (namespace, sequence, name, digest, author, message, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {impl_->space, *sequence, tag.name, tag.digest, origin.author, origin.message, tag.created_at});
    if (!done) return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return tag;
}

Result<std::vector<Tag>> Store::tags() const {
    auto rows = impl_->db->run(
        "SELECT t.name, t.digest, t.author, t.message, t.created_at FROM tag t WHERE t.namespace = $1"
        " AND t.sequence = (SELECT MAX(u.sequence) FROM tag u WHERE u.namespace = $1 AND u.name = t.name)"
        " ORDER BY t.name",
        {impl_->space});
    if (!rows) return error_of(rows);
    std::vector<Tag> out;
    for (std::size_t i = 0; i < rows->size(); ++i)
        out.push_back({rows->text(i, 0), rows->text(i, 1), {rows->text(i, 2), rows->text(i, 3)}, rows->integer(i, 4)});
    return out;
}

Result<std::vector<Event>> Store::events() const {
    auto rows = impl_->db->run(
        "SELECT kind, subject, detail, author, created_at FROM event WHERE namespace = $1"
        " ORDER BY sequence DESC",
        {impl_->space});
    if (!rows) return error_of(rows);
    std::vector<Event> out;
    for (std::size_t i = 0; i < rows->size(); ++i)
        out.push_back({rows->text(i, 0), rows->text(i, 1), rows->text(i, 2), rows->text(i, 3), rows->integer(i, 4)});
    return out;
}

}  // namespace writ

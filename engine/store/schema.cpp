#include "store/schema.h"

#include <array>

#include "store/impl.h"
#include "writ/errors.h"

namespace writ::store {

namespace {

// The type names are SQLite's; PostgreSQL has BYTEA for BLOB and BIGINT for INTEGER. Moments are microseconds since
// the epoch; 0 and '' mean "none", so no column is null. All tables except `channel` and `bundle` are append-only;
// but an unsigned revocation can be signed later.
constexpr std::string_view kFirst = R"(
CREATE TABLE bundle (
    digest TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
);
CREATE TABLE version (
    namespace TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    parent TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    engine TEXT NOT NULL,
    PRIMARY KEY (namespace, number),
    UNIQUE (namespace, digest)
);
CREATE TABLE channel (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    gated INTEGER NOT NULL,
    approvals INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
);
CREATE TABLE activation (
    namespace TEXT NOT NULL,
    channel TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    parent TEXT NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (namespace, channel, epoch, number)
);
CREATE TABLE approval (
    namespace TEXT NOT NULL,
    channel TEXT NOT NULL,
    digest TEXT NOT NULL,
    approver TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, channel, digest, approver)
);
CREATE TABLE tag (
    namespace TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, sequence)
);
CREATE TABLE revocation (
    namespace TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, sequence)
);
CREATE TABLE event (
    namespace TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, sequence)
);
)";

// Keys, and the revocation log as a chain.
constexpr std::string_view kSigned = R"(
ALTER TABLE activation ADD COLUMN log_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activation ADD COLUMN log_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE revocation ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE revocation ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE revocation ADD COLUMN signature BLOB NOT NULL DEFAULT '';
CREATE TABLE key_role (
    namespace TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    action TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    author TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, sequence)
);
)";

/// Chains the existing revocations.
Result<void> chain_revocations(Database& database) {
    auto spaces = database.run("SELECT DISTINCT namespace FROM revocation");
    if (!spaces) return tl::unexpected(std::move(spaces.error()));
    for (std::size_t i = 0; i < spaces->size(); ++i) {
        const std::string space = spaces->text(i, 0);
        auto entries = read_revocations(database, space, 1);
        if (!entries) return tl::unexpected(std::move(entries.error()));
        std::string parent;
        for (RevocationEntry& each : *entries) {
            each.parent = std::move(parent);
            auto set = database.run("UPDATE revocation SET parent = $3 WHERE namespace = $1 AND sequence = $2",
                                    {space, static_cast<std::int64_t>(each.sequence), each.parent});
            if (!set) return tl::unexpected(std::move(set.error()));
            parent = digest_of(each);
        }
    }
    return {};
}

constexpr std::array<SchemaStep, 2> kSteps = {{{kFirst}, {kSigned, chain_revocations}}};

/// Runs statements one by one. No literal in a step contains a `;`.
Result<void> run_all(Database& database, std::string_view statements) {
    while (!statements.empty()) {
        const std::size_t end = statements.find(';');
        const std::string_view statement = statements.substr(0, end);
        if (statement.find_first_not_of(" \n") != std::string_view::npos)
            if (auto ran = database.run(statement); !ran) return tl::unexpected(std::move(ran.error()));
        if (end == std::string_view::npos) break;
        statements.remove_prefix(end + 1);
    }
    return {};
}

}  // namespace

std::span<const SchemaStep> schema_steps() {
    return kSteps;
}

Result<std::uint64_t> schema_of(Database& database, std::span<const SchemaStep> steps) {
    auto rows = database.run("SELECT version FROM store_schema");
    if (!rows) {
        // Without that table the database is not a store; any other failure is reported as it is.
        if (rows.error().code == code_name(Code::DatabaseFailed))
            return fail(Code::NotAStore, "the file is not a store");
        return tl::unexpected(std::move(rows.error()));
    }
    if (rows->size() != 1) return fail(Code::NotAStore, "the file is not a store");
    const auto version = static_cast<std::uint64_t>(rows->integer(0, 0));
    if (version > steps.size())
        return fail(Code::OtherSchema, "the store has schema " + std::to_string(version) +
                                           ", but this program supports only schemas up to " +
                                           std::to_string(steps.size()) + "; use the version of Writ that wrote it");
    return version;
}

Result<void> migrate(Database& database, std::span<const SchemaStep> steps, bool fresh) {
    auto transaction = Transaction::begin(database, true);
    if (!transaction) return tl::unexpected(std::move(transaction.error()));
    std::uint64_t version = 0;
    if (fresh) {
        if (auto made = run_all(database,
                                "CREATE TABLE store_schema (version INTEGER NOT NULL);"
                                "INSERT INTO store_schema (version) VALUES (0)");
            !made)
            return made;
    } else {
        auto found = schema_of(database, steps);
        if (!found) return tl::unexpected(std::move(found.error()));
        version = *found;
    }
    for (; version < steps.size(); ++version) {
        const SchemaStep& step = steps[version];
        if (auto ran = run_all(database, step.statements); !ran) return ran;
        if (step.then == nullptr) continue;
        if (auto done = step.then(database); !done) return done;
    }
    const auto to = static_cast<std::int64_t>(steps.size());
    if (auto set = database.run("UPDATE store_schema SET version = $1", {to}); !set)
        return tl::unexpected(std::move(set.error()));
    return transaction->commit();
}

}  // namespace writ::store

// Parts shared by the sources of Store: the connection, the namespace, and conversion of rows to records. Private.
#pragma once

#include <map>
#include <utility>

#include "store/database.h"
#include "writ/diagnostic.h"
#include "writ/store.h"

namespace writ::store {

struct Connection {
    std::unique_ptr<Database> db;
    std::string path, space;

    /// The next number in a table that counts per namespace.
    /// Requires: a write transaction.
    [[nodiscard]] Result<std::int64_t> next(std::string_view table) const;
    [[nodiscard]] Result<void> record(std::string_view kind, std::string_view subject, std::string_view detail,
                                      std::string_view author) const;
    /// The same, in its own transaction: the record of a refusal remains when the refused change is undone.
    [[nodiscard]] Result<void> record_alone(std::string_view kind, std::string_view subject, std::string_view detail,
                                            std::string_view author) const;
    [[nodiscard]] Result<std::vector<Version>> select_versions(std::string_view where, std::string_view value) const;
    [[nodiscard]] Result<Version> version_of(std::string_view digest) const;
    [[nodiscard]] Result<bool> exists(std::string_view sql, std::initializer_list<SqlParam> params) const;
    /// Adds a version, and its content if it is missing.
    /// Requires: a write transaction.
    [[nodiscard]] Result<Version> insert(const Bundle& bundle, const Version& version) const;
    /// Appends to the revocation log. Sets the position of the entry first, and signs it if a key is given.
    /// Requires: a write transaction.
    [[nodiscard]] Result<void> log(RevocationEntry& entry, const SecretKey* key) const;
    /// Entries of the log from a number on, in order.
    [[nodiscard]] Result<std::vector<RevocationEntry>> revocations_from(std::uint64_t sequence) const;
    [[nodiscard]] Result<LogHead> log_head() const;
    /// Checks that the store's keys sign a change. A store without keys requires no signature.
    /// Errors: S0045 unsigned, or signed by a key of another role; S0061 the key is not listed.
    [[nodiscard]] Result<void> check_signer(const SecretKey* key, KeyRole needed, std::string_view what) const;
    [[nodiscard]] Result<std::vector<StoreKey>> keys() const;
    /// Approves a digest for a channel.
    /// Requires: a write transaction. Errors: S0044 the same person has approved already.
    [[nodiscard]] Result<VersionApproval> approve(std::string_view channel, std::string_view digest,
                                                  const Origin& origin) const;
    [[nodiscard]] Result<std::vector<VersionApproval>> approvals(std::string_view digest) const;
    /// The latest first, at most this many.
    [[nodiscard]] Result<std::vector<Activation>> activations(std::string_view channel,
                                                              std::int64_t most = INT64_MAX) const;
    /// The content of a version, verified.
    [[nodiscard]] Result<Bundle> content(std::string_view digest) const;
};

/// Opens a store, and upgrades its schema unless it is opened for reading.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect(const std::string& path, const StoreOptions& options);

/// The revocations in force after a revocation log. Of several revocations of a subject, the one that ends last
/// counts; lifting ends all before it.
class InForce {
public:
    void apply(const RevocationEntry& entry);
    [[nodiscard]] Revocations all() const;

private:
    std::map<std::pair<RevocationKind, std::string>, std::int64_t> ends_;
};

/// Errors: S0020.
[[nodiscard]] Result<void> check_name(std::string_view what, std::string_view name);
/// Checks for one line of at most 4 KiB. Errors: S0026.
[[nodiscard]] Result<void> check_text(std::string_view what, std::string_view text, bool may_be_empty);
[[nodiscard]] Result<void> check_origin(const Origin& origin);
/// `v12` gives 12.
[[nodiscard]] std::optional<std::int64_t> version_number(std::string_view name);
/// Whether a name has the form of the first digits of a digest.
[[nodiscard]] bool looks_like_digest(std::string_view name);
/// Entries of a namespace's revocation log from a number on, in order. Errors: S0004.
[[nodiscard]] Result<std::vector<RevocationEntry>> read_revocations(Database& database, const std::string& space,
                                                                    std::uint64_t sequence);
/// Why an entry does not continue a log with this head; none if it does.
[[nodiscard]] std::optional<Error> misplaced(const RevocationEntry& entry, const LogHead& head);
/// Why an entry is not signed as required; none if it is. A key in `channel` may sign any entry, one in `on_call`
/// only revocations.
[[nodiscard]] std::optional<Error> missigned(const RevocationEntry& entry, const std::vector<PublicKey>& channel,
                                             const std::vector<PublicKey>& on_call);
/// The different people who approved a digest for a channel, without one author.
[[nodiscard]] std::size_t persons(const std::vector<VersionApproval>& approvals, std::string_view channel,
                                  std::string_view author);
/// The address in an author of the form that git writes: `Ada <ada@acme.example>`; otherwise the whole text.
[[nodiscard]] std::string_view person_of(std::string_view author);
/// Whether two authors are certainly different people, as base/person.h decides.
[[nodiscard]] bool two_people(std::string_view a, std::string_view b);
/// `1.7`
[[nodiscard]] std::string text_of(Serial serial);
/// `v5 (6f1d9f3a)`
[[nodiscard]] std::string text_of(const Version& version);

/// For functions that return Result<T>: the error of a failed step.
template <class T>
[[nodiscard]] tl::unexpected<Error> error_of(Result<T>& step) {
    return tl::unexpected(std::move(step.error()));
}

}  // namespace writ::store

// What the parts of Store share: the connection, the namespace, and how rows become records. Private.
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

    /// The next number of a table that counts by namespace. Within a transaction that writes.
    [[nodiscard]] Result<std::int64_t> next(std::string_view table) const;
    [[nodiscard]] Result<void> record(std::string_view kind, std::string_view subject, std::string_view detail,
                                      std::string_view author) const;
    /// The same, in a transaction of its own: refusals stay when what was refused is undone.
    [[nodiscard]] Result<void> record_alone(std::string_view kind, std::string_view subject, std::string_view detail,
                                            std::string_view author) const;
    [[nodiscard]] Result<std::vector<Version>> select_versions(std::string_view where, std::string_view value) const;
    [[nodiscard]] Result<Version> version_of(std::string_view digest) const;
    [[nodiscard]] Result<bool> exists(std::string_view sql, std::initializer_list<Param> params) const;
    /// Adds a version, and its content if that is not there. Within a transaction that writes.
    [[nodiscard]] Result<Version> insert(const Bundle& bundle, const Version& version) const;
    /// Appends to the revocation log, after filling in where the entry stands in it and signing it if a key is
    /// given. Within a transaction that writes.
    [[nodiscard]] Result<void> log(RevocationEntry& entry, const SecretKey* key) const;
    /// Entries of the log from a number on, in order.
    [[nodiscard]] Result<std::vector<RevocationEntry>> revocations_from(std::uint64_t sequence) const;
    [[nodiscard]] Result<LogHead> log_head() const;
    /// Refuses what the store's keys do not sign; a store without keys asks for none.
    /// Errors: S0045 unsigned or by a key of another role, S0061 by one that is not listed.
    [[nodiscard]] Result<void> check_signer(const SecretKey* key, KeyRole needed, std::string_view what) const;
    [[nodiscard]] Result<std::vector<StoreKey>> keys() const;
    /// Approves a digest for a channel. Within a transaction that writes. Errors: S0044 twice by one person.
    [[nodiscard]] Result<VersionApproval> approve(std::string_view channel, std::string_view digest,
                                                  const Origin& origin) const;
    [[nodiscard]] Result<std::vector<VersionApproval>> approvals(std::string_view digest) const;
    /// The latest first, at most so many.
    [[nodiscard]] Result<std::vector<Activation>> activations(std::string_view channel,
                                                              std::int64_t most = INT64_MAX) const;
    /// The content of a version, verified.
    [[nodiscard]] Result<Bundle> content(std::string_view digest) const;
};

/// Opens a store, and brings it to this schema unless it is only read.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect(const std::string& path, const StoreOptions& options);

/// What a revocation log comes to. Of one subject, the revocation that ends last counts; lifting ends
/// all before it.
class InForce {
public:
    void apply(const RevocationEntry& entry);
    [[nodiscard]] Revocations all() const;

private:
    std::map<std::pair<RevocationKind, std::string>, std::int64_t> ends_;
};

/// By the wall clock.
[[nodiscard]] std::int64_t now_micros();
/// Errors: S0020.
[[nodiscard]] Result<void> check_name(std::string_view what, std::string_view name);
/// One line of at most 4 KiB. Errors: S0026.
[[nodiscard]] Result<void> check_text(std::string_view what, std::string_view text, bool may_be_empty);
[[nodiscard]] Result<void> check_origin(const Origin& origin);
/// `v12` gives 12.
[[nodiscard]] std::optional<std::int64_t> version_number(std::string_view name);
/// Whether a name could be the first digits of a digest.
[[nodiscard]] bool looks_like_digest(std::string_view name);
/// Entries of a namespace's revocation log from a number on, in order. Errors: S0004.
[[nodiscard]] Result<std::vector<RevocationEntry>> read_revocations(Database& database, const std::string& space,
                                                                    std::uint64_t sequence);
/// Why an entry does not follow in a log that has come to `head`; nothing if it does.
[[nodiscard]] std::optional<Error> misplaced(const RevocationEntry& entry, const LogHead& head);
/// Why an entry is not signed as it must be; nothing if it is. A key of `channel` may sign any entry, one of
/// `on_call` only revocations.
[[nodiscard]] std::optional<Error> missigned(const RevocationEntry& entry, const std::vector<PublicKey>& channel,
                                             const std::vector<PublicKey>& on_call);
/// Different persons who approved a digest for a channel, one author left out.
[[nodiscard]] std::size_t persons(const std::vector<VersionApproval>& approvals, std::string_view channel,
                                  std::string_view author);
/// The address of an author that ends with one, as git writes authors: `Ada <ada@acme.example>`; else the whole.
[[nodiscard]] std::string_view person_of(std::string_view author);
/// Whether two authors are two people, as base/person.h tells people apart. No: or it cannot be said.
[[nodiscard]] bool two_people(std::string_view a, std::string_view b);
/// `1.7`
[[nodiscard]] std::string text_of(Serial serial);
/// `v5 (6f1d9f3a)`
[[nodiscard]] std::string text_of(const Version& version);

/// For a function that returns Result<T>: the error of a step that failed.
template <class T>
[[nodiscard]] tl::unexpected<Error> error_of(Result<T>& step) {
    return tl::unexpected(std::move(step.error()));
}

}  // namespace writ::store

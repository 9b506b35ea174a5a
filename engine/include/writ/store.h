// The store: versions of policies, and the version that is active in each channel. History is append-only.
// Not here: how brokers follow a channel (policy_handle.h) or decide with revocations (revocations.h).
// Reference: docs/store.md.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/keys.h"
#include "writ/revocations.h"

namespace writ {

namespace store {
struct Connection;
}

// Moments are in microseconds since the epoch, 0 for "none". Digests are lower-case hex, empty for "none".

/// Who makes a change, and why.
struct Origin {
    std::string author;   ///< one line of 1 byte to 4 KiB
    std::string message;  ///< may be empty
};

/// A published version: an immutable bundle, named by its digest.
struct Version {
    std::uint64_t number = 0;  ///< counts from 1 in this namespace, in the order of publishing
    std::string digest, parent;
    Origin origin;
    std::int64_t created_at = 0;
    std::string engine;      ///< the version of the compiler
    bool collected = false;  ///< gc removed the content; the record remains
};

/// A position in the history of a channel. Numbers count up; only an operator raises the epoch.
struct Serial {
    std::uint64_t epoch = 0, number = 0;
    friend constexpr auto operator<=>(const Serial&, const Serial&) = default;
};

/// The end of a revocation log: its last entry, whose digest covers all entries before it.
struct LogHead {
    std::uint64_t sequence = 0;  ///< 0: the log is empty
    std::string digest;
    friend bool operator==(const LogHead&, const LogHead&) = default;
};

/// An activation: a version became the active one in a channel.
struct Activation {
    std::string space, channel;
    Serial serial;
    std::string digest;
    std::string parent;  ///< digest of the version that was active before
    bool rollback = false;
    Origin origin;
    std::int64_t created_at = 0, not_after = 0;
    LogHead revoked;                ///< the revocation log at that time: a reader refuses a store that has less of it
    std::string key_id, signature;  ///< empty: unsigned. The signature is 64 bytes
};

/// A channel. `serial` is zero and `digest` is empty until a version is activated.
struct Channel {
    std::string name;
    Serial serial;
    std::string digest;
    bool gated = false;           ///< activation runs the version's own tests and invariants
    std::uint32_t approvals = 0;  ///< number of people other than the author who must approve the digest
};

/// Somebody's approval of exactly this content for this channel.
struct VersionApproval {
    std::string channel, digest;
    Origin origin;
    std::int64_t created_at = 0;
};

struct Tag {
    std::string name, digest;
    Origin origin;
    std::int64_t created_at = 0;
};

/// Something done or refused that is not an activation: `gate`, `refused`, `protect`, `import`, `gc`.
struct Event {
    std::string kind, subject, detail, author;
    std::int64_t created_at = 0;
};

/// An entry of the revocation log: a revocation, or its lifting.
struct RevocationEntry {
    std::string space;
    std::uint64_t sequence = 0;  ///< from 1, without gaps
    bool lifts = false;
    RevocationKind kind = RevocationKind::Agent;
    std::string subject;  ///< canonical spelling
    Origin origin;        ///< the message is the reason
    std::int64_t created_at = 0, expires_at = 0;
    std::string parent;             ///< digest of the previous entry; empty for the first
    std::string key_id, signature;  ///< as in Activation
};
/// The digest of an entry, which covers all entries before it: the SHA-256 of what is signed, in hex.
[[nodiscard]] std::string digest_of(const RevocationEntry& entry);

/// What a key may sign.
enum class KeyRole : std::uint8_t {
    Channel,  ///< activations, revocations and liftings
    OnCall,   ///< revocations only
};
/// "channel", "on-call"
[[nodiscard]] std::string_view key_role_name(KeyRole role);
[[nodiscard]] std::optional<KeyRole> key_role(std::string_view name);

/// A key whose signatures the store requires. Readers configure the keys that they trust (policy_handle.h).
struct StoreKey {
    KeyRole role = KeyRole::Channel;
    PublicKey key;
    Origin origin;
    std::int64_t created_at = 0;
};

/// The result of checking a version.
struct VersionCheck {
    bool passed = false;
    std::string summary;                ///< one line
    std::vector<std::string> problems;  ///< one line for each
};
/// Checks a version: `check_version` of gate.h, for programs that link the compiler.
using VersionGate = std::function<VersionCheck(const Bundle&)>;

/// A request to activate a version in a channel.
struct Move {
    std::string channel, version;  ///< `version` as resolve() takes it
    Origin origin;
    std::optional<Serial> expected;  ///< the channel's position when the author looked at it; none: its position now
    bool raise_epoch = false;
    std::int64_t not_after = 0;      ///< readers with keys refuse the activation from then on
    const SecretKey* key = nullptr;  ///< null: unsigned
    VersionGate gate;                ///< null: a gated channel refuses the activation
};

struct StoreOptions {
    std::string space = "default";  ///< the namespace
    bool read_only = false;
    int patience_ms = 5000;  ///< milliseconds to wait for another program that writes
};

/// One namespace of a store; used by one thread at a time. Every function that changes something does so in one
/// transaction: either all of it is durable, or nothing has changed. Any function can fail with S0004 or S0006..S0010.
class Store {
public:
    /// Makes an empty store. Errors: S0001 no such folder, S0002 a file exists already.
    [[nodiscard]] static Result<Store> init(const std::string& path, const StoreOptions& options = {});
    /// Opens a store. A store with an earlier schema is upgraded.
    /// Errors: S0001, S0003, S0005; S0020 the name of the namespace.
    [[nodiscard]] static Result<Store> open(const std::string& path, const StoreOptions& options = {});
    ~Store();
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;

    /// Publishes a version. Its parent is the version published last, unless `parent` names another. Content that is
    /// already published keeps its version and its author. Errors: S0021, S0022, S0026.
    [[nodiscard]] Result<Version> publish(const Bundle& bundle, const Origin& origin, std::string_view parent = {});
    /// Every version, the latest first.
    [[nodiscard]] Result<std::vector<Version>> versions() const;
    /// Finds a version by `vN`, a tag, a channel (its active version), or 8 or more digits of its digest.
    /// Errors: S0021, S0022.
    [[nodiscard]] Result<Version> resolve(std::string_view name) const;
    /// The content of a version, verified. Errors: S0004, S0021, S0025.
    [[nodiscard]] Result<Bundle> bundle(std::string_view digest) const;

    /// Makes a channel, or changes what it requires; the change is recorded. Errors: S0020, S0024, S0026.
    [[nodiscard]] Result<Channel> protect(const std::string& channel, bool gated, std::uint32_t approvals,
                                          const Origin& origin);
    [[nodiscard]] Result<std::vector<Channel>> channels() const;
    /// Errors: S0023.
    [[nodiscard]] Result<Channel> channel(std::string_view name) const;
    /// Activates a version in a channel by compare-and-set.
    /// Errors: S0021..S0026; S0040 the channel has moved, with what changed; S0041..S0043; S0045, S0061 the key.
    [[nodiscard]] Result<Activation> activate(const Move& move);
    /// Activates `move.version` again; if that is empty, the last different content that the channel had.
    /// Errors: as activate(); S0028.
    [[nodiscard]] Result<Activation> rollback(Move move);
    /// The activations of a channel, the latest first. Errors: S0023.
    [[nodiscard]] Result<std::vector<Activation>> history(std::string_view channel) const;
    /// Approves the content of a version for a channel. Errors: S0021..S0023, S0026, S0044.
    [[nodiscard]] Result<VersionApproval> approve(const std::string& channel, std::string_view version,
                                                  const Origin& origin);
    [[nodiscard]] Result<std::vector<VersionApproval>> approvals(std::string_view digest) const;

    /// Tags a version, or moves a tag to another version; the change is recorded. Errors: S0020..S0022, S0024, S0026.
    [[nodiscard]] Result<Tag> tag(const std::string& name, std::string_view version, const Origin& origin);
    [[nodiscard]] Result<std::vector<Tag>> tags() const;

    /// Revokes a subject immediately, for ever or until `expires_at`. If several revocations of it are in force, the
    /// one that ends last counts. Any of the store's keys may sign; if the store has keys, one must.
    /// A tool or an issuer that no active version declares is refused unless `undeclared` is set: it is most often a
    /// typing mistake, and would revoke nothing. While no version is active, any name is accepted.
    /// Errors: S0023 `All` of an unknown channel, S0026, S0030 the subject, S0032 it is not
    /// declared; S0045, S0061 the key.
    [[nodiscard]] Result<RevocationEntry> revoke(RevocationKind kind, const std::string& subject, const Origin& origin,
                                                 std::int64_t expires_at = 0, const SecretKey* key = nullptr,
                                                 bool undeclared = false);
    /// Lifts every revocation of a subject. The requirements are those of an activation: a channel key if
    /// the store has keys, and as many approvals by others as the strictest channel requires; for `All`,
    /// as the channel itself requires.
    /// Errors: S0026, S0029, S0030; S0043, S0045, S0061.
    [[nodiscard]] Result<RevocationEntry> lift(RevocationKind kind, const std::string& subject, const Origin& origin,
                                               const SecretKey* key = nullptr);
    /// Approves the lifting of exactly the revocation in force. Errors: S0026, S0029, S0030, S0044.
    [[nodiscard]] Result<VersionApproval> approve_lift(RevocationKind kind, const std::string& subject,
                                                       const Origin& origin);
    /// Signs the unsigned entries. Output: these entries. Errors: S0045, S0061.
    [[nodiscard]] Result<std::vector<RevocationEntry>> sign_revocations(const SecretKey& key, const Origin& origin);
    /// The whole log, the latest entry first.
    [[nodiscard]] Result<std::vector<RevocationEntry>> revocation_log() const;
    /// The revocations in force.
    [[nodiscard]] Result<Revocations> revocations() const;

    /// Adds a key; from then on the store refuses unsigned changes. A key has one role, the one given last.
    /// Errors: S0026.
    [[nodiscard]] Result<StoreKey> add_key(KeyRole role, const PublicKey& key, const Origin& origin);
    /// Errors: S0026, S0031 no such key.
    [[nodiscard]] Result<void> remove_key(std::string_view id, const Origin& origin);
    [[nodiscard]] Result<std::vector<StoreKey>> keys() const;

    /// The latest first.
    [[nodiscard]] Result<std::vector<Event>> events() const;
    /// The problems of the store, one line each: in the database, content that does not match its digest, gaps in
    /// histories and, if `keys` are given, invalid signatures. Keys in `on_call` may have signed revocations.
    [[nodiscard]] Result<std::vector<std::string>> verify(const std::vector<PublicKey>& keys = {},
                                                          const std::vector<PublicKey>& on_call = {}) const;
    /// Exports versions with their content as text that import_versions() reads. Empty list: all versions with content.
    [[nodiscard]] Result<std::string> export_versions(const std::vector<std::string>& names) const;
    /// Adds the versions that are missing. Output: these. Errors: S0027; then nothing is added.
    [[nodiscard]] Result<std::vector<Version>> import_versions(std::string_view text, const Origin& origin);
    /// Removes the content of versions published before `before` that were never active, have no tag and are not the
    /// latest. Output: these versions; if `dry`, nothing is removed.
    [[nodiscard]] Result<std::vector<Version>> collect(std::int64_t before, bool dry, const Origin& origin);

private:
    explicit Store(std::unique_ptr<store::Connection> connection);
    std::unique_ptr<store::Connection> impl_;
};

}  // namespace writ

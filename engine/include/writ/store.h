// The store: versions of policies, and which of them is active in which channel. History only grows.
// Not here: how brokers follow a channel (policy_handle.h) or decide under revocations (revocations.h).
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

// Moments are microseconds since the epoch, 0 for "none". Digests are lower-case hex, empty for "none".

/// Who does something, and why.
struct Origin {
    std::string author;   ///< 1 byte to 4 KiB of one line
    std::string message;  ///< may be empty
};

/// What was published: a bundle, immutable, named by its digest.
struct Version {
    std::uint64_t number = 0;  ///< from 1, by time of publishing in this namespace
    std::string digest, parent;
    Origin origin;
    std::int64_t created_at = 0;
    std::string engine;      ///< that compiled it
    bool collected = false;  ///< gc took the content; the record stays
};

/// A place in the history of a channel: numbers count on, and an operator alone raises the epoch.
struct Serial {
    std::uint64_t epoch = 0, number = 0;
    friend constexpr auto operator<=>(const Serial&, const Serial&) = default;
};

/// How far a revocation log has come: its last entry, which names all before it.
struct LogHead {
    std::uint64_t sequence = 0;  ///< 0: the log is empty
    std::string digest;
    friend bool operator==(const LogHead&, const LogHead&) = default;
};

/// A version made the one that counts in a channel.
struct Activation {
    std::string space, channel;
    Serial serial;
    std::string digest;
    std::string parent;  ///< what was active before
    bool rollback = false;
    Origin origin;
    std::int64_t created_at = 0, not_after = 0;
    LogHead revoked;                ///< how far the revocation log was: a store with less of it is no such store
    std::string key_id, signature;  ///< empty: unsigned. The signature is 64 bytes
};

/// A channel. `serial` is zero and `digest` empty until something is active.
struct Channel {
    std::string name;
    Serial serial;
    std::string digest;
    bool gated = false;           ///< activation runs the version's own tests and invariants
    std::uint32_t approvals = 0;  ///< persons other than the author that must approve the digest
};

/// Someone's word for exactly this content in this channel.
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

/// An entry of the revocation log: a revocation, or the lifting of one.
struct RevocationEntry {
    std::string space;
    std::uint64_t sequence = 0;  ///< from 1, without gaps
    bool lifts = false;
    RevocationKind kind = RevocationKind::Agent;
    std::string subject;  ///< canonical
    Origin origin;        ///< the message says why
    std::int64_t created_at = 0, expires_at = 0;
    std::string parent;             ///< digest of the entry before; empty for the first
    std::string key_id, signature;  ///< as of an Activation
};
/// Names an entry and, through its parent, all before it: the SHA-256 of what is signed, in hex.
[[nodiscard]] std::string digest_of(const RevocationEntry& entry);

/// What a key may sign.
enum class KeyRole : std::uint8_t {
    Channel,  ///< activations, revocations and the lifting of them
    OnCall,   ///< revocations alone
};
/// "channel", "on-call"
[[nodiscard]] std::string_view key_role_name(KeyRole role);
[[nodiscard]] std::optional<KeyRole> key_role(std::string_view name);

/// A key that the store asks signatures of. What readers trust is their own (policy_handle.h).
struct StoreKey {
    KeyRole role = KeyRole::Channel;
    PublicKey key;
    Origin origin;
    std::int64_t created_at = 0;
};

/// What a version says of itself when it is asked.
struct GateReport {
    bool passed = false;
    std::string summary;                ///< one line
    std::vector<std::string> problems;  ///< a line each
};
/// Runs a version's tests and invariants: `policy_gate` of tools.h, for a program with the compiler.
using Gate = std::function<GateReport(const Bundle&)>;

/// A wish to move a channel.
struct Move {
    std::string channel, version;  ///< `version` as resolve() takes it
    Origin origin;
    std::optional<Serial> expected;  ///< where the channel was when it was looked at; else, now
    bool raise_epoch = false;
    std::int64_t not_after = 0;      ///< readers with keys refuse it from then on
    const SecretKey* key = nullptr;  ///< null: unsigned
    Gate gate;                       ///< null: a gated channel refuses
};

struct StoreOptions {
    std::string space = "default";  ///< the namespace that all is about
    bool read_only = false;
    int patience_ms = 5000;  ///< how long to wait for another program that writes
};

/// One namespace of a store; used by one thread at a time. Every function that changes something does it
/// in one transaction: all of it is durable, or nothing changed. Any can fail with S0004 or S0006..S0010.
class Store {
public:
    /// Makes an empty store. Errors: S0001 no folder, S0002 something is there.
    [[nodiscard]] static Result<Store> init(const std::string& path, const StoreOptions& options = {});
    /// Opens a store, and brings one of an earlier schema to this one.
    /// Errors: S0001, S0003, S0005; S0020 the namespace.
    [[nodiscard]] static Result<Store> open(const std::string& path, const StoreOptions& options = {});
    ~Store();
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;

    /// Adds a version, whose parent is the one published last unless `parent` names another. Content that
    /// is there already is that version, with the author it has. Errors: S0021, S0022, S0026.
    [[nodiscard]] Result<Version> publish(const Bundle& bundle, const Origin& origin, std::string_view parent = {});
    /// Every version, the latest first.
    [[nodiscard]] Result<std::vector<Version>> versions() const;
    /// A version by `vN`, a tag, a channel (what is active there), or 8 or more digits of its digest.
    /// Errors: S0021, S0022.
    [[nodiscard]] Result<Version> resolve(std::string_view name) const;
    /// The content of a version, verified. Errors: S0004, S0021, S0025.
    [[nodiscard]] Result<Bundle> bundle(std::string_view digest) const;

    /// Makes a channel, or changes what it asks for; that is recorded. Errors: S0020, S0024, S0026.
    [[nodiscard]] Result<Channel> protect(const std::string& channel, bool gated, std::uint32_t approvals,
                                          const Origin& origin);
    [[nodiscard]] Result<std::vector<Channel>> channels() const;
    /// Errors: S0023.
    [[nodiscard]] Result<Channel> channel(std::string_view name) const;
    /// Moves a channel by compare-and-set.
    /// Errors: S0021..S0026; S0040 it has moved, and what changed; S0041..S0043; S0045, S0061 the key.
    [[nodiscard]] Result<Activation> activate(const Move& move);
    /// Moves a channel to `move.version` or, where that is empty, to the last other content it had.
    /// Errors: as activate(); S0028.
    [[nodiscard]] Result<Activation> rollback(Move move);
    /// What a channel went through, the latest first. Errors: S0023.
    [[nodiscard]] Result<std::vector<Activation>> history(std::string_view channel) const;
    /// Approves the content of a version for a channel. Errors: S0021..S0023, S0026, S0044.
    [[nodiscard]] Result<VersionApproval> approve(const std::string& channel, std::string_view version,
                                                  const Origin& origin);
    [[nodiscard]] Result<std::vector<VersionApproval>> approvals(std::string_view digest) const;

    /// Names a version, or moves a name to another; that is recorded. Errors: S0020..S0022, S0024, S0026.
    [[nodiscard]] Result<Tag> tag(const std::string& name, std::string_view version, const Origin& origin);
    [[nodiscard]] Result<std::vector<Tag>> tags() const;

    /// Revokes a subject at once, for good or until `expires_at`. Where several are in force, the one that
    /// ends last counts. Any of the store's keys may sign it; where it has keys, one must.
    /// A tool or an issuer that no active version declares is refused, unless `undeclared`: most often it is a
    /// slip, and would revoke nothing. While nothing is active, any is taken.
    /// Errors: S0023 `All` of no channel, S0026, S0030 the subject, S0032 it is not declared; S0045, S0061 the key.
    [[nodiscard]] Result<RevocationEntry> revoke(RevocationKind kind, const std::string& subject, const Origin& origin,
                                                 std::int64_t expires_at = 0, const SecretKey* key = nullptr,
                                                 bool undeclared = false);
    /// Ends every revocation of a subject. It takes what moving a channel takes: a channel key where the store
    /// has keys, and as many approvals by others as the strictest channel asks for; of `All`, as its own does.
    /// Errors: S0026, S0029, S0030; S0043, S0045, S0061.
    [[nodiscard]] Result<RevocationEntry> lift(RevocationKind kind, const std::string& subject, const Origin& origin,
                                               const SecretKey* key = nullptr);
    /// Approves that exactly the revocation in force is lifted, by someone else. Errors: S0026, S0029, S0030, S0044.
    [[nodiscard]] Result<VersionApproval> approve_lift(RevocationKind kind, const std::string& subject,
                                                       const Origin& origin);
    /// Signs the entries that nobody signed. Output: those. Errors: S0045, S0061.
    [[nodiscard]] Result<std::vector<RevocationEntry>> sign_revocations(const SecretKey& key, const Origin& origin);
    /// The whole log, the latest first.
    [[nodiscard]] Result<std::vector<RevocationEntry>> revocation_log() const;
    /// What is in force.
    [[nodiscard]] Result<Revocations> revocations() const;

    /// Lists a key, from when on the store refuses what is not signed. A key has one role: the last given.
    /// Errors: S0026.
    [[nodiscard]] Result<StoreKey> add_key(KeyRole role, const PublicKey& key, const Origin& origin);
    /// Errors: S0026, S0031 no such key.
    [[nodiscard]] Result<void> remove_key(std::string_view id, const Origin& origin);
    [[nodiscard]] Result<std::vector<StoreKey>> keys() const;

    /// The latest first.
    [[nodiscard]] Result<std::vector<Event>> events() const;
    /// What is wrong with the store, a line each: the database itself, content that is not what its digest
    /// says, histories with gaps and, where `keys` are given, signatures that do not fit. `on_call` may have
    /// signed revocations.
    [[nodiscard]] Result<std::vector<std::string>> verify(const std::vector<PublicKey>& keys = {},
                                                          const std::vector<PublicKey>& on_call = {}) const;
    /// Versions with their content, as text that import_versions() reads. Empty: all that have content.
    [[nodiscard]] Result<std::string> export_versions(const std::vector<std::string>& names) const;
    /// Adds the versions that are not there yet. Output: those. Errors: S0027; then nothing is added.
    [[nodiscard]] Result<std::vector<Version>> import_versions(std::string_view text, const Origin& origin);
    /// Collects the content of versions published before `before` that were never active, have no tag and
    /// are not the latest. Output: those; with `dry` they are left.
    [[nodiscard]] Result<std::vector<Version>> collect(std::int64_t before, bool dry, const Origin& origin);

private:
    explicit Store(std::unique_ptr<store::Connection> connection);
    std::unique_ptr<store::Connection> impl_;
};

}  // namespace writ

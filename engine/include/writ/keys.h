// Ed25519 keys, and the bytes that signatures of activations and revocations cover. Not here: which keys a reader
// trusts; each reader configures that itself (policy_handle.h).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "writ/diagnostic.h"

namespace writ {

struct Activation;
struct RevocationEntry;

/// A public key, which readers have.
class PublicKey {
public:
    /// Reads the line that text() returns.
    /// Errors: S0066.
    [[nodiscard]] static Result<PublicKey> parse(std::string_view text);
    /// The first 16 hex digits of the SHA-256 of the key. A name, not a proof.
    [[nodiscard]] const std::string& id() const { return id_; }
    /// `writ-ed25519-public:ID:BASE64`.
    [[nodiscard]] std::string text() const;
    /// Whether the activation or entry has a valid signature by this key.
    [[nodiscard]] bool verifies(const Activation& activation) const;
    [[nodiscard]] bool verifies(const RevocationEntry& entry) const;

private:
    friend class SecretKey;
    friend Result<PublicKey> read_public_key(const std::string& path);
    explicit PublicKey(const std::array<unsigned char, 32>& bytes);
    [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;
    std::array<unsigned char, 32> bytes_{};
    std::string id_;
};

/// A secret key, which signs. It can be moved but not copied, and is wiped on destruction.
class SecretKey {
public:
    [[nodiscard]] static SecretKey generate();
    /// Reads the line that text() returns.
    /// Errors: S0066.
    [[nodiscard]] static Result<SecretKey> parse(std::string_view text);
    SecretKey(SecretKey&&) noexcept;
    SecretKey& operator=(SecretKey&&) noexcept;
    ~SecretKey();

    [[nodiscard]] const PublicKey& public_key() const;
    /// `writ-ed25519-secret:ID:BASE64`. Anyone who has it can sign.
    [[nodiscard]] std::string text() const;
    /// Sets key_id and signature.
    void sign(Activation& activation) const;
    void sign(RevocationEntry& entry) const;

private:
    friend Result<SecretKey> read_secret_key(const std::string& path);
    struct Impl;
    explicit SecretKey(std::unique_ptr<Impl> impl);
    [[nodiscard]] std::string signature_of(std::string_view message) const;
    std::unique_ptr<Impl> impl_;
};

/// The bytes that are signed: docs/store.md, "Signatures".
[[nodiscard]] std::string signed_bytes(const Activation& activation);
[[nodiscard]] std::string signed_bytes(const RevocationEntry& entry);

/// Writes a new secret key to `path`, readable by its owner only, and the public key to `path`.pub.
/// Errors: S0002 a file exists already, S0007, S0008, S0009.
[[nodiscard]] Result<PublicKey> generate_key(const std::string& path);
/// Errors: S0001 no such file, S0009, S0066; S0067 users other than the owner may use the file.
[[nodiscard]] Result<SecretKey> read_secret_key(const std::string& path);
/// Reads a public key, or the public half of a secret key.
/// Errors: as read_secret_key().
[[nodiscard]] Result<PublicKey> read_public_key(const std::string& path);

}  // namespace writ

// Keys as text, signing and verifying. The one signature scheme is Ed25519, by libsodium.
#include "writ/keys.h"

#include <sodium.h>

#include "base/key_line.h"
#include "store/fields.h"
#include "store/system.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ {

namespace {

constexpr std::string_view kActivation = "writ.activation.v2", kRevocation = "writ.revocation.v1";
constexpr std::size_t kMostKeyText = 64u << 10;  // beyond any key's line
static_assert(crypto_sign_BYTES == 64);

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string signed_bytes(const Activation& activation) {
    std::string bytes;
    store::add_field(bytes, kActivation);
    store::add_field(bytes, activation.space);
    store::add_field(bytes, activation.channel);
    store::add_number(bytes, activation.serial.epoch);
    store::add_number(bytes, activation.serial.number);
    store::add_field(bytes, activation.parent);
    store::add_field(bytes, activation.digest);
    store::add_number(bytes, static_cast<std::uint64_t>(activation.not_after));
    store::add_number(bytes, activation.revoked.sequence);
    store::add_field(bytes, activation.revoked.digest);
    return bytes;
}

std::string signed_bytes(const RevocationEntry& entry) {
    std::string bytes;
    store::add_field(bytes, kRevocation);
    store::add_field(bytes, entry.space);
    store::add_number(bytes, entry.sequence);
    store::add_field(bytes, entry.parent);
    store::add_field(bytes, entry.lifts ? "lift" : "revoke");
    store::add_field(bytes, revocation_name(entry.kind));
    store::add_field(bytes, entry.subject);
    store::add_field(bytes, entry.origin.author);
    store::add_field(bytes, entry.origin.message);
    store::add_number(bytes, static_cast<std::uint64_t>(entry.created_at));
    store::add_number(bytes, static_cast<std::uint64_t>(entry.expires_at));
    return bytes;
}

// ---- public -----------------------------------------------------------------------------------

PublicKey::PublicKey(const std::array<unsigned char, 32>& bytes) : bytes_(bytes), id_(key_name(bytes)) {}

Result<PublicKey> PublicKey::parse(std::string_view text) {
    const auto line = read_key_line(text, kPublicLine);
    if (!line) return fail(Code::MalformedKey, "not a public key of Writ's");
    PublicKey key(line->bytes);
    if (key.id_ != line->name) return fail(Code::MalformedKey, "the key is not the one that its id names");
    return key;
}

std::string PublicKey::text() const {
    return write_key_line(kPublicLine, id_, bytes_);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
    return signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(), bytes_.data()) == 0;
}

bool PublicKey::verifies(const Activation& activation) const {
    return verifies(signed_bytes(activation), activation.signature);
}
bool PublicKey::verifies(const RevocationEntry& entry) const {
    return verifies(signed_bytes(entry), entry.signature);
}

// ---- secret -----------------------------------------------------------------------------------

struct SecretKey::Impl {
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> key{};
    PublicKey open{{}};

    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        sodium_memzero(seed.data(), seed.size());
        sodium_memzero(key.data(), key.size());
    }
    void expand() {
        std::array<unsigned char, 32> bytes{};
        crypto_sign_seed_keypair(bytes.data(), key.data(), seed.data());
        open = PublicKey(bytes);
    }
};

SecretKey::SecretKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;
SecretKey::~SecretKey() = default;

SecretKey SecretKey::generate() {
    [[maybe_unused]] static const int ready = sodium_init();
    auto impl = std::make_unique<Impl>();
    randombytes_buf(impl->seed.data(), impl->seed.size());
    impl->expand();
    return SecretKey(std::move(impl));
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
    [[maybe_unused]] static const int ready = sodium_init();
    auto impl = std::make_unique<Impl>();
    auto line = read_key_line(text, kSecretLine);
    if (!line) return fail(Code::MalformedKey, "not a secret key of Writ's");
    impl->seed = line->bytes;
    sodium_memzero(line->bytes.data(), line->bytes.size());
    impl->expand();
    if (impl->open.id() != line->name) return fail(Code::MalformedKey, "the key is not the one that its id names");
    return SecretKey(std::move(impl));
}

const PublicKey& SecretKey::public_key() const {
    return impl_->open;
}

std::string SecretKey::text() const {
    return write_key_line(kSecretLine, impl_->open.id(), impl_->seed);
}

std::string SecretKey::signature_of(std::string_view message) const {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, bytes_of(message), message.size(),
                         impl_->key.data());
    return signature;
}

void SecretKey::sign(Activation& activation) const {
    activation.key_id = impl_->open.id();
    activation.signature = signature_of(signed_bytes(activation));
}

void SecretKey::sign(RevocationEntry& entry) const {
    entry.key_id = impl_->open.id();
    entry.signature = signature_of(signed_bytes(entry));
}

// ---- files ------------------------------------------------------------------------------------

Result<PublicKey> generate_key(const std::string& path) {
    const SecretKey key = SecretKey::generate();
    std::string line = key.text() + "\n";
    auto written = store::checked(os::create_file(path, line, 0600));
    sodium_memzero(line.data(), line.size());
    if (!written) return tl::unexpected(std::move(written.error()));
    if (written = store::checked(os::create_file(path + ".pub", key.public_key().text() + "\n", 0644)); !written)
        return tl::unexpected(std::move(written.error()));
    return key.public_key();
}

Result<SecretKey> read_secret_key(const std::string& path) {
    if (os::open_to_others(path))
        return fail(Code::SecretKeyOpen, "others than its owner may use this secret key; `chmod 600` it", path);
    auto text = store::checked(os::read_file(path, kMostKeyText));
    if (!text) return tl::unexpected(std::move(text.error()));
    auto key = SecretKey::parse(*text);
    sodium_memzero(text->data(), text->size());
    if (!key) key.error().context = path;
    return key;
}

Result<PublicKey> read_public_key(const std::string& path) {
    auto text = store::checked(os::read_file(path, kMostKeyText));
    if (!text) return tl::unexpected(std::move(text.error()));
    if (text->starts_with(kSecretLine)) {
        auto secret = read_secret_key(path);
        if (!secret) return tl::unexpected(std::move(secret.error()));
        return secret->public_key();
    }
    auto key = PublicKey::parse(*text);
    if (!key) key.error().context = path;
    return key;
}

}  // namespace writ

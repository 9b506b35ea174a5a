// Keys, signatures of activations and revocations, and key files, over os/keys.h.
#include "writ/keys.h"

#include "base/random.h"
#include "os/keys.h"
#include "store/fields.h"
#include "store/system.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ {

namespace {

constexpr std::string_view kActivation = "writ.activation.v2", kRevocation = "writ.revocation.v1";

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

PublicKey::PublicKey(const std::array<unsigned char, 32>& bytes) : bytes_(bytes), id_(os::key_id(bytes)) {}

Result<PublicKey> PublicKey::parse(std::string_view text) {
    const auto bytes = os::read_public_line(text);
    if (!bytes) return fail(Code::MalformedKey, "not a public key in the format of `writ keys generate`");
    return PublicKey(*bytes);
}

std::string PublicKey::text() const {
    return os::public_line(bytes_);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
    return os::verifies(bytes_, message, signature);
}

bool PublicKey::verifies(const Activation& activation) const {
    return verifies(signed_bytes(activation), activation.signature);
}
bool PublicKey::verifies(const RevocationEntry& entry) const {
    return verifies(signed_bytes(entry), entry.signature);
}

// ---- secret -----------------------------------------------------------------------------------

struct SecretKey::Impl {
    os::KeyBytes seed;
    PublicKey open;

    explicit Impl(const os::KeyBytes& from) : seed(from), open(os::public_half_of(from)) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { os::wipe(seed); }
};

SecretKey::SecretKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;
SecretKey::~SecretKey() = default;

SecretKey SecretKey::generate() {
    os::KeyBytes seed{};
    fill_secret(seed.data(), seed.size());
    SecretKey key(std::make_unique<Impl>(seed));
    os::wipe(seed);
    return key;
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
    auto seed = os::read_secret_line(text);
    if (!seed) return fail(Code::MalformedKey, "not a secret key in the format of `writ keys generate`");
    SecretKey key(std::make_unique<Impl>(*seed));
    os::wipe(*seed);
    return key;
}

const PublicKey& SecretKey::public_key() const {
    return impl_->open;
}

std::string SecretKey::text() const {
    return os::secret_line(impl_->seed);
}

std::string SecretKey::signature_of(std::string_view message) const {
    return os::sign(impl_->seed, message);
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
    os::wipe(line);
    if (!written) return tl::unexpected(std::move(written.error()));
    if (written = store::checked(os::create_file(path + ".pub", key.public_key().text() + "\n", 0644)); !written)
        return tl::unexpected(std::move(written.error()));
    return key.public_key();
}

Result<SecretKey> read_secret_key(const std::string& path) {
    auto seed = os::read_seed(path);
    if (!seed) return tl::unexpected(store::error_of(std::move(seed.error())));
    SecretKey key(std::make_unique<SecretKey::Impl>(*seed));
    os::wipe(*seed);
    return key;
}

Result<PublicKey> read_public_key(const std::string& path) {
    return store::checked(os::read_public_half(path)).map([](const os::KeyBytes& bytes) { return PublicKey(bytes); });
}

}  // namespace writ

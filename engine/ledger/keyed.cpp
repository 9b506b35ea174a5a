#include "ledger/keyed.h"

#include "ledger/system.h"
#include "os/keys.h"
#include "writ/errors.h"
#include "writ/ledger.h"

namespace writ::ledger {

Keyed::Keyed(std::string_view key) {
    crypto_auth_hmacsha256_init(&begun_, reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

Hash Keyed::digest(std::string_view context, std::string_view value) const {
    crypto_auth_hmacsha256_state state = begun_;
    Hash out{};
    for (const std::string_view part : {context, std::string_view("\0", 1), value})
        crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    crypto_auth_hmacsha256_final(&state, out.data());
    return out;
}

Result<std::string> read_mask_key(const std::string& path) {
    auto text = checked(os::read_secret_file(path, 4096));
    if (!text) return tl::unexpected(std::move(text.error()));
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    const auto key = hash_from_hex(*text);
    if (!key)
        return fail(Code::BadLedgerKey, "a key has 64 lower-case hex digits; `openssl rand -hex 32` generates one",
                    path);
    return std::string(reinterpret_cast<const char*>(key->data()), key->size());
}

Result<void> write_key_file(const std::string& path, std::string_view key) {
    Hash bytes{};
    key.copy(reinterpret_cast<char*>(bytes.data()), bytes.size());
    return checked(os::replace_file(path, to_hex(bytes) + "\n", 0600));
}

}  // namespace writ::ledger

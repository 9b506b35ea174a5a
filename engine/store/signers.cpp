// The keys whose signatures a store requires, and whether entries of the revocation log have such signatures.
#include <algorithm>

#include "os/clock.h"
#include "store/impl.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

std::string_view key_role_name(KeyRole role) {
    return role == KeyRole::Channel ? "channel" : "on-call";
}

std::optional<KeyRole> key_role(std::string_view name) {
    for (const KeyRole role : {KeyRole::Channel, KeyRole::OnCall})
        if (name == key_role_name(role)) return role;
    return {};
}

// ---- keys -------------------------------------------------------------------------------------

Result<std::vector<StoreKey>> store::Connection::keys() const {
    auto rows = db->run(
        "SELECT action, key_id, public_key, author, message, created_at FROM key_role WHERE namespace = $1"
        " ORDER BY sequence",
        {space});
    if (!rows) return error_of(rows);
    std::vector<StoreKey> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const std::string id = rows->text(i, 1), action = rows->text(i, 0);
        std::erase_if(out, [&](const StoreKey& each) { return each.key.id() == id; });
        if (action == "remove") continue;
        const auto role = key_role(action);
        auto key = PublicKey::parse(rows->text(i, 2));
        // Ignoring a key that is not understood would require less.
        if (!role || !key) return fail(Code::StoreDamaged, "the store's list of keys cannot be read", id);
        out.push_back({*role, std::move(*key), {rows->text(i, 3), rows->text(i, 4)}, rows->integer(i, 5)});
    }
    return out;
}

namespace {

Result<void> list(const Connection& connection, std::string_view action, std::string_view id, std::string_view key,
                  const Origin& origin, std::int64_t now) {
    auto sequence = connection.next("key_role");
    if (!sequence) return error_of(sequence);
    auto done = connection.db->run(
        "INSERT INTO key_role (namespace, sequence, action, key_id, public_key, author, message, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {connection.space, *sequence, action, id, key, origin.author, origin.message, now});
    if (!done) return error_of(done);
    return {};
}

}  // namespace

Result<StoreKey> Store::add_key(KeyRole role, const PublicKey& key, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    StoreKey out{role, key, origin, os::now_micros()};
    if (auto done = list(*impl_, key_role_name(role), key.id(), key.text(), origin, out.created_at); !done)
        return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return out;
}

Result<void> Store::remove_key(std::string_view id, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return fits;
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto listed = impl_->keys();
    if (!listed) return error_of(listed);
    if (std::none_of(listed->begin(), listed->end(), [&](const StoreKey& each) { return each.key.id() == id; }))
        return fail(Code::KeyNotListed, "the store lists no such key; `writ store keys` shows its keys",
                    std::string(id));
    if (auto done = list(*impl_, "remove", id, "", origin, os::now_micros()); !done) return done;
    return transaction->commit();
}

Result<std::vector<StoreKey>> Store::keys() const {
    return impl_->keys();
}

Result<void> store::Connection::check_signer(const SecretKey* key, KeyRole needed, std::string_view what) const {
    auto listed = keys();
    if (!listed) return error_of(listed);
    if (listed->empty()) return {};
    const std::string asked = needed == KeyRole::Channel ? "a channel key" : "one of the store's keys";
    if (key == nullptr)
        return fail(Code::SignatureMissing, std::string(what) + " must be signed by " + asked + "; use `--key FILE`",
                    space);
    const std::string& id = key->public_key().id();
    const auto found =
        std::find_if(listed->begin(), listed->end(), [&](const StoreKey& each) { return each.key.id() == id; });
    if (found == listed->end())
        return fail(Code::UnknownKey, "the store does not list this key; `writ store keys` shows its keys", id);
    if (needed == KeyRole::Channel && found->role != KeyRole::Channel)
        return fail(Code::SignatureMissing,
                    std::string(what) + " must be signed by a channel key, but this is an on-call key", id);
    return {};
}

// ---- signatures -------------------------------------------------------------------------------

std::optional<Error> store::missigned(const RevocationEntry& entry, const std::vector<PublicKey>& channel,
                                      const std::vector<PublicKey>& on_call) {
    const auto refuse = [&](Code code, std::string why) {
        return failure(code, std::move(why), "revocation " + std::to_string(entry.sequence));
    };
    if (entry.signature.empty())
        return refuse(Code::Unsigned, "the entry is not signed; `writ store sign` signs unsigned entries");
    const auto find = [&](const std::vector<PublicKey>& keys) -> const PublicKey* {
        const auto found =
            std::find_if(keys.begin(), keys.end(), [&](const PublicKey& each) { return each.id() == entry.key_id; });
        return found == keys.end() ? nullptr : &*found;
    };
    const PublicKey* key = find(channel);
    const PublicKey* other = key == nullptr ? find(on_call) : nullptr;
    if (other != nullptr && entry.lifts)
        return refuse(Code::UnknownKey,
                      "`" + entry.key_id + "` is an on-call key, but a lifting must be signed by a channel key");
    if (key == nullptr) key = other;
    if (key == nullptr)
        return refuse(Code::UnknownKey,
                      "the entry is signed by `" + entry.key_id + "`, which is not one of the given keys");
    if (!key->verifies(entry)) return refuse(Code::SignatureDoesNotFit, "the signature does not match the entry");
    return {};
}

}  // namespace writ

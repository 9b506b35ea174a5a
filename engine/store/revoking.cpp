// The revocation log, and what of it is in force.
#include <algorithm>

#include "store/impl.h"

namespace writ {

using namespace store;

namespace {

/// Revoking and lifting are always for a reason.
Result<void> check_reason(const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return fits;
    if (auto fits = check_text("message, which says why,", origin.message, false); !fits) return fits;
    if (is_reason(origin.message)) return {};
    return fail(StoreCode::S0026, "the message must say why, in letters or digits");
}

}  // namespace

void store::InForce::apply(const RevocationEntry& entry) {
    std::pair key{entry.kind, entry.subject};
    if (entry.lifts) {
        ends_.erase(key);
        return;
    }
    const auto [at, added] = ends_.emplace(std::move(key), entry.expires_at);
    if (!added && at->second != 0) at->second = entry.expires_at == 0 ? 0 : std::max(at->second, entry.expires_at);
}

Revocations store::InForce::all() const {
    std::vector<Revocation> out;
    for (const auto& [key, end] : ends_) out.push_back({key.first, key.second, end});
    return Revocations(std::move(out));
}

Result<void> store::Connection::log(const RevocationEntry& entry) const {
    auto sequence = next("revocation");
    if (!sequence) return error_of(sequence);
    auto done = db->run("INSERT INTO revocation (namespace, sequence, action, kind, subject, reason, author, created_at, expires_at)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        {space, *sequence, entry.lifts ? "lift" : "revoke", revocation_name(entry.kind), entry.subject,
                         entry.origin.message, entry.origin.author, entry.created_at, entry.expires_at});
    if (!done) return error_of(done);
    return {};
}

Result<RevocationEntry> Store::revoke(RevocationKind kind, const std::string& subject, const Origin& origin,
                                      std::int64_t expires_at) {
    if (auto fits = check_reason(origin); !fits) return error_of(fits);
    if (auto fits = check_text("subject", subject, false); !fits) return error_of(fits);
    RevocationEntry entry{false, kind, subject, origin, now_micros(), expires_at};
    if (expires_at != 0 && expires_at <= entry.created_at)
        return fail(StoreCode::S0026, "the revocation would have expired already", subject);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    if (auto done = impl_->log(entry); !done) return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return entry;
}

Result<RevocationEntry> Store::lift(RevocationKind kind, const std::string& subject, const Origin& origin) {
    if (auto fits = check_reason(origin); !fits) return error_of(fits);
    RevocationEntry entry{true, kind, subject, origin, now_micros(), 0};
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto now = revocations();
    if (!now) return error_of(now);
    if (!now->revoked(kind, subject, entry.created_at))
        return fail(StoreCode::S0029, "no revocation of this " + std::string(revocation_name(kind)) + " is in force", subject);
    if (auto done = impl_->log(entry); !done) return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return entry;
}

Result<std::vector<RevocationEntry>> store::Connection::revocations_after(std::int64_t sequence) const {
    auto rows = db->run("SELECT action, kind, subject, author, reason, created_at, expires_at FROM revocation"
                        " WHERE namespace = $1 AND sequence > $2 ORDER BY sequence", {space, sequence});
    if (!rows) return error_of(rows);
    std::vector<RevocationEntry> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto kind = revocation_kind(rows->text(i, 1));
        // To drop what is not understood would be to let it pass.
        if (!kind) return fail(StoreCode::S0004, "the revocation log has a kind that is not known", rows->text(i, 1));
        out.push_back({rows->text(i, 0) == "lift", *kind, rows->text(i, 2), {rows->text(i, 3), rows->text(i, 4)},
                       rows->integer(i, 5), rows->integer(i, 6)});
    }
    return out;
}

Result<std::vector<RevocationEntry>> Store::revocation_log() const {
    auto entries = impl_->revocations_after(0);
    if (entries) std::reverse(entries->begin(), entries->end());
    return entries;
}

Result<Revocations> Store::revocations() const {
    auto entries = impl_->revocations_after(0);
    if (!entries) return error_of(entries);
    InForce in_force;
    for (const RevocationEntry& each : *entries) in_force.apply(each);
    return in_force.all();
}

}  // namespace writ

// The revocation log, and the revocations in force.
#include <algorithm>

#include "base/access.h"
#include "base/digest.h"
#include "bytecode/program.h"
#include "os/clock.h"
#include "store/impl.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

namespace {

/// Revoking and lifting require a reason.
Result<void> check_reason(const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return fits;
    if (auto fits = check_text("message, which says why,", origin.message, false); !fits) return fits;
    if (is_reason(origin.message)) return {};
    return fail(Code::MalformedText, "the message must give a reason, with letters or digits");
}

/// The spelling that identifies a subject. Text without a canonical spelling, which only an earlier version accepted,
/// is used as written.
std::string spelling_of(RevocationKind kind, const std::string& subject) {
    return canonical_subject(kind, subject).value_or(subject);
}

std::string about(RevocationKind kind, std::string_view subject) {
    if (kind == RevocationKind::All) return "everything in `" + std::string(subject) + "`";
    return std::string(revocation_name(kind)) + " `" + std::string(subject) + "`";
}

/// The last revocation of a subject, if it is in force; none otherwise.
Result<std::optional<RevocationEntry>> in_force(const Connection& connection, RevocationKind kind,
                                                const std::string& subject, std::int64_t now) {
    auto entries = connection.revocations_from(1);
    if (!entries) return error_of(entries);
    std::optional<RevocationEntry> found;
    for (RevocationEntry& each : *entries) {
        if (each.kind != kind || spelling_of(kind, each.subject) != subject) continue;
        if (each.lifts)
            found.reset();
        else if (each.expires_at == 0 || now < each.expires_at)
            found = std::move(each);
    }
    return found;
}

/// The number of approvals for lifting a subject: as many as the strictest of the channels concerned requires.
Result<std::uint32_t> approvals_to_lift(const Store& store, RevocationKind kind, std::string_view subject) {
    auto channels = store.channels();
    if (!channels) return error_of(channels);
    std::uint32_t most = 0;
    for (const Channel& each : *channels)
        if (kind != RevocationKind::All || each.name == subject) most = std::max(most, each.approvals);
    return most;
}

/// The name of a tool or an issuer in policies and in requests.
struct Declared {
    std::string name, stated;
    friend auto operator<=>(const Declared&, const Declared&) = default;
};

/// The tools or the issuers of all active versions, sorted. None: a version cannot be read, so the names are unknown.
std::optional<std::vector<Declared>> declared(const Store& store, RevocationKind kind) {
    const auto channels = store.channels();
    if (!channels) return std::nullopt;
    std::vector<Declared> out;
    for (const Channel& each : *channels) {
        if (each.digest.empty()) continue;
        const auto bundle = store.bundle(each.digest);
        if (!bundle) return std::nullopt;
        const bytecode::Program& program = Access::program(*bundle);
        const auto add = [&](std::uint32_t name, std::uint32_t stated) {
            out.push_back({std::string(program.text(name)), std::string(program.text(stated))});
        };
        if (kind == RevocationKind::Tool)
            for (const bytecode::ToolRef& tool : program.tools) add(tool.name, tool.wire_name);
        else
            for (const bytecode::IssuerRef& issuer : program.issuers) add(issuer.name, issuer.url);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

/// Rejects a tool or an issuer that no active version declares, and suggests a name. If no version is active, or the
/// names are unknown, any name is accepted, because an incident cannot wait.
Result<void> check_declared(const Store& store, RevocationKind kind, const std::string& subject) {
    if (kind != RevocationKind::Tool && kind != RevocationKind::Issuer) return {};
    const auto known = declared(store, kind);
    if (!known || known->empty()) return {};
    const std::string what(revocation_name(kind));
    std::string meant, others;
    std::size_t count = 0;
    for (const Declared& each : *known) {
        if (spelling_of(kind, each.stated) == subject) return {};
        const std::string name = spelling_of(kind, each.name);
        if (name == subject || name.ends_with("." + subject))
            meant += (meant.empty() ? "" : "; ") +
                     ("the policy's " + what + " `" + each.name + "` is `" + each.stated + "` in requests");
        constexpr std::size_t kMost = 8;
        if (count < kMost) others += (count == 0 ? "`" : ", `") + each.stated + "`";
        if (count++ == kMost) others += " and more";
    }
    const std::string why = !meant.empty() ? meant : "they declare " + others;
    return fail(Code::SubjectNotDeclared,
                "no active version declares the " + what + " `" + subject + "`: " + why +
                    "; to revoke it anyway, use `--undeclared`",
                subject);
}

/// Approvals of liftings are stored with those of versions, for a channel without a name.
constexpr std::string_view kToLift;

}  // namespace

// ---- the log ----------------------------------------------------------------------------------

std::string digest_of(const RevocationEntry& entry) {
    return sha256_hex(signed_bytes(entry));
}

std::optional<Error> store::misplaced(const RevocationEntry& entry, const LogHead& head) {
    const auto refuse = [&](Code code, std::string why) {
        return failure(code, std::move(why), "revocation " + std::to_string(entry.sequence));
    };
    if (entry.sequence != head.sequence + 1)
        return refuse(Code::StoreDamaged, "the revocation log has no entry " + std::to_string(head.sequence + 1));
    if (entry.parent != head.digest)
        return refuse(Code::Forked, "the revocation log has forked: this entry does not follow the one before it");
    return {};
}

void store::InForce::apply(const RevocationEntry& entry) {
    std::pair key{entry.kind, spelling_of(entry.kind, entry.subject)};
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

Result<LogHead> store::Connection::log_head() const {
    auto next_one = next("revocation");
    if (!next_one) return error_of(next_one);
    LogHead head{static_cast<std::uint64_t>(*next_one - 1), {}};
    if (head.sequence == 0) return head;
    auto last = revocations_from(head.sequence);
    if (!last) return error_of(last);
    head.digest = digest_of(last->back());
    return head;
}

Result<void> store::Connection::log(RevocationEntry& entry, const SecretKey* key) const {
    auto head = log_head();
    if (!head) return error_of(head);
    entry.space = space;
    entry.sequence = head->sequence + 1;
    entry.parent = std::move(head->digest);
    if (key != nullptr) key->sign(entry);
    auto done = db->run(
        "INSERT INTO revocation (namespace, sequence, action, kind, subject, reason, author, created_at, expires_at,"
        " parent, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {space, static_cast<std::int64_t>(entry.sequence), entry.lifts ? "lift" : "revoke", revocation_name(entry.kind),
         entry.subject, entry.origin.message, entry.origin.author, entry.created_at, entry.expires_at, entry.parent,
         entry.key_id, Bytes{entry.signature}});
    if (!done) return error_of(done);
    return {};
}

Result<std::vector<RevocationEntry>> store::Connection::revocations_from(std::uint64_t sequence) const {
    return read_revocations(*db, space, sequence);
}

Result<std::vector<RevocationEntry>> store::read_revocations(Database& database, const std::string& space,
                                                             std::uint64_t sequence) {
    auto rows = database.run(
        "SELECT sequence, action, kind, subject, author, reason, created_at, expires_at, parent, key_id, signature"
        " FROM revocation WHERE namespace = $1 AND sequence >= $2 ORDER BY sequence",
        {space, static_cast<std::int64_t>(sequence)});
    if (!rows) return error_of(rows);
    std::vector<RevocationEntry> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto kind = revocation_kind(rows->text(i, 2));
        // Ignoring an entry that is not understood would permit what it revokes.
        if (!kind) return fail(Code::StoreDamaged, "the revocation log contains an unknown kind", rows->text(i, 2));
        RevocationEntry& each = out.emplace_back();
        each.space = space;
        each.sequence = static_cast<std::uint64_t>(rows->integer(i, 0));
        each.lifts = rows->text(i, 1) == "lift";
        each.kind = *kind;
        each.subject = rows->text(i, 3);
        each.origin = {rows->text(i, 4), rows->text(i, 5)};
        each.created_at = rows->integer(i, 6);
        each.expires_at = rows->integer(i, 7);
        each.parent = rows->text(i, 8);
        each.key_id = rows->text(i, 9);
        each.signature = rows->text(i, 10);
    }
    return out;
}

// ---- changes ----------------------------------------------------------------------------------

Result<RevocationEntry> Store::revoke(RevocationKind kind, const std::string& subject, const Origin& origin,
                                      std::int64_t expires_at, const SecretKey* key, bool undeclared) {
    if (auto fits = check_reason(origin); !fits) return error_of(fits);
    auto canonical = canonical_subject(kind, subject);
    if (!canonical) return error_of(canonical);
    RevocationEntry entry;
    entry.kind = kind;
    entry.subject = std::move(*canonical);
    entry.origin = origin;
    entry.created_at = os::now_micros();
    entry.expires_at = expires_at;
    if (expires_at != 0 && expires_at <= entry.created_at)
        return fail(Code::MalformedText, "the revocation would already have expired", subject);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    if (kind == RevocationKind::All)
        if (auto there = channel(entry.subject); !there) return error_of(there);
    if (!undeclared)
        if (auto known = check_declared(*this, kind, entry.subject); !known) return error_of(known);
    if (auto may = impl_->check_signer(key, KeyRole::OnCall, "a revocation"); !may) return error_of(may);
    if (auto done = impl_->log(entry, key); !done) return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return entry;
}

Result<RevocationEntry> Store::lift(RevocationKind kind, const std::string& subject, const Origin& origin,
                                    const SecretKey* key) {
    if (auto fits = check_reason(origin); !fits) return error_of(fits);
    RevocationEntry entry;
    entry.lifts = true;
    entry.kind = kind;
    entry.subject = spelling_of(kind, subject);
    entry.origin = origin;
    entry.created_at = os::now_micros();
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto revoked = in_force(*impl_, kind, entry.subject, entry.created_at);
    if (!revoked) return error_of(revoked);
    const std::optional<RevocationEntry>& lifted = *revoked;
    if (!lifted)
        return fail(Code::NotRevoked, "no revocation of " + about(kind, entry.subject) + " is in force", subject);
    if (auto may = impl_->check_signer(key, KeyRole::Channel, "the lifting of a revocation"); !may)
        return error_of(may);
    auto needed = approvals_to_lift(*this, kind, entry.subject);
    if (!needed) return error_of(needed);
    auto approved = approvals(digest_of(*lifted));
    if (!approved) return error_of(approved);
    if (persons(*approved, kToLift, origin.author) < *needed)
        return fail(Code::ApprovalMissing,
                    "lifting this requires " + std::to_string(*needed) + (*needed == 1 ? " approval" : " approvals") +
                        " by people other than the one who lifts it; see `writ store approve-lift`",
                    about(kind, entry.subject));
    if (auto done = impl_->log(entry, key); !done) return error_of(done);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return entry;
}

Result<VersionApproval> Store::approve_lift(RevocationKind kind, const std::string& subject, const Origin& origin) {
    if (auto fits = check_reason(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    const std::string spelled = spelling_of(kind, subject);
    auto revoked = in_force(*impl_, kind, spelled, os::now_micros());
    if (!revoked) return error_of(revoked);
    const std::optional<RevocationEntry>& lifted = *revoked;
    if (!lifted) return fail(Code::NotRevoked, "no revocation of " + about(kind, spelled) + " is in force", subject);
    auto approval = impl_->approve(kToLift, digest_of(*lifted), origin);
    if (!approval) return approval;
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return approval;
}

Result<std::vector<RevocationEntry>> Store::sign_revocations(const SecretKey& key, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    if (auto may = impl_->check_signer(&key, KeyRole::Channel, "the current log"); !may) return error_of(may);
    auto entries = impl_->revocations_from(1);
    if (!entries) return error_of(entries);
    std::erase_if(*entries, [](const RevocationEntry& each) { return !each.signature.empty(); });
    for (RevocationEntry& each : *entries) {
        key.sign(each);
        auto done = impl_->db->run(
            "UPDATE revocation SET key_id = $3, signature = $4 WHERE namespace = $1 AND sequence = $2",
            {impl_->space, static_cast<std::int64_t>(each.sequence), each.key_id, Bytes{each.signature}});
        if (!done) return error_of(done);
    }
    if (auto told = impl_->record("sign", "revocations",
                                  std::to_string(entries->size()) + " by " + key.public_key().id(), origin.author);
        !told)
        return error_of(told);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return entries;
}

// ---- reading ----------------------------------------------------------------------------------

Result<std::vector<RevocationEntry>> Store::revocation_log() const {
    auto entries = impl_->revocations_from(1);
    if (entries) std::reverse(entries->begin(), entries->end());
    return entries;
}

Result<Revocations> Store::revocations() const {
    auto entries = impl_->revocations_from(1);
    if (!entries) return error_of(entries);
    InForce in_force;
    for (const RevocationEntry& each : *entries) in_force.apply(each);
    return in_force.all();
}

}  // namespace writ

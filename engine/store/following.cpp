#include "store/following.h"

#include <algorithm>

#include "base/values.h"
#include "os/clock.h"
#include "store/system.h"
#include "writ/errors.h"

namespace writ::store {

namespace {

using namespace std::chrono_literals;

constexpr auto kRetry = 1s;   // after a refusal, which may be temporary
constexpr auto kTouch = 30s;  // accuracy of the time at which the store was last reached, after a restart
constexpr int kPatienceMs = 100;
constexpr std::size_t kMaxState = std::size_t{4} << 30;  // larger than any bundle with revocations

std::int64_t micros(std::chrono::milliseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

/// Whether the store's file or database failed, as opposed to its content or the request.
bool is_own_failure(const Error& error) {
    const auto code = find_code(error.code);
    return code && exit_code(*code) == exit_code(Code::StoreIoFailed);
}

}  // namespace

// ---- the thread -------------------------------------------------------------------------------

Result<void> Following::start() {
    for (const auto& [what, name] : {std::pair{"namespace", &options_.space}, {"channel", &options_.channel}})
        if (auto fits = check_name(what, *name); !fits) return fits;
    if (options_.keys.empty() && !options_.on_call.empty())
        return fail(Code::ChannelKeysMissing,
                    "a reader with on-call keys also needs the channel's keys; without them it could accept no lifting",
                    options_.channel);
    if (auto known = load_state(); !known) return known;
    step();
    thread_ = std::thread([this] { run(); });
    return {};
}

void Following::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    fresh_until_.store(0, std::memory_order_relaxed);
}

void Following::run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::max(options_.poll, 1ms), [this] { return stopping_; })) {
        lock.unlock();
        try {
            step();
        } catch (...) {  // no memory, or a notice that throws: the policy becomes stale, and then everything is denied
            connection_.reset();
        }
        lock.lock();
    }
}

/// Checks cheaply whether anything changed; if so, reads it.
void Following::step() {
    auto looked = look();
    if (looked) {
        if (failed_) tell({});
        failed_.reset();
        return reached();
    }
    failed_ = looked.error();
    // Whatever is wrong with the connection, a new one may work.
    if (is_own_failure(*failed_)) connection_.reset();
    tell(std::move(looked.error()));
}

/// Whether the path names another file than the open one.
bool Following::replaced() const {
    return !os::names(options_.store, file_);
}

Result<void> Following::look() {
    if (connection_ != nullptr && replaced()) connection_.reset();
    if (connection_ == nullptr) {
        change_.reset();
        if (const auto status = os::status_of(options_.store)) file_ = status->id;
        auto opened = connect(options_.store, {.space = options_.space, .read_only = true, .patience_ms = kPatienceMs});
        if (!opened) return error_of(opened);
        connection_ = std::move(*opened);
    }
    auto change = connection_->db->change_count();
    if (!change) return error_of(change);
    const auto now = std::chrono::steady_clock::now();
    if (change_ == *change) {
        if (!failed_) return {};
        if (now < retry_) return tl::unexpected(*failed_);
    }
    change_ = *change;
    retry_ = now + kRetry;

    // One state of the store, in which policy and revocations fit together.
    auto transaction = Transaction::begin(*connection_->db, false);
    if (!transaction) return error_of(transaction);
    const std::shared_ptr<const Revocations> before = revocations_;
    auto read = read_revocations();
    const bool revoked = revocations_ != before;
    if (revoked) publish();  // immediately, whatever happens next
    if (!read) {
        if (revoked) (void)keep(active_);  // the reason of the refusal is more important
        return read;
    }
    auto moved = read_channel(options_.channel, active_, true);
    if (moved && *moved) publish();
    if (!moved) return error_of(moved);
    if (revoked && !*moved)
        if (auto kept = keep(active_); !kept) return kept;
    if (!options_.candidate.empty()) {
        // A refused candidate does not affect the freshness of the enforced policy.
        auto beside = read_channel(options_.candidate, candidate_, false);
        if (beside && *beside) publish();
        if (!beside) tell(std::move(beside.error()));
    }
    return {};
}

/// The policy has been confirmed: it is fresh for the allowed time from now on.
void Following::reached() {
    std::int64_t fresh = micros(options_.max_staleness);
    if (active_.activation.not_after != 0) fresh = std::min(fresh, active_.activation.not_after - os::now_micros());
    fresh_until_.store(active_.policy ? os::boot_micros() + fresh : 0, std::memory_order_relaxed);
    if (fresh <= 0) tell(failure(Code::PolicyExpired, "the policy's `not_after` has passed", options_.channel));
    const auto now = std::chrono::steady_clock::now();
    if (options_.state.empty() || now - touched_ < kTouch) return;
    touched_ = now;
    os::touch_file(options_.state);
}

// ---- accepting --------------------------------------------------------------------------------

Result<void> Following::check(const Activation& activation, const Accepted& seen) const {
    const std::string where = activation.channel + " " + text_of(activation.serial);
    if (!options_.keys.empty()) {
        if (activation.signature.empty()) return fail(Code::Unsigned, "the activation is not signed", where);
        const auto key = std::find_if(options_.keys.begin(), options_.keys.end(),
                                      [&](const PublicKey& each) { return each.id() == activation.key_id; });
        if (key == options_.keys.end())
            return fail(Code::UnknownKey,
                        "the activation is signed by `" + activation.key_id + "`, which is not a key of this reader",
                        where);
        if (!key->verifies(activation))
            return fail(Code::SignatureDoesNotFit, "the signature does not match the activation", where);
    }
    if (activation.not_after != 0 && activation.not_after <= os::now_micros())
        return fail(Code::PolicyExpired, "the activation's `not_after` has passed", where);
    const Activation& last = seen.activation;
    if (activation.serial < last.serial)
        return fail(
            Code::OlderThanSeen,
            "the store is at " + text_of(activation.serial) + ", but this reader has accepted " + text_of(last.serial),
            where);
    const bool same = activation.serial == last.serial;
    const bool next = activation.serial == Serial{last.serial.epoch, last.serial.number + 1};
    if ((same && activation.digest != last.digest) ||
        (next && last.serial.number != 0 && activation.parent != last.digest))
        return fail(Code::Forked,
                    "the channel has forked: another version has the serial of the one accepted here; "
                    "activate with a higher epoch to resolve this",
                    where);
    return {};
}

/// Reads the state of a channel. Output: true if a new state was accepted.
Result<bool> Following::read_channel(const std::string& channel, Accepted& seen, bool enforced) {
    auto latest = connection_->activations(channel, 1);
    if (!latest) return error_of(latest);
    if (latest->empty()) {
        if (seen.serial() == Serial{}) return fail(Code::UnknownChannel, "nothing is active in this channel", channel);
        return fail(Code::OlderThanSeen,
                    "nothing is active in the store, but this reader has accepted " + text_of(seen.serial()), channel);
    }
    Accepted next{std::move(latest->front()), std::nullopt};
    if (auto sound = check(next.activation, seen); !sound) return error_of(sound);
    if (auto fits = check_log(next.activation); !fits) return error_of(fits);
    if (next.serial() == seen.serial() && seen.policy) return false;
    auto content = connection_->content(next.activation.digest);
    if (!content) return error_of(content);
    next.policy.emplace(std::move(*content));
    if (enforced)
        if (auto kept = keep(next); !kept) return error_of(kept);
    seen = std::move(next);
    return true;
}

/// Reads the new entries of the log, as far as they continue the known log and are properly signed. Later entries
/// revoke too, for as long as the store has them, because they can only narrow.
Result<void> Following::read_revocations() {
    auto entries = connection_->revocations_from(std::max<std::uint64_t>(log_.sequence, 1));
    if (!entries) return error_of(entries);
    auto next = entries->begin();
    std::optional<Error> refused;
    if (log_.sequence != 0) {
        if (next == entries->end() || next->sequence != log_.sequence)
            refused = failure(Code::OlderThanSeen, "the store has fewer revocations than this reader has seen",
                              options_.space);
        else if (digest_of(*next++) != log_.digest)
            refused = failure(Code::Forked,
                              "the revocation log has forked: the last entry that this reader has seen was replaced",
                              options_.space);
    }
    for (; next != entries->end() && !refused; ++next) {
        refused = misplaced(*next, log_);
        if (!refused && !options_.keys.empty()) refused = missigned(*next, options_.keys, options_.on_call);
        if (refused) break;
        in_force_.apply(*next);
        log_ = {next->sequence, digest_of(*next)};
    }
    if (!refused) {
        revoke(in_force_);
        return {};
    }
    InForce doubtful = in_force_;
    for (; next != entries->end(); ++next)
        if (!next->lifts) doubtful.apply(*next);
    revoke(doubtful);
    return tl::unexpected(std::move(*refused));
}

/// Replaces the revocations, unless they are the same.
void Following::revoke(const InForce& in_force) {
    Revocations next = in_force.all().for_channel(options_.channel);
    if (revocations_ == nullptr || revocations_->items() != next.items())
        revocations_ = std::make_shared<const Revocations>(std::move(next));
}

/// An activation refers to the revocation log of its time: a store without that log is an old or a different one.
Result<void> Following::check_log(const Activation& activation) const {
    const LogHead& then = activation.revoked;
    if (then.sequence == 0) return {};
    const std::string where = activation.channel + " " + text_of(activation.serial);
    if (then.sequence > log_.sequence)
        return fail(Code::OlderThanSeen,
                    "the store has " + std::to_string(log_.sequence) + " revocations, but it had " +
                        std::to_string(then.sequence) + " when this was activated",
                    where);
    auto entries = connection_->revocations_from(then.sequence);
    if (!entries) return error_of(entries);
    if (entries->empty() || digest_of(entries->front()) != then.digest)
        return fail(Code::Forked,
                    "the revocation log has forked: it is not a continuation of the log at the time of the activation",
                    where);
    return {};
}

/// Nothing is accepted before it is saved, so that a restart knows it.
Result<void> Following::keep(const Accepted& accepted) const {
    if (options_.state.empty() || !accepted.policy) return {};
    ReaderState state;
    state.activation = accepted.activation;
    const std::span<const std::byte> bytes = accepted.policy->bytes();
    state.bundle.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    state.revocations = in_force_.all().items();
    state.log = log_;
    auto kept = checked(os::replace_file(options_.state, encode_state(state), 0600));
    if (kept) return {};
    return fail(Code::StateNotKept, "the last good policy cannot be saved: " + kept.error().message, options_.state);
}

/// Restores the state. Its policy is used only if it is signed, not expired and not too old.
Result<void> Following::load_state() {
    if (options_.state.empty()) return {};
    auto bytes = checked(os::read_file(options_.state, kMaxState));
    if (!bytes && bytes.error().code == code_name(Code::NothingThere)) return {};
    if (!bytes) return error_of(bytes);
    auto state = decode_state(*bytes);
    if (!state) {
        state.error().context = options_.state;
        return error_of(state);
    }
    const Activation& a = state->activation;
    if (a.space != options_.space || a.channel != options_.channel)
        return fail(Code::StateDamaged,
                    "the reader's state belongs to channel `" + a.channel + "` in `" + a.space + "`", options_.state);
    active_.activation = a;
    log_ = state->log;
    for (const Revocation& each : state->revocations) {
        RevocationEntry entry;
        entry.kind = each.kind;
        entry.subject = each.subject;
        entry.expires_at = each.expires_at;
        in_force_.apply(entry);
    }
    revoke(in_force_);
    if (options_.keys.empty()) return {};
    if (auto sound = check(a, Accepted{}); !sound) {
        tell(std::move(sound.error()));
        return {};
    }
    auto policy = Bundle::load(std::as_bytes(std::span(state->bundle)));
    if (!policy || policy->digest() != a.digest)
        return fail(Code::StateDamaged, "the policy in the reader's state does not match the digest in it",
                    options_.state);
    active_.policy.emplace(std::move(*policy));
    const std::int64_t age = state_age(options_.state).value_or(-1), most = micros(options_.max_staleness);
    std::int64_t left = age < 0 ? 0 : most - age;
    if (a.not_after != 0) left = std::min(left, a.not_after - os::now_micros());
    fresh_until_.store(os::boot_micros() + std::max<std::int64_t>(left, 0), std::memory_order_relaxed);
    publish();
    return {};
}

// ---- access from other threads ----------------------------------------------------------------

void Following::publish() {
    auto next = std::make_shared<Snapshot>();
    next->policy = active_.policy;
    next->candidate = candidate_.policy;
    next->revocations = revocations_;
    Notice notice{{}, active_.serial(), active_.activation.digest};
    {
        const std::lock_guard lock(mutex_);
        next->generation = generation_.load(std::memory_order_relaxed) + 1;
        current_ = active_.activation;
        problem_ = {};
        snapshot_ = std::move(next);
        generation_.store(snapshot_->generation, std::memory_order_release);
    }
    changed_.notify_all();
    if (options_.notice) options_.notice(notice);
}

void Following::tell(Error refused) {
    {
        const std::lock_guard lock(mutex_);
        if (problem_.code == refused.code && problem_.message == refused.message) return;
        problem_ = refused;
    }
    if (options_.notice && !refused.code.empty())
        options_.notice({std::move(refused), active_.serial(), active_.activation.digest});
}

std::shared_ptr<const Snapshot> Following::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

bool Following::fresh() const {
    return os::boot_micros() < fresh_until_.load(std::memory_order_relaxed);
}

HandleStatus Following::status() const {
    HandleStatus out;
    const std::lock_guard lock(mutex_);
    out.ready = snapshot_->policy.has_value() && fresh();
    out.serial = current_.serial;
    out.digest = current_.digest;
    out.key_id = current_.key_id;
    if (snapshot_->revocations != nullptr) out.revocations = snapshot_->revocations->items().size();
    out.problem = problem_;
    for (std::size_t i = 0; i < kDivergenceKinds; ++i)
        out.divergences[i] = divergences[i].load(std::memory_order_relaxed);
    out.compared = compared.load(std::memory_order_relaxed);
    return out;
}

bool Following::wait(Serial serial, std::chrono::milliseconds most) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return stopping_ || current_.serial >= serial; }) && !stopping_;
}

}  // namespace writ::store

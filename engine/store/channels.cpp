// Channels: the active version, activations, and their requirements.
#include <algorithm>

#include "base/held.h"
#include "base/person.h"
#include "os/clock.h"
#include "store/impl.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

namespace {

/// `prod is at 1.8: v5 (6f1d9f3a) by Ada, "why"`, for authors whose activation came too late.
std::string situation(const Store& store, const Channel& channel) {
    std::string out = "`" + channel.name + "` is at " + text_of(channel.serial);
    if (channel.digest.empty()) return out + ", with nothing active";
    if (const auto version = store.resolve(channel.digest)) out += ": " + text_of(*version);
    if (const auto history = store.history(channel.name); history && !history->empty()) {
        const Origin& origin = history->front().origin;
        out += " by " + origin.author;
        if (!origin.message.empty()) out += ", \"" + origin.message + "\"";
    }
    return out;
}

}  // namespace

std::size_t store::persons(const std::vector<VersionApproval>& approvals, std::string_view channel,
                           std::string_view author) {
    std::vector<std::string_view> counted;
    for (const VersionApproval& each : approvals) {
        const std::string_view who = each.origin.author;
        const bool others =
            std::all_of(counted.begin(), counted.end(), [&](auto other) { return two_people(other, who); });
        if (each.channel == channel && others && two_people(who, author)) counted.push_back(who);
    }
    return counted.size();
}

// ---- channels ---------------------------------------------------------------------------------

Result<std::vector<Channel>> Store::channels() const {
    auto rows = impl_->db->run(
        "SELECT name, epoch, number, digest, gated, approvals FROM channel WHERE namespace = $1"
        " ORDER BY name",
        {impl_->space});
    if (!rows) return error_of(rows);
    std::vector<Channel> out;
    for (std::size_t i = 0; i < rows->size(); ++i)
        out.push_back(
            {rows->text(i, 0),
             {static_cast<std::uint64_t>(rows->integer(i, 1)), static_cast<std::uint64_t>(rows->integer(i, 2))},
             rows->text(i, 3),
             rows->integer(i, 4) != 0,
             static_cast<std::uint32_t>(rows->integer(i, 5))});
    return out;
}

Result<Channel> Store::channel(std::string_view name) const {
    auto all = channels();
    if (!all) return error_of(all);
    for (Channel& each : *all)
        if (each.name == name) return std::move(each);
    return fail(Code::UnknownChannel, "there is no such channel; `writ store channel` creates one", std::string(name));
}

Result<Channel> Store::protect(const std::string& name, bool gated, std::uint32_t approvals, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    if (auto fits = check_name("channel", name); !fits) return error_of(fits);
    if (version_number(name) || looks_like_digest(name))
        return fail(Code::NameTaken, "the name of a channel must not look like a number or a digest", name);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto tagged = impl_->exists("SELECT 1 FROM tag WHERE namespace = $1 AND name = $2", {impl_->space, name});
    if (!tagged) return error_of(tagged);
    if (*tagged) return fail(Code::NameTaken, "a tag has this name", name);
    auto changed = impl_->db->run("UPDATE channel SET gated = $3, approvals = $4 WHERE namespace = $1 AND name = $2",
                                  {impl_->space, name, std::int64_t{gated}, std::int64_t{approvals}});
    if (changed && impl_->db->affected() == 0)
        changed = impl_->db->run(
            "INSERT INTO channel (namespace, name, epoch, number, digest, gated, approvals)"
            " VALUES ($1, $2, 0, 0, '', $3, $4)",
            {impl_->space, name, std::int64_t{gated}, std::int64_t{approvals}});
    if (!changed) return error_of(changed);
    const std::string detail = std::string(gated ? "tests must pass" : "no tests required") + ", approvals " +
                               std::to_string(approvals) + (origin.message.empty() ? "" : ": " + origin.message);
    if (auto recorded = impl_->record("protect", name, detail, origin.author); !recorded) return error_of(recorded);
    auto now = channel(name);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return now;
}

Result<std::vector<Activation>> store::Connection::activations(std::string_view channel, std::int64_t most) const {
    auto rows = db->run(
        "SELECT epoch, number, digest, parent, kind, author, message, created_at, not_after, key_id, signature,"
        " log_sequence, log_digest FROM activation WHERE namespace = $1 AND channel = $2 ORDER BY epoch DESC, number "
        "DESC LIMIT $3",
        {space, channel, most});
    if (!rows) return error_of(rows);
    std::vector<Activation> out;
    for (std::size_t i = 0; i < rows->size(); ++i) {
        Activation& each = out.emplace_back();
        each.space = space;
        each.channel = channel;
        each.serial = {static_cast<std::uint64_t>(rows->integer(i, 0)),
                       static_cast<std::uint64_t>(rows->integer(i, 1))};
        each.digest = rows->text(i, 2);
        each.parent = rows->text(i, 3);
        each.rollback = rows->text(i, 4) == "rollback";
        each.origin = {rows->text(i, 5), rows->text(i, 6)};
        each.created_at = rows->integer(i, 7);
        each.not_after = rows->integer(i, 8);
        each.key_id = rows->text(i, 9);
        each.signature = rows->text(i, 10);
        each.revoked = {static_cast<std::uint64_t>(rows->integer(i, 11)), rows->text(i, 12)};
    }
    return out;
}

Result<std::vector<Activation>> Store::history(std::string_view name) const {
    if (auto there = channel(name); !there) return error_of(there);
    return impl_->activations(name);
}

// ---- approvals --------------------------------------------------------------------------------

namespace {

Result<void> check_comparable(std::string_view whose, const std::string& author) {
    if (comparable_name(person_of(author))) return {};
    return fail(Code::CannotApprove,
                "the name of the " + std::string(whose) +
                    " cannot be distinguished safely from other names; write plain letters of one script",
                author);
}

}  // namespace

Result<VersionApproval> Store::approve(const std::string& name, std::string_view version, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    if (auto there = channel(name); !there) return error_of(there);
    auto named = resolve(version);
    if (!named) return error_of(named);
    if (auto clear = check_comparable("version's author", named->origin.author); !clear) return error_of(clear);
    if (!two_people(named->origin.author, origin.author))
        return fail(Code::CannotApprove, "the author of a version cannot approve it", text_of(*named));
    auto approval = impl_->approve(name, named->digest, origin);
    if (!approval) return approval;
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    return approval;
}

Result<VersionApproval> store::Connection::approve(std::string_view channel, std::string_view digest,
                                                   const Origin& origin) const {
    if (auto clear = check_comparable("approver", origin.author); !clear) return error_of(clear);
    auto before = approvals(digest);
    if (!before) return error_of(before);
    for (const VersionApproval& each : *before)
        if (each.channel == channel && !two_people(each.origin.author, origin.author))
            return fail(Code::CannotApprove, "you have already approved this",
                        std::string(channel.empty() ? digest : channel));
    VersionApproval approval{std::string(channel), std::string(digest), origin, os::now_micros()};
    auto done = db->run(
        "INSERT INTO approval (namespace, channel, digest, approver, message, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        {space, channel, digest, origin.author, origin.message, approval.created_at});
    if (!done) return error_of(done);
    return approval;
}

Result<std::vector<VersionApproval>> Store::approvals(std::string_view digest) const {
    return impl_->approvals(digest);
}

Result<std::vector<VersionApproval>> store::Connection::approvals(std::string_view digest) const {
    auto rows = db->run(
        "SELECT channel, approver, message, created_at FROM approval WHERE namespace = $1"
        " AND digest = $2 ORDER BY created_at, approver",
        {space, digest});
    if (!rows) return error_of(rows);
    std::vector<VersionApproval> out;
    for (std::size_t i = 0; i < rows->size(); ++i)
        out.push_back(
            {rows->text(i, 0), std::string(digest), {rows->text(i, 1), rows->text(i, 2)}, rows->integer(i, 3)});
    return out;
}

// ---- activating -------------------------------------------------------------------------------

namespace {

/// One attempt to activate a version: reads the state, checks it, and writes if nothing has changed meanwhile.
class Moving {
public:
    Moving(Store& store, Connection& impl, const Move& move, bool rollback)
        : store_(store), impl_(impl), move_(move), rollback_(rollback) {}

    Result<Activation> run() {
        if (auto looked = look(); !looked) return error_of(looked);
        if (auto passed = gate(); !passed) return error_of(passed);
        auto transaction = Transaction::begin(*impl_.db, true);
        if (!transaction) return error_of(transaction);
        auto approved = write();
        if (!approved) return error_of(approved);
        if (!*approved) {
            transaction->undo();
            return refuse(Code::ApprovalMissing,
                          "`" + move_.channel + "` requires " + std::to_string(channel_.approvals) +
                              (channel_.approvals == 1 ? " approval" : " approvals") +
                              " of this version by people other than its author; see `writ store approve`");
        }
        if (auto durable = transaction->commit(); !durable) return error_of(durable);
        return std::move(activation_);
    }

private:
    Result<void> look() {
        if (auto fits = check_origin(move_.origin); !fits) return fits;
        if (auto may = impl_.check_signer(move_.key, KeyRole::Channel, "an activation"); !may) return may;
        auto channel = store_.channel(move_.channel);
        if (!channel) return error_of(channel);
        channel_ = std::move(*channel);
        if (move_.expected && *move_.expected != channel_.serial) return moved(channel_);
        auto version = store_.resolve(move_.version);
        if (!version) return error_of(version);
        version_ = std::move(*version);
        if (move_.not_after != 0 && move_.not_after <= os::now_micros())
            return fail(Code::MalformedText, "`not_after` has already passed", move_.channel);
        // Only a version that can be read and verified is activated.
        auto content = store_.bundle(version_.digest);
        if (!content) return error_of(content);
        content_.emplace(std::move(*content));
        return {};
    }

    Result<void> gate() {
        if (!channel_.gated) return {};
        if (!move_.gate)
            return fail(
                Code::GateCannotRun,
                "`" + move_.channel + "` requires a version to pass its tests, but this program cannot run them",
                move_.channel);
        report_ = move_.gate(held(content_));
        if (report_.passed) return {};
        std::string problems = report_.summary;
        for (const std::string& each : report_.problems) problems += "; " + each;
        return refuse(Code::GateFailed, std::move(problems));
    }

    /// Checks the approvals, then writes everything.
    Result<bool> write() {
        auto now = store_.channel(move_.channel);
        if (!now) return error_of(now);
        if (now->serial != channel_.serial || now->gated != channel_.gated || now->approvals != channel_.approvals)
            return moved(*now);
        auto approvals = store_.approvals(version_.digest);
        if (!approvals) return error_of(approvals);
        if (persons(*approvals, move_.channel, version_.origin.author) < channel_.approvals) return false;
        if (channel_.gated)
            if (auto told = impl_.record("gate", move_.channel, text_of(version_) + ": " + report_.summary,
                                         move_.origin.author);
                !told)
                return error_of(told);
        if (auto made = make_activation(); !made) return error_of(made);
        if (auto done = insert(); !done) return error_of(done);
        return true;
    }

    Result<void> make_activation() {
        activation_.space = impl_.space;
        activation_.channel = move_.channel;
        const std::uint64_t epoch = std::max<std::uint64_t>(channel_.serial.epoch, 1) + (move_.raise_epoch ? 1 : 0);
        activation_.serial = {epoch, channel_.serial.number + 1};
        activation_.digest = version_.digest;
        activation_.parent = channel_.digest;
        activation_.rollback = rollback_;
        activation_.origin = move_.origin;
        activation_.created_at = os::now_micros();
        activation_.not_after = move_.not_after;
        auto head = impl_.log_head();
        if (!head) return error_of(head);
        activation_.revoked = std::move(*head);
        if (move_.key != nullptr) move_.key->sign(activation_);
        return {};
    }

    Result<void> insert() {
        const Activation& a = activation_;
        const auto epoch = static_cast<std::int64_t>(a.serial.epoch),
                   number = static_cast<std::int64_t>(a.serial.number);
        auto added = impl_.db->run(
            "INSERT INTO activation (namespace, channel, epoch, number, digest, parent, kind, author, message, "
            "created_at,"
            " not_after, key_id, signature, log_sequence, log_digest)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            {impl_.space, a.channel, epoch, number, a.digest, a.parent, a.rollback ? "rollback" : "activate",
             a.origin.author, a.origin.message, a.created_at, a.not_after, a.key_id, Bytes{a.signature},
             static_cast<std::int64_t>(a.revoked.sequence), a.revoked.digest});
        if (!added) return error_of(added);
        auto set = impl_.db->run(
            "UPDATE channel SET epoch = $3, number = $4, digest = $5 WHERE namespace = $1 AND name = $2"
            " AND epoch = $6 AND number = $7",
            {impl_.space, a.channel, epoch, number, a.digest, static_cast<std::int64_t>(channel_.serial.epoch),
             static_cast<std::int64_t>(channel_.serial.number)});
        if (!set) return error_of(set);
        if (impl_.db->affected() != 1) return moved(channel_);
        return {};
    }

    tl::unexpected<Error> moved(const Channel& now) const {
        const Serial expected = move_.expected ? *move_.expected : channel_.serial;
        return fail(Code::ChannelMoved,
                    situation(store_, now) + "; you expected " + text_of(expected) +
                        ". Nothing was changed; look at the channel and try again",
                    move_.channel);
    }

    /// Records a refusal.
    tl::unexpected<Error> refuse(Code code, std::string why) const {
        const auto told =
            impl_.record_alone("refused", move_.channel, text_of(version_) + ": " + why, move_.origin.author);
        if (!told) why += " (the refusal could not be recorded: " + told.error().message + ")";
        return fail(code, std::move(why), text_of(version_));
    }

    Store& store_;
    Connection& impl_;
    const Move& move_;
    bool rollback_;
    Channel channel_;
    Version version_;
    std::optional<Bundle> content_;
    VersionCheck report_;
    Activation activation_;
};

}  // namespace

Result<Activation> Store::activate(const Move& move) {
    return Moving(*this, *impl_, move, false).run();
}

Result<Activation> Store::rollback(Move move) {
    if (move.version.empty()) {
        auto past = history(move.channel);
        if (!past) return error_of(past);
        const auto other = std::find_if(past->begin(), past->end(),
                                        [&](const Activation& each) { return each.digest != past->front().digest; });
        if (other == past->end())
            return fail(Code::NothingToGoBackTo, "no other version was active in this channel before", move.channel);
        // The channel must still be at the position at which the version was determined.
        if (!move.expected) move.expected = past->front().serial;
        move.version = other->digest;
    }
    return Moving(*this, *impl_, move, true).run();
}

}  // namespace writ

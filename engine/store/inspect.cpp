// Verifying a store, and removing content that is not needed.
#include <algorithm>

#include "store/impl.h"
#include "writ/errors.h"

namespace writ {

using namespace store;

namespace {

class Inspection {
public:
    Inspection(const Store& store, const Connection& connection, const std::vector<PublicKey>& keys,
               const std::vector<PublicKey>& on_call)
        : store_(store), connection_(connection), keys_(keys), on_call_(on_call) {}

    Result<std::vector<std::string>> run() {
        auto found = connection_.db->check();
        // A database that is too damaged to be checked is a finding, not an error.
        if (!found && found.error().code == code_name(Code::StoreDamaged)) found = std::vector{found.error().message};
        if (!found) return found;
        for (std::string& each : *found) problem("database: " + std::move(each));
        for (auto part :
             {&Inspection::contents, &Inspection::versions, &Inspection::channels, &Inspection::revocations})
            if (auto looked = (this->*part)(); !looked) {
                if (looked.error().code != code_name(Code::StoreDamaged)) return error_of(looked);
                problem(looked.error().message);
            }
        return std::move(problems_);
    }

private:
    void problem(std::string what) { problems_.push_back(std::move(what)); }

    Result<void> contents() {
        auto digests = connection_.db->run("SELECT digest FROM bundle ORDER BY digest");
        if (!digests) return error_of(digests);
        for (std::size_t i = 0; i < digests->size(); ++i) {
            auto content = store_.bundle(digests->text(i, 0));
            if (!content)
                problem(content.error().context + ": " + content.error().message);
            else if (auto sources = content->sources(); !sources)
                problem(digests->text(i, 0) + ": " + sources.error().message);
        }
        return {};
    }

    Result<void> versions() {
        auto all = store_.versions();
        if (!all) return error_of(all);
        std::uint64_t number = 0;
        for (auto each = all->rbegin(); each != all->rend(); ++each) {
            if (each->number != ++number) {
                problem("v" + std::to_string(number) + " is missing");
                number = each->number;
            }
        }
        return {};
    }

    Result<void> channels() {
        auto all = store_.channels();
        if (!all) return error_of(all);
        for (const Channel& channel : *all) {
            auto past = store_.history(channel.name);
            if (!past) return error_of(past);
            history(channel, *past);
        }
        return {};
    }

    void history(const Channel& channel, const std::vector<Activation>& latest_first) {
        Serial serial;
        std::string parent;
        for (auto each = latest_first.rbegin(); each != latest_first.rend(); ++each) {
            const std::string place = channel.name + " " + text_of(each->serial);
            if (each->serial.number != serial.number + 1 || each->serial.epoch < serial.epoch)
                problem(place + ": does not follow " + text_of(serial));
            if (each->parent != parent) problem(place + ": another version than its predecessor was active before");
            if (!store_.resolve(each->digest)) problem(place + ": its version does not exist");
            signature(place, *each);
            serial = each->serial;
            parent = each->digest;
        }
        if (channel.serial != serial || channel.digest != parent)
            problem(channel.name + ": the current serial is not the last one in the history");
    }

    Result<void> revocations() {
        auto entries = connection_.revocations_from(1);
        if (!entries) return error_of(entries);
        LogHead head;
        for (const RevocationEntry& each : *entries) {
            const std::string place = "revocation " + std::to_string(each.sequence) + ": ";
            if (auto fault = misplaced(each, head)) problem(place + fault->message);
            if (!keys_.empty())
                if (auto fault = missigned(each, keys_, on_call_)) problem(place + fault->message);
            if (!each.lifts)
                if (auto fits = canonical_subject(each.kind, each.subject); !fits)
                    problem(place + fits.error().message + "; while it is in force it revokes all of this kind");
            head = {each.sequence, digest_of(each)};
        }
        return {};
    }

    void signature(const std::string& place, const Activation& activation) {
        if (keys_.empty()) return;
        if (activation.signature.empty()) return problem(place + ": unsigned");
        for (const PublicKey& key : keys_)
            if (key.id() == activation.key_id) {
                if (!key.verifies(activation)) problem(place + ": the signature does not match");
                return;
            }
        problem(place + ": signed by " + activation.key_id + ", which is not one of the given keys");
    }

    const Store& store_;
    const Connection& connection_;
    const std::vector<PublicKey>& keys_;
    const std::vector<PublicKey>& on_call_;
    std::vector<std::string> problems_;
};

}  // namespace

Result<std::vector<std::string>> Store::verify(const std::vector<PublicKey>& keys,
                                               const std::vector<PublicKey>& on_call) const {
    auto transaction = Transaction::begin(*impl_->db, false);
    if (!transaction) return error_of(transaction);
    return Inspection(*this, *impl_, keys, on_call).run();
}

Result<std::vector<Version>> Store::collect(std::int64_t before, bool dry, const Origin& origin) {
    if (auto fits = check_origin(origin); !fits) return error_of(fits);
    auto transaction = Transaction::begin(*impl_->db, true);
    if (!transaction) return error_of(transaction);
    auto all = versions();
    if (!all) return error_of(all);
    std::vector<Version> out;
    for (std::size_t i = 1; i < all->size(); ++i) {  // the latest is kept
        Version& each = (*all)[i];
        if (each.collected || each.created_at >= before) continue;
        auto needed = impl_->exists(
            "SELECT 1 FROM activation WHERE digest = $1"
            " UNION ALL SELECT 1 FROM tag WHERE digest = $1"
            " UNION ALL SELECT 1 FROM version WHERE digest = $1 AND namespace <> $2",
            {each.digest, impl_->space});
        if (!needed) return error_of(needed);
        if (*needed) continue;
        if (!dry)
            if (auto gone = impl_->db->run("DELETE FROM bundle WHERE digest = $1", {each.digest}); !gone)
                return error_of(gone);
        out.push_back(std::move(each));
    }
    if (dry || out.empty()) return out;
    std::string detail;
    for (const Version& each : out) detail += (detail.empty() ? "" : ", ") + text_of(each);
    if (auto told = impl_->record("gc", "", detail, origin.author); !told) return error_of(told);
    if (auto durable = transaction->commit(); !durable) return error_of(durable);
    // The content has been removed; it is no error if the file does not shrink.
    (void)impl_->db->compact();
    return out;
}

}  // namespace writ

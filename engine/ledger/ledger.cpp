// Ledger: what its callers see of the writer.
#include "writ/ledger.h"

#include <charconv>

#include <fmt/format.h>

#include "ledger/writer.h"
#include "os/clock.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

Result<Appended> outcome_of(Waiting& one) {
    if (one.error) return tl::unexpected(std::move(*one.error));
    return one.appended;
}

/// A record whose caller is told.
class Told final : public Waiting {
public:
    Told(std::string record, const std::vector<std::string>& not_spent, OnAppended done)
        : Waiting(std::move(record), not_spent), done_(std::move(done)) {}

    void tell() noexcept override { done_(outcome_of(*this)); }

private:
    OnAppended done_;
};

/// The record of the single use of a grant. Output: its bytes, and the canonical name.
Result<std::pair<std::string, std::string>> record_of_use(const std::string& folder, std::string_view name) {
    constexpr std::string_view kGrant = "grant:";
    std::uint64_t sequence = 0;
    if (name.starts_with(kGrant)) std::from_chars(name.data() + kGrant.size(), name.data() + name.size(), sequence);
    if (name != fmt::format("{}{}", kGrant, sequence))
        return fail(Code::NotAGrantName,
                    "not the name of a grant; write `grant:` and the number of the decision, such as `grant:17`",
                    std::string(name));
    auto granted = grant_of(folder, sequence);
    if (!granted) return tl::unexpected(std::move(granted.error()));
    std::pair<std::string, std::string> out{{}, fmt::format("{}{}", kGrant, *granted)};
    Record record;
    record.kind = RecordKind::Use;
    record.time = os::now_micros();
    record.used = out.second;
    encode(record, out.first);
    return out;
}

Result<std::uint64_t> number_of_use(Result<Appended> appended, const std::string& name) {
    if (!appended) return tl::unexpected(std::move(appended.error()));
    if (appended->outcome == Appended::Outcome::Used)
        return fail(Code::AlreadyUsed, fmt::format("record {} has already used it", appended->sequence), name);
    return appended->sequence;
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

Result<Ledger> Ledger::open(const std::string& folder, const LedgerOptions& options) {
    auto writer = Writer::open(folder, options);
    if (!writer) return tl::unexpected(std::move(writer.error()));
    return Ledger(std::move(*writer));
}

const Keyed& Ledger::keyed() const {
    return writer_->keyed();
}

Result<Appended> Ledger::append(std::string_view record, const std::vector<std::string>& unspent) {
    Waiting one(Viewed{record}, unspent);
    writer_->append(one);
    return outcome_of(one);
}

Result<void> Ledger::append_async(std::string record, OnAppended done, const std::vector<std::string>& unspent) {
    std::unique_ptr<Waiting> one = std::make_unique<Told>(std::move(record), unspent, std::move(done));
    return writer_->queue(one);
}

bool Ledger::offer(std::string_view record) {
    auto one = std::make_unique<Waiting>(std::string(record));
    return writer_->offer(one).has_value();
}

Counts Ledger::counts() const {
    return writer_->counts();
}

Result<std::uint64_t> Ledger::use(std::string_view name) {
    auto record = record_of_use(writer_->folder(), name);
    if (!record) return tl::unexpected(std::move(record.error()));
    return number_of_use(append(record->first), record->second);
}

Result<void> Ledger::use_async(std::string_view name, OnUsed done) {
    auto record = record_of_use(writer_->folder(), name);
    if (!record) return tl::unexpected(std::move(record.error()));
    return append_async(std::move(record->first),
                        [done = std::move(done), canonical = std::move(record->second)](Result<Appended> appended) {
                            done(number_of_use(std::move(appended), canonical));
                        });
}

Result<std::string> Ledger::read(std::uint64_t sequence) const {
    return read_record(writer_->folder(), sequence);
}

}  // namespace writ::ledger

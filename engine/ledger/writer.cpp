#include "ledger/writer.h"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "os/clock.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

/// Largest block with more than one record: limits how long its first record waits.
constexpr std::size_t kEnough = 4u << 20;
/// A record in a block has its length before it.
constexpr std::size_t kLength = 4;
/// What a queue charges for a record beside its bytes, so that small ones cannot fill the memory.
constexpr std::size_t kCharge = 512;

std::size_t charge_of(const Waiting& one) {
    return one.bytes().size() + kCharge;
}

Result<void> fits_a_record(std::string_view bytes) {
    if (bytes.size() <= kMaxRecord) return {};
    return fail(Code::RecordTooLarge,
                fmt::format("the record has {} bytes; the limit is {}", bytes.size(), kMaxRecord));
}

}  // namespace

Result<std::string> read_record(const std::string& folder, std::uint64_t sequence) {
    auto reader = Reader::open(folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    if (auto found = reader->seek(sequence); !found) return tl::unexpected(std::move(found.error()));
    auto more = reader->next();
    if (!more) return tl::unexpected(std::move(more.error()));
    if (!*more || reader->sequence() != sequence)
        return fail(Code::UnknownRecord, fmt::format("there is no record {}", sequence));
    return std::string(reader->bytes());
}

Result<std::uint64_t> grant_of(const std::string& folder, std::uint64_t sequence) {
    auto bytes = read_record(folder, sequence);
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    Record record;
    if (auto read = decode(*bytes, record); !read) return tl::unexpected(std::move(read.error()));
    if (record.kind != RecordKind::Decision || record.shadow || record.decision.effect != Effect::Permit)
        return fail(Code::GrantedNothing, fmt::format("record {} is not a decision that granted something", sequence));
    return record.repeats.value_or(sequence);
}

void Writer::Release::operator()(Waiting* one) const {
    if (!waited_for) delete one;
}

/// The records of one flush. Callers who wait hold a reference until it is done.
struct Writer::Batch {
    std::vector<Queued> waiting;
    std::size_t bytes = 0;
    std::size_t charged = 0;
    std::atomic<int> done = 0;

    [[nodiscard]] bool takes(std::size_t size) const { return waiting.empty() || bytes + size <= kEnough; }
};

Result<std::unique_ptr<Writer>> Writer::open(const std::string& folder, const LedgerOptions& options) {
    std::unique_ptr<Writer> made(new Writer);
    made->folder_ = folder;
    made->queue_bytes_ = options.queue_bytes;
    auto log = Log::open(folder, {options.create, options.segment_bytes, options.patience});
    if (!log) return tl::unexpected(std::move(log.error()));
    made->log_ = std::move(*log);
    auto key = made->log_->key();
    if (!key) return tl::unexpected(std::move(key.error()));
    made->keyed_ = std::make_unique<Keyed>(*key);
    // Names in records up to here are found in the index, later ones in memory.
    auto index = Index::open(folder);
    if (!index) return tl::unexpected(std::move(index.error()));
    made->index_ = std::move(*index);
    auto names = made->index_->names(made->log_->size());
    if (!names) return tl::unexpected(std::move(names.error()));
    if (names->hash.value() != made->log_->spent())
        return made->altered("`writ ledger verify` lists the differences; remove the file, and it is rebuilt");
    made->before_ = std::move(names->prints);
    made->thread_ = std::thread([self = made.get()] { self->run(); });
    return made;
}

Writer::~Writer() {
    {
        const std::lock_guard guard(mutex_);
        closing_ = true;
    }
    work_.notify_one();
    if (thread_.joinable()) thread_.join();
}

// ---- the queues -------------------------------------------------------------------------------

/// What must be right before a record is queued to be durable. Reads from the disk only for a receipt.
Result<void> Writer::prepare(Waiting& one) const {
    if (auto fits = fits_a_record(one.bytes()); !fits) return fits;
    one.entry = entry_of(one.bytes());
    if (one.entry.of)
        if (auto granted = grant_of(folder_, *one.entry.of); !granted)
            return tl::unexpected(std::move(granted.error()));
    return {};
}

tl::unexpected<Error> Writer::full() const {
    return fail(Code::QueueFull, fmt::format("the queue is full: at most {} bytes of records may wait", queue_bytes_),
                folder_);
}

/// Output: null if a charge is given and the queue is full.
std::shared_ptr<Writer::Batch> Writer::enqueue(Queued& one, std::size_t charge) {
    std::shared_ptr<Batch> batch;
    bool first = false;
    {
        const std::lock_guard guard(mutex_);
        if (charge > 0 && queued_bytes_ + charge > queue_bytes_) return nullptr;
        first = batches_.empty();
        const std::size_t size = one->bytes().size() + kLength;
        const bool begins = first || !batches_.back()->takes(size);
        batch = begins ? std::make_shared<Batch>() : batches_.back();
        batch->waiting.push_back(std::move(one));
        if (begins) batches_.push_back(batch);
        batch->bytes += size;
        batch->charged += charge;
        queued_bytes_ += charge;
    }
    if (first) work_.notify_one();
    return batch;
}

Result<void> Writer::queue(std::unique_ptr<Waiting>& one) {
    if (auto ready = prepare(*one); !ready) return ready;
    Queued queued(one.release());
    if (enqueue(queued, charge_of(*queued)) != nullptr) return {};
    one.reset(queued.release());
    return full();
}

void Writer::append(Waiting& one) {
    auto ready = prepare(one);
    if (ready && std::this_thread::get_id() == thread_.get_id())
        ready = fail(Code::WaitsForItself, "the ledger's own thread cannot wait for the ledger", folder_);
    if (!ready) {
        one.error = std::move(ready.error());
        return;
    }
    Queued queued(&one, {.waited_for = true});
    enqueue(queued, 0)->done.wait(0, std::memory_order_acquire);
}

Result<void> Writer::offer(std::unique_ptr<Waiting>& one) {
    auto fits = fits_a_record(one->bytes());
    bool first = false;
    {
        const std::lock_guard guard(mutex_);
        ++counts_.offered;
        if (fits && offered_bytes_ + charge_of(*one) > queue_bytes_) fits = full();
        if (!fits) {
            ++counts_.dropped;
            ++unrecorded_drops_;
            return fits;
        }
        first = offered_.empty();
        offered_bytes_ += charge_of(*one);
        Queued queued(one.release());
        offered_.push_back(std::move(queued));
        ++counts_.waiting;
    }
    if (first) work_.notify_one();
    return {};
}

bool Writer::crowded() const {
    return offered_bytes_ >= std::min(kEnough, queue_bytes_ / 2);
}

Counts Writer::counts() const {
    const std::lock_guard guard(mutex_);
    return counts_;
}

// ---- spent names ------------------------------------------------------------------------------

namespace {

/// The first to spend a name holds it.
void remember(std::unordered_map<std::string, Holder>& in, std::uint64_t sequence, const Entry& entry) {
    for (Spent& one : entry.spent(sequence)) in.try_emplace(std::move(one.name), Holder{sequence, one.ask, one.grant});
}

}  // namespace

tl::unexpected<Error> Writer::altered(std::string_view what) const {
    return fail(Code::IndexAltered, fmt::format("the index does not match the uses in the records: {}", what),
                folder_ + "/index.sqlite");
}

/// Older names were counted when the ledger was opened: the index must still have such a name, and the record
/// that it refers to must have spent it.
Result<std::optional<Holder>> Writer::holder_of(const std::string& name) {
    if (const auto at = fresh_.find(name); at != fresh_.end()) return at->second;
    if (const auto at = holders_.find(name); at != holders_.end()) return at->second;
    if (!std::binary_search(before_.begin(), before_.end(), Index::print_of(name))) return std::nullopt;
    auto found = index_->find(name);
    if (!found) return found;
    const std::optional<Holder>& holder = *found;
    if (!holder) return altered("a row was removed");
    auto bytes = read_record(folder_, holder->sequence);
    if (!bytes) return altered("a row names a record that does not exist");
    const std::vector<Spent> spent = entry_of(*bytes).spent(holder->sequence);
    if (std::find(spent.begin(), spent.end(), Spent{name, holder->ask, holder->grant}) == spent.end())
        return altered("a row was changed");
    return found;
}

/// Whether a record may be appended with number `sequence`; if so, its names are spent.
Result<bool> Writer::admit(Waiting& one, std::uint64_t sequence) {
    const Entry& entry = one.entry;
    one.appended = {Appended::Outcome::Recorded, sequence, entry.leaf};
    if (!entry.key.empty()) {
        auto found = holder_of(entry.key);
        if (!found) return tl::unexpected(std::move(found.error()));
        if (const std::optional<Holder>& holder = *found) {
            const bool same = holder->ask == entry.ask;
            one.appended = {same ? Appended::Outcome::Repeated : Appended::Outcome::Conflict, holder->sequence, {}};
            return false;
        }
    }
    const auto unused = [&](const std::string& name) -> Result<bool> {
        auto found = holder_of(name);
        if (!found) return tl::unexpected(std::move(found.error()));
        const std::optional<Holder>& holder = *found;
        if (!holder || (entry.repeats && holder->grant == entry.grant)) return true;
        one.appended = {Appended::Outcome::Used, holder->sequence, {}};
        return false;
    };
    const std::vector<std::string>& unspent = one.unspent;
    for (const auto* names : {&entry.uses, &unspent})
        for (const std::string& name : *names)
            if (auto may = unused(name); !may || !*may) return may;
    remember(fresh_, sequence, entry);
    return true;
}

/// The same for what the record becomes if it may not be appended. `block`: the records of the block so far, which have
/// `size` bytes.
Result<bool> Writer::admit_or_revise(Waiting& one, const std::vector<const Entry*>& block, std::size_t size) {
    const std::uint64_t first = log_->size();
    for (;;) {
        // What repeats a decision can be larger than what was queued.
        if (const std::size_t own = one.bytes().size(); own > kMaxRecord || size + own + kLength > kMaxBlock)
            return fail(Code::RecordTooLarge,
                        fmt::format("with what is repeated, the record has {} bytes and its block {}; the limits are "
                                    "{} and {}",
                                    own, size + own + kLength, kMaxRecord, kMaxBlock));
        auto admitted = admit(one, first + block.size());
        if (!admitted || *admitted) return admitted;
        std::string earlier;
        if (one.appended.outcome == Appended::Outcome::Repeated) {
            const std::uint64_t sequence = one.appended.sequence;
            if (sequence >= first) {
                earlier = block[sequence - first]->bytes;
            } else {
                auto read = read_record(folder_, sequence);
                if (!read) return tl::unexpected(std::move(read.error()));
                earlier = std::move(*read);
            }
        }
        auto revised = one.revise(earlier);
        if (!revised || !*revised) return revised;
        one.entry = entry_of(one.bytes());
    }
}

// ---- the writer's thread ----------------------------------------------------------------------

/// Appends those of the waiting records that may be appended. The others get their own error or outcome.
Result<void> Writer::commit(const std::vector<Queued>& waiting) {
    const auto seen = [this](std::uint64_t sequence, const Entry& entry) { remember(holders_, sequence, entry); };
    if (auto locked = log_->lock(seen); !locked) return locked;
    fresh_.clear();
    std::vector<const Entry*> block;
    std::size_t size = 0;
    for (const auto& one : waiting) {
        auto admitted = admit_or_revise(*one, block, size);
        if (!admitted) {
            one->error = std::move(admitted.error());
        } else if (*admitted) {
            block.push_back(&one->entry);
            size += one->bytes().size() + kLength;
        }
    }
    Result<void> done;
    if (!block.empty()) done = log_->append(block);
    log_->unlock();
    // A holder in this block does not count if the block could not be written.
    if (done) holders_.merge(fresh_);
    return done;
}

void Writer::write_required(Batch& batch) {
    if (auto done = commit(batch.waiting); !done)
        for (const auto& one : batch.waiting) one->error = done.error();
    if (batch.charged > 0) {
        const std::lock_guard guard(mutex_);
        queued_bytes_ -= batch.charged;
    }
    // From here on, the records of callers who wait may be gone.
    batch.done.store(1, std::memory_order_release);
    batch.done.notify_all();
    for (const Queued& one : batch.waiting)
        if (!one.get_deleter().waited_for) one->tell();
}

/// A failure drops all of them.
void Writer::write_offered(std::vector<Queued> some, std::uint64_t drops) {
    const std::size_t count = some.size();
    if (drops > 0) {
        Record record;
        record.kind = RecordKind::Drops;
        record.time = os::now_micros();
        record.dropped = drops;
        std::string bytes;
        encode(record, bytes);
        some.push_back(Queued(std::make_unique<Waiting>(std::move(bytes)).release()));
    }
    for (const auto& one : some) one->entry = entry_of(one->bytes());
    const auto done = commit(some);
    {
        const std::lock_guard guard(mutex_);
        counts_.waiting -= count;
        if (done) {
            counts_.written += count;
            unrecorded_drops_ -= drops;
        } else {
            counts_.dropped += count;
            unrecorded_drops_ += count;
        }
    }
    for (const auto& one : some) {
        if (!done) one->error = done.error();
        one->tell();
    }
}

/// Some of the offered records, as many as fit in a block.
std::vector<Writer::Queued> Writer::take_offered() {
    std::vector<Queued> some;
    std::size_t bytes = 0;
    while (!offered_.empty() && (some.empty() || bytes + offered_.front()->bytes().size() <= kEnough)) {
        bytes += offered_.front()->bytes().size() + kLength;
        offered_bytes_ -= charge_of(*offered_.front());
        some.push_back(std::move(offered_.front()));
        offered_.pop_front();
    }
    return some;
}

void Writer::run() {
    std::unique_lock guard(mutex_);
    for (;;) {
        work_.wait(guard, [this] { return closing_ || !batches_.empty() || !offered_.empty(); });
        if (!batches_.empty()) {
            const std::shared_ptr<Batch> batch = std::move(batches_.front());
            batches_.pop_front();
            guard.unlock();
            write_required(*batch);
            guard.lock();
        }
        // Drops are reported with the next offered records, or at the end.
        const bool last = closing_ && batches_.empty() && offered_.empty();
        if (!offered_.empty() || (last && unrecorded_drops_ > 0)) {
            auto some = take_offered();
            const std::uint64_t drops = unrecorded_drops_;
            guard.unlock();
            write_offered(std::move(some), drops);
            guard.lock();
        }
        if (last) return;
    }
}

}  // namespace writ::ledger

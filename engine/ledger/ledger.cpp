// Ledger: many callers, one thread that writes. What comes in while a block is being flushed is the next.
#include "writ/ledger.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "ledger/checkpoint.h"
#include "ledger/index.h"
#include "ledger/keys.h"
#include "ledger/log.h"

namespace writ::ledger {

namespace {

/// One caller's record, on the caller's stack until its batch is done.
struct Waiting {
    std::string_view record;
    Hash leaf{};
    const Conditions* conditions = nullptr;
    Appended appended;
    std::optional<Error> error;
};

/// Bytes of a block, if there is more than one record: bounds how long the first of them waits.
constexpr std::size_t kEnough = 4u << 20;

/// What one flush takes. Callers hold on to it until it is done.
struct Batch {
    std::vector<Waiting*> waiting;
    std::size_t bytes = 0;
    std::atomic<int> done = 0;

    [[nodiscard]] bool takes(std::size_t size) const { return waiting.empty() || bytes + size <= kEnough; }
    void add(Waiting& one) {
        waiting.push_back(&one);
        bytes += one.record.size() + 4;
    }
};

}  // namespace

struct Ledger::Impl {
    std::string folder;
    LedgerOptions options;
    std::unique_ptr<Log> log;
    std::unique_ptr<Index> index;                     ///< keys from before; the writer's
    std::unordered_map<std::string, Holder> holders;  ///< keys since; the writer's
    std::unordered_map<std::string, Holder> fresh;    ///< keys of the block at hand

    std::mutex mutex;
    std::condition_variable work;
    std::deque<std::shared_ptr<Batch>> batches;  ///< all but the last are full
    std::deque<std::string> offered;
    std::size_t offered_bytes = 0;
    Counts counts;
    std::uint64_t unrecorded_drops = 0;
    bool closing = false;
    std::thread writer;

    ~Impl() {
        {
            const std::lock_guard guard(mutex);
            closing = true;
        }
        work.notify_one();
        if (writer.joinable()) writer.join();
    }

    void remember(std::uint64_t sequence, std::string_view bytes) {
        Record record;
        if (!decode(bytes, record)) return;
        each_key(record, [&](std::string key, const Hash& ask) {
            holders.try_emplace(std::move(key), Holder{sequence, ask});
        });
    }

    Result<std::optional<Holder>> holder_of(const std::string& key) {
        if (const auto at = fresh.find(key); at != fresh.end()) return at->second;
        if (const auto at = holders.find(key); at != holders.end()) return at->second;
        return index->find(key);
    }

    /// Whether a record may be appended as number `sequence`; if so its keys are taken.
    Result<bool> admit(Waiting& one, std::uint64_t sequence) {
        const Conditions& conditions = *one.conditions;
        if (!conditions.key.empty()) {
            auto holder = holder_of("k" + std::string(conditions.key));
            if (!holder) return tl::unexpected(std::move(holder.error()));
            if (*holder) {
                const bool same = (*holder)->ask == conditions.ask;
                one.appended = {same ? Appended::Outcome::Repeated : Appended::Outcome::Conflict,
                                (*holder)->sequence};
                return false;
            }
        }
        for (const std::string_view name : conditions.uses) {
            auto holder = holder_of("u" + std::string(name));
            if (!holder) return tl::unexpected(std::move(holder.error()));
            if (*holder) {
                one.appended = {Appended::Outcome::Used, (*holder)->sequence};
                return false;
            }
        }
        if (!conditions.key.empty()) fresh["k" + std::string(conditions.key)] = {sequence, conditions.ask};
        for (const std::string_view name : conditions.uses) fresh["u" + std::string(name)] = {sequence, {}};
        one.appended = {Appended::Outcome::Recorded, sequence};
        return true;
    }

    /// Appends what of the waiting may be appended. Whoever is not, has its own error or outcome.
    Result<void> commit(const std::vector<Waiting*>& waiting) {
        const auto seen = [this](std::uint64_t sequence, const Hash&, std::string_view bytes) {
            remember(sequence, bytes);
        };
        if (auto locked = log->lock(seen); !locked) return locked;
        fresh.clear();
        std::vector<std::string_view> records;
        std::vector<Hash> leaves;
        for (Waiting* one : waiting) {
            const std::uint64_t sequence = log->size() + records.size();
            one->appended.sequence = sequence;
            if (one->conditions != nullptr) {
                auto admitted = admit(*one, sequence);
                if (!admitted) one->error = std::move(admitted.error());
                if (!admitted || !*admitted) continue;
            }
            records.push_back(one->record);
            leaves.push_back(one->leaf);
        }
        Result<void> done;
        if (!records.empty()) done = log->append(records, leaves);
        log->unlock();
        // A holder of this very block is none if the block is not there.
        if (done) holders.merge(fresh);
        return done;
    }

    void write_required(Batch& batch) {
        if (auto done = commit(batch.waiting); !done)
            for (Waiting* one : batch.waiting) one->error = done.error();
        batch.done.store(1, std::memory_order_release);
        batch.done.notify_all();
    }

    /// A failure drops them all.
    void write_offered(const std::vector<std::string>& records, std::uint64_t drops) {
        std::vector<Waiting> waiting(records.size());
        std::vector<Waiting*> pointers;
        for (std::size_t i = 0; i < records.size(); ++i) {
            waiting[i].record = records[i];
            waiting[i].leaf = leaf_hash(records[i]);
            pointers.push_back(&waiting[i]);
        }
        std::string bytes;
        Waiting note;
        if (drops > 0) {
            Record record;
            record.kind = RecordKind::Drops;
            record.time = now_micros();
            record.dropped = drops;
            encode(record, bytes);
            note.record = bytes;
            note.leaf = leaf_hash(bytes);
            pointers.push_back(&note);
        }
        const auto done = commit(pointers);
        const std::lock_guard guard(mutex);
        counts.waiting -= records.size();
        if (done) {
            counts.written += records.size();
            unrecorded_drops -= drops;
        } else {
            counts.dropped += records.size();
            unrecorded_drops += records.size();
        }
    }

    /// Some of what was offered, as much as one block takes.
    std::vector<std::string> take_offered() {
        std::vector<std::string> some;
        std::size_t bytes = 0;
        while (!offered.empty() && (some.empty() || bytes + offered.front().size() <= kEnough)) {
            bytes += offered.front().size() + 4;
            offered_bytes -= offered.front().size();
            some.push_back(std::move(offered.front()));
            offered.pop_front();
        }
        return some;
    }

    void run() {
        std::unique_lock guard(mutex);
        for (;;) {
            work.wait(guard, [this] { return closing || !batches.empty() || !offered.empty(); });
            if (!batches.empty()) {
                const std::shared_ptr<Batch> batch = std::move(batches.front());
                batches.pop_front();
                guard.unlock();
                write_required(*batch);
                guard.lock();
            }
            // Drops are told of with the next records that were offered, or at the end.
            const bool last = closing && batches.empty() && offered.empty();
            if (!offered.empty() || (last && unrecorded_drops > 0)) {
                std::vector<std::string> some = take_offered();
                const std::uint64_t drops = unrecorded_drops;
                guard.unlock();
                write_offered(some, drops);
                guard.lock();
            }
            if (last) return;
        }
    }
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

Result<Ledger> Ledger::open(const std::string& folder, const LedgerOptions& options) {
    auto impl = std::make_unique<Impl>();
    impl->folder = folder;
    impl->options = options;
    auto log = Log::open(folder, {options.create, options.segment_bytes, options.patience});
    if (!log) return tl::unexpected(std::move(log.error()));
    impl->log = std::move(*log);
    // Keys of records up to here are found in the index; of later ones, in memory.
    auto index = Index::open(folder);
    if (!index) return tl::unexpected(std::move(index.error()));
    impl->index = std::move(*index);
    impl->writer = std::thread([self = impl.get()] { self->run(); });
    return Ledger(std::move(impl));
}

Result<Appended> Ledger::append(std::string_view record, const Conditions& conditions) {
    if (record.size() > kMaxRecord)
        return fail(LedgerCode::G0020,
                    fmt::format("the record has {} bytes, and may have {}", record.size(), kMaxRecord));
    Waiting one;
    one.record = record;
    one.leaf = leaf_hash(record);
    if (!conditions.key.empty() || !conditions.uses.empty()) one.conditions = &conditions;
    std::shared_ptr<Batch> batch;
    bool first = false;
    {
        const std::lock_guard guard(impl_->mutex);
        first = impl_->batches.empty();
        if (first || !impl_->batches.back()->takes(record.size()))
            impl_->batches.push_back(std::make_shared<Batch>());
        batch = impl_->batches.back();
        batch->add(one);
    }
    if (first) impl_->work.notify_one();
    batch->done.wait(0, std::memory_order_acquire);
    if (one.error) return tl::unexpected(std::move(*one.error));
    return one.appended;
}

bool Ledger::offer(std::string_view record) {
    bool first = false;
    {
        const std::lock_guard guard(impl_->mutex);
        ++impl_->counts.offered;
        if (record.size() > kMaxRecord || impl_->offered_bytes + record.size() > impl_->options.queue_bytes) {
            ++impl_->counts.dropped;
            ++impl_->unrecorded_drops;
            return false;
        }
        first = impl_->offered.empty();
        impl_->offered.emplace_back(record);
        impl_->offered_bytes += record.size();
        ++impl_->counts.waiting;
    }
    if (first) impl_->work.notify_one();
    return true;
}

Counts Ledger::counts() const {
    const std::lock_guard guard(impl_->mutex);
    return impl_->counts;
}

Result<std::uint64_t> Ledger::use(std::string_view name) {
    Record record;
    record.kind = RecordKind::Use;
    record.time = now_micros();
    record.used = name;
    std::string bytes;
    encode(record, bytes);
    Conditions conditions;
    conditions.uses.push_back(name);
    auto appended = append(bytes, conditions);
    if (!appended) return tl::unexpected(std::move(appended.error()));
    if (appended->outcome == Appended::Outcome::Used)
        return fail(LedgerCode::G0025, fmt::format("it was used up by record {}", appended->sequence),
                    std::string(name));
    return appended->sequence;
}

Result<std::string> Ledger::read(std::uint64_t sequence) const {
    auto reader = Reader::open(impl_->folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    if (auto found = reader->seek(sequence); !found) return tl::unexpected(std::move(found.error()));
    auto more = reader->next();
    if (!more) return tl::unexpected(std::move(more.error()));
    if (!*more || reader->sequence() != sequence)
        return fail(LedgerCode::G0021, fmt::format("there is no record {}", sequence));
    return std::string(reader->bytes());
}

}  // namespace writ::ledger

// Ledger: many callers, and one thread that writes. Records that arrive during a flush form the next block.
#include "writ/ledger.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "ledger/checkpoint.h"
#include "ledger/index.h"
#include "ledger/keyed.h"
#include "ledger/log.h"
#include "ledger/spent.h"
#include "os/clock.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

/// A caller's record, on the caller's stack until its batch is written.
struct Waiting {
    explicit Waiting(std::string_view record) : entry(entry_of(record)) {}
    Entry entry;
    std::vector<std::string> unspent;  ///< names that must not be spent, and that this record does not spend
    Appended appended;
    std::optional<Error> error;
};

/// Largest block with more than one record: limits how long its first record waits.
constexpr std::size_t kEnough = 4u << 20;

/// The records of one flush. Callers hold a reference until it is done.
struct Batch {
    std::vector<Waiting*> waiting;
    std::size_t bytes = 0;
    std::atomic<int> done = 0;

    [[nodiscard]] bool takes(std::size_t size) const { return waiting.empty() || bytes + size <= kEnough; }
    void add(Waiting& one) {
        waiting.push_back(&one);
        bytes += one.entry.bytes.size() + 4;
    }
};

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

}  // namespace

struct Ledger::Impl {
    std::string folder;
    LedgerOptions options;
    std::unique_ptr<Log> log;
    std::unique_ptr<Keyed> keyed;
    std::unique_ptr<Index> index;                     ///< older names; used by the writer
    std::vector<std::uint64_t> before;                ///< fingerprints of those names, ascending
    std::unordered_map<std::string, Holder> holders;  ///< newer names; used by the writer
    std::unordered_map<std::string, Holder> fresh;    ///< names of the current block

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

    /// The first to spend a name holds it.
    static void remember(std::unordered_map<std::string, Holder>& in, std::uint64_t sequence, const Entry& entry) {
        for (Spent& one : entry.spent(sequence))
            in.try_emplace(std::move(one.name), Holder{sequence, one.ask, one.grant});
    }

    tl::unexpected<Error> altered(std::string_view what) const {
        return fail(Code::IndexAltered, fmt::format("the index does not match the uses in the records: {}", what),
                    folder + "/index.sqlite");
    }

    /// Older names were counted when the ledger was opened: the index must still have such a name, and the record
    /// that it refers to must have spent it.
    Result<std::optional<Holder>> holder_of(const std::string& name) {
        if (const auto at = fresh.find(name); at != fresh.end()) return at->second;
        if (const auto at = holders.find(name); at != holders.end()) return at->second;
        if (!std::binary_search(before.begin(), before.end(), Index::print_of(name))) return std::nullopt;
        auto found = index->find(name);
        if (!found) return found;
        const std::optional<Holder>& holder = *found;
        if (!holder) return altered("a row was removed");
        auto bytes = read_record(folder, holder->sequence);
        if (!bytes) return altered("a row names a record that does not exist");
        const std::vector<Spent> spent = entry_of(*bytes).spent(holder->sequence);
        if (std::find(spent.begin(), spent.end(), Spent{name, holder->ask, holder->grant}) == spent.end())
            return altered("a row was changed");
        return found;
    }

    /// Whether a record may be appended with number `sequence`; if so, its names are spent.
    Result<bool> admit(Waiting& one, std::uint64_t sequence) {
        const Entry& entry = one.entry;
        one.appended = {Appended::Outcome::Recorded, sequence};
        if (!entry.key.empty()) {
            auto found = holder_of(entry.key);
            if (!found) return tl::unexpected(std::move(found.error()));
            if (const std::optional<Holder>& holder = *found) {
                const bool same = holder->ask == entry.ask;
                one.appended = {same ? Appended::Outcome::Repeated : Appended::Outcome::Conflict, holder->sequence};
                return false;
            }
        }
        const std::vector<std::string>& unspent = one.unspent;
        for (const auto* names : {&entry.uses, &unspent})
            for (const std::string& name : *names) {
                auto found = holder_of(name);
                if (!found) return tl::unexpected(std::move(found.error()));
                const std::optional<Holder>& holder = *found;
                if (holder && !(entry.repeats && holder->grant == entry.grant)) {
                    one.appended = {Appended::Outcome::Used, holder->sequence};
                    return false;
                }
            }
        remember(fresh, sequence, entry);
        return true;
    }

    /// Appends those of the waiting records that may be appended. The others get their own error or outcome.
    Result<void> commit(const std::vector<Waiting*>& waiting) {
        const auto seen = [this](std::uint64_t sequence, const Entry& entry) { remember(holders, sequence, entry); };
        if (auto locked = log->lock(seen); !locked) return locked;
        fresh.clear();
        std::vector<const Entry*> entries;
        for (Waiting* one : waiting) {
            auto admitted = admit(*one, log->size() + entries.size());
            if (!admitted)
                one->error = std::move(admitted.error());
            else if (*admitted)
                entries.push_back(&one->entry);
        }
        Result<void> done;
        if (!entries.empty()) done = log->append(entries);
        log->unlock();
        // A holder in this block does not count if the block could not be written.
        if (done) holders.merge(fresh);
        return done;
    }

    void write_required(Batch& batch) {
        if (auto done = commit(batch.waiting); !done)
            for (Waiting* one : batch.waiting) one->error = done.error();
        batch.done.store(1, std::memory_order_release);
        batch.done.notify_all();
    }

    /// A failure drops all of them.
    void write_offered(const std::vector<std::string>& records, std::uint64_t drops) {
        std::deque<Waiting> waiting;
        for (const std::string& record : records) waiting.emplace_back(record);
        std::string bytes;
        if (drops > 0) {
            Record record;
            record.kind = RecordKind::Drops;
            record.time = os::now_micros();
            record.dropped = drops;
            encode(record, bytes);
            waiting.emplace_back(bytes);
        }
        std::vector<Waiting*> pointers;
        for (Waiting& one : waiting) pointers.push_back(&one);
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

    /// Some of the offered records, as many as fit in a block.
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
            // Drops are reported with the next offered records, or at the end.
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
    auto key = impl->log->key();
    if (!key) return tl::unexpected(std::move(key.error()));
    impl->keyed = std::make_unique<Keyed>(*key);
    // Names in records up to here are found in the index, later ones in memory.
    auto index = Index::open(folder);
    if (!index) return tl::unexpected(std::move(index.error()));
    impl->index = std::move(*index);
    auto names = impl->index->names(impl->log->size());
    if (!names) return tl::unexpected(std::move(names.error()));
    if (names->hash.value() != impl->log->spent())
        return impl->altered("`writ ledger verify` lists the differences; remove the file, and it is rebuilt");
    impl->before = std::move(names->prints);
    impl->writer = std::thread([self = impl.get()] { self->run(); });
    return Ledger(std::move(impl));
}

namespace {

/// The number of the decision that made the grant in the answer of decision `sequence`.
Result<std::uint64_t> grant_of(const std::string& folder, std::uint64_t sequence) {
    auto bytes = read_record(folder, sequence);
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    Record record;
    if (auto read = decode(*bytes, record); !read) return tl::unexpected(std::move(read.error()));
    if (record.kind != RecordKind::Decision || record.shadow || record.decision.effect != Effect::Permit)
        return fail(Code::GrantedNothing, fmt::format("record {} is not a decision that granted something", sequence));
    return record.repeats.value_or(sequence);
}

}  // namespace

const Keyed& Ledger::keyed() const {
    return *impl_->keyed;
}

Result<Appended> Ledger::append(std::string_view record, const std::vector<std::string>& unspent) {
    if (record.size() > kMaxRecord)
        return fail(Code::RecordTooLarge,
                    fmt::format("the record has {} bytes; the limit is {}", record.size(), kMaxRecord));
    Waiting one(record);
    for (const std::string& name : unspent) one.unspent.push_back("u" + name);
    if (one.entry.of) {
        auto granted = grant_of(impl_->folder, *one.entry.of);
        if (!granted) return tl::unexpected(std::move(granted.error()));
    }
    std::shared_ptr<Batch> batch;
    bool first = false;
    {
        const std::lock_guard guard(impl_->mutex);
        first = impl_->batches.empty();
        if (first || !impl_->batches.back()->takes(record.size())) impl_->batches.push_back(std::make_shared<Batch>());
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
    constexpr std::string_view kGrant = "grant:";
    std::uint64_t sequence = 0;
    if (name.starts_with(kGrant)) std::from_chars(name.data() + kGrant.size(), name.data() + name.size(), sequence);
    if (name != fmt::format("{}{}", kGrant, sequence))
        return fail(Code::NotAGrantName,
                    "not the name of a grant; write `grant:` and the number of the decision, such as `grant:17`",
                    std::string(name));
    auto granted = grant_of(impl_->folder, sequence);
    if (!granted) return tl::unexpected(std::move(granted.error()));
    const std::string canonical = fmt::format("{}{}", kGrant, *granted);
    Record record;
    record.kind = RecordKind::Use;
    record.time = os::now_micros();
    record.used = canonical;
    std::string bytes;
    encode(record, bytes);
    auto appended = append(bytes);
    if (!appended) return tl::unexpected(std::move(appended.error()));
    if (appended->outcome == Appended::Outcome::Used)
        return fail(Code::AlreadyUsed, fmt::format("record {} has already used it", appended->sequence), canonical);
    return appended->sequence;
}

Result<std::string> Ledger::read(std::uint64_t sequence) const {
    return read_record(impl_->folder, sequence);
}

}  // namespace writ::ledger

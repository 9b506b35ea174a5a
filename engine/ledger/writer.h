// The thread that writes a ledger's records, and the queues before it. Records that arrive during a flush form the next
// block.
// Not here: the file format and its locks (log.h).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ledger/index.h"
#include "ledger/keyed.h"
#include "ledger/log.h"
#include "ledger/waiting.h"

namespace writ::ledger {

/// Any thread may call it.
class Writer {
public:
    /// Errors: those of Ledger::open.
    [[nodiscard]] static Result<std::unique_ptr<Writer>> open(const std::string& folder, const LedgerOptions& options);
    /// Writes everything that is queued, and tells of it.
    ~Writer();

    /// Queues a record to be durable, and returns. Records are in the order of these calls. Whoever waits is told
    /// on the writer's thread. After an error `one` is as before, and is not told.
    /// Errors: G0014 too much is queued; G0020; G0021, G0026 a receipt for a decision that granted nothing.
    [[nodiscard]] Result<void> queue(std::unique_ptr<Waiting>& one);
    /// The same, and waits until it is durable or has failed; then what became of it is in `one`. It is in the caller's
    /// memory, so the queue does not limit it. Also: G0015 this is the writer's thread.
    void append(Waiting& one);
    /// Queues a record to be written after those, or counts it as dropped. After an error `one` is as before, and is
    /// not told. Errors: G0014, G0020.
    [[nodiscard]] Result<void> offer(std::unique_ptr<Waiting>& one);

    /// Whether more is offered than the thread writes: a whole block waits, or half of the queue is used.
    [[nodiscard]] bool crowded() const;

    [[nodiscard]] Counts counts() const;
    [[nodiscard]] const Keyed& keyed() const { return *keyed_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    struct Batch;
    /// Does not delete the record of a caller who waits for it.
    struct Release {
        bool waited_for = false;
        void operator()(Waiting* one) const;
    };
    using Queued = std::unique_ptr<Waiting, Release>;

    Writer() = default;
    [[nodiscard]] Result<void> prepare(Waiting& one) const;
    [[nodiscard]] tl::unexpected<Error> full() const;
    [[nodiscard]] std::shared_ptr<Batch> enqueue(Queued& one, std::size_t charge);
    [[nodiscard]] tl::unexpected<Error> altered(std::string_view what) const;
    [[nodiscard]] Result<std::optional<Holder>> holder_of(const std::string& name);
    [[nodiscard]] Result<bool> admit(Waiting& one, std::uint64_t sequence);
    [[nodiscard]] Result<bool> admit_or_revise(Waiting& one, const std::vector<const Entry*>& block, std::size_t size);
    [[nodiscard]] Result<void> commit(const std::vector<Queued>& waiting);
    void write_required(Batch& batch);
    void write_offered(std::vector<Queued> some, std::uint64_t drops);
    [[nodiscard]] std::vector<Queued> take_offered();
    void run();

    std::string folder_;
    std::size_t queue_bytes_ = 0;
    std::unique_ptr<Log> log_;
    std::unique_ptr<Keyed> keyed_;

    // Used by the writer's thread.
    std::unique_ptr<Index> index_;                     ///< older names
    std::vector<std::uint64_t> before_;                ///< fingerprints of those names, ascending
    std::unordered_map<std::string, Holder> holders_;  ///< newer names
    std::unordered_map<std::string, Holder> fresh_;    ///< names of the current block

    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::deque<std::shared_ptr<Batch>> batches_;  ///< all but the last are full
    std::size_t queued_bytes_ = 0;                ///< of queue(), charged
    std::deque<Queued> offered_;
    std::atomic<std::size_t> offered_bytes_ = 0;  ///< charged; changed with the mutex
    Counts counts_;
    std::uint64_t unrecorded_drops_ = 0;
    bool closing_ = false;
    std::thread thread_;
};

/// The bytes of a record.
/// Errors: G0021, and the errors of reading.
[[nodiscard]] Result<std::string> read_record(const std::string& folder, std::uint64_t sequence);

/// The number of the decision that made the grant in the answer of decision `sequence`.
/// Errors: G0021; G0026 it granted nothing; and the errors of reading.
[[nodiscard]] Result<std::uint64_t> grant_of(const std::string& folder, std::uint64_t sequence);

}  // namespace writ::ledger

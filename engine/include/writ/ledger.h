// The decision ledger: tamper-evident records, durable before an answer is given. Any number of programs may write
// to one ledger at the same time.
// Not here: the content of records (record.h), proofs (audit.h), queries (inquiry.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/evaluator.h"
#include "writ/merkle.h"
#include "writ/record.h"

namespace writ::ledger {

struct LedgerOptions {
    bool create = true;                         ///< make the ledger if the folder does not exist
    std::uint64_t segment_bytes = 64ull << 20;  ///< a new file is started once the current one has this many; G0013
    /// Bytes of records that may wait: those of append_async() and use_async(), and as many again of best effort. A
    /// record counts as 512 bytes more than it has. What does not fit is refused (G0014) or dropped.
    std::size_t queue_bytes = 64u << 20;
    int patience = 5000;  ///< milliseconds to wait for another program's lock
};

/// The result of an append. Idempotency keys and names are looked up and recorded in one step, also if several programs
/// append.
struct Appended {
    enum class Outcome : std::uint8_t {
        Recorded,
        Repeated,  ///< record `sequence` granted the same request under this key. Nothing was recorded
        Conflict,  ///< record `sequence` granted another request under this key. Nothing was recorded
        Used,      ///< record `sequence` spent a name that must not be spent. Nothing was recorded
    };
    Outcome outcome = Outcome::Recorded;
    std::uint64_t sequence = 0;
    Hash leaf{};  ///< Recorded: the record's leaf hash, as in proofs
};

/// Called once with what became of a record, on the ledger's own thread, in the order of the records. It must not
/// throw: an exception ends the program (std::terminate). While it runs, nothing is written, so it should only hand the
/// result on. It may queue further records, but must not wait for the ledger (G0015) or destroy it.
using OnAppended = std::function<void(Result<Appended>)>;
/// The same for a use: the number of its record.
using OnUsed = std::function<void(Result<std::uint64_t>)>;

/// Consistent at any moment: offered = written + dropped + waiting.
struct Counts {
    std::uint64_t offered = 0, written = 0, dropped = 0, waiting = 0;
};

class Keyed;
class Writer;

/// A ledger open for writing. Any thread may call it.
class Ledger {
public:
    /// Opens a ledger. An incomplete write at its end is removed, back to the last whole block.
    /// Errors: G0001 to G0006, G0008 to G0011, G0013, G0040, G0042.
    [[nodiscard]] static Result<Ledger> open(const std::string& folder, const LedgerOptions& options = {});
    /// Waits until accepted records are written, and what waits for them is told. Every other call must have returned,
    /// and what is told must no longer call the ledger.
    ~Ledger();
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;

    /// Appends a record; returns when it is durable in the file at the ledger's path. Calls at the same time share
    /// one flush. A decision spends its names. If it grants and does not repeat an earlier grant, it also spends its
    /// key. If it repeats an earlier grant, it may use the names that this grant spent.
    /// Input:   `record`: bytes that encode() made. `unspent`: names that must not be spent, and that this record
    /// does not spend.
    /// Errors:  G0002, G0003, G0005, G0009, G0010, G0020; G0021, G0026 a receipt for a decision that granted nothing;
    /// G0015 it is called on the ledger's own thread. Then nothing is recorded, and the caller must not permit.
    [[nodiscard]] Result<Appended> append(std::string_view record, const std::vector<std::string>& unspent = {});
    /// The same, but returns as soon as the record is queued; `done` is told once it is durable or has failed. Records
    /// are in the order of these calls. A failure fails all records of a flush, as it does those of append().
    /// Never waits for the disk, except to read the decision of a receipt.
    /// Errors:  G0014 more is queued than LedgerOptions::queue_bytes; G0020, G0021, G0026. Then `done` is not called.
    [[nodiscard]] Result<void> append_async(std::string record, OnAppended done,
                                            const std::vector<std::string>& unspent = {});

    /// Queues a record to be written soon, or counts it as dropped. Never waits for the disk.
    /// Output: whether it was queued.
    bool offer(std::string_view record);
    [[nodiscard]] Counts counts() const;

    /// Spends a name for ever. `grant:N` is the single use of the grant of decision N; if N repeats another decision,
    /// of that one's grant. N has no leading zeros.
    /// Output: the number of the record of the use.
    /// Errors: as append(); G0025 it is spent; G0027 another kind of name; G0021, G0026 there is no such grant.
    [[nodiscard]] Result<std::uint64_t> use(std::string_view name);
    /// The same, but returns as soon as the record is queued; `done` gets its number or the error. Reads the decision
    /// from the disk.
    /// Errors: as append_async(); G0027; G0021, G0026 there is no such grant. Then `done` is not called.
    [[nodiscard]] Result<void> use_async(std::string_view name, OnUsed done);

    /// The bytes of a record.
    /// Errors: G0021, and the errors of reading.
    [[nodiscard]] Result<std::string> read(std::uint64_t sequence) const;

    /// Computes digests with the ledger's own key.
    [[nodiscard]] const Keyed& keyed() const;

private:
    friend class Recorder;
    explicit Ledger(std::unique_ptr<Writer> writer);
    std::unique_ptr<Writer> writer_;
};

/// Required: no permit is given before its record is durable. BestEffort: a permit is given even if it cannot be
/// recorded, and the record is counted as dropped. A decision with an idempotency key or a single use needs a durable
/// record even then.
enum class Durability : std::uint8_t { Required, BestEffort };

/// Which parts of a request are recorded.
struct RecordOptions {
    Durability durability = Durability::Required;
    /// With best effort, decide_async() and its like answer when the record has its number, or is dropped. False: at
    /// once, without the number, unless 4 MiB of records wait, or half of the queue is used. So callers that wait for
    /// answers are slowed down before records are dropped.
    bool await_number = true;
    bool whole_request = true;  ///< false: only its digest; such records cannot be replayed
    /// JSON Pointers. Every scalar at or below is replaced by its keyed digest, there and everywhere else in the
    /// record. `*` stands for every element of a list or map.
    std::vector<std::string> mask;
    std::string mask_key;      ///< 32 bytes; empty: the ledger's own key
    bool hide_unknown = true;  ///< replaces claims that no layer declares and text parameters that no rule reads
};

/// The earlier decision for which an idempotency key was used.
struct Earlier {
    std::uint64_t sequence = 0;
    const Record& record;  ///< what was granted, and by which policy and rules; valid until the next call
};

/// Reads a masking key: 64 hex digits, in a file that only its owner may read.
/// Errors: G0002; G0042.
[[nodiscard]] Result<std::string> read_mask_key(const std::string& path);

/// An answer that has been recorded.
struct Answer {
    /// Valid until the next call. Always decided now. If it repeats an earlier grant, it is no wider than that grant
    /// and does not last longer. Its rules are those of the current layers.
    const Decision& decision;
    std::optional<std::uint64_t> sequence;  ///< the record's number, if it is known
    std::optional<Earlier> earlier;         ///< set if this agent had a grant under this key for the same request
    std::optional<Error> error;             ///< why there is no record, or why the request was refused
};

/// An answer that has been recorded. It owns its content; any thread may use it.
struct Decided {
    DetachedDecision decision;
    Layers layers{std::vector<Bundle>{}};  ///< the bundles that decided, for to_json(); empty if there was no policy
    std::string json;                      ///< for the operator, as to_json() writes an Answer
    std::optional<std::uint64_t> record;   ///< the number of the record, if it is known
    std::optional<std::uint64_t>
        earlier;                 ///< the earlier record that granted the same request under the same idempotency key
    std::optional<Error> error;  ///< why there is no record, or why the request was refused
};
/// Called once with an answer. The rules of OnAppended apply.
using OnDecided = std::function<void(Decided)>;

/// The decision as writ::to_json() writes it. For the operator it has two more members: `record`, the record's
/// number, and `earlier`, the earlier decision under the same idempotency key, or null.
[[nodiscard]] std::string to_json(const Answer& answer, const Layers& layers, View reader);
/// A copy of an answer that owns its content.
[[nodiscard]] Decided detach(const Answer& answer, Layers layers);

/// Records decisions before they are given out. One per thread, over a Ledger that outlives it.
/// `traceparent` is as in W3C Trace Context; a malformed one is ignored.
class Recorder {
public:
    /// With layers: for decide(). Without: for decisions made elsewhere.
    /// Errors: G0023 a pointer that names nothing. Without layers this is detected at the
    /// first record, which is then denied.
    [[nodiscard]] static Result<Recorder> make(Ledger& ledger, const Layers& layers, RecordOptions options = {});
    [[nodiscard]] static Result<Recorder> make(Ledger& ledger, RecordOptions options = {});
    ~Recorder();
    Recorder(Recorder&&) noexcept;
    Recorder& operator=(Recorder&&) noexcept;

    /// As Evaluator::revoke(), for decide().
    void revoke(std::shared_ptr<const Revocations> revocations);
    /// Decides a request document. If `Required` cannot be met, the answer is a deny `audit_unavailable`. For a
    /// request that is refused, the answer is a deny with the error's code.
    Answer decide(std::string_view request, std::string_view traceparent = {});

    /// Records a decision made elsewhere, for example by a LiveEvaluator. The caller may give out only the answer:
    /// the decision, narrowed if it repeats an earlier one, or a deny.
    Answer record(std::string_view request, const Decision& decision, const Layers& layers,
                  std::string_view traceparent = {});
    /// Records that a document was refused.
    Answer refuse(std::string_view request, const Error& why, std::string_view traceparent = {});

    /// The same three, without waiting: each returns as soon as the record is queued, and keeps nothing of its
    /// arguments and of the recorder. The answer is given to `done` once its record is durable; with best effort, once
    /// it is written or dropped. Records are in the order of these calls, apart from those of best effort.
    /// Output: the answer, if there is nothing to wait for, and `done` is not called: the queue is full (G0014, a deny
    /// `audit_unavailable`; with best effort the record is dropped), nothing can be recorded, or best effort does not
    /// await the number. Otherwise none.
    [[nodiscard]] std::optional<Decided> decide_async(std::string_view request, OnDecided done,
                                                      std::string_view traceparent = {});
    [[nodiscard]] std::optional<Decided> record_async(std::string_view request, const Decision& decision,
                                                      const Layers& layers, OnDecided done,
                                                      std::string_view traceparent = {});
    [[nodiscard]] std::optional<Decided> refuse_async(std::string_view request, const Error& why, OnDecided done,
                                                      std::string_view traceparent = {});

    /// Records the decision of a candidate policy, marked as not enforced. Never waits for the disk; spends no key
    /// and no name. Output: whether it was queued.
    bool shadow(std::string_view request, const Decision& decision, const Layers& layers,
                std::string_view traceparent = {});

private:
    struct Impl;
    explicit Recorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Reads the records of a ledger from front to back, also while it is being written. Used by one thread.
class Reader {
public:
    /// Errors: G0001, G0002, G0003, G0004.
    [[nodiscard]] static Result<Reader> open(const std::string& folder);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// Makes `sequence` the next record to be read; the end if there are not that many records.
    [[nodiscard]] Result<void> seek(std::uint64_t sequence);
    /// Moves to the next record. Output: false at the end; more records may follow later.
    /// Errors: G0003.
    [[nodiscard]] Result<bool> next();
    /// Number of the current record; after seek(), of the next record.
    [[nodiscard]] std::uint64_t sequence() const;
    /// Valid until the next call.
    [[nodiscard]] std::string_view bytes() const;

private:
    struct Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

// The decision ledger: records that are durable before an answer is given, tell who did what, and
// cannot be altered without it being seen. Any number of programs may write one ledger.
// Not here: what records say (record.h), proofs (audit.h), questions (inquiry.h).
#pragma once

#include <cstdint>
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
    bool create = true;                         ///< make the ledger if the folder is not there
    std::uint64_t segment_bytes = 64ull << 20;  ///< a new file is begun once one has as many
    std::size_t queue_bytes = 64u << 20;        ///< what best effort may keep waiting
    int patience = 5000;                        ///< milliseconds to wait for another program's lock
};

/// What became of a record. What it says of keys and names is looked up and recorded as one step, across
/// programs.
struct Appended {
    enum class Outcome : std::uint8_t {
        Recorded,
        Repeated,  ///< record `sequence` granted the same ask under this key. Nothing was recorded
        Conflict,  ///< record `sequence` granted another ask under this key. Nothing was recorded
        Used,      ///< record `sequence` used up something that this one would. Nothing was recorded
    };
    Outcome outcome = Outcome::Recorded;
    std::uint64_t sequence = 0;
};

/// Exact at any moment: offered = written + dropped + waiting.
struct Counts {
    std::uint64_t offered = 0, written = 0, dropped = 0, waiting = 0;
};

class Keyed;

/// A ledger that is open for writing. Any thread may call it.
class Ledger {
public:
    /// A write that was cut short is cut back to the last whole block.
    /// Errors: G0001 to G0006, G0008 to G0011, G0040, G0042.
    [[nodiscard]] static Result<Ledger> open(const std::string& folder, const LedgerOptions& options = {});
    /// Waits for what was accepted. Every other call must have returned.
    ~Ledger();
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;

    /// Records, and returns when the record is durable in the file that the ledger's path names. Calls at
    /// one time share one flush. A decision spends its names and, if it grants and repeats none, its key; what
    /// the grant that it repeats has spent is unspent for it.
    /// Input:   bytes that encode() gave; names that must not be spent, though this record does not spend them.
    /// Errors:  G0002, G0003, G0005, G0009, G0010, G0020; G0026 a receipt for what granted nothing. Nothing
    ///          is recorded, and the caller must not permit.
    [[nodiscard]] Result<Appended> append(std::string_view record, const std::vector<std::string>& unspent = {});

    /// Records some time soon, or counts one as dropped. Never waits for the disk.
    /// Output: whether it was taken.
    bool offer(std::string_view record);
    [[nodiscard]] Counts counts() const;

    /// Uses up a name, once and for all. `grant:N` is the single use of what decision N granted; where N
    /// repeats another decision, it is that one's. N has no leading zeros. Output: the number of the record that
    /// says so. Errors: as append(); G0025; G0027 another name; G0021, G0026 for a grant that there is not.
    [[nodiscard]] Result<std::uint64_t> use(std::string_view name);

    /// The bytes of a record.
    /// Errors: G0021 and those of reading.
    [[nodiscard]] Result<std::string> read(std::uint64_t sequence) const;

    /// Digests under the ledger's own key.
    [[nodiscard]] const Keyed& keyed() const;

private:
    struct Impl;
    explicit Ledger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Required: no permit is given before its record is durable. BestEffort: records that cannot be kept
/// are counted; idempotency keys and single uses, which need a durable record, are still required.
enum class Durability : std::uint8_t { Required, BestEffort };

/// What of a request is recorded.
struct RecordOptions {
    Durability durability = Durability::Required;
    bool whole_request = true;  ///< else its digest alone; such records cannot be replayed
    /// JSON Pointers; every scalar at or below is replaced by its keyed digest, there and wherever else in
    /// the record it stands. `*` is every element of a list or map.
    std::vector<std::string> mask;
    std::string mask_key;      ///< 32 bytes; empty: the ledger's own key
    bool hide_unknown = true;  ///< replaces claims that no layer declares, and text parameters that no rule reads
};

/// The decision that an idempotency key was used for before.
struct Earlier {
    std::uint64_t sequence = 0;
    const Record& record;  ///< which policy and rules granted, and what; good until the next call
};

/// Reads a key to mask with: 64 hex digits in a file that its owner alone may read.
/// Errors: G0002; G0042.
[[nodiscard]] Result<std::string> read_mask_key(const std::string& path);

/// An answer, its record made.
struct Answer {
    /// Good until the next call. Decided now, always; if it repeats an earlier grant, no wider than that and
    /// for no longer. Its rules are those of the layers of now.
    const Decision& decision;
    std::optional<std::uint64_t> sequence;  ///< the record's number, where it is known
    std::optional<Earlier> earlier;         ///< set where this agent had a grant under this key for the same ask
    std::optional<Error> error;             ///< why there is no record, or why the request was refused
};

/// The decision as writ::to_json() writes it. For the operator with two members more: `record`, the number, and
/// `earlier`, what decided before under the same idempotency key, or null.
[[nodiscard]] std::string to_json(const Answer& answer, const Layers& layers, Audience reader);

/// Records decisions before they are given. One per thread, over a Ledger that outlives it.
/// A `traceparent` is as in W3C Trace Context; one that is malformed is ignored.
class Recorder {
public:
    /// For decide(), under these layers; without them, for what is decided elsewhere.
    /// Errors: G0023; without layers a pointer that names nothing is found when something is first recorded,
    ///         which is then denied.
    [[nodiscard]] static Result<Recorder> make(Ledger& ledger, Layers layers, RecordOptions options = {});
    [[nodiscard]] static Result<Recorder> make(Ledger& ledger, RecordOptions options = {});
    ~Recorder();
    Recorder(Recorder&&) noexcept;
    Recorder& operator=(Recorder&&) noexcept;

    /// Evaluator::revoke(), for decide().
    void revoke(std::shared_ptr<const Revocations> revocations);
    /// Decides a request document. Where `required` cannot be kept, a deny `audit_unavailable`. A
    /// request that is refused is a deny with the code of the refusal.
    Answer decide(std::string_view request, std::string_view traceparent = {});

    /// Records what was decided of a document elsewhere, by a LiveEvaluator say. The answer is what may be
    /// given: the decision, less of it where it repeats an earlier one, or a deny in its place.
    Answer record(std::string_view request, const Decision& decision, const Layers& layers,
                  std::string_view traceparent = {});
    /// Records that a document was refused.
    Answer refuse(std::string_view request, const Error& why, std::string_view traceparent = {});
    /// Records what a candidate policy would have decided, marked as not enforced. Never waits for the disk,
    /// takes no key and uses nothing up. Output: whether it was taken.
    bool shadow(std::string_view request, const Decision& decision, const Layers& layers,
                std::string_view traceparent = {});

private:
    struct Impl;
    explicit Recorder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Records of a ledger from front to back, also while it is written to. Used by one thread.
class Reader {
public:
    /// Errors: G0001, G0002, G0003, G0004.
    [[nodiscard]] static Result<Reader> open(const std::string& folder);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// Makes `sequence` the next record to be read, or the end if there are not as many.
    [[nodiscard]] Result<void> seek(std::uint64_t sequence);
    /// Goes to the next record. Output: false at the end; later there may be more.
    /// Errors: G0003.
    [[nodiscard]] Result<bool> next();
    /// Of the record at hand; after seek(), of the one to come.
    [[nodiscard]] std::uint64_t sequence() const;
    /// Good until the next call.
    [[nodiscard]] std::string_view bytes() const;

private:
    struct Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

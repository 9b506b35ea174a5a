// The log: records appended by any number of programs, one block at a time, each durable before the call returns.
// Programs take turns with a lock on the folder itself. Nothing is acknowledged unless the paths still name the folder
// and the segment; a removed segment is restored from the open file.
// Not here: the content of records (record.h), and callers that wait (ledger.cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/segment.h"
#include "ledger/spent.h"
#include "writ/checkpoint.h"

namespace writ::ledger {

struct LogOptions {
    bool create = true;                       ///< make the ledger if the folder is empty or does not exist
    std::uint64_t segment_bytes = 64u << 20;  ///< a new segment is started once the current one has this many
    int patience = 5000;                      ///< milliseconds to wait for another program
};

/// Called for records in the log, in order, with their numbers.
using EntryVisitor = std::function<void(std::uint64_t, const Entry&)>;

/// A program's access to the log. Used by one thread at a time.
class Log {
public:
    /// Opens the log. An incomplete write at its end is removed, back to the last whole
    /// block, after it has been copied.
    /// Errors: G0001 to G0006, G0009, G0012, G0013, G0040.
    [[nodiscard]] static Result<std::unique_ptr<Log>> open(const std::string& folder, const LogOptions& options);

    /// Takes the lock. First passes records that other programs have appended to `seen`.
    /// Errors: G0002, G0003, G0005, G0009. The lock is then not held.
    [[nodiscard]] Result<void> lock(const EntryVisitor& seen);
    /// Appends one block and makes it durable in the file at the path. After an error nothing has been appended.
    /// Requires: the lock; the records fit a block.
    /// Errors: G0002, G0009.
    [[nodiscard]] Result<void> append(const std::vector<const Entry*>& entries);
    void unlock();

    [[nodiscard]] std::uint64_t size() const { return tree_.size(); }
    [[nodiscard]] const Frontier& tree() const { return tree_; }
    /// The running hash over everything that the records spent.
    [[nodiscard]] const Hash& spent() const { return spent_.value(); }
    [[nodiscard]] const LedgerId& id() const { return id_; }
    /// The commitment to the key with which the records were written.
    [[nodiscard]] const Hash& commitment() const { return commitment_; }
    /// The ledger's own secret key, of 32 bytes. Kept in memory, to restore the file if it is removed.
    /// Errors: G0002, G0011, G0042; G0012 it is not the key with which the records were written.
    [[nodiscard]] Result<std::string> key();

private:
    Log() = default;
    [[nodiscard]] Result<void> open_folder();
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> take_lock();
    [[nodiscard]] Result<void> in_place() const;
    [[nodiscard]] Result<void> restore();
    [[nodiscard]] Result<void> hold_against_checkpoint();
    [[nodiscard]] Result<void> catch_up(const EntryVisitor& seen);
    [[nodiscard]] Result<void> read_on(const EntryVisitor& seen);
    [[nodiscard]] Result<void> cut(std::uint64_t offset, bool keep);
    [[nodiscard]] Result<void> begin_ledger();
    [[nodiscard]] Result<void> begin_segment();
    [[nodiscard]] Result<void> use_segment(std::uint64_t first);
    [[nodiscard]] std::string path_of(std::uint64_t first) const { return folder_ + "/" + segment_name(first); }

    std::string folder_;
    LogOptions options_;
    os::File folder_file_;  ///< the folder itself, which is locked
    os::FileId folder_id_;
    os::File segment_;
    os::FileId segment_id_;
    std::uint64_t offset_ = 0;  ///< position of the next block
    bool held_ = false;         ///< the lock
    bool suspect_ = false;      ///< a write failed: the content after offset_ is unknown
    LedgerId id_{};
    std::string key_;
    Hash commitment_{};
    std::uint64_t first_ = 0;  ///< number of the segment's first record
    Frontier tree_;
    SpentHash spent_;
    std::optional<Checkpoint> own_;  ///< the ledger's last own checkpoint, until it has been compared with the records
    std::string block_;
};

/// Identifies a ledger's key without revealing it: the key's HMAC over the word `ledger`, a zero byte and the
/// ledger's id. It is in the header of each segment and in checkpoints.
/// Requires: a key of Keyed::kKeyBytes.
[[nodiscard]] Hash commitment_to(std::string_view key, const LedgerId& id);

/// The segments of a ledger in order, by their first record.
/// Errors: G0001 the folder contains none; G0002.
[[nodiscard]] Result<std::vector<std::uint64_t>> segments_in(const std::string& folder);

}  // namespace writ::ledger

// A record on its way into the log: what the writer needs to know of it, and who learns what became of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/spent.h"
#include "writ/ledger.h"

namespace writ::ledger {

/// The bytes of a record in memory that outlives its Waiting.
struct Viewed {
    std::string_view bytes;
};

/// One owner at a time uses it: who queues it, then the writer's thread, then whoever is told or has waited.
class Waiting {
public:
    /// Input: `not_spent`: names that must not be spent, and that the record does not spend.
    explicit Waiting(std::string record, const std::vector<std::string>& not_spent = {}) : own_(std::move(record)) {
        begin(own_, not_spent);
    }
    explicit Waiting(Viewed record, const std::vector<std::string>& not_spent = {}) { begin(record.bytes, not_spent); }
    virtual ~Waiting() = default;
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    /// Called if the record may not be appended, with the outcome in `appended`. Calls replace() with what is to be
    /// recorded in its place.
    /// Input:  if the outcome is Repeated, the bytes of the earlier record; otherwise nothing.
    /// Output: whether it was replaced; otherwise nothing is recorded, and the outcome stands.
    [[nodiscard]] virtual Result<bool> revise(std::string_view earlier) {
        (void)earlier;
        return false;
    }
    /// Called once, after the block of the record is durable or has failed; not if somebody waits for it. Nothing else
    /// is called afterwards.
    virtual void tell() noexcept {}

    [[nodiscard]] std::string_view bytes() const { return bytes_; }

    Entry entry;                       ///< of the bytes
    std::vector<std::string> unspent;  ///< names that must not be spent, as records spend them
    Appended appended;                 ///< what became of it, unless there is an error
    std::optional<Error> error;

protected:
    void replace(std::string record) {
        own_ = std::move(record);
        bytes_ = own_;
    }

private:
    void begin(std::string_view record, const std::vector<std::string>& not_spent) {
        bytes_ = record;
        unspent.reserve(not_spent.size());
        for (const std::string& name : not_spent) unspent.push_back("u" + name);
    }

    std::string own_;
    std::string_view bytes_;
};

}  // namespace writ::ledger

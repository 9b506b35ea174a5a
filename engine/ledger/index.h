// An index over a ledger's records, for questions and for names that were spent: a SQLite file beside the
// segments that holds nothing of its own. It is brought up to date from the segments, and made anew if it
// does not fit. What it says of a name is believed only where the records say so too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/spent.h"
#include "writ/inquiry.h"

namespace writ::ledger {

/// Used by one thread.
class Index {
public:
    /// In memory where the folder cannot be written to.
    /// Errors: G0001 to G0004, G0008.
    [[nodiscard]] static Result<std::unique_ptr<Index>> open(const std::string& folder);
    ~Index();

    /// Takes in the records that have come since.
    [[nodiscard]] Result<void> catch_up();

    /// Who spent a name first, as the index has it.
    [[nodiscard]] Result<std::optional<Holder>> find(std::string_view name);
    /// Of what the first `size` records spent, as the index has it: the running hash, and a fingerprint of
    /// each name, ascending.
    struct Names {
        SpentHash hash;
        std::vector<std::uint64_t> prints;
    };
    [[nodiscard]] Result<Names> names(std::uint64_t size);
    [[nodiscard]] static std::uint64_t print_of(std::string_view name);
    /// Runs a question. Texts take the place of `?1`, `?2`, …
    [[nodiscard]] Result<Table> ask(std::string name, std::string_view sql, const std::vector<std::string>& texts = {});

private:
    struct Impl;
    explicit Index(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What an index says was spent, in order, to be held against the records. Changes nothing.
class SpentRows {
public:
    /// None: there is no index, or none that can be read here.
    [[nodiscard]] static std::unique_ptr<SpentRows> open(const std::string& folder);
    ~SpentRows();

    /// The index covers the records below this number.
    [[nodiscard]] std::uint64_t covered() const;
    /// Whether there is a row at hand; next() goes to the one after it.
    [[nodiscard]] bool at_row() const;
    void next();
    [[nodiscard]] std::uint64_t sequence() const;
    [[nodiscard]] const Spent& row() const;

private:
    struct Impl;
    explicit SpentRows(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

// The index of a ledger's records, for queries and for finding spent names: a SQLite file next to the segments that
// contains only derived data. It is updated from the segments, and rebuilt if it does not match them. Its answer about
// a name is used only if the records confirm it.
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
    /// In memory if the folder is not writable.
    /// Errors: G0001 to G0004, G0008.
    [[nodiscard]] static Result<std::unique_ptr<Index>> open(const std::string& folder);
    ~Index();

    /// Adds the records since the last update.
    [[nodiscard]] Result<void> catch_up();

    /// Who spent a name first, according to the index.
    [[nodiscard]] Result<std::optional<Holder>> find(std::string_view name);
    /// The names spent by the first `size` records, according to the index: the running hash, and a fingerprint of
    /// each name, ascending.
    struct Names {
        SpentHash hash;
        std::vector<std::uint64_t> prints;
    };
    [[nodiscard]] Result<Names> names(std::uint64_t size);
    [[nodiscard]] static std::uint64_t print_of(std::string_view name);
    /// Runs a query. The texts replace `?1`, `?2`, …
    [[nodiscard]] Result<InquiryTable> ask(std::string name, std::string_view sql,
                                           const std::vector<std::string>& texts = {});

private:
    struct Impl;
    explicit Index(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Reads the spent names in an index in order, to compare them with the records. Changes nothing.
class SpentRows {
public:
    /// None: there is no index, or it cannot be read here.
    [[nodiscard]] static std::unique_ptr<SpentRows> open(const std::string& folder);
    ~SpentRows();

    /// The index covers the records below this number.
    [[nodiscard]] std::uint64_t covered() const;
    /// Whether there is a current row; next() moves to the next one.
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

// An index over a ledger's records, for questions and for keys: a SQLite file beside the segments that
// holds nothing of its own. It is brought up to date from the segments, and made anew if it does not fit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/keys.h"
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

    [[nodiscard]] Result<std::optional<Holder>> find(std::string_view key);
    /// Runs a question. Texts take the place of `?1`, `?2`, …
    [[nodiscard]] Result<Table> ask(std::string name, std::string_view sql,
                                    const std::vector<std::string>& texts = {});

private:
    struct Impl;
    explicit Index(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

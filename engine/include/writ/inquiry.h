// Queries on a ledger: finding records, explaining one record, and reports on all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "writ/ledger.h"

namespace writ::ledger {

/// Nothing, a count, a share or mean, or text.
using InquiryCell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// The answer to one question.
struct InquiryTable {
    std::string name;  ///< `denials`, stable
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<InquiryCell>> rows;
    std::string note;  ///< what the table does not show; may be empty
};

/// Selects decisions; an empty field matches all.
struct Filter {
    std::string effect;  ///< `permit`, `needs_approval` or `deny`
    std::string agent, tool, tenant, run, user, environment, rule;
    bool enforced = false;   ///< leaves out what a candidate decided
    std::int64_t since = 0;  ///< microseconds since the epoch
    std::uint64_t limit = 50;
};

/// Parses an RFC 3339 instant, or a duration before `now` such as `12h`, to microseconds since the epoch.
[[nodiscard]] std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now);

/// The index of a ledger. Opening it brings it up to date.
class Inquiry {
public:
    /// Errors: G0001 to G0004, G0008.
    [[nodiscard]] static Result<Inquiry> open(const std::string& folder);
    ~Inquiry();
    Inquiry(Inquiry&&) noexcept;
    Inquiry& operator=(Inquiry&&) noexcept;

    /// Brings it up to date again. Errors: G0001 to G0004, G0008.
    [[nodiscard]] Result<void> catch_up();
    /// The decisions with a sequence number, a request id or a trace id, the latest first; at least one.
    /// Errors: G0021.
    [[nodiscard]] Result<std::vector<std::uint64_t>> find(std::string_view id);
    /// The latest decisions that match, the latest first.
    /// Errors: G0028 the filter's effect is no effect.
    [[nodiscard]] Result<InquiryTable> list(const Filter& filter);
    /// Answers every question about one decision, one row each: question and answer.
    [[nodiscard]] Result<InquiryTable> why(std::uint64_t sequence);
    /// Answers every question about all decisions. The seven metrics come first.
    [[nodiscard]] Result<std::vector<InquiryTable>> report(std::int64_t since = 0);

private:
    struct Impl;
    explicit Inquiry(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

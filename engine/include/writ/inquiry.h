// Questions that a ledger answers: where a record is, why it says what it says, and what it all comes to.
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
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// The answer to one question.
struct Table {
    std::string name;  ///< `denials`, stable
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
    std::string note;  ///< what it does not say; may be empty
};

/// Which decisions are meant; what is empty does not matter.
struct Filter {
    std::string agent, effect, tool, tenant, run, user, environment, rule;
    std::int64_t since = 0;  ///< microseconds since the epoch
    std::uint64_t limit = 50;
};

/// An RFC 3339 instant, or a duration before `now` such as `12h`. Microseconds since the epoch.
[[nodiscard]] std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now);

/// A ledger's index, brought up to date when it is opened.
class Inquiry {
public:
    /// Errors: G0001 to G0004, G0008.
    [[nodiscard]] static Result<Inquiry> open(const std::string& folder);
    ~Inquiry();
    Inquiry(Inquiry&&) noexcept;
    Inquiry& operator=(Inquiry&&) noexcept;

    /// The decisions that a sequence number, a request id or a trace id means, the latest first; never none.
    /// Errors: G0021.
    [[nodiscard]] Result<std::vector<std::uint64_t>> find(std::string_view id);
    /// The latest decisions that fit, the latest first.
    [[nodiscard]] Result<Table> list(const Filter& filter);
    /// Every question about one decision, a row each: question and answer.
    [[nodiscard]] Result<Table> why(std::uint64_t sequence);
    /// Every question about all of them. The seven metrics come first.
    [[nodiscard]] Result<std::vector<Table>> report(std::int64_t since = 0);

private:
    struct Impl;
    explicit Inquiry(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace writ::ledger

// Where phases put their findings. Codes come from errors.def and nowhere else.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/errors.h"

namespace writ {

/// Collects diagnostics of one compilation, drops exact repeats, stops at a limit. The limit counts mistakes: one that
/// was made at many places has one code and one message, and counts once.
class Report {
public:
    explicit Report(std::size_t max_errors = 100) : max_errors_(max_errors) {}
    static constexpr std::size_t kMaxPlaces = 1000;  ///< of one mistake; more are dropped

    /// Adds a finding. `message`: lower case, no final period, user text in backticks.
    /// The returned reference is good until the next add.
    Diagnostic& add(Code code, Span span, std::string message, std::string label = {}, std::string help = {});
    [[nodiscard]] std::size_t error_count() const { return errors_; }
    /// Whether as many different errors were found as are wanted, or one of them at more places than anyone reads.
    [[nodiscard]] bool full() const { return mistakes_[0] >= max_errors_ || errors_ >= kMaxPlaces; }
    /// Findings sorted by source and position.
    [[nodiscard]] std::vector<Diagnostic> take();

private:
    std::vector<Diagnostic> items_;
    std::unordered_map<std::string, std::vector<std::size_t>> places_;  ///< of a mistake, as indices of items
    Diagnostic overflow_;
    std::size_t errors_ = 0;
    std::size_t mistakes_[2] = {0, 0};  ///< errors, warnings
    std::size_t max_errors_;
};

/// The candidate nearest to `name`, if any is near enough to be what was meant; else empty.
[[nodiscard]] std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace writ

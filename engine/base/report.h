// Collects the diagnostics of all phases. The codes are in errors.def.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/errors.h"

namespace writ {

/// Collects the diagnostics of one compilation, drops exact repeats and stops at a limit. The limit counts mistakes:
/// findings with the same code and message at many places count once.
class Report {
public:
    explicit Report(std::size_t max_errors = 100) : max_errors_(max_errors) {}
    static constexpr std::size_t kMaxPlaces = 1000;  ///< places of one mistake; further ones are dropped

    /// Adds a finding. `message`: lower case, no final period, user text in backticks.
    /// The returned reference is valid until the next add.
    Diagnostic& add(Code code, Span span, std::string message, std::string label = {}, std::string help = {});
    [[nodiscard]] std::size_t error_count() const { return errors_; }
    /// Whether the limit of different errors is reached, or the limit of places of one error.
    [[nodiscard]] bool full() const { return mistakes_[0] >= max_errors_ || errors_ >= kMaxPlaces; }
    /// The findings sorted by source and position.
    [[nodiscard]] std::vector<Diagnostic> take();

private:
    std::vector<Diagnostic> items_;
    std::unordered_map<std::string, std::vector<std::size_t>> places_;  ///< places of each mistake, as indices of items
    Diagnostic overflow_;
    std::size_t errors_ = 0;
    std::size_t mistakes_[2] = {0, 0};  ///< errors, warnings
    std::size_t max_errors_;
};

/// The candidate most similar to `name`; empty if none is similar enough.
[[nodiscard]] std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace writ

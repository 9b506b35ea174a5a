// A bar on a terminal for what takes long. Nothing where standard error is no terminal, with --quiet, or in the first
// second.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cli/verbs/verbs.h"

namespace writ::cli {

/// Draws what is done of what there is, and wipes it away at the end.
class Progress {
public:
    /// `what` is done, counted in `units`; empty where only the share says something.
    Progress(std::string what, std::string units, const Terminal& terminal);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// What draws; good as long as this is. Empty where there is nobody to see it.
    [[nodiscard]] std::function<void(std::uint64_t done, std::uint64_t all)> teller();

private:
    void draw(std::uint64_t done, std::uint64_t all);
    std::string what_, units_;
    bool quiet_;
    std::int64_t begun_ = 0, drawn_ = 0;  ///< milliseconds
    bool shown_ = false;
};

}  // namespace writ::cli

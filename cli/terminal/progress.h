// A progress bar for long work. Shown only if standard error is a terminal, without
// --quiet, and after the first second.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cli/terminal/terminal.h"

namespace writ::cli {

/// Draws the progress, and erases it at the end.
class Progress {
public:
    /// `what` is the work, `units` what is counted; empty `units`: show only the percentage.
    Progress(std::string what, std::string units, const Terminal& terminal);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// The function that draws; valid as long as this object. Empty if nothing is shown.
    [[nodiscard]] std::function<void(std::uint64_t done, std::uint64_t all)> teller();

private:
    void draw(std::uint64_t done, std::uint64_t all);
    std::string what_, units_;
    bool quiet_;
    std::int64_t begun_ = 0, drawn_ = 0;  ///< milliseconds
    bool shown_ = false;
};

}  // namespace writ::cli

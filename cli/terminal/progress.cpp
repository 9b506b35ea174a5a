#include "cli/terminal/progress.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/terminal/io.h"

namespace writ::cli {

namespace {

constexpr std::int64_t kWait = 1000, kBetween = 100;  // milliseconds
constexpr std::uint64_t kBarWidth = 30;

std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

Progress::Progress(std::string what, std::string units, const Terminal& terminal)
    : what_(std::move(what)), units_(std::move(units)), quiet_(terminal.quiet), begun_(now()) {}

Progress::~Progress() {
    if (shown_) print_note("\r\x1b[K");
}

std::function<void(std::uint64_t, std::uint64_t)> Progress::teller() {
    const char* term = std::getenv("TERM");
    if (quiet_ || isatty(STDERR_FILENO) != 1 || (term != nullptr && std::string_view(term) == "dumb")) return {};
    return [this](std::uint64_t done, std::uint64_t all) { draw(done, all); };
}

void Progress::draw(std::uint64_t done, std::uint64_t all) {
    const std::int64_t at = now();
    if (at - begun_ < kWait || at - drawn_ < kBetween) return;
    drawn_ = at;
    shown_ = true;
    const auto seconds = static_cast<double>(at - begun_) / 1000.0;
    std::string bar;
    if (all > 0) {
        const std::uint64_t filled = std::min(kBarWidth, done * kBarWidth / all);
        bar = fmt::format("[{}{}] {:3}% ", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                          std::min<std::uint64_t>(100, done * 100 / all));
    }
    const std::string count =
        units_.empty() ? "" : fmt::format("{} {}, {:.0f}/s", done, units_, static_cast<double>(done) / seconds);
    print_note(fmt::format("\r\x1b[K{} {}{}", what_, bar, count));
}

}  // namespace writ::cli

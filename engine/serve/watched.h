// Files that are read again when they change.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace writ::serve {

/// A group of files that are used together. Used by one thread.
class WatchedFiles {
public:
    explicit WatchedFiles(std::vector<std::string> files) : files_(std::move(files)) {}

    /// Records their state, before they are read.
    void begin() { seen_ = look(); }
    [[nodiscard]] bool changed() const { return look() != seen_; }

    std::string failed;  ///< why they could not be used last time; empty: they could

private:
    using State = std::tuple<bool, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;
    [[nodiscard]] std::vector<State> look() const {
        std::vector<State> out;
        for (const std::string& each : files_) {
            struct stat found{};
            if (each.empty() || ::stat(each.c_str(), &found) != 0)
                out.emplace_back();
            else
                out.emplace_back(true, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
        }
        return out;
    }

    std::vector<std::string> files_;
    std::vector<State> seen_;
};

}  // namespace writ::serve

// Files looked at again and again, for what changes in them.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace writ::cli {

/// The policies at some paths, new ones in a folder included, and data files that turn up as they are read.
class Watch {
public:
    explicit Watch(std::vector<std::string> paths);

    /// Notes how the policies stand, before they are read; forgets the data files.
    void begin();
    /// Notes how a data file stands, before it is read; one that is not there is watched as well.
    void add(const std::string& file);
    /// Waits until something differs and then until nothing more does, so that what was half written is not read.
    /// Output: the first file that differs; empty: the program was asked to end (Ctrl-C, or a termination signal).
    [[nodiscard]] std::string wait() const;

private:
    struct Stamp {
        bool there = false;
        long long seconds = 0, nanos = 0, size = 0;
        unsigned long long inode = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    using Stamps = std::map<std::string, Stamp>;

    [[nodiscard]] static Stamp stamp(const std::string& file);
    [[nodiscard]] Stamps look() const;

    std::vector<std::string> paths_;
    Stamps policies_, data_;
};

}  // namespace writ::cli

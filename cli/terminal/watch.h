// Watches files for changes by polling.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace writ::cli {

/// The policies at some paths and their manifests, including new files in a folder, and the other files that they read.
class Watch {
public:
    explicit Watch(std::vector<std::string> paths);

    /// Records the state of the policies before they are read, and forgets the data files.
    void begin();
    /// Records the state of a data file before it is read. A missing file is watched too.
    void add(const std::string& file);
    /// Waits for a change, then until the files stop changing, so that a half-written file is not read.
    /// Output: the first changed file; empty: a signal asked the program to end (Ctrl-C or termination).
    [[nodiscard]] std::string wait() const;
    /// Looks once. Output: the first file that differs from its recorded state; empty: none does.
    [[nodiscard]] std::string changed() const;
    /// The same, but empty until two looks in succession see the same, so that a half-written file is not read.
    [[nodiscard]] std::string settled();

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
    [[nodiscard]] Stamps look_at_data() const;
    [[nodiscard]] static std::string differing(const Stamps& before, const Stamps& after);

    std::vector<std::string> paths_;
    Stamps policies_, data_;
    std::pair<Stamps, Stamps> last_;  ///< what settled() saw
};

}  // namespace writ::cli

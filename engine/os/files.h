// Files: opened, read, written durably, replaced at once, listed, locked. Nothing here throws, and every failure names
// its path. Not here: what is in a file, and mapping one into memory (bytecode/image.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "os/failure.h"

namespace writ::os {

/// Which file it is, whatever its name is now.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

/// What is at a path, or open.
struct Status {
    FileId id;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  ///< microseconds since the epoch
    bool regular = false;
    unsigned mode = 0;  ///< permissions, as chmod has them
};

enum class Access : std::uint8_t {
    Read,
    ReadAndWrite,
    New,     ///< writes a file that must not be there, and is no link
    Folder,  ///< to sync and to lock
};

/// An open file, closed at the end.
class File {
public:
    File() = default;
    /// `mode`: permissions of a new file, less the process's mask.
    [[nodiscard]] static Outcome<File> open(const std::string& path, Access access, unsigned mode = 0666);
    ~File();
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(path_, other.path_);
        return *this;
    }

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// As it was opened; the file may be elsewhere now.
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Outcome<Status> status() const;

    /// Reads up to `size` bytes, fewer only at the end of the file. Output: how many.
    [[nodiscard]] Outcome<std::size_t> read_into(char* out, std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] Outcome<std::string> read_at(std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] Outcome<void> write_at(std::uint64_t offset, std::string_view bytes) const;
    [[nodiscard]] Outcome<void> cut(std::uint64_t size) const;
    /// Makes what was written durable, with the size that it gave the file.
    [[nodiscard]] Outcome<void> sync() const;

    /// Takes the lock of the file or folder, which one open file in all programs has. Output: whether it has it.
    [[nodiscard]] Outcome<bool> try_lock() const;
    void unlock() const;

private:
    File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    int descriptor_ = -1;
    std::string path_;
};

/// Follows links.
[[nodiscard]] Outcome<Status> status_of(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
/// Whether the path still names this file.
[[nodiscard]] bool names(const std::string& path, const FileId& id);
/// Whether others than its owner may use the file; no if there is none.
[[nodiscard]] bool open_to_others(const std::string& path);
[[nodiscard]] bool may_read(const std::string& path);
[[nodiscard]] bool may_write(const std::string& path);

/// The whole of a file, or what comes out of a pipe or a device, if it is at most `limit` bytes.
[[nodiscard]] Outcome<std::string> read_file(const std::string& path, std::size_t limit);
/// Writes a file that is not there yet, durably. On a failure nothing is left of it.
[[nodiscard]] Outcome<void> create_file(const std::string& path, std::string_view bytes, unsigned mode);
/// Makes a file with this content, or leaves what was there: beside, as `path`.new, durable, then renamed, and the
/// folder synced. One program at a time may replace a file.
[[nodiscard]] Outcome<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode);
/// Removes a file; does nothing where there is none.
void remove_file(const std::string& path);
/// Makes a file one that was modified now.
void touch_file(const std::string& path);

/// Makes a folder, in one that is there.
[[nodiscard]] Outcome<void> make_folder(const std::string& path, unsigned mode);
/// Syncs a folder, so that new and renamed files in it survive a crash.
[[nodiscard]] Outcome<void> sync_folder(const std::string& path);
/// Names in a folder that end like this and are longer, sorted.
[[nodiscard]] Outcome<std::vector<std::string>> list_folder(const std::string& path, std::string_view suffix);

}  // namespace writ::os

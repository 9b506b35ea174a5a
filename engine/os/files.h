// Files: opening, reading, durable writing, atomic replacement, listing, locking. Never throws; every failure names its
// path. Not here: the content of files, and mapping them into memory (bytecode/image.h).
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

/// The identity of a file, whatever its name.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

/// Properties of a path or of an open file.
struct Status {
    FileId id;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  ///< microseconds since the epoch
    bool regular = false;
    unsigned mode = 0;  ///< permissions, as for chmod
};

enum class OpenMode : std::uint8_t {
    Read,
    ReadAndWrite,
    New,     ///< writes a new file, which must not exist, not even as a link
    Folder,  ///< for syncing and locking
};

/// An open file, closed on destruction.
class File {
public:
    File() = default;
    /// `mode`: permissions of a new file; the process's mask is applied.
    [[nodiscard]] static Expected<File> open(const std::string& path, OpenMode open_mode, unsigned mode = 0666);
    ~File();
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(path_, other.path_);
        return *this;
    }

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    /// The path with which it was opened; the file may have been moved.
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Expected<Status> status() const;

    /// Reads up to `size` bytes, fewer only at the end of the file. Output: the number.
    [[nodiscard]] Expected<std::size_t> read_into(char* out, std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] Expected<std::string> read_at(std::uint64_t offset, std::size_t size) const;
    [[nodiscard]] Expected<void> write_at(std::uint64_t offset, std::string_view bytes) const;
    [[nodiscard]] Expected<void> cut(std::uint64_t size) const;
    /// Makes written data and the file's size durable.
    [[nodiscard]] Expected<void> sync() const;

    /// Takes the lock of the file or folder, which only one open file in all programs can
    /// have. Output: whether it has it.
    [[nodiscard]] Expected<bool> try_lock() const;
    void unlock() const;

private:
    File(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    int descriptor_ = -1;
    std::string path_;
};

/// Follows links.
[[nodiscard]] Expected<Status> status_of(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
/// Whether the path still names this file.
[[nodiscard]] bool names(const std::string& path, const FileId& id);
/// Whether users other than its owner may use the file; false if there is no file.
[[nodiscard]] bool open_to_others(const std::string& path);
[[nodiscard]] bool may_read(const std::string& path);
[[nodiscard]] bool may_write(const std::string& path);

/// The content of a file, a pipe or a device, if it is at most `limit` bytes.
[[nodiscard]] Expected<std::string> read_file(const std::string& path, std::size_t limit);
/// Writes a new file durably. After a failure nothing of it remains.
[[nodiscard]] Expected<void> create_file(const std::string& path, std::string_view bytes, unsigned mode);
/// Replaces a file durably; after a failure it has its old content. The new content is written to `path`.new, synced
/// and renamed, and the folder is synced. Only one program at a time may replace a file.
[[nodiscard]] Expected<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode);
/// The same for a file that exists, whose permissions are kept as they are.
[[nodiscard]] Expected<void> rewrite_file(const std::string& path, std::string_view bytes);
/// Removes a file; does nothing if there is none.
void remove_file(const std::string& path);
/// Sets the time of modification to now.
void touch_file(const std::string& path);

/// Makes a folder in an existing one.
[[nodiscard]] Expected<void> make_folder(const std::string& path, unsigned mode);
/// Syncs a folder so that new and renamed files in it survive a crash.
[[nodiscard]] Expected<void> sync_folder(const std::string& path);
/// The longer names in a folder that end with a text, sorted.
[[nodiscard]] Expected<std::vector<std::string>> list_folder(const std::string& path, std::string_view suffix);

}  // namespace writ::os

// Files as the ledger needs them: every failure is an Error that names the file, nothing throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "writ/diagnostic.h"

namespace writ::ledger {

/// An open file, closed at the end.
class File {
public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File();
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

constexpr mode_t kFileMode = 0640;  ///< records tell who did what

/// Which file an open descriptor is, whatever its name is now.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

/// What the system said last, as an error about `path`.
[[nodiscard]] tl::unexpected<Error> system_error(const std::string& path);

/// `flags` as for open(2).
[[nodiscard]] Result<File> open_file(const std::string& path, int flags, mode_t mode = kFileMode);
[[nodiscard]] Result<FileId> id_of(const File& file, const std::string& path);
/// Whether the path still names this file.
[[nodiscard]] bool names(const std::string& path, const FileId& id);
[[nodiscard]] Result<std::uint64_t> size_of(const File& file, const std::string& path);
/// Reads up to `size` bytes, fewer only at the end of the file. Output: how many.
[[nodiscard]] Result<std::size_t> read_into(char* out, const File& file, const std::string& path, std::uint64_t offset,
                                            std::size_t size);
[[nodiscard]] Result<std::string> read_at(const File& file, const std::string& path, std::uint64_t offset,
                                          std::size_t size);
[[nodiscard]] Result<void> write_at(const File& file, const std::string& path, std::uint64_t offset,
                                    std::string_view bytes);
/// The whole of a file of at most `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);
/// Makes a file with this content, or leaves what was there: beside, durable, then renamed.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode = kFileMode);
/// Syncs a directory, so that new and renamed files in it survive a crash.
[[nodiscard]] Result<void> sync_folder(const std::string& path);
/// Names in a folder that end like this, sorted.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path, std::string_view suffix);

}  // namespace writ::ledger

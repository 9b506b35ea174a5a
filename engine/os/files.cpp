#include "os/files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/values.h"

namespace writ::os {

namespace {

Status from(const struct stat& info) {
    return {.id = {info.st_dev, info.st_ino},
            .size = static_cast<std::uint64_t>(info.st_size),
            .modified = std::int64_t{info.st_mtim.tv_sec} * kSecond + info.st_mtim.tv_nsec / 1000,
            .regular = S_ISREG(info.st_mode),
            .mode = info.st_mode & 07777u};
}

int flags_of(OpenMode open_mode) {
    switch (open_mode) {
        case OpenMode::Read: return O_RDONLY;
        case OpenMode::ReadAndWrite: return O_RDWR;
        case OpenMode::New: return O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
        case OpenMode::Folder: return O_RDONLY | O_DIRECTORY;
    }
    return O_RDONLY;
}

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// Input: exact: whether to set exactly this mode, whatever the process's mask is.
/// After a failure nothing is at the path, unless something was there before.
Expected<void> write_new(const std::string& path, std::string_view bytes, unsigned mode, bool exact = false) {
    auto file = File::open(path, OpenMode::New, mode);
    if (!file) return failure_of(file);
    auto written = file->write_at(0, bytes);
    if (written && exact && ::fchmod(file->descriptor(), mode) != 0) written = failed(errno, path);
    if (written && ::fsync(file->descriptor()) != 0) written = failed(errno, path);
    if (!written) remove_file(path);
    return written;
}

}  // namespace

// ---- an open file -----------------------------------------------------------------------------

Expected<File> File::open(const std::string& path, OpenMode open_mode, unsigned mode) {
    for (;;) {
        const int descriptor = ::open(path.c_str(), flags_of(open_mode) | O_CLOEXEC, mode);
        if (descriptor >= 0) return File(descriptor, path);
        if (errno != EINTR) return failed(errno, path);
    }
}

File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Expected<Status> File::status() const {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) return failed(errno, path_);
    return from(info);
}

Expected<std::size_t> File::read_into(char* out, std::uint64_t offset, std::size_t size) const {
    std::size_t got = 0;
    while (got < size) {
        const ssize_t n = ::pread(descriptor_, out + got, size - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(errno, path_);
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    return got;
}

Expected<std::string> File::read_at(std::uint64_t offset, std::size_t size) const {
    std::string out(size, '\0');
    auto got = read_into(out.data(), offset, size);
    if (!got) return failure_of(got);
    out.resize(*got);
    return out;
}

Expected<void> File::write_at(std::uint64_t offset, std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed(n < 0 ? errno : ENOSPC, path_);
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

Expected<void> File::cut(std::uint64_t size) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failed(errno, path_);
    return {};
}

Expected<void> File::sync() const {
    if (::fdatasync(descriptor_) != 0) return failed(errno, path_);
    return {};
}

Expected<bool> File::try_lock() const {
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return false;
        if (errno != EINTR) return failed(errno, path_);
    }
    return true;
}

void File::unlock() const {
    ::flock(descriptor_, LOCK_UN);
}

// ---- by path ----------------------------------------------------------------------------------

Expected<Status> status_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return failed(errno, path);
    return from(info);
}

bool exists(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0;
}

bool names(const std::string& path, const FileId& id) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && FileId{info.st_dev, info.st_ino} == id;
}

bool open_to_others(const std::string& path) {
    const auto status = status_of(path);
    return status && (status->mode & 077) != 0;
}

bool may_read(const std::string& path) {
    return ::access(path.c_str(), R_OK) == 0;
}

bool may_write(const std::string& path) {
    return ::access(path.c_str(), W_OK) == 0;
}

Expected<std::string> read_file(const std::string& path, std::size_t limit) {
    auto file = File::open(path, OpenMode::Read);
    if (!file) return failure_of(file);
    std::string out;
    char block[64 * 1024];
    for (;;) {
        const ssize_t got = ::read(file->descriptor(), block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(errno, path);
        if (got == 0) return out;
        if (static_cast<std::size_t>(got) > limit - out.size())
            return tl::unexpected(Failure{What::TooLarge, "the file is larger than any valid file of its kind", path});
        out.append(block, static_cast<std::size_t>(got));
    }
}

Expected<void> create_file(const std::string& path, std::string_view bytes, unsigned mode) {
    if (auto written = write_new(path, bytes, mode); !written) return written;
    return sync_folder(folder_of(path));
}

namespace {

Expected<void> replace(const std::string& path, std::string_view bytes, unsigned mode, bool exact) {
    const std::string beside = path + ".new";
    remove_file(beside);  // left by a killed program
    if (auto written = write_new(beside, bytes, mode, exact); !written) {
        written.error().path = path;
        return written;
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) {
        auto why = failed(errno, path);
        remove_file(beside);
        return why;
    }
    return sync_folder(folder_of(path));
}

}  // namespace

Expected<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode) {
    return replace(path, bytes, mode, false);
}

Expected<void> rewrite_file(const std::string& path, std::string_view bytes) {
    auto before = status_of(path);
    if (!before) return failure_of(before);
    return replace(path, bytes, before->mode, true);
}

void remove_file(const std::string& path) {
    ::unlink(path.c_str());
}

void touch_file(const std::string& path) {
    (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

// ---- folders ----------------------------------------------------------------------------------

Expected<void> make_folder(const std::string& path, unsigned mode) {
    if (::mkdir(path.c_str(), mode) != 0) return failed(errno, path);
    return {};
}

Expected<void> sync_folder(const std::string& path) {
    auto folder = File::open(path, OpenMode::Folder);
    if (!folder) return failure_of(folder);
    if (::fsync(folder->descriptor()) != 0) return failed(errno, path);
    return {};
}

Expected<std::vector<std::string>> list_folder(const std::string& path, std::string_view suffix) {
    std::vector<std::string> out;
    std::error_code error;
    std::filesystem::directory_iterator at(path, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        std::string name = at->path().filename().string();
        if (name.size() > suffix.size() && name.ends_with(suffix)) out.push_back(std::move(name));
    }
    if (error) return failed(error.value(), path);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace writ::os

#include "ledger/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writ/errors.h"

namespace writ::ledger {

File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

tl::unexpected<Error> system_error(const std::string& path) {
    const int reason = errno;
    std::string why = reason != 0 ? std::strerror(reason) : "the file is shorter than it should be";
    if (!why.empty() && why[0] >= 'A' && why[0] <= 'Z') why[0] = static_cast<char>(why[0] - 'A' + 'a');
    return fail(Code::LedgerIoFailed, std::move(why), path);
}

Result<File> open_file(const std::string& path, int flags, mode_t mode) {
    for (;;) {
        const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        if (descriptor >= 0) return File(descriptor);
        if (errno != EINTR) return system_error(path);
    }
}

Result<FileId> id_of(const File& file, const std::string& path) {
    struct stat info{};
    if (::fstat(file.descriptor(), &info) != 0) return system_error(path);
    return FileId{info.st_dev, info.st_ino};
}

bool names(const std::string& path, const FileId& id) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && FileId{info.st_dev, info.st_ino} == id;
}

Result<std::uint64_t> size_of(const File& file, const std::string& path) {
    struct stat info{};
    if (::fstat(file.descriptor(), &info) != 0) return system_error(path);
    return static_cast<std::uint64_t>(info.st_size);
}

Result<std::size_t> read_into(char* out, const File& file, const std::string& path, std::uint64_t offset,
                              std::size_t size) {
    std::size_t got = 0;
    while (got < size) {
        const ssize_t n = ::pread(file.descriptor(), out + got, size - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error(path);
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    return got;
}

Result<std::string> read_at(const File& file, const std::string& path, std::uint64_t offset, std::size_t size) {
    std::string out(size, '\0');
    auto got = read_into(out.data(), file, path, offset, size);
    if (!got) return tl::unexpected(std::move(got.error()));
    out.resize(*got);
    return out;
}

Result<void> write_at(const File& file, const std::string& path, std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error(path);
        if (n == 0) {
            errno = ENOSPC;
            return system_error(path);
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    auto file = open_file(path, O_RDONLY);
    if (!file) return tl::unexpected(std::move(file.error()));
    auto size = size_of(*file, path);
    if (!size) return tl::unexpected(std::move(size.error()));
    if (*size > limit) return fail(Code::LedgerIoFailed, "the file is larger than one of its kind can be", path);
    return read_at(*file, path, 0, static_cast<std::size_t>(*size));
}

Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode) {
    const std::string beside = path + ".new";
    const auto undo = [&](Error error) {
        ::unlink(beside.c_str());
        return tl::unexpected(std::move(error));
    };
    {
        auto file = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC, mode);
        if (!file) return tl::unexpected(std::move(file.error()));
        if (auto written = write_at(*file, beside, 0, bytes); !written) return undo(std::move(written.error()));
        if (::fsync(file->descriptor()) != 0) return undo(std::move(system_error(beside).value()));
    }
    if (::rename(beside.c_str(), path.c_str()) != 0) return undo(std::move(system_error(path).value()));
    return sync_folder(std::filesystem::path(path).parent_path().string());
}

Result<void> sync_folder(const std::string& path) {
    auto folder = open_file(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
    if (!folder) return tl::unexpected(std::move(folder.error()));
    if (::fsync(folder->descriptor()) != 0) return system_error(path);
    return {};
}

Result<std::vector<std::string>> list_folder(const std::string& path, std::string_view suffix) {
    std::vector<std::string> out;
    std::error_code error;
    std::filesystem::directory_iterator at(path, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        std::string name = at->path().filename().string();
        if (name.size() > suffix.size() && name.ends_with(suffix)) out.push_back(std::move(name));
    }
    if (error) {
        errno = error.value();
        return system_error(path);
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace writ::ledger

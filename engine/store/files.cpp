#include "store/files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "writ/errors.h"

namespace writ::store {

namespace {

/// A descriptor that is closed when it goes.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] bool open() const { return number_ >= 0; }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

tl::unexpected<Error> failed(int reason, const std::string& path) {
    Code code = Code::StoreIoFailed;
    if (reason == EACCES || reason == EPERM || reason == EROFS) code = Code::NotWritable;
    if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) code = Code::NoSpace;
    if (reason == EEXIST) code = Code::AlreadyThere;
    if (reason == ENOENT) code = Code::NothingThere;
    return fail(code, std::strerror(reason), path);
}

int write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return errno != 0 ? errno : EIO;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return ::fsync(file) == 0 ? 0 : errno;
}

int sync_folder(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.open() && ::fsync(opened.number()) == 0 ? 0 : errno;
}

/// 0, or why not; then nothing is left at the path unless it was there.
int write_new(const std::string& path, std::string_view bytes, unsigned mode) {
    const Descriptor file(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.open()) return errno;
    const int reason = write_all(file.number(), bytes);
    if (reason != 0) ::unlink(path.c_str());
    return reason;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) return failed(errno, path);
    std::string out;
    char block[64 * 1024];
    for (;;) {
        const ssize_t got = ::read(file.number(), block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(errno, path);
        if (got == 0) return out;
        out.append(block, static_cast<std::size_t>(got));
    }
}

Result<void> create_file(const std::string& path, std::string_view bytes, unsigned mode) {
    int reason = write_new(path, bytes, mode);
    if (reason == 0) reason = sync_folder(path);
    if (reason != 0) return failed(reason, path);
    return {};
}

Result<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode) {
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());  // left by one that was killed
    int reason = write_new(beside, bytes, mode);
    if (reason == 0 && ::rename(beside.c_str(), path.c_str()) != 0) {
        reason = errno;
        ::unlink(beside.c_str());
    }
    if (reason == 0) reason = sync_folder(path);
    if (reason != 0) return failed(reason, path);
    return {};
}

}  // namespace writ::store

#include "bytecode/image.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytecode/header.h"
#include "writ/errors.h"

namespace writ::bytecode {

namespace {

/// An open file, closed at the end of its scope; a mapping outlives it.
struct File {
    int handle = -1;
    ~File() {
        if (handle >= 0) ::close(handle);
    }
};

tl::unexpected<Error> failed(const std::string& path, const char* why) {
    return fail(Code::FileUnusable, why, path);
}

/// Output: false on an error, or if the file is shorter.
bool read_fully(int file, std::byte* to, std::size_t size) {
    errno = 0;
    while (size > 0) {
        const ssize_t got = ::read(file, to, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

Image::Image(Image&& other) noexcept
    : owned_(std::move(other.owned_)),
      bytes_(std::exchange(other.bytes_, {})),
      mapped_(std::exchange(other.mapped_, 0)) {}

Image& Image::operator=(Image&& other) noexcept {
    std::swap(owned_, other.owned_);
    std::swap(bytes_, other.bytes_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

Image::~Image() {
    if (mapped_ != 0) ::munmap(const_cast<std::byte*>(bytes_.data()), mapped_);
}

Result<Image> Image::read(const std::string& path) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status{};
    if (file.handle < 0 || ::fstat(file.handle, &status) != 0) return failed(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return failed(path, "not a regular file");
    const auto size = static_cast<std::size_t>(status.st_size);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

    Header header;
    if (size < sizeof header || ::pread(file.handle, &header, sizeof header, 0) != sizeof header)
        return fail(Code::NotABundle, "not a bundle: too short", path);
    if (auto fits = check_header(header, size); !fits) {
        fits.error().context = path;
        return tl::unexpected(std::move(fits.error()));
    }

    Image image;
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return failed(path, std::strerror(errno));
    auto* const base = static_cast<std::byte*>(at);
    image.bytes_ = {base, size};
    image.mapped_ = size;
    // Larger pages, where the system has them, cause fewer page faults.
    (void)::madvise(at, size, MADV_HUGEPAGE);
    // Maps whole pages: the sources may start inside the first of them.
    const std::size_t sealed = header.sealed + sizeof(Digest);
    const std::size_t ours = std::min(size, (sealed + page - 1) / page * page);
    if (!read_fully(file.handle, base, ours))
        return failed(path, errno != 0 ? std::strerror(errno) : "the file has been cut short");
    if (ours < size && ::mmap(base + ours, size - ours, PROT_READ, MAP_PRIVATE | MAP_FIXED, file.handle,
                              static_cast<off_t>(ours)) == MAP_FAILED)
        return failed(path, std::strerror(errno));
    (void)::mprotect(base, ours, PROT_READ);
    return image;
}

}  // namespace writ::bytecode

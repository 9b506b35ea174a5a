#include "bytecode/image.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "bytecode/header.h"
#include "os/files.h"
#include "writ/errors.h"

namespace writ::bytecode {

namespace {

tl::unexpected<Error> failed(const os::Failure& told) {
    return fail(Code::FileUnusable, told.reason, told.path);
}

/// Memory that can be written, with large pages if the system has them. Null on an error, which is in errno.
std::byte* reserve(std::size_t size) {
    void* const at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    (void)::madvise(at, size, MADV_HUGEPAGE);
    return static_cast<std::byte*>(at);
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

Result<Image> Image::copy(std::span<const std::byte> bytes) {
    constexpr std::size_t kLargePage = std::size_t{2} << 20;
    if (bytes.size() < kLargePage) return Image({bytes.begin(), bytes.end()});
    std::byte* const base = reserve(bytes.size());
    if (base == nullptr) return failed(os::failed(errno, "").value());
    Image image;
    image.bytes_ = {base, bytes.size()};
    image.mapped_ = bytes.size();
    std::memcpy(base, bytes.data(), bytes.size());
    (void)::mprotect(base, bytes.size(), PROT_READ);
    return image;
}

Result<Image> Image::read(const std::string& path) {
    const auto file = os::File::open(path, os::OpenMode::Read);  // the mapping outlives it
    if (!file) return failed(file.error());
    const auto status = file->status();
    if (!status) return failed(status.error());
    if (!status->regular) return fail(Code::FileUnusable, "not a regular file", path);
    const auto size = static_cast<std::size_t>(status->size);
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

    Header header;
    const auto begun = file->read_into(reinterpret_cast<char*>(&header), 0, sizeof header);
    if (!begun || *begun != sizeof header) return fail(Code::NotABundle, "not a bundle: too short", path);
    if (auto fits = check_header(header, size); !fits) {
        fits.error().context = path;
        return tl::unexpected(std::move(fits.error()));
    }

    Image image;
    std::byte* const base = reserve(size);
    if (base == nullptr) return failed(os::failed(errno, path).value());
    image.bytes_ = {base, size};
    image.mapped_ = size;
    // Maps whole pages: the sources may start inside the first of them.
    const std::size_t sealed = header.sealed + sizeof(Digest);
    const std::size_t ours = std::min(size, (sealed + page - 1) / page * page);
    const auto got = file->read_into(reinterpret_cast<char*>(base), 0, ours);
    if (!got) return failed(got.error());
    if (*got < ours) return fail(Code::FileUnusable, "the file was truncated", path);
    if (ours < size && ::mmap(base + ours, size - ours, PROT_READ, MAP_PRIVATE | MAP_FIXED, file->descriptor(),
                              static_cast<off_t>(ours)) == MAP_FAILED)
        return failed(os::failed(errno, path).value());
    (void)::mprotect(base, ours, PROT_READ);
    return image;
}

}  // namespace writ::bytecode

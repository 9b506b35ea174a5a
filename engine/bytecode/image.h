// The bytes of a bundle, owned by this object: in memory, or in a mapped file for the sources. Knows the lengths
// of the parts, not their content.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "writ/diagnostic.h"

namespace writ::bytecode {

class Image {
public:
    Image() = default;
    explicit Image(std::vector<std::byte> bytes) : owned_(std::move(bytes)), bytes_(owned_) {}
    /// Copies bytes; many of them to memory with large pages, because decisions read places that are far apart.
    /// Errors:  F0001 there is not enough memory.
    [[nodiscard]] static Result<Image> copy(std::span<const std::byte> bytes);
    /// Reads the sealed part of a bundle into memory, where changes to the file do not affect it, and maps the sources.
    /// Errors:  F0001 the file cannot be read; B0001 it is not a bundle of this format.
    [[nodiscard]] static Result<Image> read(const std::string& path);

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

    Image(Image&& other) noexcept;
    Image& operator=(Image&& other) noexcept;
    ~Image();

private:
    std::vector<std::byte> owned_;
    std::span<const std::byte> bytes_;
    std::size_t mapped_ = 0;  ///< bytes to unmap; 0: owned_ has all bytes
};

}  // namespace writ::bytecode

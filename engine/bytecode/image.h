// The bytes of a bundle and who owns them: memory of the process, or a file of which only the sources are
// left where they are. Knows how long the parts are, and nothing of what is in them.
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
    /// Reads the sealed part of a bundle into memory, which no change of the file reaches, and maps the
    /// sources behind it.
    /// Errors:  F0001 a file that cannot be read; B0001 one that is no bundle of this format.
    [[nodiscard]] static Result<Image> read(const std::string& path);

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

    Image(Image&& other) noexcept;
    Image& operator=(Image&& other) noexcept;
    ~Image();

private:
    std::vector<std::byte> owned_;
    std::span<const std::byte> bytes_;
    std::size_t mapped_ = 0;  ///< bytes to unmap; 0: owned_ has them
};

}  // namespace writ::bytecode

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "bytecode/image.h"

using namespace writ;

TEST_CASE("image: a copy keeps small and large bundles, and moves") {
    for (const std::size_t size : {0u, 1u, 4096u, (2u << 20) - 1, 2u << 20, (2u << 20) + 4097}) {
        std::vector<std::byte> bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 4096);
        auto copied = bytecode::Image::copy(bytes);
        REQUIRE(copied);
        const std::vector<std::byte> expected = bytes;
        std::fill(bytes.begin(), bytes.end(), std::byte{0});
        const bytecode::Image moved = std::move(*copied);
        CHECK(std::ranges::equal(moved.bytes(), expected));
    }
}

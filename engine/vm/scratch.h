// Bump memory for reuse: reset() discards the contents and keeps the blocks, so that later requests do not allocate.
// Arena (base), in contrast, is filled once.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace writ::vm {

class Scratch {
public:
    /// Memory that is valid until reset(). Never null. Requires: align <= alignof(std::max_align_t).
    void* allocate(std::size_t size, std::size_t align) {
        if (block_ < blocks_.size()) {
            const std::size_t at = (used_ + align - 1) & ~(align - 1);
            if (at <= blocks_[block_].size && size <= blocks_[block_].size - at) {
                used_ = at + size;
                return blocks_[block_].bytes.get() + at;
            }
        }
        return next_block(size);
    }

    template <class T>
    T* array(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        if (count == 0) return nullptr;
        T* first = static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
        for (std::size_t i = 0; i < count; ++i) new (static_cast<void*>(first + i)) T();
        return first;
    }

    const char* copy(std::string_view text) {
        if (text.empty()) return "";
        auto* at = static_cast<char*>(allocate(text.size(), 1));
        std::memcpy(at, text.data(), text.size());
        return at;
    }

    void reset() { block_ = used_ = 0; }

    /// The position up to which memory has been given out.
    struct Mark {
        std::size_t block = 0, used = 0;
    };
    [[nodiscard]] Mark mark() const { return {block_, used_}; }
    /// Discards everything given out since a position. The blocks are kept.
    void release(Mark mark) { block_ = mark.block, used_ = mark.used; }

private:
    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };

    void* next_block(std::size_t size) {
        constexpr std::size_t kBlock = std::size_t{16} * 1024;
        if (block_ < blocks_.size()) ++block_;
        while (block_ < blocks_.size() && blocks_[block_].size < size) ++block_;
        if (block_ >= blocks_.size()) {
            const std::size_t bytes = size > kBlock ? size : kBlock;
            blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[bytes]), bytes});
            block_ = blocks_.size() - 1;
        }
        used_ = size;
        return blocks_[block_].bytes.get();
    }

    std::vector<Block> blocks_;
    std::size_t block_ = 0;
    std::size_t used_ = 0;
};

}  // namespace writ::vm

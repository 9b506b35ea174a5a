// An arena: memory for trees and texts that is freed as a whole.
#pragma once

#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace writ {

/// A bump allocator. It never runs destructors, so it accepts only trivially destructible types.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    template <class T, class... Args>
    T* make(Args&&... args) {
        static_assert(std::is_trivially_destructible_v<T>);
        return new (pool_.allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
    }

    template <class T>
    std::span<T> copy(const std::vector<T>& items) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (items.empty()) return {};
        T* at = std::pmr::polymorphic_allocator<T>(&pool_).allocate(items.size());
        std::uninitialized_copy(items.begin(), items.end(), at);
        return {at, items.size()};
    }

    std::string_view copy(std::string_view text) {
        if (text.empty()) return {};
        auto* at = static_cast<char*>(pool_.allocate(text.size(), 1));
        std::memcpy(at, text.data(), text.size());
        return {at, text.size()};
    }

private:
    std::pmr::monotonic_buffer_resource pool_{std::size_t{16} * 1024};
};

}  // namespace writ

// Hashes of values from requests. Each evaluator and each request has its own random secret from the system, so that
// nobody can choose values that collide.
#pragma once

#include <cstdint>
#include <string_view>

#include <sodium.h>

#include "base/random.h"

namespace writ::vm {

class Hasher {
public:
    Hasher() { fill_secret(key_, sizeof key_); }

    [[nodiscard]] std::uint64_t text(std::string_view bytes) const {
        std::uint64_t out = 0;
        static_assert(sizeof key_ == crypto_shorthash_KEYBYTES && sizeof out == crypto_shorthash_BYTES);
        crypto_shorthash(reinterpret_cast<unsigned char*>(&out), reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size(), key_);
        return out;
    }
    [[nodiscard]] std::uint64_t integer(std::int64_t value) const {
        return text({reinterpret_cast<const char*>(&value), sizeof value});
    }

private:
    unsigned char key_[16];
};

}  // namespace writ::vm

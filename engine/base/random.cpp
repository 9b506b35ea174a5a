#include "base/random.h"

#include <cstdlib>

#include <sodium.h>

namespace writ {

bool fill_random(void* out, std::size_t size) {
    static const bool ready = sodium_init() >= 0;
    if (ready) randombytes_buf(out, size);
    return ready;
}

void fill_secret(void* out, std::size_t size) {
    if (!fill_random(out, size)) std::abort();
}

}  // namespace writ

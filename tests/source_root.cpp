#include "source_root.h"

namespace writ {
std::string source_root() {
    return WRIT_SOURCE_ROOT;
}
}  // namespace writ

// Keys that consist of several texts.
#pragma once

#include <string>
#include <string_view>

namespace writ {

/// Appends a part and its length, so that different lists of parts never give the same key.
inline void join_part(std::string& key, std::string_view part) {
    key.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace writ

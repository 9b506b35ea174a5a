// The project that `writ new` creates: the files of examples/starter, embedded by the build.
#pragma once

#include <span>
#include <string_view>

namespace writ::cli {

struct StarterFile {
    std::string_view path;  ///< relative to the project
    std::string_view text;
};

[[nodiscard]] std::span<const StarterFile> starter_files();

}  // namespace writ::cli

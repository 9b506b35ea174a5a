// The projects that `writ new` creates: the files of examples/starter and, for each platform, of examples/platforms,
// embedded by the build.
#pragma once

#include <span>
#include <string_view>

namespace writ::cli {

struct StarterFile {
    std::string_view path;  ///< relative to the project
    std::string_view text;
};

/// The files for a platform; empty if there is none of this name.
[[nodiscard]] std::span<const StarterFile> starter_files(std::string_view platform);

}  // namespace writ::cli

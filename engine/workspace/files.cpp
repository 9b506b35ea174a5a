// Reads policy files and the data files that they name. The only code of the engine that reads policy files.
#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "os/files.h"
#include "writ/errors.h"
#include "writ/manifest.h"
#include "writ/tools.h"

namespace writ {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 256u << 20;  // beyond any limit of the compiler's

tl::unexpected<Error> failed(std::string message, const fs::path& path) {
    return fail(Code::FileUnusable, std::move(message), path.string());
}

Result<std::string> read_file(const fs::path& path) {
    const auto status = os::status_of(path.string());
    if (status && !status->regular) return failed("not a regular file", path);
    return os::read_file(path.string(), kLargestFile).map_error([&](const os::Failure& told) {
        return failure(Code::FileUnusable, told.what == os::What::TooLarge ? "larger than 256 MiB" : told.reason,
                       path.string());
    });
}

/// Every *.writ file and manifest below a folder; hidden folders and links to folders are left out.
Result<std::vector<fs::path>> walk(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    fs::recursive_directory_iterator it(folder, error);
    if (error) return failed(error.message(), folder);
    for (; it != fs::recursive_directory_iterator(); it.increment(error)) {
        if (error) return failed(error.message(), folder);
        const fs::path& path = it->path();
        std::error_code status;
        if (it->is_directory(status)) {
            if (path.filename().string().front() == '.') it.disable_recursion_pending();
        } else if (path.extension() == ".writ" || path.filename() == kManifestName) {
            found.push_back(path);
        }
    }
    if (error) return failed(error.message(), folder);
    return found;
}

/// Every *.writ file below a folder.
Result<std::vector<fs::path>> list_folder(const fs::path& folder) {
    auto found = walk(folder);
    if (!found) return found;
    std::erase_if(*found, [](const fs::path& path) { return path.extension() != ".writ"; });
    if (found->empty()) return failed("no *.writ file in this folder or below it", folder);
    return found;
}

bool inside(const fs::path& path, const fs::path& folder) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// Reads a data file in the folder of the source that names it, or below. Neither the name
/// nor a link may leave the folder.
Result<std::string> read_beside(std::string_view from, std::string_view name) {
    const fs::path written{std::string(name)};
    const bool climbs = std::find(written.begin(), written.end(), "..") != written.end();
    if (name.empty() || written.is_absolute() || climbs || name.find('\0') != std::string_view::npos)
        return failed(
            "a data file must be in the policy's folder or below it; its path must not contain `..` or begin with `/`",
            written);
    const fs::path folder = fs::path(std::string(from)).parent_path();
    const fs::path path = folder / written;
    std::error_code error;
    const fs::path real_folder = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
    if (error) return failed(error.message(), folder);
    // The path must be absolute: weakly_canonical() leaves a relative path relative if it does not exist.
    const fs::path real = fs::weakly_canonical(real_folder / written, error);
    if (error) return failed(error.message(), path);
    if (!inside(real, real_folder)) return failed("the file is a link to a place outside the policy's folder", path);
    return read_file(path);
}

}  // namespace

namespace {

/// A policy file as it was reached, and its name below the folder that all given paths have in common.
struct Found {
    fs::path path;
    std::string stored;
};

/// The deepest folder that holds both.
fs::path shared_folder(const fs::path& a, const fs::path& b) {
    fs::path out;
    for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end() && *x == *y; ++x, ++y) out /= *x;
    return out;
}

}  // namespace

Result<SourceSet> read_sources(const std::vector<std::string>& paths) {
    std::vector<Found> files;
    std::vector<fs::path> roots;  // by given path: the folder itself, or the folder of the file
    for (const std::string& given : paths) {
        std::error_code status;
        const bool folder = fs::is_directory(given, status);
        const fs::path root = folder ? fs::path(given) : fs::path(given).parent_path();
        roots.push_back(fs::weakly_canonical(root.empty() ? fs::path(".") : root, status));
        if (!folder) {
            files.push_back({given, (roots.back() / fs::path(given).filename()).generic_string()});
            continue;
        }
        auto below = list_folder(given);
        if (!below) return tl::unexpected(std::move(below.error()));
        for (const fs::path& path : *below)
            files.push_back({path, (roots.back() / path.lexically_relative(given)).generic_string()});
    }
    fs::path shared = roots.empty() ? fs::path() : roots.front();
    for (const fs::path& root : roots) shared = shared_folder(shared, root);
    for (Found& file : files) file.stored = fs::path(file.stored).lexically_relative(shared).generic_string();
    std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.stored < b.stored; });
    SourceSet set;
    std::set<fs::path> seen;  // one file reached twice is one source
    for (Found& file : files) {
        auto text = read_file(file.path);
        if (!text) return tl::unexpected(std::move(text.error()));
        std::error_code error;
        if (!seen.insert(fs::canonical(file.path, error)).second) continue;
        set.sources.push_back({file.path.generic_string(), std::move(*text), std::move(file.stored)});
    }
    set.read = read_beside;
    return set;
}

FileTree files_on_disk() {
    FileTree tree;
    tree.list = [](const std::string& path) -> Result<std::vector<std::string>> {
        std::error_code status;
        if (!fs::is_directory(path, status)) {
            // A missing file is an error here, and not when it is read.
            if (!fs::exists(path, status)) return failed("no such file or directory", path);
            return std::vector<std::string>{path};
        }
        const auto found = walk(path);
        if (!found) return tl::unexpected(found.error());
        std::vector<std::string> out;
        for (const fs::path& each : *found) out.push_back(each.generic_string());
        return out;
    };
    tree.read = [](const std::string& path) { return read_file(path); };
    tree.read_data = read_beside;
    return tree;
}

}  // namespace writ

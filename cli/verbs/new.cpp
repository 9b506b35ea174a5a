// writ new: creates a project.
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/starter.h"
#include "cli/verbs/verbs.h"
#include "os/failure.h"
#include "writ/errors.h"

namespace writ::cli {

namespace {

namespace fs = std::filesystem;

/// The module name in the template, and its replacement: the folder's name, made a valid name.
constexpr std::string_view kModule = "module policy.starter";

std::string module_for(const fs::path& folder) {
    std::string name = folder.filename().string();
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!plain(c)) c = '_';
    }
    if (name.empty() || (name.front() >= '0' && name.front() <= '9')) name.insert(name.begin(), '_');
    return "module policy." + name;
}

tl::unexpected<Error> failed(const std::error_code& error, const fs::path& path) {
    return fail(Code::FileUnusable, os::reason_of(error), path.string());
}

/// Writes the project into an empty folder. Adds the paths it created to `made`, even if it fails.
Result<void> write_project(const fs::path& folder, std::vector<fs::path>& made) {
    std::error_code error;
    const auto make_folder = [&](const fs::path& path) {
        if (fs::create_directory(path, error)) made.push_back(path);
        return !error;
    };
    if (!make_folder(folder)) return failed(error, folder);
    for (const StarterFile& file : starter_files()) {
        const fs::path path = folder / file.path;
        fs::path inside = folder;
        for (const fs::path& part : fs::path(file.path).parent_path())
            if (!make_folder(inside /= part)) return failed(error, inside);
        std::string text(file.text);
        if (const std::size_t at = text.find(kModule); at != std::string::npos)
            text.replace(at, kModule.size(), module_for(folder));
        made.push_back(path);
        if (auto written = write_file(path.string(), text); !written) return written;
    }
    return {};
}

Exit run(const std::string& given, const Terminal& terminal) {
    std::error_code error;
    fs::path folder = fs::absolute(given, error).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    const bool there = fs::exists(fs::symlink_status(folder, error));
    if (there && (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error)) {
        print_note(fmt::format("error: {} exists and is not an empty folder\n", safe(given)));
        return Exit::Negative;
    }
    std::vector<fs::path> made;
    if (const auto written = write_project(folder, made); !written) {
        for (auto path = made.rbegin(); path != made.rend(); ++path) fs::remove(*path, error);
        return report_error(written.error(), "", terminal);
    }
    const fs::path shown = given;
    for (const StarterFile& file : starter_files()) print_result(safe((shown / file.path).string()) + "\n");
    print_remark(
        fmt::format("next: run `writ test {}`, and read {}\n", safe(given), safe((shown / "README.md").string())),
        terminal);
    return Exit::Ok;
}

}  // namespace

void add_new(Command& program) {
    Command& verb = program.verb("new", "Create a project: a policy with tests, a request, a workflow and hooks");
    auto& folder = verb.make_values<std::string>();
    verb.text("DIR", "DIR", "A folder that is empty or does not exist", folder).required();
    verb.run = [&folder](const Terminal& terminal) { return run(folder, terminal); };
}

}  // namespace writ::cli

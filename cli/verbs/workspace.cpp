#include "cli/verbs/workspace.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "cli/formats/diagnostics.h"
#include "cli/formats/github.h"
#include "cli/formats/sarif.h"
#include "cli/terminal/io.h"

namespace writ::cli {

namespace {

/// Compiles the sources in a sealed bundle again.
std::variant<Workspace, Exit> reopen(const std::string& path, const Terminal& terminal,
                                     std::optional<std::uint64_t> max_steps) {
    const auto bundle = Bundle::open(path);
    if (!bundle) return report_error(bundle.error(), path, terminal);
    auto sources = bundle->sources();
    if (!sources) return report_error(sources.error(), path, terminal);
    sources->standard = nullptr;  // use this program's library, not the sealed one
    CompileOptions compile;
    compile.max_steps = max_steps.value_or(UINT64_MAX);  // the limit was checked when it was sealed
    Workspace workspace(std::move(*sources), compile);
    if (workspace.bundle() && workspace.bundle()->digest() != bundle->digest())
        print_remark("note: the bundle was made by another version of the compiler; its sources were compiled again\n",
                     terminal);
    return workspace;
}

constexpr Rendering<Diagnostics> kCheckRenderings[] = {
    {Format::Human,
     [](const Diagnostics& found, const Terminal& terminal) { return render_human(found, terminal.colour_err); }},
    {Format::Short, [](const Diagnostics& found, const Terminal&) { return render_short(found); }},
    {Format::Json, [](const Diagnostics& found, const Terminal&) { return render_json(found); }},
    {Format::Sarif, [](const Diagnostics& found, const Terminal&) { return render_sarif(found); }},
    {Format::Github, [](const Diagnostics& found, const Terminal&) { return render_github(found); }},
};

}  // namespace

void print_diagnostics(const Diagnostics& diagnostics, Format format, const Terminal& terminal) {
    const std::string text = rendered(kCheckRenderings, format, diagnostics, terminal);
    if (is_for_people(format))
        print_note(text);
    else
        print_result(text);
}

bool is_bundle(const std::vector<std::string>& paths) {
    constexpr std::string_view kMagic = "WRITBNDL";
    std::error_code error;
    if (paths.size() != 1 || !std::filesystem::is_regular_file(paths[0], error)) return false;
    char begin[kMagic.size()] = {};
    std::ifstream(paths[0], std::ios::binary).read(begin, sizeof begin);
    return std::string_view(begin, sizeof begin) == kMagic;
}

std::variant<Workspace, Exit> open_workspace(const std::vector<std::string>& paths, const Terminal& terminal,
                                             const BeforeData& before_data, std::optional<std::uint64_t> max_steps) {
    if (is_bundle(paths)) return reopen(paths[0], terminal, max_steps);
    auto sources = read_sources(paths);
    if (!sources) return report_error(sources.error(), "", terminal);
    if (before_data) {
        sources->read = [read = std::move(sources->read), before_data](std::string_view from, std::string_view path) {
            before_data((std::filesystem::path(from).parent_path() / path).string());
            return read(from, path);
        };
    }
    CompileOptions compile;
    compile.max_steps = max_steps.value_or(compile.max_steps);
    return Workspace(std::move(*sources), compile);
}

std::variant<Workspace, Exit> open_valid(const std::vector<std::string>& paths, const Terminal& terminal,
                                         const BeforeData& before_data) {
    auto opened = open_workspace(paths, terminal, before_data);
    if (const auto* workspace = std::get_if<Workspace>(&opened)) {
        if (!terminal.quiet || !workspace->bundle())
            print_note(render_human(workspace->diagnostics(), terminal.colour_err));
        if (!workspace->bundle()) return Exit::Invalid;
    }
    return opened;
}

std::variant<Layers, Exit> open_layers(const std::vector<std::string>& above, const std::vector<std::string>& paths,
                                       const Terminal& terminal) {
    std::vector<Bundle> bundles;
    const auto add = [&](const std::vector<std::string>& policies) -> std::optional<Exit> {
        if (is_bundle(policies)) {
            auto sealed = Bundle::open(policies[0]);
            if (!sealed) return report_error(sealed.error(), policies[0], terminal);
            bundles.push_back(std::move(*sealed));
            return std::nullopt;
        }
        const auto opened = open_valid(policies, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        bundles.push_back(*std::get<Workspace>(opened).bundle());
        return std::nullopt;
    };
    for (const std::string& path : above)
        if (const auto failed = add({path})) return *failed;
    if (const auto failed = add(paths)) return *failed;
    return Layers(std::move(bundles));
}

}  // namespace writ::cli

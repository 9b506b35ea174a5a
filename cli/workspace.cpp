#include "cli/workspace.h"

#include <optional>

#include "cli/io.h"

namespace writ::cli {

std::variant<Workspace, Exit> open_workspace(const std::vector<std::string>& paths, const Terminal& terminal) {
    auto sources = read_sources(paths);
    if (!sources) return report_error(sources.error(), "", terminal);
    return Workspace(std::move(*sources));
}

std::variant<Workspace, Exit> open_valid(const std::vector<std::string>& paths, const Terminal& terminal) {
    auto opened = open_workspace(paths, terminal);
    if (const auto* workspace = std::get_if<Workspace>(&opened)) {
        print_note(render_human(workspace->diagnostics(), terminal.colour_err));
        if (!workspace->bundle()) return Exit::Invalid;
    }
    return opened;
}

std::variant<Layers, Exit> open_layers(const std::vector<std::string>& above, const std::vector<std::string>& paths,
                                       const Terminal& terminal) {
    std::vector<Bundle> bundles;
    const auto add = [&](const std::vector<std::string>& policies) -> std::optional<Exit> {
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

#include "cli/workspace.h"

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

}  // namespace writ::cli

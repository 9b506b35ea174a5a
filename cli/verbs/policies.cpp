#include "cli/verbs/policies.h"

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"

namespace writ::cli {

Option& add_jobs(Command& verb, unsigned& jobs) {
    return verb.whole("-j,--jobs", "N", "The number of threads (default: the number of processors)", jobs, 1, 1024);
}

unsigned threads_for(unsigned jobs) {
    return jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
}

std::variant<std::optional<PolicyFolders>, Exit> several_policies(const std::vector<std::string>& paths,
                                                                  const Terminal& terminal) {
    auto found = find_policies(paths);
    if (!found) return report_error(found.error(), "", terminal);
    const bool one = found->policies.size() == 1 && found->policies.front().name == "." && paths.size() == 1;
    if (found->none() || (one && found->problems.items.empty())) return std::nullopt;
    return std::optional(std::move(*found));
}

std::string heading(const std::string& folder, bool colour) {
    const Palette colours = palette(colour);
    return fmt::format("{}== {}{}\n", colours.bold, safe(folder), colours.reset);
}

}  // namespace writ::cli

#include "cli/verbs/workspace.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "cli/command/command.h"
#include "cli/formats/diagnostics.h"
#include "cli/formats/github.h"
#include "cli/formats/sarif.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"

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
    const std::optional<Bundle>& compiled = workspace.bundle();
    if (compiled && compiled->digest() != bundle->digest())
        print_remark("note: the bundle was made by another version of the compiler; its sources were compiled again\n",
                     terminal);
    return workspace;
}

SourceSet watched(SourceSet sources, const BeforeData& before_data) {
    if (!before_data) return sources;
    sources.read = [read = std::move(sources.read), before_data](std::string_view from, std::string_view path) {
        before_data((std::filesystem::path(from).parent_path() / path).string());
        return read(from, path);
    };
    return sources;
}

CompileOptions options_for(std::optional<std::uint64_t> max_steps, CompileOptions compile = {}) {
    compile.max_steps = max_steps.value_or(compile.max_steps);
    return compile;
}

constexpr Rendering<Diagnostics> kCheckRenderings[] = {
    {Format::Human,
     [](const Diagnostics& found, const Terminal& terminal) { return render_human(found, terminal.colour_err); }},
    {Format::Short, [](const Diagnostics& found, const Terminal&) { return render_short(found); }},
    {Format::Json, [](const Diagnostics& found, const Terminal&) { return render_json(found); }},
    {Format::Sarif, [](const Diagnostics& found, const Terminal&) { return render_sarif(found); }},
    {Format::Github, [](const Diagnostics& found, const Terminal&) { return render_github(found); }},
};

/// Policies that decide together, with the layers that their manifests name.
class Stack {
public:
    /// Opens the policy at some paths, which has no layers or whose layers are there. Output: the exit code of an
    /// error, if there is one.
    using Keep = std::function<std::optional<Exit>(const std::vector<std::string>& paths)>;

    Stack(const Terminal& terminal, Keep keep) : terminal_(terminal), keep_(std::move(keep)) {}

    /// Adds a policy below those that are there. Output: the exit code of an error, if there is one.
    std::optional<Exit> add(const std::vector<std::string>& paths) {
        if (is_bundle(paths)) return keep_(paths);
        auto found = find_policies(paths);
        if (!found) return report_error(found.error(), "", terminal_);
        if (found->none()) return keep_(paths);
        const auto only = only_policy(std::move(*found), terminal_);
        if (const Exit* failed = std::get_if<Exit>(&only)) return *failed;
        const PolicyFolder& policy = std::get<PolicyFolder>(only);
        if (std::find(open_.begin(), open_.end(), policy.folder) != open_.end()) {
            print_note(fmt::format("error: {} is a layer above itself\n", safe(policy.folder)));
            return Exit::Invalid;
        }
        open_.push_back(policy.folder);
        for (const std::string& layer : policy.layers) {
            // A layer that several manifests name decides once; one above itself is refused.
            const bool open = std::find(open_.begin(), open_.end(), layer) != open_.end();
            if (!named_.insert(layer).second && !open) continue;
            if (const auto failed = add({layer})) return failed;
        }
        open_.pop_back();
        return keep_({policy.folder});
    }

    /// Adds those in `above`, then the one at `paths`, if there is any.
    std::optional<Exit> add(const std::vector<std::string>& above, const std::vector<std::string>& paths) {
        for (const std::string& path : above)
            if (const auto failed = add({path})) return failed;
        return paths.empty() ? std::nullopt : add(paths);
    }

private:
    const Terminal& terminal_;
    Keep keep_;
    std::vector<std::string> open_;  ///< folders whose layers are being added
    std::set<std::string> named_;    ///< layers that manifests name
};

std::variant<std::vector<Bundle>, Exit> stacked(const std::vector<std::string>& above,
                                                const std::vector<std::string>& paths, const Terminal& terminal) {
    std::vector<Bundle> out;
    Stack stack(terminal, [&](const std::vector<std::string>& policy) -> std::optional<Exit> {
        if (is_bundle(policy)) {
            auto sealed = Bundle::open(policy[0]);
            if (!sealed) return report_error(sealed.error(), policy[0], terminal);
            out.push_back(std::move(*sealed));
            return std::nullopt;
        }
        const auto opened = open_valid(policy, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        out.push_back(bundle_of(std::get<Workspace>(opened)));
        return std::nullopt;
    });
    if (const auto failed = stack.add(above, paths)) return *failed;
    return out;
}

}  // namespace

std::variant<PolicyFolder, Exit> only_policy(PolicyFolders found, const Terminal& terminal) {
    if (!found.problems.items.empty()) {
        print_note(render_human(found.problems, terminal.colour_err));
        return Exit::Invalid;
    }
    // Sorted, so that the given folder itself is first.
    if (found.policies.size() == 1 || found.policies.front().name == ".") return std::move(found.policies.front());
    std::vector<std::string> folders;
    for (const PolicyFolder& each : found.policies) folders.push_back(safe(each.folder));
    print_note(fmt::format("error: there are {} policies here; name one: {}\n", folders.size(), either(folders)));
    return Exit::Usage;
}

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
    auto found = find_policies(paths);
    if (!found) return report_error(found.error(), "", terminal);
    if (!found->none()) {
        const std::variant<PolicyFolder, Exit> only = only_policy(std::move(*found), terminal);
        if (const Exit* failed = std::get_if<Exit>(&only)) return *failed;
        auto opened = open_policy(std::get<PolicyFolder>(only), before_data, max_steps);
        if (!opened) return report_error(opened.error(), "", terminal);
        return std::move(*opened);
    }
    auto sources = read_sources(paths);
    if (!sources) return report_error(sources.error(), "", terminal);
    return Workspace(watched(std::move(*sources), before_data), options_for(max_steps));
}

Result<Workspace> open_policy(const PolicyFolder& policy, const BeforeData& before_data,
                              std::optional<std::uint64_t> max_steps) {
    // Sources may be outside the folder.
    if (before_data)
        for (const PolicyFolder::File& each : policy.files) before_data(each.path);
    auto sources = read_policy(policy);
    if (!sources) return tl::unexpected(std::move(sources.error()));
    return Workspace(watched(std::move(*sources), before_data), options_for(max_steps, policy.options));
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

const Bundle& bundle_of(const Workspace& valid) {
    const std::optional<Bundle>& bundle = valid.bundle();
    if (!bundle) std::abort();
    return *bundle;
}

std::variant<Layers, Exit> open_layers(const std::vector<std::string>& above, const std::vector<std::string>& paths,
                                       const Terminal& terminal) {
    auto bundles = stacked(above, paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&bundles)) return *failed;
    return Layers(std::get<std::vector<Bundle>>(std::move(bundles)));
}

std::variant<std::vector<Bundle>, Exit> open_above(const std::vector<std::string>& above, const Terminal& terminal) {
    return stacked(above, {}, terminal);
}

std::variant<std::vector<NamedPolicy>, Exit> open_named(const std::vector<std::string>& above,
                                                        const std::vector<std::string>& paths, const Terminal& terminal,
                                                        const BeforeData& before_data) {
    std::vector<NamedPolicy> out;
    Stack stack(terminal, [&](const std::vector<std::string>& policy) -> std::optional<Exit> {
        auto opened = open_valid(policy, terminal, before_data);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        out.push_back({policy[0], std::get<Workspace>(std::move(opened))});
        return std::nullopt;
    });
    if (const auto failed = stack.add(above, paths)) return *failed;
    return out;
}

}  // namespace writ::cli

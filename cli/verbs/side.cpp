#include "cli/verbs/side.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/git/git.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ::cli {

namespace {

constexpr std::string_view kStore = "store:";

bool exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

Result<Bundle> bundle_of_version(const std::string& version, const StorePlace& place) {
    const auto store = Store::open(place.path, {.space = place.space, .read_only = true});
    if (!store) return tl::unexpected(store.error());
    const auto found = store->resolve(version);
    if (!found) return tl::unexpected(found.error());
    return store->bundle(found->digest);
}

/// The ref and the path to read from git, if any.
struct GitName {
    std::string ref, path;
};
std::optional<GitName> git_name(std::string_view name, const std::string& other) {
    constexpr std::string_view kPrefix = "git:";
    const bool explicit_ref = name.starts_with(kPrefix);
    if (explicit_ref)
        name.remove_prefix(kPrefix.size());
    else if (exists(std::string(name)))
        return std::nullopt;
    const std::size_t colon = name.find(':');
    if (colon != std::string_view::npos)
        return GitName{std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
    return GitName{std::string(name), exists(other) ? other : "."};
}

/// Compiles a sealed bundle again, with the library sealed in it. Input: name: for messages.
std::variant<Workspace, Exit> unsealed(const Result<Bundle>& bundle, const std::string& name,
                                       const Terminal& terminal) {
    if (!bundle) return report_error(bundle.error(), name, terminal);
    auto sources = bundle->sources();
    if (!sources) return report_error(sources.error(), name, terminal);
    CompileOptions compile;
    compile.max_steps = UINT64_MAX;  // the limit was checked when it was sealed
    Workspace workspace(std::move(*sources), compile);
    if (workspace.bundle() && workspace.bundle()->digest() != bundle->digest())
        print_remark(
            fmt::format("note: {} was sealed as {}, and this program makes {} of it: it has another format or other "
                        "time zones\n",
                        safe(name), bundle->digest().substr(0, 12), workspace.bundle()->digest().substr(0, 12)),
            terminal);
    return workspace;
}

Result<SourceSet> sources_of_ref(const std::string& name, const GitName& git) {
    auto sources = sources_at(git.ref, git.path.empty() ? "." : git.path);
    const bool bare = !name.starts_with("git:") && name.find(':') == std::string::npos;
    if (!sources && bare &&
        (sources.error().code == code_name(Code::NotInRepository) ||
         sources.error().code == code_name(Code::UnknownRef)))
        sources.error().message = fmt::format("`{}` is neither a path nor a ref: {}", name, sources.error().message);
    return sources;
}

}  // namespace

void add_store_place(Command& verb, StorePlace& place) {
    verb.text("--store", "FILE", "The store for `store:VERSION` (default: WRIT_STORE, or writ.store)", place.path)
        .or_variable("WRIT_STORE");
    verb.text("--namespace", "NAME", "The namespace of the versions (default: `default`)", place.space);
}

std::optional<std::string> git_ref_of(const std::string& name) {
    if (name.starts_with(kStore)) return std::nullopt;
    const auto git = git_name(name, ".");
    return git ? std::optional(git->ref) : std::nullopt;
}

std::variant<Workspace, Exit> open_side(const std::string& name, const std::string& other, const StorePlace& store,
                                        const Terminal& terminal) {
    const auto git = name.starts_with(kStore) ? std::nullopt : git_name(name, other);
    const auto opened = [&]() -> std::variant<Workspace, Exit> {
        if (name.starts_with(kStore))
            return unsealed(bundle_of_version(name.substr(kStore.size()), store), name, terminal);
        if (!git)
            return is_bundle({name}) ? unsealed(Bundle::open(name), name, terminal) : open_workspace({name}, terminal);
        auto sources = sources_of_ref(name, *git);
        if (!sources) return report_error(sources.error(), "", terminal);
        return Workspace(std::move(*sources));
    };
    auto side = opened();
    if (const auto* workspace = std::get_if<Workspace>(&side); workspace != nullptr && !workspace->bundle()) {
        print_note(render_human(workspace->diagnostics(), terminal.colour_err));
        print_note(fmt::format("error: the policy at `{}` is not valid\n", safe(name)));
        return Exit::Invalid;
    }
    return side;
}

}  // namespace writ::cli

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

/// The files of a ref.
Result<SidePlace> place_at(const std::string& name, const GitName& git) {
    const std::string path = git.path.empty() ? "." : git.path;
    auto tree = files_at(git.ref, path);
    const bool bare = !name.starts_with("git:") && name.find(':') == std::string::npos;
    if (!tree && bare &&
        (tree.error().code == code_name(Code::NotInRepository) || tree.error().code == code_name(Code::UnknownRef)))
        tree.error().message = fmt::format("`{}` is neither a path nor a ref: {}", name, tree.error().message);
    if (!tree) return tl::unexpected(std::move(tree.error()));
    return SidePlace{std::move(*tree), path};
}

/// Opens the policy at a ref: the one with a manifest there, otherwise all files together.
std::variant<Side, Exit> open_ref(const std::string& name, const GitName& git, const Terminal& terminal) {
    const auto place = place_at(name, git);
    if (!place) return report_error(place.error(), "", terminal);
    auto found = find_policies({place->path}, place->tree);
    if (!found) return report_error(found.error(), "", terminal);
    if (found->none()) {
        auto sources = sources_at(git.ref, place->path);
        if (!sources) return report_error(sources.error(), "", terminal);
        return Side{Workspace(std::move(*sources)), std::nullopt};
    }
    auto only = only_policy(std::move(*found), terminal);
    if (const Exit* failed = std::get_if<Exit>(&only)) return *failed;
    PolicyFolder& folder = std::get<PolicyFolder>(only);
    auto sources = read_policy(folder, place->tree);
    if (!sources) return report_error(sources.error(), "", terminal);
    return Side{Workspace(std::move(*sources), folder.options), std::move(folder)};
}

/// Opens the policy at a path.
std::variant<Side, Exit> open_path(const std::string& name, const Terminal& terminal) {
    std::optional<PolicyFolder> folder;
    if (auto found = find_policies({name}); found && !found->none()) {
        auto only = only_policy(std::move(*found), terminal);
        if (const Exit* failed = std::get_if<Exit>(&only)) return *failed;
        folder = std::get<PolicyFolder>(std::move(only));
    }
    auto opened = open_workspace({name}, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    return Side{std::get<Workspace>(std::move(opened)), std::move(folder)};
}

std::variant<Side, Exit> without_manifest(std::variant<Workspace, Exit> opened) {
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    return Side{std::get<Workspace>(std::move(opened)), std::nullopt};
}

}  // namespace

std::variant<Workspace, Exit> open_sealed(const Result<Bundle>& bundle, const std::string& name,
                                          const Terminal& terminal) {
    if (!bundle) return report_error(bundle.error(), name, terminal);
    auto workspace = Workspace::reopen(*bundle);
    if (!workspace) return report_error(workspace.error(), name, terminal);
    const std::optional<Bundle>& compiled = workspace->bundle();
    if (compiled && compiled->digest() != bundle->digest())
        print_remark(
            fmt::format("note: {} was sealed as {}, and this program makes {} of it: it has another format or other "
                        "time zones\n",
                        safe(name), bundle->digest().substr(0, 12), compiled->digest().substr(0, 12)),
            terminal);
    return std::move(*workspace);
}

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

Result<SidePlace> place_of_side(const std::string& name, const std::string& other) {
    if (name.starts_with(kStore))
        return fail(Code::UnknownWord, "a version in a store is one policy; name the one to compare it with", name);
    if (const auto git = git_name(name, other)) return place_at(name, *git);
    return SidePlace{files_on_disk(), name};
}

std::variant<Side, Exit> open_side(const std::string& name, const std::string& other, const StorePlace& store,
                                   const Terminal& terminal) {
    const auto git = name.starts_with(kStore) ? std::nullopt : git_name(name, other);
    auto side =
        name.starts_with(kStore)
            ? without_manifest(open_sealed(bundle_of_version(name.substr(kStore.size()), store), name, terminal))
        : git               ? open_ref(name, *git, terminal)
        : is_bundle({name}) ? without_manifest(open_sealed(Bundle::open(name), name, terminal))
                            : open_path(name, terminal);
    if (const Side* opened = std::get_if<Side>(&side); opened != nullptr && !opened->policy.bundle()) {
        print_note(render_human(opened->policy.diagnostics(), terminal.colour_err));
        print_note(fmt::format("error: the policy at `{}` is not valid\n", safe(name)));
        return Exit::Invalid;
    }
    return side;
}

}  // namespace writ::cli

// Parts shared by all verbs over policies: read the sources, compile, report.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/formats/format.h"
#include "cli/terminal/terminal.h"
#include "writ/manifest.h"
#include "writ/tools.h"

namespace writ::cli {

/// The formats for diagnostics.
inline constexpr Format kDiagnosticFormats[] = {Format::Human, Format::Short, Format::Json, Format::Sarif,
                                                Format::Github};
/// Whether a format is for people, who get notes on stderr.
[[nodiscard]] constexpr bool is_for_people(Format format) {
    return format == Format::Human || format == Format::Short;
}
/// Writes diagnostics in one of these formats: for people to stderr, for programs to stdout.
void print_diagnostics(const Diagnostics& diagnostics, Format format, const Terminal& terminal);

/// Whether the only path is a file that starts like a sealed bundle.
[[nodiscard]] bool is_bundle(const std::vector<std::string>& paths);

/// Called before each data file is read; may be empty.
using BeforeData = std::function<void(const std::string& file)>;

/// Opens a workspace with the policy at some paths: the one with a manifest there, otherwise all files together; or the
/// sources in a sealed bundle if it is the only path; or returns the exit code of the error. Several manifests are an
/// error. Does not report findings. `max_steps` replaces the limit of the manifest; a sealed bundle has no limit
/// otherwise.
[[nodiscard]] std::variant<Workspace, Exit> open_workspace(const std::vector<std::string>& paths,
                                                           const Terminal& terminal, const BeforeData& before_data = {},
                                                           std::optional<std::uint64_t> max_steps = {});

/// The policy of the given folder, or the only one below it; or reports why there is none.
[[nodiscard]] std::variant<PolicyFolder, Exit> only_policy(PolicyFolders found, const Terminal& terminal);

/// Opens the policy of a manifest. It may have errors. Errors: F0001.
[[nodiscard]] Result<Workspace> open_policy(const PolicyFolder& policy, const BeforeData& before_data = {},
                                            std::optional<std::uint64_t> max_steps = {});

/// open_workspace(), but reports findings to stderr; fails if the policy is not valid.
[[nodiscard]] std::variant<Workspace, Exit> open_valid(const std::vector<std::string>& paths, const Terminal& terminal,
                                                       const BeforeData& before_data = {});

/// The bundle of a valid policy.
[[nodiscard]] const Bundle& bundle_of(const Workspace& valid);

/// The bundles of valid policies: those in `above`, then the one at `paths`; before each, the layers that its manifest
/// names. Sealed bundles are used as they are.
[[nodiscard]] std::variant<Layers, Exit> open_layers(const std::vector<std::string>& above,
                                                     const std::vector<std::string>& paths, const Terminal& terminal);

/// The same for `above` alone.
[[nodiscard]] std::variant<std::vector<Bundle>, Exit> open_above(const std::vector<std::string>& above,
                                                                 const Terminal& terminal);

/// A valid policy, as it was named.
struct NamedPolicy {
    std::string name;
    Workspace workspace;
};

/// The same policies as open_layers() with their sources, which explanations need; without `paths`, those of `above`
/// alone. Sealed bundles are compiled again.
[[nodiscard]] std::variant<std::vector<NamedPolicy>, Exit> open_named(const std::vector<std::string>& above,
                                                                      const std::vector<std::string>& paths,
                                                                      const Terminal& terminal,
                                                                      const BeforeData& before_data = {});

}  // namespace writ::cli

// What every verb over policies begins with: read the sources, compile, report.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/formats/format.h"
#include "cli/terminal/terminal.h"
#include "writ/tools.h"

namespace writ::cli {

/// In which diagnostics are written.
inline constexpr Format kDiagnosticFormats[] = {Format::Human, Format::Short, Format::Json, Format::Sarif,
                                                Format::Github};
/// Whether a format is read by people, who have notes on stderr.
[[nodiscard]] constexpr bool is_for_people(Format format) {
    return format == Format::Human || format == Format::Short;
}
/// Writes diagnostics in one of these: for people to stderr, for programs as a result.
void print_diagnostics(const Diagnostics& diagnostics, Format format, const Terminal& terminal);

/// Whether there is one path and it is a sealed bundle: they begin alike.
[[nodiscard]] bool is_bundle(const std::vector<std::string>& paths);

/// Told of each data file that is about to be read; may be empty.
using BeforeData = std::function<void(const std::string& file)>;

/// A workspace over the policies at some paths, or over those in a sealed bundle, if that is the one path; or
/// the exit code of what kept it from being.
/// Says nothing about findings. `max_steps`: instead of that of CompileOptions, which a sealed bundle is not held
/// against.
[[nodiscard]] std::variant<Workspace, Exit> open_workspace(const std::vector<std::string>& paths,
                                                           const Terminal& terminal, const BeforeData& before_data = {},
                                                           std::optional<std::uint64_t> max_steps = {});

/// The same, reported to stderr for people, and only if the policy is valid.
[[nodiscard]] std::variant<Workspace, Exit> open_valid(const std::vector<std::string>& paths, const Terminal& terminal,
                                                       const BeforeData& before_data = {});

/// The bundles of valid policies, sealed ones as they are, those of each of `above` on top of the one at `paths`.
[[nodiscard]] std::variant<Layers, Exit> open_layers(const std::vector<std::string>& above,
                                                     const std::vector<std::string>& paths, const Terminal& terminal);

}  // namespace writ::cli

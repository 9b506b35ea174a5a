// The policies of a repository: a folder with a manifest, `writ.json`, is one policy. Not here: compiling a policy
// (writ/tools.h), and what one run over several policies prints (cli). Reference: docs/manifest.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/diagnostic.h"

namespace writ {

inline constexpr std::string_view kManifestName = "writ.json";

/// What a manifest says of its policy. Paths as written: relative to the manifest's folder, with `/`.
struct Manifest {
    struct Path {
        std::string text;
        Span span;  ///< in the manifest; empty: a default
    };
    std::vector<Path> sources{{".", {}}};    ///< *.writ files, and folders of them
    std::vector<Path> layers;                ///< the policies above this one, the platform's first
    std::vector<Path> requests;              ///< requests that comparisons decide too
    std::optional<std::uint64_t> max_steps;  ///< as CompileOptions::max_steps; none: its default
};

/// Reads a manifest.
/// Errors:  F0008 it is not valid, with the place.
[[nodiscard]] Checked<Manifest> read_manifest(const Source& source);

/// Where policies are read: a disk, or a revision of a repository. All paths are as a user writes them: absolute, or
/// relative to the current folder.
struct FileTree {
    /// The *.writ files and manifests at a path and below it; or the path itself, if it is a file. Hidden folders and
    /// links to folders are left out.
    std::function<Result<std::vector<std::string>>(const std::string& path)> list;
    std::function<Result<std::string>(const std::string& path)> read;
    /// Reads a data file, as SourceSet::read.
    std::function<Result<std::string>(std::string_view from, std::string_view path)> read_data;
};

/// The disk.
[[nodiscard]] FileTree files_on_disk();

/// A folder with a manifest. All paths are below the current folder or absolute, as the path that was given.
struct PolicyFolder {
    struct File {
        std::string path;
        std::string stored;  ///< as in Source; does not depend on where the folder is
    };
    std::string folder;
    std::string name;         ///< the folder's path below the given path: `teams/support`; `.` if it is that path
    std::vector<File> files;  ///< its sources, sorted by their stored names
    std::vector<std::string> layers, requests;
    std::vector<std::string> layer_names;  ///< `layers` as written in the manifest
    CompileOptions options;                ///< the limits that the manifest sets
};

struct PolicyFolders {
    std::vector<PolicyFolder> policies;  ///< sorted by folder
    /// F0008 for a manifest that is not valid; its folder is not among the policies. F0009 for each *.writ file at or
    /// below the given paths that belongs to no policy. Empty if there is no manifest.
    Diagnostics problems;

    /// Whether there is no manifest at or below the given paths: all the files together are one policy.
    [[nodiscard]] bool none() const { return policies.empty() && problems.items.empty(); }
};

/// Finds the manifests at some paths and below them. A policy has the files that its `sources` name. Files below a
/// folder that has a manifest of its own belong to that folder's policy, unless `sources` names this folder.
/// Errors:  F0001 a path is missing or unreadable.
[[nodiscard]] Result<PolicyFolders> find_policies(const std::vector<std::string>& paths,
                                                  const FileTree& tree = files_on_disk());

/// Reads the sources of a policy. Errors: F0001.
[[nodiscard]] Result<SourceSet> read_policy(const PolicyFolder& policy, const FileTree& tree = files_on_disk());

}  // namespace writ

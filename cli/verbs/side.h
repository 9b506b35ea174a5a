// One side of a comparison of policies, as named on the command line.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/command/command.h"
#include "writ/manifest.h"
#include "writ/tools.h"

namespace writ::cli {

/// The store in which versions are found.
struct StorePlace {
    std::string path = "writ.store", space = "default";
};
/// Adds `--store FILE` and `--namespace NAME`.
void add_store_place(Command& verb, StorePlace& place);

/// An opened side. It has no errors.
struct Side {
    Workspace policy;
    std::optional<PolicyFolder> folder;  ///< its manifest, if it has one
};

/// Opens a side, or reports why it cannot be opened.
/// Input:  name: `store:VERSION`; `git:REF` or `git:REF:PATH`; or an existing path to a policy, a folder or a sealed
/// bundle; otherwise `REF` or `REF:PATH`. A ref without a path means the path of `other`, if that is a path,
/// otherwise the current folder.
[[nodiscard]] std::variant<Side, Exit> open_side(const std::string& name, const std::string& other,
                                                 const StorePlace& store, const Terminal& terminal);

/// Compiles a sealed bundle again, with the library sealed in it. Input: name: for messages.
[[nodiscard]] std::variant<Workspace, Exit> open_sealed(const Result<Bundle>& bundle, const std::string& name,
                                                        const Terminal& terminal);

/// The git ref that a side names, if any.
[[nodiscard]] std::optional<std::string> git_ref_of(const std::string& name);

/// The files at a side that is a path or a git ref, and where they are.
struct SidePlace {
    FileTree tree;
    std::string path;
};
/// Errors: F0002..F0004; K0001 the side is a version in a store, which is one policy.
[[nodiscard]] Result<SidePlace> place_of_side(const std::string& name, const std::string& other);

}  // namespace writ::cli

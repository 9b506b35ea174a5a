// One side of a comparison of policies, as named on the command line.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/command/command.h"
#include "writ/tools.h"

namespace writ::cli {

/// The store in which versions are found.
struct StorePlace {
    std::string path = "writ.store", space = "default";
};
/// Adds `--store FILE` and `--namespace NAME`.
void add_store_place(Command& verb, StorePlace& place);

/// Opens a side, or reports why it cannot be opened.
/// Input:  name: `store:VERSION`; `git:REF` or `git:REF:PATH`; or an existing path to a policy, a folder or a sealed
/// bundle; otherwise `REF` or `REF:PATH`. A ref without a path means the path of `other`, if that is a path,
/// otherwise the current folder.
/// Output: a policy without errors.
[[nodiscard]] std::variant<Workspace, Exit> open_side(const std::string& name, const std::string& other,
                                                      const StorePlace& store, const Terminal& terminal);

/// The git ref that a side names, if any.
[[nodiscard]] std::optional<std::string> git_ref_of(const std::string& name);

}  // namespace writ::cli

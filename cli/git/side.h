// One side of a comparison of policies, as it is named on the command line.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/command/command.h"
#include "writ/tools.h"

namespace writ::cli {

/// Where versions of policies are looked for.
struct StorePlace {
    std::string path = "writ.store", space = "default";
};
/// `--store FILE` and `--namespace NAME`.
void add_store_place(Command& verb, StorePlace& place);

/// Opens a side, or reports what kept it from being opened.
/// Input:  name: `store:VERSION`; `git:REF` or `git:REF:PATH`; else a path that is there, of a policy, a folder or
///         a sealed bundle; else `REF` or `REF:PATH`. Without a path, a ref is looked at where `other` lies, if
///         that is a path, and else where the program runs.
/// Output: a policy without errors.
[[nodiscard]] std::variant<Workspace, Exit> open_side(const std::string& name, const std::string& other,
                                                      const StorePlace& store, const Terminal& terminal);

/// The git ref that a side names, if it names one.
[[nodiscard]] std::optional<std::string> git_ref_of(const std::string& name);

}  // namespace writ::cli

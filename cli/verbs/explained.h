// What `writ explain` explains: a request, and the policies that decide it. Each is named on the command line or taken
// from a record of a ledger.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/verbs/revoked.h"
#include "cli/verbs/workspace.h"
#include "writ/decision.h"

namespace writ::cli {

struct ExplainedArgs {
    std::vector<std::string> paths, layers;
    std::string request;
    std::string ledger, record, bundles;  ///< instead of `request`; `bundles` also instead of `paths`
    std::string version;                  ///< in the store of `revoked`, instead of `paths`
    RevokedArgs revoked;

    /// Whether the policy is a version of a store: the named one, or a channel's active one.
    [[nodiscard]] bool from_store() const {
        return paths.empty() && bundles.empty() && (!version.empty() || !revoked.channel.empty());
    }
};

struct Explained {
    std::string request, request_name;
    std::vector<NamedPolicy> layers;  ///< the platform's first
    std::optional<Effect> recorded;   ///< what the record says was decided
};

/// Adds the options that say what is explained. `paths` is not one of them.
void add_explained(Command& verb, ExplainedArgs& args);
/// What is wrong with a combination of arguments; empty: nothing.
[[nodiscard]] std::string check_explained(const ExplainedArgs& args);
/// Reads and compiles everything, or reports why that is not possible.
[[nodiscard]] std::variant<Explained, Exit> open_explained(const ExplainedArgs& args, const Terminal& terminal);

}  // namespace writ::cli

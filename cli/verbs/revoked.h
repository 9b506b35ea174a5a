// The options `--store`, `--channel` and `--namespace` of verbs that deny what is revoked there.
#pragma once

#include <memory>
#include <string>

#include "cli/command/command.h"
#include "writ/diagnostic.h"
#include "writ/revocations.h"

namespace writ::cli {

struct RevokedArgs {
    std::string store, channel, space = "default";
};

/// Adds the three options. Output: `--store`, which the others need.
Option& add_revoked(Command& verb, RevokedArgs& args);

/// The revocations of the given store; null if no store is given.
[[nodiscard]] Result<std::shared_ptr<const Revocations>> read_revoked(const RevokedArgs& args);

}  // namespace writ::cli

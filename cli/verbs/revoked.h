// `--store`, `--channel`, `--namespace`: what is revoked there is denied.
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

/// Gives a verb the three options. Output: `--store`, which the others need.
Option& add_revoked(Command& verb, RevokedArgs& args);

/// The revocations of the store that is named; null if none is.
[[nodiscard]] Result<std::shared_ptr<const Revocations>> read_revoked(const RevokedArgs& args);

}  // namespace writ::cli

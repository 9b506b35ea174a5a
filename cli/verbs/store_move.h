// Parts shared by the verbs that activate a version: publish, activate, rollback.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/verbs/store.h"

namespace writ::cli {

/// The options as given.
struct MoveArgs {
    std::string channel, expect, key, not_after;
    bool raise_epoch = false;
};
/// The options as understood. `move.key` is set when it is used.
struct ReadMove {
    Move move;
    std::optional<SecretKey> key;
};

void add_move_options(Command& verb, MoveArgs& given);
/// Reads the options and the key, or reports an error.
[[nodiscard]] std::variant<ReadMove, Exit> read_move(const StoreArgs& args, const MoveArgs& given);
/// Activates a version, after its tests if the channel is gated, and prints the channel's new position.
[[nodiscard]] Result<Exit> move_channel(Store& store, const StoreArgs& args, ReadMove& what, bool rollback);

}  // namespace writ::cli

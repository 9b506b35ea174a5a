// What the verbs that move a channel share: publish, activate, rollback.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "cli/verbs/store.h"

namespace writ::cli {

/// As given.
struct MoveArgs {
    std::string channel, expect, key, not_after;
    bool raise_epoch = false;
};
/// As understood. `move.key` is set when it is used.
struct ReadMove {
    Move move;
    std::optional<SecretKey> key;
};

void add_move_options(Command& verb, MoveArgs& given);
/// Reads options and key, or says what is wrong with them.
[[nodiscard]] std::variant<ReadMove, Exit> read_move(const StoreArgs& args, const MoveArgs& given);
/// Moves the channel, running the version's tests where that is asked, and says where it is now.
[[nodiscard]] Result<Exit> move_channel(Store& store, const StoreArgs& args, ReadMove& what, bool rollback);

}  // namespace writ::cli

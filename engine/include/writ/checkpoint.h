// Checkpoints: the state of a ledger at one moment, as a few signed lines that can be kept elsewhere.
// The format is that of signed notes, which witnesses of other logs can read: docs/ledger.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "writ/diagnostic.h"
#include "writ/merkle.h"

namespace writ::ledger {

/// Ed25519: the seed of a secret key, and a public key.
using Seed = std::array<std::uint8_t, 32>;
using PublicBytes = std::array<std::uint8_t, 32>;

struct Checkpoint {
    std::string origin;      ///< `writ-ledger/` and the ledger's id in hex
    std::uint64_t size = 0;  ///< number of records it covers
    Hash root{};
    Hash spent{};           ///< running hash over the keys and names that those records spent
    std::int64_t time = 0;  ///< when it was made, microseconds since the epoch
    Hash key{};             ///< commitment to the ledger's key: docs/ledger.md, "Proofs"
};

/// The text of the checkpoint, signed if there is a seed.
[[nodiscard]] std::string to_text(const Checkpoint& checkpoint, const Seed* seed);

/// Reads a checkpoint. With a key, one of its signatures must be by that key.
/// Errors: G0040, G0041.
[[nodiscard]] Result<Checkpoint> read_checkpoint(std::string_view text, const PublicBytes* key);

[[nodiscard]] PublicBytes public_key_of(const Seed& seed);

/// Reads key files as `writ keys generate` writes them: `writ-ed25519-secret:ID:BASE64`, or `-public`.
/// Errors: G0002; G0042, also if others than its owner may use a secret key.
[[nodiscard]] Result<Seed> read_seed(const std::string& path);
/// A public key, or the public half of a secret one.
[[nodiscard]] Result<PublicBytes> read_public_bytes(const std::string& path);

/// Makes a checkpoint of all records and stores it in the ledger's folder.
/// Output: its text. Errors: those of opening; G0003 the ledger had another root at this size.
[[nodiscard]] Result<std::string> make_checkpoint(const std::string& folder, const Seed* seed);

}  // namespace writ::ledger

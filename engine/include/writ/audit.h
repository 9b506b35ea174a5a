// What can be held against a ledger: checkpoints, proofs, and the policies its records name. And what its
// records say under a policy that they do not name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/checkpoint.h"
#include "writ/inquiry.h"

namespace writ::ledger {

/// Told from time to time how many records of how many are done.
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct Verified {
    std::uint64_t records = 0;
    Hash root{};
    std::uint64_t checkpoints = 0;      ///< held against it, the ledger's own included
    std::uint64_t covered = 0;          ///< records below the greatest of them
    std::vector<std::string> problems;  ///< a sentence each; empty: nothing was altered, dropped, reordered or cut
};

/// Reads everything and computes every root again.
/// Input:   `witnesses`, checkpoints kept elsewhere; with a key, the ledger's own must be signed by it.
/// Errors:  G0001, G0002, G0004. What is wrong with records is a problem and no error.
[[nodiscard]] Result<Verified> verify(const std::string& folder, const std::vector<Checkpoint>& witnesses,
                                      const PublicBytes* key, const Progress& progress = {});

/// That a record, or an older root, is under a root.
struct Proof {
    enum class Kind : std::uint8_t { Inclusion, Consistency };
    Kind kind = Kind::Inclusion;
    std::uint64_t size = 0;      ///< of the tree that is proved in
    std::uint64_t sequence = 0;  ///< Inclusion: the record. Consistency: size of the older tree
    Hash leaf{};                 ///< Inclusion: the record's leaf hash
    std::vector<Hash> path;
};

/// Proves a record in the tree of the first `size` records; 0: of all.
/// Errors: G0021 and those of reading.
[[nodiscard]] Result<Proof> prove_inclusion(const std::string& folder, std::uint64_t sequence, std::uint64_t size);
/// Proves that the tree of `old_size` records is the beginning of that of `size`; 0: of all.
[[nodiscard]] Result<Proof> prove_consistency(const std::string& folder, std::uint64_t old_size, std::uint64_t size);

[[nodiscard]] std::string to_json(const Proof& proof);
/// Errors: G0043.
[[nodiscard]] Result<Proof> read_proof(std::string_view json);
/// Whether it proves what it says under a checkpoint; `older`: the root that a consistency proof begins with.
[[nodiscard]] bool holds(const Proof& proof, const Checkpoint& checkpoint, const Checkpoint* older);

/// Finds a bundle by its digest, or none.
using FindBundle = std::function<std::optional<Bundle>(std::string_view digest)>;

struct Redecided {
    std::uint64_t decisions = 0, same = 0;
    std::uint64_t differ = 0;
    std::uint64_t undecided = 0;   ///< the policy reads what was masked
    std::uint64_t no_request = 0;  ///< recorded by digest, or refused: cannot be decided again
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy says
    std::uint64_t no_bundle = 0;
    std::vector<std::uint64_t> examples;  ///< of those that differ, the first few
};

/// Decides each recorded request again under the bundles its record names; the answers must be the same
/// bytes, but for binding digests over what was masked.
[[nodiscard]] Result<Redecided> redecide(const std::string& folder, const FindBundle& find,
                                         const Progress& progress = {});

struct Comparison {
    std::uint64_t decisions = 0, same = 0;
    std::uint64_t wider = 0;  ///< more authority: compare.h
    std::uint64_t narrower = 0;
    std::uint64_t other = 0;    ///< both
    std::uint64_t refused = 0;  ///< requests that the other policy does not admit; narrower, as it denies
    // Besides those decisions:
    std::uint64_t no_request = 0;  ///< recorded by digest, or refused
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy says
    std::uint64_t repeated = 0;    ///< what was left of an earlier decision, which is counted itself
    std::uint64_t undecided = 0;   ///< the other policy reads what was masked
    Table by_rule, by_agent;       ///< what would change, how often, and one record as example
};

/// Why a decision's record cannot be decided again, for whoever decides records.
enum class Undecidable : std::uint8_t { No, NoRequest, Overruled, Repeated, Masked };

/// Tells which records can be decided under some layers. Used by one thread.
class Decidable {
public:
    explicit Decidable(const Layers& layers);
    ~Decidable();
    /// Requires: a decision that is enforced.
    [[nodiscard]] Undecidable why_not(const Record& record);
    /// The request of the record that why_not() was last asked of, if it can be decided.
    [[nodiscard]] const Request& request() const;
    /// Why these layers do not admit it, if they do not.
    [[nodiscard]] const std::optional<Error>& refusal() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Decides the recorded requests under other policies.
[[nodiscard]] Result<Comparison> replay(const std::string& folder, const Layers& against,
                                        const Progress& progress = {});

}  // namespace writ::ledger

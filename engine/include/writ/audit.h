// Audits of a ledger: verification against checkpoints, proofs, deciding recorded requests again, and replaying them
// under another policy.
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

/// Called from time to time with the number of records done and the number of all.
using ProgressTeller = std::function<void(std::uint64_t done, std::uint64_t all)>;
constexpr std::uint64_t kTellEvery = 4096;  ///< records between two calls

struct Verified {
    std::uint64_t records = 0;
    Hash root{};
    std::uint64_t checkpoints = 0;  ///< checkpoints compared with the ledger, its own included
    std::uint64_t covered = 0;      ///< records covered by the largest checkpoint
    /// One sentence each; empty: nothing was altered, dropped, reordered or cut off.
    std::vector<std::string> problems;
};

/// Reads every record and computes every root again.
/// Input:   `witnesses`: checkpoints kept elsewhere. `key`: the ledger's own checkpoints
/// must be signed by it; null: any.
/// Errors:  G0001, G0002, G0004. A fault in the records is listed as a problem and is not an error.
[[nodiscard]] Result<Verified> verify(const std::string& folder, const std::vector<Checkpoint>& witnesses,
                                      const PublicBytes* key, const ProgressTeller& progress = {});

/// A proof that a record is in a tree (inclusion), or that an older tree is its beginning (consistency).
struct Proof {
    enum class Kind : std::uint8_t { Inclusion, Consistency };
    Kind kind = Kind::Inclusion;
    std::uint64_t size = 0;      ///< size of the tree
    std::uint64_t sequence = 0;  ///< Inclusion: the record. Consistency: size of the older tree
    Hash leaf{};                 ///< Inclusion: the record's leaf hash
    std::vector<Hash> path;
};

/// Proves that a record is in the tree of the first `size` records; 0: of all records.
/// Errors: G0021, and the errors of reading.
[[nodiscard]] Result<Proof> prove_inclusion(const std::string& folder, std::uint64_t sequence, std::uint64_t size);
/// Proves that the tree of `old_size` records is the beginning of the tree of `size` records; 0: of all records.
[[nodiscard]] Result<Proof> prove_consistency(const std::string& folder, std::uint64_t old_size, std::uint64_t size);

[[nodiscard]] std::string to_json(const Proof& proof);
/// Errors: G0043.
[[nodiscard]] Result<Proof> read_proof(std::string_view json);
/// Whether the proof is valid for a checkpoint. `older` has the root that a consistency proof starts from.
[[nodiscard]] bool holds(const Proof& proof, const Checkpoint& checkpoint, const Checkpoint* older);

/// Finds a bundle by its digest; none if there is no such bundle.
using FindBundle = std::function<std::optional<Bundle>(std::string_view digest)>;

struct Redecided {
    std::uint64_t decisions = 0, same = 0;
    std::uint64_t differ = 0;
    std::uint64_t undecided = 0;   ///< the policy reads values that were masked
    std::uint64_t no_request = 0;  ///< recorded by digest only, or refused
    std::uint64_t overruled = 0;   ///< denied by the ledger, whatever the policy decided
    std::uint64_t no_bundle = 0;
    std::vector<std::uint64_t> examples;  ///< the first few that differ
};

/// Decides each recorded request again with the bundles that its record names. The answers must be the same
/// bytes, except for binding digests over masked values.
[[nodiscard]] Result<Redecided> redecide(const std::string& folder, const FindBundle& find,
                                         const ProgressTeller& progress = {});

struct Comparison {
    std::uint64_t decisions = 0, same = 0;
    std::uint64_t wider = 0;  ///< more authority, as in compare.h
    std::uint64_t narrower = 0;
    std::uint64_t other = 0;  ///< wider in one part, narrower in another
    /// Requests that the other policy does not admit; counted as narrower too, because it denies them.
    std::uint64_t refused = 0;
    // Not among those decisions:
    std::uint64_t no_request = 0;    ///< recorded by digest only, or refused
    std::uint64_t overruled = 0;     ///< denied by the ledger, whatever the policy decided
    std::uint64_t repeated = 0;      ///< answers that repeat an earlier decision, which is counted itself
    std::uint64_t undecided = 0;     ///< the other policy reads values that were masked
    InquiryTable by_rule, by_agent;  ///< what would change, how often, and one record as an example
};

/// Why a recorded decision cannot be decided again; No: it can.
enum class Undecidable : std::uint8_t { No, NoRequest, Overruled, Repeated, Masked };

/// Finds out which records can be decided again with some layers. Used by one thread.
class Decidable {
public:
    explicit Decidable(const Layers& layers);
    ~Decidable();
    /// Requires: the record of an enforced decision.
    [[nodiscard]] Undecidable why_not(const Record& record);
    /// The request of the record that was last passed to why_not(), if it can be decided.
    [[nodiscard]] const Request& request() const;
    /// The error if these layers do not admit that request.
    [[nodiscard]] const std::optional<Error>& refusal() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Decides the recorded requests with other policies.
[[nodiscard]] Result<Comparison> replay(const std::string& folder, const Layers& against,
                                        const ProgressTeller& progress = {});

}  // namespace writ::ledger

// The records of a ledger: decisions, and what happened to them later. Encoding and decoding; the order of fields
// is in docs/ledger.md. Where records are stored: ledger.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/diagnostic.h"

namespace writ::ledger {

/// The numbers are part of the format.
enum class RecordKind : std::uint8_t {
    Decision = 1,
    Receipt = 2,  ///< a broker reports what happened to a credential
    Use = 3,      ///< a single-use grant was used
    Drops = 4,    ///< records that best effort dropped
};

/// A rule as its bundle names it, so that a record can be read without the bundle.
struct RecordedRule {
    std::uint32_t layer = 0, index = 0;  ///< as in a Reason or a Requirement
    std::string_view kind, module, name, file;
    std::uint32_t line = 0;
    std::string_view because;
};

/// Further fields by which decisions are found and counted. Empty: not stated.
struct Surroundings {
    std::string_view request_id, broker, trace_id, span_id, idempotency_key;
    std::string_view key;  ///< 32 bytes: the digest by which the idempotency key is looked up
    std::string_view ask;  ///< if there is a key, 32 bytes: the digest of what was requested
    std::string_view operation;
    std::string_view environment;      ///< of the resource, otherwise of the workload
    std::string_view credential_kind;  ///< federated, static, node
    std::string_view proof;            ///< how possession was proved
    std::string_view tier;             ///< name of the tool's tier
    std::uint32_t tier_rank = 0;       ///< 1 for the lowest; 0 if the tool is unknown
    std::uint32_t tier_count = 0;
    std::vector<std::string_view> approvals;  ///< ids of the approvals that were used
};

/// What happened to a credential, as reported by the broker. Instants in microseconds, 0: not reported.
struct Receipt {
    std::uint64_t decision = 0;   ///< sequence number
    std::string_view credential;  ///< its id; never the credential itself
    std::string_view resource;    ///< the resource that accepted it
    std::int64_t issued_at = 0, accepted_at = 0, revoked_at = 0;
};

/// One record. Views point into the bytes it was read from, or into the objects it was made from.
struct Record {
    RecordKind kind = RecordKind::Decision;
    std::int64_t time = 0;  ///< when it was recorded, microseconds since the epoch

    // Decision
    Decision decision;
    std::vector<RecordedRule> rules;        ///< the rules that reasons and requirements refer to
    std::vector<std::string_view> bundles;  ///< digests, the platform's layer first
    bool shadow = false;                    ///< not enforced: decided by a candidate beside the active policy
    bool overruled = false;                 ///< denied by the ledger because of a key or a single use
    /// The earlier record that granted under the same idempotency key; set in each later answer to that key.
    std::optional<std::uint64_t> repeats;
    Surroundings around;
    std::string_view request;              ///< the document after masking; empty: only the digest is recorded
    std::string_view request_digest;       ///< 32 bytes: SHA-256 of the document after masking
    std::vector<std::string_view> masked;  ///< JSON Pointers of the values that were replaced
    /// Names that this decision spent: `approval:` and the digest of the id under the ledger's key, in hex.
    std::vector<std::string_view> uses;

    Receipt receipt;            // Receipt
    std::string_view used;      // Use: `grant:N`, where N is the number of the decision's record
    std::uint64_t dropped = 0;  // Drops: number of records dropped since the last such record
};

/// Appends the record's bytes. Equal records give equal bytes.
void encode(const Record& record, std::string& out);

/// Appends the bytes of the answer alone, which must be the same when the request is decided again.
void encode_answer(const Record& record, std::string& out);

/// Reads a record into `record` and keeps its memory.
/// Errors: G0022 encode() does not write such bytes.
[[nodiscard]] Result<void> decode(std::string_view bytes, Record& record);

/// The part of a decision record that encode_answer() writes. Empty if there is none.
[[nodiscard]] std::string_view answer_in(std::string_view bytes);

/// Fills in `rules` and `bundles` from the layers.
void describe_rules(Record& record, const Layers& layers);

/// The record as one line of canonical JSON; `sequence` is its number.
[[nodiscard]] std::string to_json(const Record& record, std::uint64_t sequence);

}  // namespace writ::ledger

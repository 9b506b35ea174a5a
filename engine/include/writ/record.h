// What a ledger holds: records of decisions, and of what became of them. Bytes and back; one order
// of fields, which docs/ledger.md writes down. Where records are kept is ledger.h.
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
    Receipt = 2,  ///< a broker reports what became of a credential
    Use = 3,      ///< something that can be used once was used
    Drops = 4,    ///< records that best effort could not keep
};

/// A rule as its bundle names it, so that a record can be read without the bundle.
struct RecordedRule {
    std::uint32_t layer = 0, index = 0;  ///< as a Reason or Requirement refers to it
    std::string_view kind, module, name, file;
    std::uint32_t line = 0;
    std::string_view because;
};

/// What a decision is found by and counted by besides its attribution. Empty: not stated.
struct Surroundings {
    std::string_view request_id, broker, trace_id, span_id, idempotency_key;
    std::string_view key;  ///< 32 bytes under which the idempotency key is looked up
    std::string_view ask;  ///< with a key, 32 bytes: what was asked under it
    std::string_view operation;
    std::string_view environment;      ///< the resource's, else the workload's
    std::string_view credential_kind;  ///< federated, static, node
    std::string_view proof;            ///< how possession was proved
    std::string_view tier;             ///< the tool's, by name
    std::uint32_t tier_rank = 0;       ///< 1 for the lowest; 0 where the tool is unknown
    std::uint32_t tier_count = 0;
    std::vector<std::string_view> approvals;  ///< ids of those by approvers that were used
};

/// What became of a credential, as the broker tells it. Instants in microseconds, 0: not told.
struct Receipt {
    std::uint64_t decision = 0;   ///< sequence number
    std::string_view credential;  ///< its id; never the credential itself
    std::string_view resource;    ///< which accepted it
    std::int64_t issued_at = 0, accepted_at = 0, revoked_at = 0;
};

/// One record. Views point into the bytes it was read from, or into what it is made of.
struct Record {
    RecordKind kind = RecordKind::Decision;
    std::int64_t time = 0;  ///< when it was recorded, microseconds since the epoch

    // Decision
    Decision decision;
    std::vector<RecordedRule> rules;        ///< those that reasons and requirements refer to
    std::vector<std::string_view> bundles;  ///< digests, the platform's layer first
    bool shadow = false;                    ///< not enforced: evaluated beside the active policy
    bool overruled = false;                 ///< the ledger denied: a key or a single use stood against it
    /// The record that granted under the same idempotency key before; set in each later answer to it.
    std::optional<std::uint64_t> repeats;
    Surroundings around;
    std::string_view request;              ///< the document with what is masked; empty: digest only
    std::string_view request_digest;       ///< 32 bytes: SHA-256 of the document with what is masked
    std::vector<std::string_view> masked;  ///< JSON Pointers of the values that were replaced
    /// What this decision used up: `approval:` and the id's digest under the ledger's key, in hex.
    std::vector<std::string_view> uses;

    Receipt receipt;            // Receipt
    std::string_view used;      // Use: `grant:SEQ`, or whatever the broker names
    std::uint64_t dropped = 0;  // Drops: how many since the last such record
};

/// Appends the record's bytes. Equal records give equal bytes.
void encode(const Record& record, std::string& out);

/// Appends the bytes of the answer alone: what must be the same when the request is decided again.
void encode_answer(const Record& record, std::string& out);

/// Reads a record, replacing what was there. Keeps capacity.
/// Errors: G0022 the bytes are not what encode() writes.
[[nodiscard]] Result<void> decode(std::string_view bytes, Record& record);

/// The part of a decision record's bytes that encode_answer() writes. Empty where there is none.
[[nodiscard]] std::string_view answer_in(std::string_view bytes);

/// Fills in `rules` and `bundles` from where they came.
void describe_rules(Record& record, const Layers& layers);

/// The record as one line of canonical JSON; `sequence` is its number.
[[nodiscard]] std::string to_json(const Record& record, std::uint64_t sequence);

}  // namespace writ::ledger

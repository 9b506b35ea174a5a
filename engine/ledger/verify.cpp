// Verification: one pass over all records, comparing every root on the way with its expected value.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "ledger/checkpoint.h"
#include "ledger/index.h"
#include "ledger/log.h"
#include "ledger/spent.h"
#include "ledger/system.h"
#include "writ/audit.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

/// An expected root at some size.
struct Claim {
    std::string who;
    Hash root{}, spent{};
};
using Claims = std::multimap<std::uint64_t, Claim>;

Result<std::vector<Hash>> leaves_of(const std::string& folder, std::uint64_t size) {
    auto reader = Reader::open(folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    std::vector<Hash> leaves;
    while (size == 0 || leaves.size() < size) {
        auto more = reader->next();
        if (!more) return tl::unexpected(std::move(more.error()));
        if (!*more) break;
        leaves.push_back(leaf_hash(reader->bytes()));
    }
    if (leaves.size() < size)
        return fail(Code::UnknownRecord, fmt::format("the ledger has {} records, not {}", leaves.size(), size));
    return leaves;
}

/// Compares the spent names in the index with those in the records.
class IndexCheck {
public:
    IndexCheck(const std::string& folder, std::vector<std::string>& problems)
        : rows_(SpentRows::open(folder)), problems_(problems) {}

    void hold(std::uint64_t sequence, const Entry& entry) {
        if (!rows_ || sequence >= rows_->covered()) return;
        for (; rows_->at_row() && rows_->sequence() < sequence; rows_->next()) extra();
        for (const Spent& one : entry.spent(sequence)) {
            if (rows_->at_row() && rows_->sequence() == sequence && rows_->row() == one) {
                rows_->next();
                continue;
            }
            say(fmt::format("the index lacks {}, which record {} used up: remove index.sqlite", shown(one), sequence));
        }
    }
    void finish(std::uint64_t records) {
        if (!rows_) return;
        for (; rows_->at_row() && rows_->sequence() < records; rows_->next()) extra();
        if (rows_->covered() > records)
            say(fmt::format("the index covers {} records, but the ledger has {}", rows_->covered(), records));
        if (unsaid_ > 0) problems_.push_back(fmt::format("the index differs in {} more places", unsaid_));
    }

private:
    static constexpr int kMost = 20;

    void extra() {
        say(fmt::format("the index claims that record {} used up {}, but it did not: remove index.sqlite",
                        rows_->sequence(), shown(rows_->row())));
    }
    void say(std::string problem) {
        if (said_++ < kMost)
            problems_.push_back(std::move(problem));
        else
            ++unsaid_;
    }

    std::unique_ptr<SpentRows> rows_;
    std::vector<std::string>& problems_;
    int said_ = 0, unsaid_ = 0;
};

/// The identity of the ledger and its key.
struct Identity {
    LedgerId id{};
    Hash key{};
};

/// Compares the file `key` with the key of the records. A copy of a ledger need not have this file, and the verifier
/// need not be able to read it.
void check_key(const std::string& folder, const Identity& ledger, std::vector<std::string>& problems) {
    const std::string path = folder + "/key";
    if (!os::may_read(path)) return;
    const auto key = read_mask_key(path);
    if (!key)
        problems.push_back(fmt::format("key: {}", key.error().message));
    else if (commitment_to(*key, ledger.id) != ledger.key)
        problems.push_back("the records were written with another key than the one in the file `key`");
}

/// The ledger's own checkpoints, and the headers of its segments. An error in one of them is a problem.
Result<Identity> gather(const std::string& folder, const PublicBytes* key, Claims& checkpoints, Claims& headers,
                        std::vector<std::string>& problems) {
    auto segments = segments_in(folder);
    if (!segments) return tl::unexpected(std::move(segments.error()));
    Identity ledger;
    for (const std::uint64_t first : *segments) {
        auto segment = SegmentReader::open(folder + "/" + segment_name(first));
        if (!segment) {
            if (segment.error().code != code_name(Code::LedgerDamaged))
                return tl::unexpected(std::move(segment.error()));
            problems.push_back(fmt::format("{}: {}", segment_name(first), segment.error().message));
            continue;
        }
        const SegmentHeader& header = segment->header();
        if (first == segments->front()) ledger = {header.id, header.key};
        if (header.id != ledger.id)
            problems.push_back(fmt::format("{} belongs to another ledger", segment_name(first)));
        if (header.key != ledger.key)
            problems.push_back(fmt::format("{} was written with another key", segment_name(first)));
        headers.emplace(first, Claim{"the header of " + segment_name(first), header.before.root(), header.spent});
    }
    auto own = checkpoints_in(folder);
    if (!own) return tl::unexpected(std::move(own.error()));
    for (const std::uint64_t size : *own) {
        const std::string path = checkpoint_path(folder, size);
        auto text = checked(os::read_file(path, 64u << 10));
        if (!text) return tl::unexpected(std::move(text.error()));
        auto read = read_checkpoint(*text, key);
        if (!read)
            problems.push_back(fmt::format("checkpoint {}: {}", size, read.error().message));
        else if (read->size != size || read->origin != origin_of(ledger.id))
            problems.push_back(fmt::format("checkpoint {} belongs to another ledger or has another size", size));
        else if (read->key != ledger.key)
            problems.push_back(
                fmt::format("checkpoint {} states that the records were written with another key", size));
        else
            checkpoints.emplace(size, Claim{fmt::format("checkpoint {}", size), read->root, read->spent});
    }
    return ledger;
}

}  // namespace

Result<Verified> verify(const std::string& folder, const std::vector<Checkpoint>& witnesses, const PublicBytes* key,
                        const ProgressTeller& progress) {
    Verified out;
    Claims claims, headers;
    auto ledger = gather(folder, key, claims, headers, out.problems);
    if (!ledger) return tl::unexpected(std::move(ledger.error()));
    check_key(folder, *ledger, out.problems);
    for (const Checkpoint& witness : witnesses) {
        if (witness.origin != origin_of(ledger->id))
            out.problems.push_back("the given checkpoint belongs to another ledger");
        else if (witness.key != ledger->key)
            out.problems.push_back(fmt::format(
                "the given checkpoint of {} records states that they were written with another key", witness.size));
        claims.emplace(witness.size, Claim{fmt::format("the given checkpoint of {} records", witness.size),
                                           witness.root, witness.spent});
    }
    out.checkpoints = claims.size();
    out.covered = claims.empty() ? 0 : claims.rbegin()->first;
    const std::uint64_t expected = std::max(out.covered, headers.empty() ? 0 : headers.rbegin()->first);
    claims.merge(headers);

    Frontier tree;
    SpentHash spent;
    IndexCheck index(folder, out.problems);
    std::uint64_t good = 0;  // the largest size at which everything was correct
    const auto check = [&] {
        const auto [begin, end] = claims.equal_range(tree.size());
        bool fits = true;
        for (auto claim = begin; claim != end; ++claim) {
            if (claim->second.root == tree.root() && claim->second.spent == spent.value()) continue;
            fits = false;
            if (claim->second.root == tree.root()) {
                out.problems.push_back(
                    fmt::format("{} does not match the keys and names that the first {} records used up",
                                claim->second.who, tree.size()));
                continue;
            }
            out.problems.push_back(
                fmt::format("records {} to {} do not match {}: they were altered, dropped or reordered", good,
                            tree.size() - 1, claim->second.who));
        }
        if (begin != end && fits) good = tree.size();
    };
    auto reader = Reader::open(folder);
    if (!reader) {
        if (reader.error().code != code_name(Code::LedgerDamaged)) return tl::unexpected(std::move(reader.error()));
        out.problems.push_back(reader.error().message);
        return out;
    }
    check();
    Record record;
    for (;;) {
        auto more = reader->next();
        if (!more) {
            if (more.error().code != code_name(Code::LedgerDamaged)) return tl::unexpected(std::move(more.error()));
            out.problems.push_back(fmt::format("{}: {}; record {} is the first that cannot be read",
                                               more.error().context, more.error().message, tree.size()));
            break;
        }
        if (!*more) break;
        if (auto read = decode(reader->bytes(), record); !read)
            out.problems.push_back(fmt::format("record {}: {}", tree.size(), read.error().message));
        const Entry entry = entry_of(reader->bytes());
        index.hold(tree.size(), entry);
        spent.add(tree.size(), entry);
        tree.add(entry.leaf);
        check();
        if (progress && tree.size() % kTellEvery == 0) progress(tree.size(), expected);
    }
    index.finish(tree.size());
    out.records = tree.size();
    out.root = tree.root();
    for (auto claim = claims.upper_bound(tree.size()); claim != claims.end(); ++claim)
        out.problems.push_back(fmt::format("the ledger ends after {} records, but {} states {}", tree.size(),
                                           claim->second.who, claim->first));
    return out;
}

Result<Proof> prove_inclusion(const std::string& folder, std::uint64_t sequence, std::uint64_t size) {
    auto leaves = leaves_of(folder, size);
    if (!leaves) return tl::unexpected(std::move(leaves.error()));
    if (sequence >= leaves->size())
        return fail(Code::UnknownRecord,
                    fmt::format("there is no record {}; the ledger has {}", sequence, leaves->size()));
    return Proof{Proof::Kind::Inclusion, leaves->size(), sequence, (*leaves)[sequence],
                 inclusion_proof(*leaves, sequence)};
}

Result<Proof> prove_consistency(const std::string& folder, std::uint64_t old_size, std::uint64_t size) {
    auto leaves = leaves_of(folder, size);
    if (!leaves) return tl::unexpected(std::move(leaves.error()));
    if (old_size > leaves->size())
        return fail(Code::UnknownRecord, fmt::format("the tree has {} records, not {}", leaves->size(), old_size));
    return Proof{Proof::Kind::Consistency, leaves->size(), old_size, {}, consistency_proof(*leaves, old_size)};
}

std::string to_json(const Proof& proof) {
    using json::Value;
    const bool inclusion = proof.kind == Proof::Kind::Inclusion;
    Value out = Value::object();
    out.set("schema_version", Value::of(std::int64_t{1}));
    out.set("kind", Value::of(inclusion ? "inclusion" : "consistency"));
    out.set("size", Value::of(static_cast<std::int64_t>(proof.size)));
    out.set(inclusion ? "sequence" : "old_size", Value::of(static_cast<std::int64_t>(proof.sequence)));
    if (inclusion) out.set("leaf", Value::of(to_hex(proof.leaf)));
    Value path = Value::array();
    for (const Hash& hash : proof.path) path.items.push_back(Value::of(to_hex(hash)));
    out.set("path", std::move(path));
    return json::write(out);
}

Result<Proof> read_proof(std::string_view text) {
    const auto malformed = [] { return fail(Code::MalformedProof, "the text is not a proof"); };
    auto read = json::parse(text);
    if (!read || read->type != json::Type::Object) return malformed();
    const auto number = [&](std::string_view name, std::uint64_t& to) {
        const json::Value* value = read->find(name);
        if (value == nullptr || value->type != json::Type::Int || value->integer < 0) return false;
        to = static_cast<std::uint64_t>(value->integer);
        return true;
    };
    const auto hash = [](const json::Value* value) {
        return value != nullptr && value->type == json::Type::String ? hash_from_hex(value->text) : std::nullopt;
    };
    Proof out;
    const json::Value* kind = read->find("kind");
    const json::Value* path = read->find("path");
    if (kind == nullptr || (kind->text != "inclusion" && kind->text != "consistency")) return malformed();
    const bool inclusion = kind->text == "inclusion";
    out.kind = inclusion ? Proof::Kind::Inclusion : Proof::Kind::Consistency;
    if (!number("size", out.size) || !number(inclusion ? "sequence" : "old_size", out.sequence)) return malformed();
    if (path == nullptr || path->type != json::Type::Array) return malformed();
    if (inclusion) {
        const auto leaf = hash(read->find("leaf"));
        if (!leaf) return malformed();
        out.leaf = *leaf;
    }
    for (const json::Value& item : path->items) {
        const auto step = hash(&item);
        if (!step) return malformed();
        out.path.push_back(*step);
    }
    return out;
}

bool holds(const Proof& proof, const Checkpoint& checkpoint, const Checkpoint* older) {
    if (proof.size != checkpoint.size) return false;
    if (proof.kind == Proof::Kind::Inclusion)
        return proves_inclusion(proof.path, proof.sequence, proof.size, proof.leaf, checkpoint.root);
    return older != nullptr && older->size == proof.sequence && older->origin == checkpoint.origin &&
           proves_consistency(proof.path, proof.sequence, older->root, proof.size, checkpoint.root);
}

}  // namespace writ::ledger

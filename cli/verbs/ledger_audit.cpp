// writ ledger checkpoint, prove, verify.
#include <fmt/format.h>

#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/verbs/ledger.h"
#include "cli/verbs/options.h"
#include "writ/audit.h"

namespace writ::cli {

namespace {

using ledger::Checkpoint;

constexpr std::size_t kMaxFile = 1u << 20;

Result<std::optional<ledger::PublicBytes>> key_of(const std::string& path) {
    if (path.empty()) return std::optional<ledger::PublicBytes>{};
    auto key = ledger::read_public_bytes(path);
    if (!key) return tl::unexpected(std::move(key.error()));
    return std::optional(*key);
}

Result<Checkpoint> checkpoint_in(const std::string& path, const ledger::PublicBytes* key) {
    auto text = read_input(path, kMaxFile);
    if (!text) return tl::unexpected(std::move(text.error()));
    auto read = ledger::read_checkpoint(*text, key);
    if (!read) read.error().context = path;
    return read;
}

struct CheckpointArgs {
    std::string key, output;
};

Exit checkpoint(const LedgerArgs& args, const CheckpointArgs& what) {
    std::optional<ledger::Seed> seed;
    if (!what.key.empty()) {
        auto read = ledger::read_seed(what.key);
        if (!read) return report_error(read.error(), "", args.terminal);
        seed = *read;
    }
    const auto text = ledger::make_checkpoint(args.folder, seed ? &*seed : nullptr);
    if (!text) return report_error(text.error(), "", args.terminal);
    if (what.output.empty()) {
        print_result(*text);
        return Exit::Ok;
    }
    const auto written = write_file(what.output, *text);
    return written ? Exit::Ok : report_error(written.error(), "", args.terminal);
}

struct ProveArgs {
    std::optional<std::uint64_t> sequence, old_size;
    std::uint64_t size = 0;
};

Exit prove(const LedgerArgs& args, const ProveArgs& what) {
    const auto proof = what.sequence ? ledger::prove_inclusion(args.folder, *what.sequence, what.size)
                                     : ledger::prove_consistency(args.folder, what.old_size.value_or(0), what.size);
    if (!proof) return report_error(proof.error(), "", args.terminal);
    print_result(to_json(*proof) + "\n");
    return Exit::Ok;
}

struct VerifyArgs {
    std::vector<std::string> checkpoints;
    std::string key, proof, bundles;
    bool replay = false;
};

/// Checks a proof. This needs no ledger, only the checkpoints.
Exit verify_proof(const LedgerArgs& args, const VerifyArgs& what, const ledger::PublicBytes* key) {
    auto text = read_input(what.proof, kMaxFile);
    if (!text) return report_error(text.error(), "", args.terminal);
    const auto proof = ledger::read_proof(*text);
    if (!proof) return report_error(proof.error(), what.proof, args.terminal);
    std::vector<Checkpoint> given;
    for (const std::string& path : what.checkpoints) {
        auto read = checkpoint_in(path, key);
        if (!read) return report_error(read.error(), "", args.terminal);
        given.push_back(std::move(*read));
    }
    const auto of_size = [&](std::uint64_t size) -> const Checkpoint* {
        for (const Checkpoint& each : given)
            if (each.size == size) return &each;
        return nullptr;
    };
    const Checkpoint* at = of_size(proof->size);
    const bool inclusion = proof->kind == ledger::Proof::Kind::Inclusion;
    const bool good = at != nullptr && holds(*proof, *at, inclusion ? nullptr : of_size(proof->sequence));
    const std::string what_it_says =
        inclusion ? fmt::format("record {} is in the tree of {}", proof->sequence, proof->size)
                  : fmt::format("the tree of {} is the beginning of the tree of {}", proof->sequence, proof->size);
    if (args.format == Format::Json)
        print_result(json_line({{"holds", good}, {"says", what_it_says}}));
    else
        print_result(fmt::format("{}: {}\n", good ? "ok" : "NOT PROVED", what_it_says));
    return good ? Exit::Ok : Exit::Negative;
}

Result<ledger::Redecided> redecide(const LedgerArgs& args, const std::string& place) {
    auto bundles = bundles_in(place);
    if (!bundles) return tl::unexpected(std::move(bundles.error()));
    const auto find = [&](std::string_view digest) -> std::optional<Bundle> {
        for (const Bundle& bundle : *bundles)
            if (bundle.digest() == digest) return bundle;
        return std::nullopt;
    };
    Progress progress("replaying", "records", args.terminal);
    return ledger::redecide(args.folder, find, progress.teller());
}

Exit verify(const LedgerArgs& args, const VerifyArgs& what) {
    const auto key = key_of(what.key);
    if (!key) return report_error(key.error(), "", args.terminal);
    const std::optional<ledger::PublicBytes>& given = *key;
    const ledger::PublicBytes* trusted = given ? &*given : nullptr;
    if (!what.proof.empty()) return verify_proof(args, what, trusted);
    std::vector<Checkpoint> witnesses;
    for (const std::string& path : what.checkpoints) {
        auto read = checkpoint_in(path, trusted);
        if (!read) return report_error(read.error(), "", args.terminal);
        witnesses.push_back(std::move(*read));
    }
    Result<ledger::Verified> verified;
    {
        Progress progress("verifying", "records", args.terminal);
        verified = ledger::verify(args.folder, witnesses, trusted, progress.teller());
    }
    if (!verified) return report_error(verified.error(), "", args.terminal);
    bool good = verified->problems.empty();
    Json out = {{"ok", good},
                {"records", verified->records},
                {"root", ledger::to_hex(verified->root)},
                {"checkpoints", verified->checkpoints},
                {"covered", verified->covered},
                {"problems", verified->problems}};
    std::string text;
    for (const std::string& problem : verified->problems) text += fmt::format("problem: {}\n", safe(problem));
    text +=
        fmt::format("{}: {} records, root {}\n{} checkpoints, the largest covers {} records\n", good ? "ok" : "FAILED",
                    verified->records, ledger::to_hex(verified->root), verified->checkpoints, verified->covered);
    if (good && verified->covered < verified->records)
        text += fmt::format(
            "records {} to {} are covered by no checkpoint: they are consistent, but could have been replaced\n",
            verified->covered, verified->records - 1);
    if (what.replay && good) {
        const auto again = redecide(args, what.bundles);
        if (!again) return report_error(again.error(), "", args.terminal);
        good = again->differ == 0 && again->no_bundle == 0;
        out["ok"] = good;
        out["replay"] = {{"decisions", again->decisions}, {"same", again->same},
                         {"differ", again->differ},       {"examples", again->examples},
                         {"undecided", again->undecided}, {"no_request", again->no_request},
                         {"overruled", again->overruled}, {"no_bundle", again->no_bundle}};
        text += fmt::format("{}: {} decisions, {} the same when decided again, {} differ\n", good ? "ok" : "FAILED",
                            again->decisions, again->same, again->differ);
        for (const std::uint64_t example : again->examples) text += fmt::format("  record {} differs\n", example);
        if (again->no_bundle > 0)
            text += fmt::format("  {} name a bundle that is not in {}\n", again->no_bundle, safe(what.bundles));
        if (again->undecided > 0)
            text += fmt::format("  {} are undecided: their policy reads masked facts\n", again->undecided);
        if (again->no_request > 0) text += fmt::format("  {} are recorded without their request\n", again->no_request);
        if (again->overruled > 0)
            text += fmt::format("  {} were denied by the ledger, whatever the policy decided\n", again->overruled);
    }
    print_result(args.format == Format::Json ? json_line(out) : text);
    return good ? Exit::Ok : Exit::Negative;
}

}  // namespace

void add_ledger_audit(const LedgerApp& ledger) {
    {
        Command& verb = ledger.add("checkpoint", "Make a checkpoint of all records, signed with --key");
        auto& what = verb.make_values<CheckpointArgs>();
        verb.text("--key", "FILE", "The secret key that signs", what.key);
        verb.text("-o,--output", "FILE", "A further file for the checkpoint, to be kept elsewhere", what.output);
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return checkpoint(args, what); });
    }
    {
        Command& verb = ledger.add(
            "prove", "Prove that a record is in the ledger, or that an earlier ledger is the beginning of this one");
        auto& what = verb.make_values<ProveArgs>();
        Option& record = verb.whole("RECORD", "", "The record's number", what.sequence);
        verb.whole("--since", "SIZE", "Prove that the tree of this many records is the beginning", what.old_size)
            .excludes(record);
        verb.whole("--size", "SIZE", "The number of records in the tree (default: all)", what.size);
        verb.check = [&what]() -> std::string {
            return what.sequence || what.old_size ? "" : "prove: a record's number or --since is required";
        };
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return prove(args, what); });
    }
    {
        Command& verb = ledger.add("verify", "Detect records that were altered, dropped, reordered or cut off", true);
        auto& what = verb.make_values<VerifyArgs>();
        verb.texts("--checkpoint", "FILE", "A checkpoint kept elsewhere; may be repeated", what.checkpoints);
        verb.text("--key", "FILE", "The public key that checkpoints must be signed by", what.key);
        Option& proof =
            verb.text("--proof", "FILE", "Check a proof against checkpoints instead; no ledger is needed", what.proof);
        Option& again =
            verb.flag("--replay", "Decide every request again with the version that its record names", what.replay);
        again.excludes(proof);
        verb.text("--bundles", "DIR|STORE", "A folder with the *.bundle files of these versions, or a store",
                  what.bundles)
            .needs(again);
        verb.check = [&what, &shared = ledger.args]() -> std::string {
            if (what.replay && what.bundles.empty()) return "--replay: needs --bundles DIR|STORE";
            return what.proof.empty() && shared.folder.empty() ? "--ledger is required" : "";
        };
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return verify(args, what); });
    }
}

}  // namespace writ::cli

#include "cli/verbs/recording.h"

#include <fmt/format.h>

#include "cli/formats/decision.h"
#include "cli/terminal/text.h"

namespace writ::cli {

Option& add_recording_options(Command& verb, RecordingArgs& args) {
    Option& ledger =
        verb.text("--ledger", "DIR", "Record the decision in this ledger; nothing is permitted unless it is recorded",
                  args.ledger);
    verb.texts("--mask", "POINTER",
               "A JSON Pointer to values of the request that are masked in the record, such as /user/email; may be "
               "repeated",
               args.mask)
        .needs(ledger);
    verb.text("--mask-key", "FILE",
              "The key of the digests that replace masked values, 64 hex digits (default: the ledger's own)",
              args.mask_key)
        .needs(ledger);
    verb.text("--traceparent", "TEXT", "The W3C trace context to record", args.traceparent).needs(ledger);
    return ledger;
}

Result<Recording> open_recording(const RecordingArgs& args, const Layers& layers) {
    ledger::RecordOptions options;
    options.mask = args.mask;
    if (!args.mask_key.empty()) {
        auto key = ledger::read_mask_key(args.mask_key);
        if (!key) return tl::unexpected(std::move(key.error()));
        options.mask_key = std::move(*key);
    }
    auto opened = ledger::Ledger::open(args.ledger);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    auto kept = std::make_unique<ledger::Ledger>(std::move(*opened));
    auto made = ledger::Recorder::make(*kept, layers, std::move(options));
    if (!made) return tl::unexpected(std::move(made.error()));
    return Recording{std::move(kept), std::move(*made)};
}

std::string record_line(const ledger::Answer& answer) {
    if (!answer.sequence) return "";
    if (!answer.earlier) return fmt::format("record {}\n", *answer.sequence);
    return fmt::format("record {}, repeats record {}\n", *answer.sequence, answer.earlier->sequence);
}

std::string render_answer(const ledger::Answer& answer, const Layers& layers, View reader, Format format, bool colour) {
    if (format == Format::Json) return safe_json(to_json(answer, layers, reader)) + "\n";
    std::string out = render_decision(answer.decision, layers, reader, colour);
    if (!answer.earlier || reader == View::Caller) return out;
    const ledger::Record& before = answer.earlier->record;
    std::string rules, bundles;
    for (const ledger::RecordedRule& rule : before.rules)
        rules += fmt::format("{}{} {} at {}:{}", rules.empty() ? "" : ", ", safe(rule.kind), safe(rule.name),
                             safe(rule.file), rule.line);
    for (const std::string_view digest : before.bundles) bundles += (bundles.empty() ? "" : ", ") + safe(digest);
    return out + fmt::format("  {:<12} record {}, which granted by {}\n  {:<12} bundle {}\n", "repeats",
                             answer.earlier->sequence, rules.empty() ? "no rule" : rules, "",
                             bundles.empty() ? "none" : bundles);
}

}  // namespace writ::cli

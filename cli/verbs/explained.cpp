#include "cli/verbs/explained.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/ledger.h"
#include "cli/verbs/options.h"
#include "cli/verbs/side.h"
#include "cli/verbs/workspace.h"
#include "writ/audit.h"
#include "writ/errors.h"

namespace writ::cli {

namespace {

using Failed = std::optional<Exit>;

/// A record, with the bytes that it points into.
struct Found {
    std::uint64_t sequence = 0;
    std::string bytes;
    ledger::Record record;
};

std::variant<Found, Exit> find_record(const ExplainedArgs& args, const Terminal& terminal) {
    auto inquiry = ledger::Inquiry::open(args.ledger);
    if (!inquiry) return report_error(inquiry.error(), "", terminal);
    const auto found = inquiry->find(args.record);
    if (!found) return report_error(found.error(), "", terminal);
    tell_others(*found, terminal);
    Found out;
    out.sequence = found->front();
    auto reader = ledger::Reader::open(args.ledger);
    if (!reader) return report_error(reader.error(), "", terminal);
    if (auto sought = reader->seek(out.sequence); !sought) return report_error(sought.error(), "", terminal);
    const auto there = reader->next();
    if (!there) return report_error(there.error(), "", terminal);
    if (*there) {
        out.bytes = reader->bytes();
        if (auto read = ledger::decode(out.bytes, out.record); !read)
            return report_error(read.error(), fmt::format("record {}", out.sequence), terminal);
    }
    // The index can name what is not in the log.
    if (!*there || out.record.kind != ledger::RecordKind::Decision)
        return report_error(failure(Code::UnknownRecord, "no decision has this number", std::to_string(out.sequence)),
                            "", terminal);
    return out;
}

/// The bundles that a record names.
Failed add_recorded(std::vector<NamedPolicy>& layers, const Found& found, const std::string& place,
                    const Terminal& terminal) {
    if (found.record.bundles.empty())
        return report_error(failure(Code::UnknownWord, fmt::format("record {} names no policy", found.sequence)), "",
                            terminal);
    auto bundles = bundles_in(place);
    if (!bundles) return report_error(bundles.error(), "", terminal);
    for (const std::string_view digest : found.record.bundles) {
        const auto bundle =
            std::find_if(bundles->begin(), bundles->end(), [&](const Bundle& each) { return each.digest() == digest; });
        if (bundle == bundles->end())
            return report_error(failure(Code::FileUnusable,
                                        fmt::format("record {} was decided by bundle {}, which is not there",
                                                    found.sequence, digest.substr(0, 12)),
                                        place),
                                "", terminal);
        const std::string name(digest.substr(0, 12));
        auto opened = open_sealed(*bundle, name, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        layers.push_back({name, std::get<Workspace>(std::move(opened))});
    }
    return std::nullopt;
}

/// Whether a recorded request can be decided by these policies.
Failed check_record(const Found& found, const std::vector<NamedPolicy>& layers, const Terminal& terminal) {
    std::vector<Bundle> bundles;
    for (const NamedPolicy& each : layers) bundles.push_back(bundle_of(each.workspace));
    ledger::Decidable decidable{Layers(std::move(bundles))};
    const auto refuse = [&](std::string message) {
        return report_error(failure(Code::UnknownWord, fmt::format("record {} {}", found.sequence, message)), "",
                            terminal);
    };
    ledger::Record record = found.record;
    if (std::exchange(record.overruled, false))
        print_remark(
            fmt::format("note: record {} was denied by the ledger, whatever the policy decided\n", found.sequence),
            terminal);
    switch (decidable.why_not(record)) {
        case ledger::Undecidable::NoRequest: return refuse("does not contain its request");
        case ledger::Undecidable::Masked: return refuse("masks facts that this policy reads");
        case ledger::Undecidable::Repeated:
            print_remark(fmt::format("note: record {} repeats record {}, whose grant it does not exceed\n",
                                     found.sequence, found.record.repeats.value_or(found.sequence)),
                         terminal);
            break;
        case ledger::Undecidable::Overruled:
        case ledger::Undecidable::No: break;
    }
    return std::nullopt;
}

}  // namespace

void add_explained(Command& verb, ExplainedArgs& args) {
    verb.text("--request", "FILE|-", "The request document; - for standard input", args.request);
    add_layers(verb, args.layers);
    add_ledger_option(verb, args.ledger);
    verb.text("--record", "ID", "Explain the request of this record of the ledger: its number, request id or trace id",
              args.record);
    verb.text("--bundles", "DIR|STORE", "Explain a record with the versions that decided it, found here", args.bundles);
    Option& store = add_revoked(verb, args.revoked);
    verb.text("--version", "VERSION", "Explain with this version in the store instead of PATH", args.version)
        .needs(store);
}

std::string check_explained(const ExplainedArgs& args) {
    const bool recorded = !args.record.empty();
    if (recorded && args.ledger.empty()) return "--record: needs --ledger DIR";
    if (recorded && !args.request.empty()) return "--record: has a request, and cannot be combined with --request";
    if (!recorded && args.request.empty()) return "--request: is required to explain a decision";
    if (!args.bundles.empty() && !recorded) return "--bundles: needs --record";
    const int policies = !args.paths.empty() + !args.bundles.empty() + !args.version.empty();
    if (policies > 1) return "PATH, --bundles and --version: only one of them names the policy";
    if (!args.bundles.empty() && !args.layers.empty())
        return "--bundles: has the layers that decided, and cannot be combined with --layer";
    if (policies == 0 && !args.from_store())
        return recorded ? "the policy is missing: PATH, --bundles DIR|STORE, or --version and --store"
                        : "the policy is missing: PATH, or --version or --channel and --store";
    return {};
}

std::variant<Explained, Exit> open_explained(const ExplainedArgs& args, const Terminal& terminal) {
    Explained out;
    auto named = open_named(args.layers, args.from_store() ? std::vector<std::string>{} : args.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&named)) return *failed;
    out.layers = std::get<std::vector<NamedPolicy>>(std::move(named));
    if (args.from_store()) {
        const std::string version = "store:" + (args.version.empty() ? args.revoked.channel : args.version);
        auto opened = open_side(version, "", {args.revoked.store, args.revoked.space}, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        out.layers.push_back({version, std::get<Side>(std::move(opened)).policy});
    }
    if (args.record.empty()) {
        auto request = read_input(args.request, RequestLimits{}.max_bytes);
        if (!request) return report_error(request.error(), "", terminal);
        out.request = std::move(*request);
        out.request_name = input_name(args.request);
        return out;
    }
    auto found = find_record(args, terminal);
    if (const Exit* failed = std::get_if<Exit>(&found)) return *failed;
    const Found& record = std::get<Found>(found);
    if (!args.bundles.empty())
        if (const auto failed = add_recorded(out.layers, record, args.bundles, terminal)) return *failed;
    if (const auto failed = check_record(record, out.layers, terminal)) return *failed;
    out.request = record.record.request;
    out.request_name = fmt::format("record {}", record.sequence);
    out.recorded = record.record.decision.effect;
    return out;
}

}  // namespace writ::cli

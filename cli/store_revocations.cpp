// writ store revoke, lift, revocations: who gets nothing any more, whatever the policy says.
#include <fmt/format.h>

#include "cli/store.h"
#include "cli/table.h"
#include "cli/text.h"

namespace writ::cli {

namespace {

struct Subject {
    std::string kind, subject, until;
};

Json entry_of(const RevocationEntry& each) {
    return Json{{"action", each.lifts ? "lift" : "revoke"}, {"kind", revocation_name(each.kind)}, {"subject", each.subject},
                {"author", each.origin.author},             {"message", each.origin.message},     {"created_at", json_of(each.created_at)},
                {"expires_at", json_of(each.expires_at)}};
}

Exit change(const StoreArgs& args, const Subject& given, bool lifts) {
    const auto kind = revocation_kind(given.kind);
    std::int64_t until = 0;
    if (!given.until.empty()) {
        const auto when = parse_when(given.until);
        if (!when) {
            print_note("error: --expires: say a moment as 2026-11-26T09:00:00Z, or a time from now as 12h\n");
            return Exit::Usage;
        }
        until = *when;
    }
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const Origin origin = origin_of(args);
        const auto entry = lifts ? store.lift(*kind, given.subject, origin) : store.revoke(*kind, given.subject, origin, until);
        if (!entry) return tl::unexpected(entry.error());
        if (args.format == Format::Json) {
            print_json(entry_of(*entry));
            return Exit::Ok;
        }
        const std::string what = given.kind + " " + safe(entry->subject);
        if (lifts) print_result(fmt::format("{} is no longer revoked\n", what));
        else if (until == 0) print_result(fmt::format("{} is revoked for good\n", what));
        else print_result(fmt::format("{} is revoked until {}; from then on the policy alone decides\n", what, moment(until)));
        return Exit::Ok;
    });
}

Result<Exit> list(const StoreArgs& args, Store& store, bool all) {
    const auto log = store.revocation_log();
    if (!log) return tl::unexpected(log.error());
    const auto in_force = store.revocations();
    if (!in_force) return tl::unexpected(in_force.error());
    const std::int64_t now = now_micros();
    Json entries = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const RevocationEntry& each : *log) {
        // Without --all: what counts now, once, by the entry that ends last.
        const auto counts = [&](const Revocation& item) {
            return item.kind == each.kind && item.subject == each.subject && item.expires_at == each.expires_at &&
                   (item.expires_at == 0 || now < item.expires_at);
        };
        if (!all && (each.lifts || std::none_of(in_force->items().begin(), in_force->items().end(), counts))) continue;
        entries.push_back(entry_of(each));
        rows.push_back({each.lifts ? "lift" : "revoke", std::string(revocation_name(each.kind)), each.subject, moment(each.created_at),
                        moment_or_none(each.expires_at), each.origin.author, each.origin.message});
    }
    if (args.format == Format::Json) print_json({{"revocations", entries}});
    else print_result(table({"ACTION", "KIND", "SUBJECT", "WHEN", "EXPIRES", "AUTHOR", "MESSAGE"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_store_revocations(const StoreApp& store) {
    std::set<std::string> kinds;
    std::string choice;
    for (std::size_t i = 0; i < kRevocationKinds; ++i) {
        const std::string name(revocation_name(static_cast<RevocationKind>(i)));
        kinds.insert(name);
        choice += (i == 0 ? "" : "|") + name;
    }
    for (const bool lifts : {false, true}) {
        auto given = std::make_shared<Subject>();
        CLI::App* verb = store.add(lifts ? "lift" : "revoke",
                                   lifts ? "End a revocation; say why with --message" : "Deny a subject at once; say why with --message",
                                   [given, lifts](const StoreArgs& args) { return change(args, *given, lifts); });
        verb->add_option("KIND", given->kind, "What is revoked")->required()->check(CLI::IsMember(kinds))->option_text(choice);
        verb->add_option("SUBJECT", given->subject, "Its id, as requests state it")->required();
        if (!lifts)
            verb->add_option("--expires", given->until, "When it ends by itself: a moment, or 30m, 12h, 7d from now")->option_text("WHEN");
    }
    auto all = std::make_shared<bool>(false);
    CLI::App* verb = store.add("revocations", "List what is revoked", [all](const StoreArgs& args) {
        return with_store(args, true, [&](Store& opened) { return list(args, opened, *all); });
    });
    verb->add_flag("--all", *all, "The whole log: what ended and what was lifted too");
}

}  // namespace writ::cli

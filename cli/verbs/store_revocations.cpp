// writ store revoke, lift, approve-lift, sign, revocations.
#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/store.h"
#include "os/clock.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

/// The options as given. The subject of `all` is a channel, which has its own option.
struct Subject {
    RevocationKind kind = RevocationKind::All;
    std::string subject, channel, until, key;
    bool undeclared = false;
};

enum class Act : std::uint8_t { Revoke, Lift, Approve };

std::string name_of(RevocationKind kind, const std::string& subject) {
    if (kind == RevocationKind::All) return "everything in " + safe(subject);
    return std::string(revocation_name(kind)) + " " + safe(subject);
}

/// The line printed after a change.
std::string told(const RevocationEntry& entry) {
    const std::string what = name_of(entry.kind, entry.subject),
                      signer = entry.key_id.empty() ? "" : ", signed by " + entry.key_id;
    if (entry.lifts) return fmt::format("{} is no longer revoked{}\n", what, signer);
    if (entry.expires_at == 0) return fmt::format("{} is revoked for ever{}\n", what, signer);
    return fmt::format("{} is revoked until {}; from then on the policy alone decides{}\n", what,
                       moment(entry.expires_at), signer);
}

Json entry_of(const RevocationEntry& each) {
    return Json{{"action", each.lifts ? "lift" : "revoke"},
                {"kind", revocation_name(each.kind)},
                {"subject", each.subject},
                {"author", each.origin.author},
                {"message", each.origin.message},
                {"created_at", json_of(each.created_at)},
                {"expires_at", json_of(each.expires_at)},
                {"sequence", each.sequence},
                {"key_id", json_or_null(each.key_id)}};
}

Exit usage(std::string_view what) {
    print_note(fmt::format("error: {}\n", what));
    return Exit::Usage;
}

Exit change(const StoreArgs& args, const Subject& given, Act act) {
    const RevocationKind kind = given.kind;
    const bool all = kind == RevocationKind::All;
    if (all && given.channel.empty()) return usage("--channel: is required with `all`");
    if (all && !given.subject.empty()) return usage("SUBJECT: `all` has none; give the channel with --channel");
    if (!all && !given.channel.empty())
        return usage("--channel: only for `all`; other subjects are revoked in every channel");
    if (!all && given.subject.empty()) return usage("SUBJECT: is required: the id as in requests");
    if (args.message.empty()) return usage("--message: is required: the reason");
    const std::string& subject = all ? given.channel : given.subject;
    std::int64_t until = 0;
    if (!given.until.empty()) {
        const auto when = parse_when(given.until);
        if (!when)
            return usage("--expires: must be a moment such as 2026-11-26T09:00:00Z, or a time from now such as 12h");
        until = *when;
    }
    std::optional<SecretKey> key;
    if (!given.key.empty()) {
        auto read = read_secret_key(given.key);
        if (!read) return report_error(read.error(), "", args.terminal);
        key.emplace(std::move(*read));
    }
    const SecretKey* signer = key ? &*key : nullptr;
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const Origin origin = origin_of(args);
        if (act == Act::Approve) {
            const auto approval = store.approve_lift(kind, subject, origin);
            if (!approval) return tl::unexpected(approval.error());
            if (args.format == Format::Json)
                print_json({{"kind", revocation_name(kind)},
                            {"subject", subject},
                            {"digest", approval->digest},
                            {"author", approval->origin.author}});
            else
                print_result(fmt::format("approved as {}: someone else may lift the revocation of {}\n",
                                         safe(approval->origin.author), name_of(kind, subject)));
            return Exit::Ok;
        }
        const auto entry = act == Act::Lift ? store.lift(kind, subject, origin, signer)
                                            : store.revoke(kind, subject, origin, until, signer, given.undeclared);
        if (!entry) return tl::unexpected(entry.error());
        if (args.format == Format::Json)
            print_json(entry_of(*entry));
        else
            print_result(told(*entry));
        return Exit::Ok;
    });
}

Exit sign(const StoreArgs& args, const std::string& file) {
    const auto key = read_secret_key(file);
    if (!key) return report_error(key.error(), "", args.terminal);
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const auto entries = store.sign_revocations(*key, origin_of(args));
        if (!entries) return tl::unexpected(entries.error());
        if (args.format == Format::Json)
            print_json({{"signed", entries->size()}, {"key_id", key->public_key().id()}});
        else
            print_result(fmt::format("signed {}\n", counted(entries->size(), "entry", "entries")));
        return Exit::Ok;
    });
}

Result<Exit> list(const StoreArgs& args, Store& store, bool all) {
    const auto log = store.revocation_log();
    if (!log) return tl::unexpected(log.error());
    const auto in_force = store.revocations();
    if (!in_force) return tl::unexpected(in_force.error());
    const std::int64_t now = os::now_micros();
    Json entries = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const RevocationEntry& each : *log) {
        // Without --all: each subject in force once, with the entry that ends last.
        const auto counts = [&](const Revocation& item) {
            return item.kind == each.kind && item.subject == each.subject && item.expires_at == each.expires_at &&
                   (item.expires_at == 0 || now < item.expires_at);
        };
        if (!all && (each.lifts || std::none_of(in_force->items().begin(), in_force->items().end(), counts))) continue;
        entries.push_back(entry_of(each));
        rows.push_back({each.lifts ? "lift" : "revoke", std::string(revocation_name(each.kind)), each.subject,
                        moment(each.created_at), moment_or_none(each.expires_at),
                        each.key_id.empty() ? "-" : each.key_id, each.origin.author, each.origin.message});
    }
    if (args.format == Format::Json)
        print_json({{"revocations", entries}});
    else
        print_result(table({"ACTION", "KIND", "SUBJECT", "WHEN", "EXPIRES", "KEY", "AUTHOR", "MESSAGE"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_store_revocations(const StoreApp& store) {
    std::vector<std::pair<std::string, RevocationKind>> kinds;
    for (std::size_t i = 0; i < kRevocationKinds; ++i) {
        const auto kind = static_cast<RevocationKind>(i);
        kinds.emplace_back(revocation_name(kind), kind);
    }
    struct Row {
        Act act;
        const char *name, *what;
    };
    for (const auto& [act, name, what] :
         {Row{Act::Revoke, "revoke", "Revoke a subject immediately; --message gives the reason"},
          Row{Act::Lift, "lift", "Lift a revocation; --message gives the reason"},
          Row{Act::Approve, "approve-lift",
              "Approve that someone else lifts a revocation; --message gives the reason"}}) {
        Command& verb = store.add(name, what);
        auto& given = verb.make_values<Subject>();
        verb.choice("KIND", "The kind of the subject", given.kind, kinds).required();
        verb.text("SUBJECT", "", "The subject's id, as in requests; `all` has none", given.subject);
        verb.text("--channel", "CHANNEL", "For `all`: the channel in which everything is revoked", given.channel);
        if (act == Act::Revoke) {
            verb.text("--expires", "WHEN", "When the revocation ends: a moment, or 30m, 12h, 7d from now", given.until);
            verb.flag("--undeclared", "Allow a tool or an issuer that no active version declares", given.undeclared);
        }
        if (act != Act::Approve) verb.text("--key", "FILE", "The secret key that signs the entry", given.key);
        verb.run = store.runs([&given, wanted = act](const StoreArgs& args) { return change(args, given, wanted); });
    }
    {
        Command& verb = store.add("sign", "Sign the unsigned revocations");
        auto& file = verb.make_values<std::string>();
        verb.text("--key", "FILE", "A secret channel key", file).required();
        verb.run = store.runs([&file](const StoreArgs& args) { return sign(args, file); });
    }
    {
        Command& verb = store.add("revocations", "List the revocations in force");
        auto& all = verb.make_values<bool>();
        verb.flag("--all", "List the whole log, with ended and lifted revocations", all);
        verb.run = store.opens(true, [&all](const StoreArgs& args, Store& opened) { return list(args, opened, all); });
    }
}

}  // namespace writ::cli

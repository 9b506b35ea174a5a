// writ store channel, channels, activate, rollback, approve, history.
#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/store_move.h"
#include "writ/errors.h"
#include "writ/gate.h"

namespace writ::cli {

// ---- activating --------------------------------------------------------------------------------

void add_move_options(Command& verb, MoveArgs& given) {
    verb.text("--expect", "EPOCH.NUMBER", "The expected serial of the channel, such as 1.7; 0.0 if nothing was active",
              given.expect);
    verb.text("--key", "FILE", "The secret key that signs the activation", given.key);
    verb.text("--not-after", "WHEN", "When readers with keys stop accepting it: a moment, or 30m, 12h, 7d from now",
              given.not_after);
    verb.flag("--raise-epoch", "Resolve a fork: readers accept this whatever number they saw before",
              given.raise_epoch);
}

std::variant<ReadMove, Exit> read_move(const StoreArgs& args, const MoveArgs& given) {
    const auto usage = [&](const char* option, const char* what) {
        print_note(fmt::format("error: {}: {}\n", option, what));
        return Exit::Usage;
    };
    ReadMove out;
    out.move.channel = given.channel;
    out.move.origin = origin_of(args);
    out.move.raise_epoch = given.raise_epoch;
    out.move.gate = check_version;
    if (!given.expect.empty()) {
        out.move.expected = parse_serial(given.expect);
        if (!out.move.expected) return usage("--expect", "must be an epoch and a number, such as 1.7");
    }
    if (!given.not_after.empty()) {
        const auto when = parse_when(given.not_after);
        if (!when)
            return usage("--not-after",
                         "must be a moment such as 2026-11-26T09:00:00Z, or a time from now such as 12h");
        out.move.not_after = *when;
    }
    if (!given.key.empty()) {
        auto key = read_secret_key(given.key);
        if (!key) return report_error(key.error(), "", args.terminal);
        out.key.emplace(std::move(*key));
    }
    return out;
}

Result<Exit> move_channel(Store& store, const StoreArgs& args, ReadMove& what, bool rollback) {
    what.move.key = what.key ? &*what.key : nullptr;
    const auto moved = rollback ? store.rollback(what.move) : store.activate(what.move);
    if (!moved) return tl::unexpected(moved.error());
    const auto version = store.resolve(moved->digest);
    if (!version) return tl::unexpected(version.error());
    if (args.format == Format::Json) {
        Json out = json_of(*moved);
        out["version"] = version->number;
        print_json(out);
        return Exit::Ok;
    }
    print_result(fmt::format("{} is at {}: v{} {}{}\n", moved->channel, text_of(moved->serial), version->number,
                             brief(moved->digest), moved->key_id.empty() ? "" : ", signed by " + moved->key_id));
    return Exit::Ok;
}

namespace {

// ---- channels ---------------------------------------------------------------------------------

std::vector<std::string> row_of(const Channel& each) {
    return {each.name, each.digest.empty() ? "-" : text_of(each.serial), brief(each.digest), each.gated ? "yes" : "no",
            std::to_string(each.approvals)};
}
const std::vector<std::string> kChannelHeadings = {"CHANNEL", "AT", "DIGEST", "TESTS", "APPROVALS"};

struct Rules {
    std::string channel;
    bool gated = false, open = false;  ///< require tests, or no longer; neither: unchanged
    std::optional<std::uint32_t> approvals;
};

Result<Exit> channel(const StoreArgs& args, Store& store, const Rules& rules) {
    // Settings that are not given stay unchanged.
    Channel now;
    if (auto there = store.channel(rules.channel))
        now = *there;
    else if (there.error().code != code_name(Code::UnknownChannel))
        return tl::unexpected(there.error());
    const auto made = store.protect(rules.channel, rules.gated || (now.gated && !rules.open),
                                    rules.approvals.value_or(now.approvals), origin_of(args));
    if (!made) return tl::unexpected(made.error());
    if (args.format == Format::Json)
        print_json(json_of(*made));
    else
        print_result(table(kChannelHeadings, {row_of(*made)}));
    return Exit::Ok;
}

Result<Exit> channels(const StoreArgs& args, Store& store) {
    const auto all = store.channels();
    if (!all) return tl::unexpected(all.error());
    Json list = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const Channel& each : *all) {
        list.push_back(json_of(each));
        rows.push_back(row_of(each));
    }
    if (args.format == Format::Json)
        print_json({{"channels", list}});
    else
        print_result(table(kChannelHeadings, rows));
    return Exit::Ok;
}

Result<Exit> history(const StoreArgs& args, Store& store, const std::string& channel) {
    const auto all = store.history(channel);
    if (!all) return tl::unexpected(all.error());
    Json list = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const Activation& each : *all) {
        list.push_back(json_of(each));
        rows.push_back({text_of(each.serial), brief(each.digest), moment(each.created_at), each.origin.author,
                        each.rollback ? "rollback" : "activate", each.key_id.empty() ? "-" : each.key_id,
                        moment_or_none(each.not_after), each.origin.message});
    }
    if (args.format == Format::Json)
        print_json({{"channel", channel}, {"history", list}});
    else
        print_result(table({"AT", "DIGEST", "WHEN", "AUTHOR", "KIND", "KEY", "NOT AFTER", "MESSAGE"}, rows));
    return Exit::Ok;
}

Result<Exit> approve(const StoreArgs& args, Store& store, const std::string& channel, const std::string& version) {
    const auto approval = store.approve(channel, version, origin_of(args));
    if (!approval) return tl::unexpected(approval.error());
    if (args.format == Format::Json)
        print_json({{"channel", channel}, {"digest", approval->digest}, {"author", approval->origin.author}});
    else
        print_result(
            fmt::format("approved {} for {} as {}\n", brief(approval->digest), channel, safe(approval->origin.author)));
    return Exit::Ok;
}

}  // namespace

void add_store_channels(const StoreApp& store) {
    {
        Command& verb = store.add("channel", "Make a channel, or change its requirements");
        auto& rules = verb.make_values<Rules>();
        verb.text("CHANNEL", "", "The name of the channel", rules.channel).required();
        Option& gated = verb.flag("--protected", "Require that a version's own tests pass", rules.gated);
        verb.flag("--unprotected", "Do not require tests", rules.open).excludes(gated);
        verb.whole("--approvals", "COUNT", "The number of people other than the author who must approve",
                   rules.approvals, 0, UINT32_MAX);
        verb.run =
            store.opens(false, [&rules](const StoreArgs& args, Store& opened) { return channel(args, opened, rules); });
    }
    store.add("channels", "List channels").run = store.opens(true, channels);

    struct Moved {
        MoveArgs move;
        std::string version;
    };
    for (const bool rollback : {false, true}) {
        Command& verb = store.add(rollback ? "rollback" : "activate",
                                  rollback ? "Activate a version again (default: the last one with other content)"
                                           : "Activate a version in a channel");
        auto& given = verb.make_values<Moved>();
        verb.text("CHANNEL", "", "The channel", given.move.channel).required();
        verb.text("VERSION", "", "vN, a tag, a channel, or the first digits of a digest", given.version).is_required =
            !rollback;
        add_move_options(verb, given.move);
        verb.run = store.runs([&given, rollback](const StoreArgs& args) {
            auto move = read_move(args, given.move);
            if (const Exit* failed = std::get_if<Exit>(&move)) return *failed;
            std::get<ReadMove>(move).move.version = given.version;
            return with_store(args, false, [&](Store& opened) {
                return move_channel(opened, args, std::get<ReadMove>(move), rollback);
            });
        });
    }
    {
        Command& verb = store.add("approve", "Approve a version for a channel, by its digest");
        auto& given = verb.make_values<Moved>();
        verb.text("CHANNEL", "", "The channel that it is approved for", given.move.channel).required();
        verb.text("VERSION", "", "The version to approve", given.version).required();
        verb.run = store.opens(false, [&given](const StoreArgs& args, Store& opened) {
            return approve(args, opened, given.move.channel, given.version);
        });
    }
    {
        Command& verb = store.add("history", "List the activations of a channel");
        auto& past = verb.make_values<std::string>();
        verb.text("CHANNEL", "", "Which", past).required();
        verb.run =
            store.opens(true, [&past](const StoreArgs& args, Store& opened) { return history(args, opened, past); });
    }
}

}  // namespace writ::cli

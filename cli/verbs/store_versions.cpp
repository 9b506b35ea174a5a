// writ store init, publish, list, show, diff, tag: versions and their names.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/diff.h"
#include "cli/formats/diff_json.h"
#include "cli/formats/line_diff.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/store.h"
#include "cli/verbs/store_move.h"
#include "cli/verbs/workspace.h"

namespace writ::cli {

namespace {

/// `v5 6f1d9f3a0c5e`
std::string short_name(const Version& version) {
    return fmt::format("v{} {}", version.number, brief(version.digest));
}

// ---- init and publish -------------------------------------------------------------------------

Exit init(const StoreArgs& args) {
    const auto made = Store::init(args.path, {.space = args.space});
    if (!made) return report_error(made.error(), "", args.terminal);
    if (args.format == Format::Json)
        print_json({{"store", args.path}});
    else
        print_result(fmt::format("made {}\n", safe(args.path)));
    return Exit::Ok;
}

struct Publish {
    std::vector<std::string> paths;
    std::string parent;
    MoveArgs move;
};

Exit publish(const StoreArgs& args, const Publish& what) {
    auto move = read_move(args, what.move);
    if (const Exit* failed = std::get_if<Exit>(&move)) return *failed;
    const auto opened = open_valid(what.paths, args.terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Bundle& bundle = bundle_of(std::get<Workspace>(opened));
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        auto version = store.publish(bundle, origin_of(args), what.parent);
        if (!version) return tl::unexpected(version.error());
        if (what.move.channel.empty()) {
            if (args.format == Format::Json)
                print_json(json_of(*version));
            else
                print_result(fmt::format("published {} {}\n", short_name(*version), version->digest));
            return Exit::Ok;
        }
        std::get<ReadMove>(move).move.version = version->digest;
        auto moved = move_channel(store, args, std::get<ReadMove>(move), false);
        if (!moved)
            print_note(fmt::format("published {}, but not activated: {} is unchanged\n", short_name(*version),
                                   safe(what.move.channel)));
        return moved;
    });
}

// ---- list -------------------------------------------------------------------------------------

/// Channels and tags by digest: `prod, release-7`.
std::map<std::string, std::string> names_of(const std::vector<Channel>& channels, const std::vector<Tag>& tags) {
    std::map<std::string, std::string> out;
    const auto add = [&](const std::string& digest, const std::string& name) {
        if (digest.empty()) return;
        std::string& names = out[digest];
        names += (names.empty() ? "" : ", ") + name;
    };
    for (const Channel& each : channels) add(each.digest, each.name);
    for (const Tag& each : tags) add(each.digest, each.name);
    return out;
}

Result<Exit> list_versions(const StoreArgs& args, Store& store) {
    const auto versions = store.versions();
    const auto channels = store.channels();
    const auto tags = store.tags();
    if (!versions) return tl::unexpected(versions.error());
    if (!channels) return tl::unexpected(channels.error());
    if (!tags) return tl::unexpected(tags.error());
    if (args.format == Format::Json) {
        Json all = Json::array(), named = Json::array();
        for (const Version& each : *versions) all.push_back(json_of(each));
        for (const Tag& each : *tags)
            named.push_back({{"tag", each.name},
                             {"digest", each.digest},
                             {"author", each.origin.author},
                             {"message", each.origin.message},
                             {"created_at", json_of(each.created_at)}});
        Json active = Json::array();
        for (const Channel& each : *channels) active.push_back(json_of(each));
        print_json({{"versions", all}, {"channels", active}, {"tags", named}});
        return Exit::Ok;
    }
    auto names = names_of(*channels, *tags);
    std::vector<std::vector<std::string>> rows;
    for (const Version& each : *versions)
        rows.push_back({fmt::format("v{}", each.number), brief(each.digest), moment(each.created_at),
                        each.origin.author, names[each.digest] + (each.collected ? "(content removed)" : ""),
                        each.origin.message});
    print_result(table({"VERSION", "DIGEST", "PUBLISHED", "AUTHOR", "NAMES", "MESSAGE"}, rows));
    return Exit::Ok;
}

// ---- show and diff ----------------------------------------------------------------------------

Result<Exit> show(const StoreArgs& args, Store& store, const std::string& name, bool sources) {
    const auto version = store.resolve(name);
    if (!version) return tl::unexpected(version.error());
    const auto approvals = store.approvals(version->digest);
    if (!approvals) return tl::unexpected(approvals.error());
    std::vector<Source> texts;
    std::size_t rules = 0;
    if (!version->collected) {
        const auto bundle = store.bundle(version->digest);
        if (!bundle) return tl::unexpected(bundle.error());
        auto carried = bundle->sources();
        if (!carried) return tl::unexpected(carried.error());
        texts = std::move(carried->sources);
        rules = bundle->rule_count();
    }
    if (args.format == Format::Json) {
        Json out = json_of(*version);
        out["rules"] = rules;
        out["approvals"] = Json::array();
        for (const VersionApproval& each : *approvals)
            out["approvals"].push_back({{"channel", each.channel},
                                        {"author", each.origin.author},
                                        {"message", each.origin.message},
                                        {"created_at", json_of(each.created_at)}});
        out["sources"] = Json::array();
        for (const Source& each : texts) {
            Json source{{"name", each.name}};
            if (sources) source["text"] = each.text;
            out["sources"].push_back(source);
        }
        print_json(out);
        return Exit::Ok;
    }
    std::string out = fmt::format("v{}\n", version->number);
    const auto row = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) out += fmt::format("  {:<10} {}\n", key, safe(value));
    };
    row("digest", version->digest);
    row("parent", version->parent.empty() ? "none" : version->parent);
    row("author", version->origin.author);
    row("message", version->origin.message);
    row("published", moment(version->created_at));
    row("engine", version->engine);
    row("rules", version->collected ? "the content was removed" : std::to_string(rules));
    for (const VersionApproval& each : *approvals)
        row("approved", fmt::format("for {} by {} at {}", each.channel, each.origin.author, moment(each.created_at)));
    for (const Source& each : texts) row("source", each.name);
    if (sources)
        for (const Source& each : texts) {
            out += fmt::format("\n== {}\n", safe(each.name));
            for (std::size_t at = 0; at < each.text.size();) {
                const std::size_t end = std::min(each.text.find('\n', at), each.text.size());
                out += safe(std::string_view(each.text).substr(at, end - at)) + "\n";
                at = end + 1;
            }
        }
    print_result(out);
    return Exit::Ok;
}

/// The text of every source of both versions, by name.
std::map<std::string, std::pair<std::string, std::string>> texts_of(const Bundle& from, const Bundle& to) {
    std::map<std::string, std::pair<std::string, std::string>> out;
    const auto before = from.sources(), after = to.sources();
    if (before)
        for (const Source& each : before->sources) out[each.name].first = each.text;
    if (after)
        for (const Source& each : after->sources) out[each.name].second = each.text;
    std::erase_if(out, [](const auto& each) { return each.second.first == each.second.second; });
    return out;
}

/// Compiles a version again from its own sources and library.
Result<Workspace> workspace_of(const Bundle& bundle) {
    auto sources = bundle.sources();
    if (!sources) return tl::unexpected(std::move(sources.error()));
    CompileOptions compile;
    compile.max_steps = UINT64_MAX;  // the limit was checked when it was published
    return Workspace(std::move(*sources), compile);
}

Result<Exit> diff(const StoreArgs& args, Store& store, const std::string& from, const std::string& to) {
    std::vector<Version> versions;
    std::vector<Bundle> bundles;
    std::vector<Workspace> policies;
    for (const std::string& name : {from, to}) {
        auto version = store.resolve(name);
        if (!version) return tl::unexpected(version.error());
        auto bundle = store.bundle(version->digest);
        if (!bundle) return tl::unexpected(bundle.error());
        auto policy = workspace_of(*bundle);
        if (!policy) return tl::unexpected(policy.error());
        versions.push_back(std::move(*version));
        bundles.push_back(std::move(*bundle));
        policies.push_back(std::move(*policy));
        if (policies.back().bundle()) continue;
        print_note(render_human(policies.back().diagnostics(), args.terminal.colour_err));
        return Exit::Invalid;
    }
    const auto changes = structural_changes(policies[0], policies[1]);
    const auto texts = texts_of(bundles[0], bundles[1]);
    if (args.format == Format::Json) {
        Json sources = Json::array();
        for (const auto& [name, text] : texts)
            sources.push_back(
                {{"name", name}, {"before", json_or_null(text.first)}, {"after", json_or_null(text.second)}});
        print_json({{"from", json_of(versions[0])},
                    {"to", json_of(versions[1])},
                    {"structure", json_of(changes)},
                    {"sources", sources}});
        return Exit::Ok;
    }
    std::string out = fmt::format("{} to {}\n", short_name(versions[0]), short_name(versions[1]));
    out += changes.empty() ? versions[0].digest == versions[1].digest ? "  no differences\n"
                                                                      : "  only the text differs; no decision does\n"
                           : render_structure(changes, args.terminal.colour_out, changes.size());
    for (const auto& [name, text] : texts)
        out += fmt::format("\n{}\n", safe(name)) + line_diff(text.first, text.second, args.terminal.colour_out);
    print_result(out);
    return Exit::Ok;
}

Result<Exit> tag(const StoreArgs& args, Store& store, const std::string& name, const std::string& version) {
    const auto tag = store.tag(name, version, origin_of(args));
    if (!tag) return tl::unexpected(tag.error());
    if (args.format == Format::Json)
        print_json({{"tag", tag->name}, {"digest", tag->digest}});
    else
        print_result(fmt::format("{} is {}\n", tag->name, brief(tag->digest)));
    return Exit::Ok;
}

}  // namespace

void add_store_versions(const StoreApp& store) {
    store.add("init", "Make an empty store").run = store.runs(init);
    {
        Command& verb = store.add("publish", "Publish a version, and activate it if --channel is given");
        auto& what = verb.make_values<Publish>();
        add_paths(verb, what.paths);
        verb.text("--parent", "VERSION", "The parent version (default: the latest)", what.parent);
        verb.text("--channel", "CHANNEL", "Activate the version in this channel", what.move.channel);
        add_move_options(verb, what.move);
        verb.run = store.runs([&what](const StoreArgs& args) { return publish(args, what); });
    }
    store.add("list", "List versions").run = store.opens(true, list_versions);

    struct Names {
        std::string first, second;
        bool sources = false;
    };
    {
        Command& verb = store.add("show", "Show a version");
        auto& shown = verb.make_values<Names>();
        verb.text("VERSION", "", "vN, a tag, a channel, or digits of a digest", shown.first).required();
        verb.flag("--sources", "Print its sources", shown.sources);
        verb.run = store.opens(true, [&shown](const StoreArgs& args, Store& opened) {
            return show(args, opened, shown.first, shown.sources);
        });
    }
    {
        Command& verb = store.add("diff", "Show the differences between two versions, in structure and text");
        auto& compared = verb.make_values<Names>();
        verb.text("FROM", "", "A version", compared.first).required();
        verb.text("TO", "", "Another", compared.second).required();
        verb.run = store.opens(true, [&compared](const StoreArgs& args, Store& opened) {
            return diff(args, opened, compared.first, compared.second);
        });
    }
    {
        Command& verb = store.add("tag", "Tag a version, or move a tag to it");
        auto& tagged = verb.make_values<Names>();
        verb.text("NAME", "", "The tag", tagged.first).required();
        verb.text("VERSION", "", "The version to tag", tagged.second).required();
        verb.run = store.opens(false, [&tagged](const StoreArgs& args, Store& opened) {
            return tag(args, opened, tagged.first, tagged.second);
        });
    }
}

}  // namespace writ::cli

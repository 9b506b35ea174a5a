// writ store verify, export, import, gc, log.
#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/store.h"
#include "os/clock.h"

namespace writ::cli {

namespace {

constexpr std::size_t kLargestExport = std::size_t{4} << 30;

struct KeyFiles {
    std::vector<std::string> channel, on_call;
};

Exit verify(const StoreArgs& args, const KeyFiles& files) {
    const auto keys = read_public_keys(args, files.channel), on_call = read_public_keys(args, files.on_call);
    for (const auto* each : {&keys, &on_call})
        if (const Exit* failed = std::get_if<Exit>(each)) return *failed;
    return with_store(args, true, [&](Store& store) -> Result<Exit> {
        const auto problems = store.verify(std::get<0>(keys), std::get<0>(on_call));
        if (!problems) return tl::unexpected(problems.error());
        if (args.format == Format::Json)
            print_json({{"ok", problems->empty()}, {"problems", *problems}});
        else if (problems->empty() && !args.terminal.quiet)
            print_result("ok\n");
        else
            for (const std::string& each : *problems) print_result(safe(each) + "\n");
        return problems->empty() ? Exit::Ok : Exit::Negative;
    });
}

struct Files {
    std::string file;
    std::vector<std::string> versions;
};

Result<Exit> take_out(const StoreArgs& args, Store& store, const Files& given) {
    const auto bytes = store.export_versions(given.versions);
    if (!bytes) return tl::unexpected(bytes.error());
    if (const auto written = write_file(given.file, *bytes); !written) return tl::unexpected(written.error());
    if (given.file == "-")
        print_remark(fmt::format("wrote {} bytes\n", bytes->size()), args.terminal);
    else if (args.format == Format::Json)
        print_json({{"file", given.file}, {"bytes", bytes->size()}});
    else
        print_result(fmt::format("wrote {}, {} bytes\n", safe(given.file), bytes->size()));
    return Exit::Ok;
}

Exit show_versions(const StoreArgs& args, std::string_view key, std::string_view heading,
                   const std::vector<Version>& versions) {
    if (args.format == Format::Json) {
        Json list = Json::array();
        for (const Version& each : versions) list.push_back(json_of(each));
        print_json({{key, list}});
        return Exit::Ok;
    }
    std::string out;
    for (const Version& each : versions) out += fmt::format("{} v{} {}\n", heading, each.number, each.digest);
    print_result(out.empty() ? fmt::format("{} nothing\n", heading) : out);
    return Exit::Ok;
}

Exit take_in(const StoreArgs& args, const std::string& file) {
    const auto bytes = read_input(file, kLargestExport);
    if (!bytes) return report_error(bytes.error(), "", args.terminal);
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const auto added = store.import_versions(*bytes, origin_of(args));
        if (!added) return tl::unexpected(added.error());
        return show_versions(args, "imported", "imported", *added);
    });
}

struct Age {
    std::string older_than = "30d";
    bool dry = false;
};

Exit collect(const StoreArgs& args, const Age& age) {
    const auto ahead = parse_when(age.older_than);
    if (!ahead || age.older_than.find('T') != std::string::npos) {
        print_note("error: --older-than: must be a duration such as 12h or 30d\n");
        return Exit::Usage;
    }
    const std::int64_t now = os::now_micros();
    return with_store(args, false, [&](Store& store) -> Result<Exit> {
        const auto gone = store.collect(now - (*ahead - now), age.dry, origin_of(args));
        if (!gone) return tl::unexpected(gone.error());
        return show_versions(args, "collected", age.dry ? "would collect" : "collected", *gone);
    });
}

Result<Exit> log(const StoreArgs& args, Store& store) {
    const auto events = store.events();
    if (!events) return tl::unexpected(events.error());
    Json list = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const Event& each : *events) {
        list.push_back({{"kind", each.kind},
                        {"subject", json_or_null(each.subject)},
                        {"detail", each.detail},
                        {"author", each.author},
                        {"created_at", json_of(each.created_at)}});
        rows.push_back(
            {moment(each.created_at), each.kind, each.subject.empty() ? "-" : each.subject, each.author, each.detail});
    }
    if (args.format == Format::Json)
        print_json({{"events", list}});
    else
        print_result(table({"WHEN", "KIND", "CHANNEL", "AUTHOR", "DETAIL"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_store_keeping(const StoreApp& store) {
    {
        Command& verb = store.add("verify", "Check the integrity of a store");
        auto& keys = verb.make_values<KeyFiles>();
        add_key_files(verb, "--key", keys.channel, "A channel key; every signature must be by one of the given keys");
        add_key_files(verb, "--on-call", keys.on_call, "An on-call key, which may have signed revocations");
        verb.run = store.runs([&keys](const StoreArgs& args) { return verify(args, keys); });
    }
    {
        Command& verb = store.add("export", "Export versions to a file");
        auto& out = verb.make_values<Files>();
        verb.list("VERSION", "VERSION...", "The versions (default: all)", out.versions);
        verb.text("--output", "FILE|-", "The file to write; - for standard output", out.file).required();
        verb.run =
            store.opens(true, [&out](const StoreArgs& args, Store& opened) { return take_out(args, opened, out); });
    }
    {
        Command& verb = store.add("import", "Import versions from an export");
        auto& in = verb.make_values<std::string>();
        verb.text("FILE", "FILE|-", "The export; - for standard input", in).required();
        verb.run = store.runs([&in](const StoreArgs& args) { return take_in(args, in); });
    }
    {
        Command& verb = store.add("gc", "Remove the content of versions that were never active and have no tag");
        auto& age = verb.make_values<Age>();
        verb.text("--older-than", "TIME", "Only versions published longer ago than this (default: 30d)",
                  age.older_than);
        verb.flag("--dry-run", "Show what would be removed", age.dry);
        verb.run = store.runs([&age](const StoreArgs& args) { return collect(args, age); });
    }
    store.add("log", "List changes and refusals other than activations").run = store.opens(true, log);
}

}  // namespace writ::cli

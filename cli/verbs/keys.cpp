// writ keys: the keys that sign activations.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/store.h"
#include "cli/verbs/verbs.h"

namespace writ::cli {

namespace {

struct Args {
    std::string file;
    std::vector<std::string> places;
    Format format = Format::Human;
};

Exit generate(const Args& args, const Terminal& terminal) {
    const std::string& file = args.file;
    const auto key = generate_key(file);
    if (!key) return report_error(key.error(), "", terminal);
    if (args.format == Format::Json)
        print_json({{"id", key->id()}, {"public", key->text()}, {"secret_file", file}, {"public_file", file + ".pub"}});
    else
        print_result(fmt::format("{}\nsecret key in {}, public key in {}.pub\n", key->text(), safe(file), safe(file)));
    return Exit::Ok;
}

Exit show(const Args& args, const Terminal& terminal) {
    const auto key = read_public_key(args.file);
    if (!key) return report_error(key.error(), "", terminal);
    if (args.format == Format::Json)
        print_json({{"id", key->id()}, {"public", key->text()}});
    else
        print_result(key->text() + "\n");
    return Exit::Ok;
}

/// The key files among the given files and folders. In folders, files that are not keys are skipped.
Exit list(const Args& args, const Terminal& terminal) {
    namespace fs = std::filesystem;
    std::vector<std::pair<std::string, bool>> candidates;  // file, named
    for (const std::string& given : args.places.empty() ? std::vector<std::string>{"."} : args.places) {
        std::error_code error;
        if (!fs::is_directory(given, error)) {
            candidates.emplace_back(given, true);
            continue;
        }
        for (const auto& each : fs::directory_iterator(given, error))
            if (each.is_regular_file(error)) candidates.emplace_back(each.path().string(), false);
    }
    std::sort(candidates.begin(), candidates.end());
    Json keys = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& [file, named] : candidates) {
        const bool secret = read_secret_key(file).has_value();
        const auto key = read_public_key(file);
        if (!key && named) return report_error(key.error(), "", terminal);
        if (!key) continue;
        keys.push_back({{"id", key->id()}, {"secret", secret}, {"file", file}});
        rows.push_back({key->id(), secret ? "secret" : "public", file});
    }
    if (args.format == Format::Json)
        print_json({{"keys", keys}});
    else
        print_result(table({"ID", "HALF", "FILE"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_keys(Command& program) {
    Command& keys = program.verb("keys", "Make and show keys, which sign activations and revocations");
    const auto add = [&](const char* name, const char* what, Exit (*run)(const Args&, const Terminal&)) {
        Command& verb = keys.verb(name, what);
        auto& args = verb.make_values<Args>();
        add_format(verb, args.format);
        verb.run = [&args, run](const Terminal& terminal) { return run(args, terminal); };
        return std::pair<Command&, Args&>{verb, args};
    };
    {
        const auto& [verb, args] = add("generate", "Make a secret key and its public key", generate);
        verb.text("FILE", "", "The file to make; it must not exist", args.file).required();
    }
    {
        const auto& [verb, args] = add("show", "Print the public key of a key file", show);
        verb.text("FILE", "", "A secret or public key file", args.file).required();
    }
    {
        const auto& [verb, args] = add("list", "List the key files of folders", list);
        verb.list("PATH", "PATH...", "Files or folders (default: the current folder)", args.places);
    }
}

}  // namespace writ::cli

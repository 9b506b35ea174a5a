// writ keys: the keys that sign activations.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/options.h"
#include "cli/store.h"
#include "cli/table.h"
#include "cli/text.h"

namespace writ::cli {

namespace {

struct Args {
    std::vector<std::string> files;
    Format format = Format::Human;
};

Exit generate(const Args& args, const Terminal& terminal) {
    const std::string& file = args.files.front();
    const auto key = generate_key(file);
    if (!key) return report_error(key.error(), "", terminal);
    if (args.format == Format::Json) print_json({{"id", key->id()}, {"public", key->text()}, {"secret_file", file}, {"public_file", file + ".pub"}});
    else print_result(fmt::format("{}\nsecret key in {}, public key in {}.pub\n", key->text(), safe(file), safe(file)));
    return Exit::Ok;
}

Exit show(const Args& args, const Terminal& terminal) {
    const auto key = read_public_key(args.files.front());
    if (!key) return report_error(key.error(), "", terminal);
    if (args.format == Format::Json) print_json({{"id", key->id()}, {"public", key->text()}});
    else print_result(key->text() + "\n");
    return Exit::Ok;
}

/// The key files among some files and folders; what is no key is passed over in folders alone.
Exit list(const Args& args, const Terminal& terminal) {
    namespace fs = std::filesystem;
    std::vector<std::pair<std::string, bool>> candidates;  // file, named
    for (const std::string& given : args.files.empty() ? std::vector<std::string>{"."} : args.files) {
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
    if (args.format == Format::Json) print_json({{"keys", keys}});
    else print_result(table({"ID", "HALF", "FILE"}, rows));
    return Exit::Ok;
}

}  // namespace

void add_keys(CLI::App& app, Verb& chosen) {
    CLI::App* keys = app.add_subcommand("keys", "Make and show the keys that sign activations");
    keys->require_subcommand(1);
    const auto add = [&](const char* name, const char* what, Exit (*run)(const Args&, const Terminal&)) {
        auto args = std::make_shared<Args>();
        CLI::App* verb = keys->add_subcommand(name, what);
        add_format(*verb, args->format, false);
        verb->callback([args, run, &chosen] { chosen = [args, run](const Terminal& terminal) { return run(*args, terminal); }; });
        return std::pair{verb, args};
    };
    {
        const auto [verb, args] = add("generate", "Make a secret key, and its public half beside it", generate);
        verb->add_option("FILE", args->files, "Where to; nothing may be there")->required()->expected(1);
    }
    {
        const auto [verb, args] = add("show", "Print the public key of a key file", show);
        verb->add_option("FILE", args->files, "A secret or a public key")->required()->expected(1);
    }
    {
        const auto [verb, args] = add("list", "List the key files of folders", list);
        verb->add_option("PATH", args->files, "Files or folders; else this one")->option_text("PATH...");
    }
}

}  // namespace writ::cli

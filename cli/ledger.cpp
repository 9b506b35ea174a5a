// writ ledger: the record of decisions. The verbs are in ledger_*.cpp.
#include "cli/ledger.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/options.h"
#include "cli/table.h"
#include "cli/text.h"
#include "writ/store.h"

namespace writ::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const ledger::Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    if (const auto* share = std::get_if<double>(&cell)) return fmt::format("{:.1f}", *share);
    return "-";
}

}  // namespace

Command& LedgerApp::add(const std::string& name, const std::string& what, bool may_lack) const {
    Command& verb = command.verb(name, what);
    add_ledger_option(verb, args.folder).is_required = !may_lack;
    add_format(verb, args.format, false);
    return verb;
}

std::function<Exit(const Terminal&)> LedgerApp::runs(LedgerVerb run) const {
    return [&shared = args, run = std::move(run)](const Terminal& terminal) {
        shared.terminal = terminal;
        return run(shared);
    };
}

Option& add_ledger_option(Command& verb, std::string& folder) {
    return verb.text("-L,--ledger", "DIR", "The ledger's folder", folder).or_variable("WRIT_LEDGER");
}

std::string human(const ledger::Table& wanted, bool colour) {
    const Palette colours = palette(colour);
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : wanted.rows) {
        auto& cells = rows.emplace_back();
        for (const ledger::Cell& cell : row) cells.push_back(text_of(cell));
    }
    std::string out = fmt::format("{}{}{}\n", colours.bold, safe(wanted.title), colours.reset);
    out += rows.empty() ? "nothing\n" : table(wanted.columns, rows);
    if (!wanted.note.empty()) out += fmt::format("({})\n", safe(wanted.note));
    return out;
}

Json json_of(const ledger::Table& table) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
        Json one = Json::object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            Json& value = one[table.columns[i]];
            if (const auto* text = std::get_if<std::string>(&row[i])) value = *text;
            else if (const auto* number = std::get_if<std::int64_t>(&row[i])) value = *number;
            else if (const auto* share = std::get_if<double>(&row[i])) value = *share;
        }
        rows.push_back(std::move(one));
    }
    return {{"name", table.name}, {"title", table.title}, {"note", table.note}, {"rows", std::move(rows)}};
}

std::string json_line(Json members) {
    Json out;
    out["schema_version"] = 1;
    out.update(members);
    return safe_json(out.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

namespace {

/// What a store has of the versions in its default namespace.
Result<std::vector<Bundle>> bundles_of_store(const std::string& path) {
    auto store = Store::open(path, {.read_only = true});
    if (!store) return tl::unexpected(std::move(store.error()));
    const auto versions = store->versions();
    if (!versions) return tl::unexpected(versions.error());
    std::vector<Bundle> out;
    for (const Version& version : *versions) {
        if (version.collected) continue;
        auto bundle = store->bundle(version.digest);
        if (!bundle) return tl::unexpected(std::move(bundle.error()));
        out.push_back(std::move(*bundle));
    }
    return out;
}

}  // namespace

Result<std::vector<Bundle>> bundles_in(const std::string& place) {
    namespace fs = std::filesystem;
    std::vector<Bundle> out;
    std::error_code error;
    if (fs::is_regular_file(place, error)) return bundles_of_store(place);
    for (fs::recursive_directory_iterator at(place, error); !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (!at->is_regular_file(error) || at->path().extension() != ".bundle") continue;
        auto bytes = read_input(at->path().string(), std::size_t{1} << 30);
        if (!bytes) return tl::unexpected(std::move(bytes.error()));
        auto bundle = Bundle::load(std::as_bytes(std::span(bytes->data(), bytes->size())));
        if (!bundle) {
            bundle.error().context = at->path().string() + " " + bundle.error().context;
            return tl::unexpected(std::move(bundle.error()));
        }
        out.push_back(std::move(*bundle));
    }
    if (error) return tl::unexpected(Error{"F0001", error.message(), place});
    return out;
}

void add_ledger(Command& program) {
    Command& verb = program.verb("ledger", "Ask, prove and keep the record of decisions");
    const LedgerApp ledger{verb, verb.make_values<LedgerArgs>()};
    add_ledger_questions(ledger);
    add_ledger_records(ledger);
    add_ledger_audit(ledger);
}

}  // namespace writ::cli

// writ ledger: the record of decisions. The verbs are in ledger_*.cpp.
#include "cli/verbs/ledger.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "writ/errors.h"
#include "writ/store.h"

namespace writ::cli {

Command& LedgerApp::add(const std::string& name, const std::string& what, bool may_lack) const {
    Command& verb = command.verb(name, what);
    add_ledger_option(verb, args.folder).is_required = !may_lack;
    add_format(verb, args.format);
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

void tell_others(const std::vector<std::uint64_t>& found, const Terminal& terminal) {
    if (found.size() < 2) return;
    constexpr std::size_t kMost = 8;
    std::string others;
    for (std::size_t i = 1; i < std::min(found.size(), kMost + 1); ++i)
        others += (i > 1 ? ", " : "") + std::to_string(found[i]);
    if (found.size() > kMost + 1) others += fmt::format(" and {} more", found.size() - kMost - 1);
    print_remark(
        fmt::format("note: {} decisions have this id; this is the last, record {}; for another, give its number: {}\n",
                    found.size(), found.front(), others),
        terminal);
}

namespace {

/// The versions with content in a store's default namespace.
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
    for (fs::recursive_directory_iterator at(place, error); !error && at != fs::recursive_directory_iterator();
         at.increment(error)) {
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
    if (error) return fail(Code::FileUnusable, error.message(), place);
    return out;
}

void add_ledger(Command& program) {
    Command& verb = program.verb("ledger", "Query, prove and maintain the record of decisions");
    const LedgerApp ledger{verb, verb.make_values<LedgerArgs>()};
    add_ledger_questions(ledger);
    add_ledger_records(ledger);
    add_ledger_audit(ledger);
}

}  // namespace writ::cli

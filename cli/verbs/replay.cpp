// writ replay: decides recorded requests with another policy.
#include <sys/stat.h>

#include <fmt/format.h>

#include "cli/formats/ledger_table.h"
#include "cli/terminal/progress.h"
#include "cli/verbs/ledger.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/audit.h"

namespace writ::cli {

namespace {

struct ReplayArgs {
    std::string folder;
    std::vector<std::string> against, layers;
    Format format = Format::Human;
    bool fail_wider = false;
};

/// Opens a sealed bundle, or compiles a policy and the layers that its manifest names.
std::variant<Layers, Exit> layers_of(const std::vector<std::string>& paths, const Terminal& terminal) {
    if (paths.size() == 1 && paths[0].ends_with(".bundle")) {
        const auto bytes = read_input(paths[0], std::size_t{1} << 30);
        if (!bytes) return report_error(bytes.error(), "", terminal);
        auto bundle = Bundle::load(std::as_bytes(std::span(bytes->data(), bytes->size())));
        if (!bundle) return report_error(bundle.error(), paths[0], terminal);
        return Layers(std::move(*bundle));
    }
    return open_layers({}, paths, terminal);
}

Exit run(const ReplayArgs& options, const Terminal& terminal) {
    std::vector<Bundle> bundles;
    std::vector<std::vector<std::string>> policies;
    for (const std::string& layer : options.layers) policies.push_back({layer});
    policies.push_back(options.against);
    for (const std::vector<std::string>& paths : policies) {
        const auto opened = layers_of(paths, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        const std::vector<Bundle>& all = std::get<Layers>(opened).bundles();
        bundles.insert(bundles.end(), all.begin(), all.end());
    }
    Result<ledger::Comparison> compared;
    {
        Progress progress("replaying", "records", terminal);
        compared = ledger::replay(options.folder, Layers(std::move(bundles)), progress.teller());
    }
    if (!compared) return report_error(compared.error(), "", terminal);
    const ledger::Comparison& c = *compared;
    if (options.format == Format::Json) {
        print_result(json_line({{"decisions", c.decisions},
                                {"same", c.same},
                                {"wider", c.wider},
                                {"narrower", c.narrower},
                                {"other", c.other},
                                {"refused", c.refused},
                                {"undecided", c.undecided},
                                {"no_request", c.no_request},
                                {"overruled", c.overruled},
                                {"repeated", c.repeated},
                                {"by_rule", json_of(c.by_rule)["rows"]},
                                {"by_agent", json_of(c.by_agent)["rows"]}}));
    } else {
        std::string out = fmt::format("{} decisions: {} the same, {} wider, {} narrower, {} both\n", c.decisions,
                                      c.same, c.wider, c.narrower, c.other);
        if (c.refused > 0) out += fmt::format("{} requests are refused by this policy, and so denied\n", c.refused);
        if (c.undecided > 0)
            out += fmt::format("{} records are undecided: this policy reads facts that they mask\n", c.undecided);
        if (c.no_request > 0) out += fmt::format("{} records do not contain their request\n", c.no_request);
        if (c.overruled > 0)
            out += fmt::format("{} records were denied by the ledger, whatever the policy decided\n", c.overruled);
        if (c.repeated > 0)
            out += fmt::format("{} records repeat an earlier decision under its idempotency key\n", c.repeated);
        if (c.same != c.decisions)
            out += "\n" + human(c.by_rule, terminal.colour_out) + "\n" + human(c.by_agent, terminal.colour_out);
        print_result(out);
    }
    return options.fail_wider && c.wider + c.other + c.undecided > 0 ? Exit::Negative : Exit::Ok;
}

}  // namespace

void add_replay(Command& program) {
    Command& verb = program.verb("replay", "Decide recorded requests with another policy, and show what would change");
    auto& options = verb.make_values<ReplayArgs>();
    add_ledger_option(verb, options.folder).required();
    verb.list("--against", "PATH...", "Policy files or folders, or a sealed *.bundle", options.against).required();
    verb.texts("--layer", "PATH", "A platform's policy or bundle above PATH; may be repeated", options.layers);
    verb.flag("--fail-wider", "Exit with 1 if anything would be wider or is undecided", options.fail_wider);
    add_format(verb, options.format);
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

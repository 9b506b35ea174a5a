// writ check: compiles policies, and shows the result of each phase.
#include <optional>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

struct CheckArgs {
    std::vector<std::string> paths;
    Format format = Format::Human;
    std::optional<Dump> dump;
    std::optional<std::uint64_t> max_steps;
};

std::string summary(const Bundle& bundle) {
    return fmt::format("ok: {}, step bound {}, digest {}\n", counted(bundle.rule_count(), "rule"), bundle.reach(),
                       bundle.digest());
}

std::string summary_json(const Workspace& workspace) {
    const auto& bundle = workspace.bundle();
    std::string out = fmt::format("{{\"schema_version\":1,\"ok\":{}", bundle.has_value());
    if (bundle)
        out += fmt::format(",\"rules\":{},\"step_bound\":{},\"digest\":\"{}\"", bundle->rule_count(), bundle->reach(),
                           bundle->digest());
    return out + ",\"diagnostics\":" + render_json(workspace.diagnostics()) + "}\n";
}

Exit run(const CheckArgs& options, const Terminal& terminal) {
    const auto opened = open_workspace(options.paths, terminal, {}, options.max_steps);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr) return std::get<Exit>(opened);
    const bool valid = workspace->bundle().has_value();
    const bool quiet = terminal.quiet && valid;
    if (options.format == Format::Json)
        print_result(summary_json(*workspace));
    else if (!(quiet && is_for_people(options.format)))
        print_diagnostics(workspace->diagnostics(), options.format, terminal);
    if (options.dump)
        print_result(workspace->dump(*options.dump));
    else if (valid && !quiet && is_for_people(options.format))
        print_result(summary(*workspace->bundle()));
    return valid ? Exit::Ok : Exit::Invalid;
}

}  // namespace

void add_check(Command& program) {
    Command& verb = program.verb("check", "Compile policies and report their errors");
    auto& options = verb.make_values<CheckArgs>();
    add_paths(verb, options.paths);
    Option& format = add_format(verb, options.format, kDiagnosticFormats);
    verb.whole("--max-steps", "N", "Refuse a policy if one request can cost more steps than this (default: 500000)",
               options.max_steps);
    verb.choice("--dump", "Print an intermediate form", options.dump,
                {{"tokens", Dump::Tokens},
                 {"ast", Dump::Ast},
                 {"typed", Dump::Typed},
                 {"bytecode", Dump::Bytecode},
                 {"index", Dump::Index}});
    verb.check = [&options, &format]() -> std::string {
        return options.dump && format.given && !is_for_people(options.format)
                   ? "--dump: prints text, and cannot be combined with another --format"
                   : "";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

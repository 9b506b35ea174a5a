// writ check: compiles policies, and shows the result of each phase.
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/formats/catalogue.h"
#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/json.h"
#include "cli/formats/merged.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/policies.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

struct CheckArgs {
    std::vector<std::string> paths;
    Format format = Format::Human;
    std::optional<Dump> dump;
    bool catalogue = false;
    std::optional<std::uint64_t> max_steps;
    unsigned jobs = 0;
};

std::string summary(const Bundle& bundle) {
    return fmt::format("ok: {}, step bound {}, digest {}\n", counted(bundle.rule_count(), "rule"), bundle.reach(),
                       bundle.digest());
}

Json summary_json(const Workspace& workspace, bool with_catalogue) {
    Json out;
    const auto& bundle = workspace.bundle();
    out["ok"] = bundle.has_value();
    if (bundle) {
        out["rules"] = bundle->rule_count();
        out["step_bound"] = bundle->reach();
        out["digest"] = bundle->digest();
        if (with_catalogue) out["catalogue"] = Json::parse(to_json(catalogue_of(*bundle)));
    }
    out["diagnostics"] = Json::parse(render_json(workspace.diagnostics()));
    return out;
}

/// Prints the findings of a policy, then an intermediate form or the summary.
void show(const Workspace& workspace, const CheckArgs& options, const Terminal& terminal) {
    const std::optional<Bundle>& bundle = workspace.bundle();
    const bool quiet = terminal.quiet && bundle;
    if (!quiet || !is_for_people(options.format)) print_diagnostics(workspace.diagnostics(), options.format, terminal);
    if (options.dump)
        print_result(workspace.dump(*options.dump));
    else if (bundle && !quiet && is_for_people(options.format))
        print_result(summary(*bundle));
    if (options.catalogue && bundle && is_for_people(options.format))
        print_result(human(catalogue_of(*bundle), terminal.colour_out));
}

/// A run over several policies, for programs: one document.
void print_document(const PolicyFolders& found, const std::vector<Result<Workspace>>& opened, Exit exit,
                    const CheckArgs& options, const Terminal& terminal) {
    if (options.format != Format::Json) {
        MergedFindings all;
        for (const Result<Workspace>& each : opened)
            if (each) all.add(each->diagnostics());
        all.add(found.problems);
        print_diagnostics(all.findings, options.format, terminal);
        return;
    }
    Json out{{"ok", exit == Exit::Ok}, {"policies", Json::array()}};
    for (std::size_t i = 0; i < opened.size(); ++i) {
        Json policy{{"policy", found.policies[i].folder}};
        policy.update(opened[i] ? summary_json(*opened[i], options.catalogue) : Json{{"ok", false}});
        out["policies"].push_back(std::move(policy));
    }
    out["diagnostics"] = Json::parse(render_json(found.problems));
    print_result(json_line(out));
}

Exit run_several(const PolicyFolders& found, const CheckArgs& options, const Terminal& terminal) {
    const auto opened = in_parallel(found.policies.size(), options.jobs, [&](std::size_t i) {
        return open_policy(found.policies[i], {}, options.max_steps);
    });
    Exit exit = found.problems.items.empty() ? Exit::Ok : Exit::Invalid;
    std::size_t valid = 0;
    for (std::size_t i = 0; i < opened.size(); ++i) {
        const bool ok = opened[i] && opened[i]->bundle();
        valid += ok ? 1 : 0;
        if (!ok) exit = worst(exit, Exit::Invalid);
        if (is_for_people(options.format) && !(terminal.quiet && ok && !options.dump && !options.catalogue))
            print_result(heading(found.policies[i].folder, terminal.colour_out));
        if (!opened[i])
            exit = worst(exit, report_error(opened[i].error(), "", terminal));
        else if (is_for_people(options.format))
            show(*opened[i], options, terminal);
    }
    if (!is_for_people(options.format)) {
        print_document(found, opened, exit, options, terminal);
        return exit;
    }
    print_diagnostics(found.problems, options.format, terminal);
    std::set<std::uint32_t> broken;  // manifests, each of a policy that was not opened
    for (const Diagnostic& each : found.problems.items)
        if (each.code == code_name(Code::ManifestNotValid)) broken.insert(each.span.source);
    if (!(terminal.quiet && exit == Exit::Ok) && !options.dump)
        print_result(
            fmt::format("{} of {} valid\n", valid, counted(opened.size() + broken.size(), "policy", "policies")));
    return exit;
}

Exit run(const CheckArgs& options, const Terminal& terminal) {
    const auto several = several_policies(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&several)) return *failed;
    if (const auto& found = std::get<std::optional<PolicyFolders>>(several))
        return run_several(*found, options, terminal);
    const auto opened = open_workspace(options.paths, terminal, {}, options.max_steps);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr) return std::get<Exit>(opened);
    if (options.format == Format::Json) print_result(json_line(summary_json(*workspace, options.catalogue)));
    if (options.format != Format::Json || options.dump) show(*workspace, options, terminal);
    return workspace->bundle() ? Exit::Ok : Exit::Invalid;
}

}  // namespace

void add_check(Command& program) {
    Command& verb = program.verb("check", "Compile policies and report their errors");
    auto& options = verb.make_values<CheckArgs>();
    add_paths(verb, options.paths);
    Option& format = add_format(verb, options.format, kDiagnosticFormats);
    verb.whole("--max-steps", "N", "Refuse a policy if one request can cost more steps than this (default: 500000)",
               options.max_steps);
    add_jobs(verb, options.jobs);
    verb.choice("--dump", "Print an intermediate form", options.dump,
                {{"tokens", Dump::Tokens},
                 {"ast", Dump::Ast},
                 {"typed", Dump::Typed},
                 {"bytecode", Dump::Bytecode},
                 {"index", Dump::Index},
                 {"cost", Dump::Cost}});
    verb.flag("--catalogue", "List the tools with their parameters, and the issuers", options.catalogue);
    verb.check = [&options, &format]() -> std::string {
        if (options.dump && format.given && !is_for_people(options.format))
            return "--dump: prints text, and cannot be combined with another --format";
        if (options.catalogue && !is_for_people(options.format) && options.format != Format::Json)
            return "--catalogue: is for people or JSON, and cannot be combined with another --format";
        return "";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

// writ compile: compiles policies to a sealed bundle.
#include <filesystem>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/policies.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"

namespace writ::cli {

namespace {

struct CompileArgs {
    std::vector<std::string> paths;
    std::string output;
    unsigned jobs = 0;
};

/// The bundle of a policy in the folder for bundles: `teams/support.bundle`.
std::string file_for(const PolicyFolder& policy, const std::string& output) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path name(policy.name == "." ? fs::weakly_canonical(policy.folder, error).filename().string()
                                           : policy.name);
    return (fs::path(output) / name).string() + ".bundle";
}

/// Writes the bundle of each policy, if all are valid.
Exit run_several(const PolicyFolders& found, const CompileArgs& options, const Terminal& terminal) {
    std::error_code error;
    if (options.output == "-" || std::filesystem::is_regular_file(options.output, error)) {
        print_note(fmt::format("error: there are {} policies; --output must be a folder for their bundles\n",
                               found.policies.size()));
        return Exit::Usage;
    }
    const auto opened =
        in_parallel(found.policies.size(), options.jobs, [&](std::size_t i) { return open_policy(found.policies[i]); });
    Exit exit = found.problems.items.empty() ? Exit::Ok : Exit::Invalid;
    for (const Result<Workspace>& each : opened) {
        if (!each) {
            exit = worst(exit, report_error(each.error(), "", terminal));
            continue;
        }
        if (!terminal.quiet || !each->bundle()) print_note(render_human(each->diagnostics(), terminal.colour_err));
        if (!each->bundle()) exit = worst(exit, Exit::Invalid);
    }
    print_note(render_human(found.problems, terminal.colour_err));
    if (exit != Exit::Ok) return exit;
    for (std::size_t i = 0; i < opened.size(); ++i) {
        const std::string file = file_for(found.policies[i], options.output);
        std::filesystem::create_directories(std::filesystem::path(file).parent_path(), error);
        const Bundle& bundle = bundle_of(*opened[i]);
        const std::span<const std::byte> bytes = bundle.bytes();
        if (const auto written = write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
            !written)
            return report_error(written.error(), {}, terminal);
        print_result(fmt::format("{}: {} bytes, digest {}\n", safe(file), bytes.size(), bundle.digest()));
    }
    return Exit::Ok;
}

Exit run(const CompileArgs& options, const Terminal& terminal) {
    const auto several = several_policies(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&several)) return *failed;
    if (const auto& found = std::get<std::optional<PolicyFolders>>(several))
        return run_several(*found, options, terminal);
    const auto opened = open_valid(options.paths, terminal);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr) return std::get<Exit>(opened);
    const Bundle& bundle = bundle_of(*workspace);
    const std::span<const std::byte> bytes = bundle.bytes();
    const auto written = write_file(options.output, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!written) return report_error(written.error(), {}, terminal);
    const std::string summary = fmt::format("{} bytes, digest {}\n", bytes.size(), bundle.digest());
    if (options.output == "-")
        print_remark(summary, terminal);
    else
        print_result(safe(options.output) + ": " + summary);
    return Exit::Ok;
}

}  // namespace

void add_compile(Command& program) {
    Command& verb = program.verb("compile", "Compile policies to a bundle for brokers");
    auto& options = verb.make_values<CompileArgs>();
    add_paths(verb, options.paths);
    verb.text("-o,--output", "FILE|DIR|-",
              "The bundle to write; replaced atomically; - for standard output; for several policies, a folder",
              options.output)
        .required();
    add_jobs(verb, options.jobs);
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

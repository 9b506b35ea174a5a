// writ compile: compiles policies to a sealed bundle.
#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"

namespace writ::cli {

namespace {

struct CompileArgs {
    std::vector<std::string> paths;
    std::string output;
};

Exit run(const CompileArgs& options, const Terminal& terminal) {
    const auto opened = open_valid(options.paths, terminal);
    const auto* workspace = std::get_if<Workspace>(&opened);
    if (workspace == nullptr) return std::get<Exit>(opened);
    const Bundle& bundle = *workspace->bundle();
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
    verb.text("-o,--output", "FILE|-", "The bundle to write; replaced atomically; - for standard output",
              options.output)
        .required();
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

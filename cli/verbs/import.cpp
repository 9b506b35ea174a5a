// writ import: makes a policy from a document of another system.
#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"
#include "writ/errors.h"
#include "writ/import.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kLargest = std::size_t{64} << 20;

struct ImportArgs {
    std::string file, output = "-";
    std::string tiers;  ///< names, separated by commas
    ImportOptions made;
};

void print_gaps(const Imported& imported, const ImportArgs& options) {
    std::size_t left_out = 0;
    for (const ImportGap& each : imported.gaps) {
        left_out += each.left_out ? 1 : 0;
        print_note(fmt::format("{}: {}: {}\n", each.left_out ? "left out" : "not carried over", safe(each.where),
                               safe(each.reason)));
    }
    print_note(fmt::format("{}: {} and {} imported, {} left out, {} without something\n",
                           safe(input_name(options.file)), counted(imported.tools, "tool"),
                           counted(imported.rules, "rule"), left_out, imported.gaps.size() - left_out));
}

Exit run(ImportKind kind, const ImportArgs& options, const Terminal& terminal) {
    const auto document = read_input(options.file, kLargest);
    if (!document) return report_error(document.error(), "", terminal);
    if (document->size() > kLargest)
        return report_error(failure(Code::FileUnusable, "larger than 64 MiB", input_name(options.file)), "", terminal);
    ImportOptions made = options.made;
    for (std::size_t at = 0; !options.tiers.empty() && at <= options.tiers.size();) {
        const std::size_t end = std::min(options.tiers.find(',', at), options.tiers.size());
        made.tiers.push_back(options.tiers.substr(at, end - at));
        at = end + 1;
    }
    const auto imported = import_policy(kind, *document, made);
    if (!imported) return report_error(imported.error(), input_name(options.file), terminal);
    if (options.output == "-")
        print_result(imported->policy);
    else if (const auto written = write_file(options.output, imported->policy); !written)
        return report_error(written.error(), "", terminal);
    print_gaps(*imported, options);
    const bool catalogue = kind == ImportKind::OpenApi || kind == ImportKind::Mcp;
    return (catalogue ? imported->tools : imported->rules) > 0 ? Exit::Ok : Exit::Negative;
}

/// The options for what a kind of document does not state.
struct Asked {
    bool issuer = false, audience = false, tool_audience = false, tool = false;
};

void add_kind(Command& verb, ImportKind kind, const std::string& name, const std::string& help, Asked asked) {
    Command& each = verb.verb(name, help);
    auto& options = each.make_values<ImportArgs>();
    each.text("FILE", "FILE|-", "The document; - for standard input", options.file).required();
    each.text("-o,--output", "FILE|-", "The policy to write; replaced atomically (default: standard output)",
              options.output);
    each.text("--module", "NAME", "The name of the policy's module (default: imported)", options.made.module);
    each.text("--tiers", "NAME,NAME,NAME",
              "Existing tiers for tools that read, write and destroy (default: the policy declares its own)",
              options.tiers);
    if (asked.issuer) each.text("--issuer", "URL", "The issuer of the callers' tokens", options.made.issuer);
    if (asked.audience)
        each.text("--audience", "TEXT", "The audience of these tokens: your broker", options.made.audience);
    if (asked.tool_audience)
        each.text("--tool-audience", "URL", "The audience of the credentials for the tools",
                  options.made.tool_audience);
    if (asked.tool) each.text("--tool", "NAME", "The tool that the permits are for", options.made.tool);
    each.run = [&options, kind](const Terminal& terminal) { return run(kind, options, terminal); };
}

}  // namespace

void add_import(Command& program) {
    Command& verb = program.verb("import", "Make a policy from a document of another system");
    add_kind(verb, ImportKind::OpenApi, "openapi", "Tools from an OpenAPI 3 document (JSON)", {.tool_audience = true});
    add_kind(verb, ImportKind::Mcp, "mcp", "Tools from an MCP server's result of tools/list (JSON)",
             {.tool_audience = true});
    add_kind(verb, ImportKind::AwsTrust, "aws-trust", "Permits from the trust policy of an AWS IAM role (JSON)",
             {.tool_audience = true, .tool = true});
    add_kind(verb, ImportKind::GithubOidc, "github-oidc",
             "Permits from patterns for GitHub's subject, or from federated credentials of Microsoft Entra",
             {.audience = true, .tool_audience = true, .tool = true});
    add_kind(verb, ImportKind::Cedar, "cedar", "Tools and rules from simple Cedar policies",
             {.issuer = true, .audience = true, .tool_audience = true});
}

}  // namespace writ::cli

// writ explain: explains a decision, or an error code.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/formats/explanation.h"
#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/code_rows.h"
#include "cli/verbs/options.h"
#include "cli/verbs/revoked.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/explain.h"
#include "writ/lint.h"

namespace writ::cli {

namespace {

struct ExplainArgs {
    std::vector<std::string> paths;
    std::string request, rule;
    RevokedArgs revoked;
    Format format = Format::Human;
};

/// Whether a text has the form of a code such as `E0203`: a capital and four digits.
bool is_code(const std::string& text) {
    return text.size() == 5 && text[0] >= 'A' && text[0] <= 'Z' &&
           std::all_of(text.begin() + 1, text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Whether a text is the name of a lint or the code of a reason, and no file has that name.
bool is_lint_or_reason(const std::string& text) {
    std::error_code error;
    return (!lint_page(text).empty() || !code_row(text).empty()) && !std::filesystem::exists(text, error);
}

bool asks_of_code(const ExplainArgs& options) {
    return options.paths.size() == 1 && (is_code(options.paths[0]) || is_lint_or_reason(options.paths[0]));
}

/// The most similar name for a single word that names nothing.
std::string meant(const std::vector<std::string>& paths) {
    std::error_code error;
    if (paths.size() != 1 || std::filesystem::exists(paths[0], error)) return {};
    const std::string_view near = nearest_lint(paths[0]);
    return near.empty() ? ", and there is no code or lint `" + paths[0] + "`"
                        : "; did you mean the lint `" + std::string(near) + "`?";
}

Exit explain_code(const std::string& code) {
    std::string_view page = is_code(code) ? error_page(code) : lint_page(code);
    if (page.empty()) page = code_row(code);
    if (page.empty()) {
        print_note("error: there is no code " + code + "\n");
        return Exit::Negative;
    }
    print_result(page);
    return Exit::Ok;
}

Exit run(const ExplainArgs& options, const Terminal& terminal) {
    const auto opened = open_valid(options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Workspace& workspace = std::get<Workspace>(opened);
    const auto request = read_input(options.request, RequestLimits{}.max_bytes);
    if (!request) return report_error(request.error(), "", terminal);
    const auto revoked = read_revoked(options.revoked);
    if (!revoked) return report_error(revoked.error(), "", terminal);
    const auto explained = workspace.explain(*request, options.rule, {}, *revoked);
    if (!explained) {
        const bool of_request = explained.error().code.starts_with("Q");
        return refuse(explained.error(), of_request ? input_name(options.request) : "", options.format, terminal);
    }
    print_result(options.format == Format::Json ? safe_json(to_json(*explained)) + "\n"
                                                : render_explanation(*explained, terminal.colour_out));
    return Exit::Ok;
}

}  // namespace

void add_explain(Command& program) {
    Command& verb = program.verb("explain", "Explain the decision on a request, or a code");
    auto& options = verb.make_values<ExplainArgs>();
    verb.list("PATH", "PATH...|CODE|LINT|REASON",
              "Policy files or folders; or one code such as E0203, one lint or one reason", options.paths)
        .required();
    Option& request = verb.text("--request", "FILE|-", "The request document; - for standard input", options.request);
    Option& rule = verb.text("--rule", "NAME", "Explain only this rule, even if it did not matter", options.rule);
    Option& store = add_revoked(verb, options.revoked);
    Option& format = add_format(verb, options.format);
    verb.check = [&options, &request, &rule, &store, &format]() -> std::string {
        const bool more = request.given || rule.given || store.given || format.given;
        if (asks_of_code(options))
            return more ? options.paths[0] + ": is a code, and cannot be combined with options" : "";
        return request.given ? "" : "--request: is required to explain a decision" + meant(options.paths);
    };
    verb.run = [&options](const Terminal& terminal) {
        return asks_of_code(options) ? explain_code(options.paths[0]) : run(options, terminal);
    };
}

}  // namespace writ::cli

// writ explain: explains a decision, or an error code.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "cli/formats/decision.h"
#include "cli/formats/explanation.h"
#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/code_rows.h"
#include "cli/verbs/explained.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/evaluator.h"
#include "writ/explain.h"
#include "writ/lint.h"

namespace writ::cli {

namespace {

struct ExplainArgs {
    ExplainedArgs what;
    std::string rule;
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
    const std::vector<std::string>& paths = options.what.paths;
    return paths.size() == 1 && (is_code(paths[0]) || is_lint_or_reason(paths[0]));
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

/// What one layer decides, and why.
struct LayerExplanation {
    const NamedPolicy* layer = nullptr;
    Explanation explanation;
};

/// The decision of all layers, and each layer's explanation.
void print_layers(const std::vector<LayerExplanation>& explained, const Decision& decision, const Layers& layers,
                  const ExplainArgs& options, const Terminal& terminal) {
    if (options.format == Format::Json) {
        Json out{{"schema_version", 1}, {"decision", Json::parse(to_json(decision, layers, View::Operator))}};
        out["layers"] = Json::array();
        for (const LayerExplanation& each : explained)
            out["layers"].push_back(
                Json{{"name", each.layer->name}, {"explanation", Json::parse(to_json(each.explanation))}});
        print_result(one_line(out));
        return;
    }
    std::string out = render_decision(decision, layers, View::Operator, terminal.colour_out);
    for (const LayerExplanation& each : explained)
        out += fmt::format("\n== {} ==\n{}", safe(each.layer->name),
                           render_explanation(each.explanation, terminal.colour_out));
    print_result(out);
}

/// A rule is named in some layer; the others have nothing to say of it.
bool unknown_rule(const Error& error) {
    return error.code == code_name(Code::UnknownRule);
}

Exit run(const ExplainArgs& options, const Terminal& terminal) {
    const auto opened = open_explained(options.what, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Explained& what = std::get<Explained>(opened);
    const auto revoked = read_revoked(options.what.revoked);
    if (!revoked) return report_error(revoked.error(), "", terminal);
    std::vector<LayerExplanation> explained;
    std::vector<Bundle> bundles;
    std::optional<Error> unknown;
    for (const NamedPolicy& layer : what.layers) {
        bundles.push_back(bundle_of(layer.workspace));
        auto found = layer.workspace.explain(what.request, options.rule, {}, *revoked);
        if (found) {
            explained.push_back({&layer, std::move(*found)});
            continue;
        }
        if (!unknown_rule(found.error())) {
            const bool of_request = found.error().code.starts_with("Q");
            return refuse(found.error(), of_request ? what.request_name : "", options.format, terminal);
        }
        // One with a suggestion is longer.
        if (!unknown || unknown->message.size() < found.error().message.size()) unknown = std::move(found.error());
    }
    if (explained.empty() && unknown) return refuse(*unknown, "", options.format, terminal);
    const Layers layers(std::move(bundles));
    Request request(layers);
    if (const auto parsed = request.parse(what.request); !parsed)
        return refuse(parsed.error(), what.request_name, options.format, terminal);
    Evaluator evaluator(layers);
    evaluator.revoke(*revoked);
    const Decision decision = evaluator.evaluate(request);
    if (what.recorded && *what.recorded != decision.effect)
        print_remark(fmt::format("note: the record says {}; these policies decide {}\n", effect_text(*what.recorded),
                                 effect_text(decision.effect)),
                     terminal);
    if (what.layers.size() > 1) {
        print_layers(explained, decision, layers, options, terminal);
        return Exit::Ok;
    }
    const Explanation& only = explained.front().explanation;
    print_result(options.format == Format::Json ? safe_json(to_json(only)) + "\n"
                                                : render_explanation(only, terminal.colour_out));
    return Exit::Ok;
}

}  // namespace

void add_explain(Command& program) {
    Command& verb = program.verb("explain", "Explain the decision on a request, or a code");
    auto& options = verb.make_values<ExplainArgs>();
    verb.list("PATH", "PATH...|CODE|LINT|REASON",
              "Policy files or folders; or one code such as E0203, one lint or one reason", options.what.paths);
    add_explained(verb, options.what);
    Option& rule = verb.text("--rule", "NAME", "Explain only this rule, even if it did not matter", options.rule);
    Option& format = add_format(verb, options.format);
    verb.check = [&options, &rule, &format]() -> std::string {
        const ExplainedArgs& what = options.what;
        if (asks_of_code(options)) {
            const bool more = !what.request.empty() || !what.record.empty() || !what.layers.empty() ||
                              !what.revoked.store.empty() || rule.given || format.given;
            return more ? what.paths[0] + ": is a code, and cannot be combined with options" : "";
        }
        if (what.request.empty() && what.record.empty() && !what.paths.empty())
            return "--request: is required to explain a decision" + meant(what.paths);
        return check_explained(what);
    };
    verb.run = [&options](const Terminal& terminal) {
        return asks_of_code(options) ? explain_code(options.what.paths[0]) : run(options, terminal);
    };
}

}  // namespace writ::cli

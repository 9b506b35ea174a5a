// writ search: leaves one field of a request open and decides every candidate for it.
#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/json.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/revoked.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/search.h"

namespace writ::cli {

namespace {

struct SearchArgs {
    std::vector<std::string> paths, layers;
    std::string request, candidates;
    RevokedArgs revoked;
    Open open = Open::Tool;
    Format format = Format::Human;
};

constexpr std::size_t kMostCandidateBytes = 64u << 20;

/// The scopes of a permit, or the reasons against it.
std::string why(const SearchItem& item, const Layers& layers) {
    if (!item.refused.code.empty()) return fmt::format("{} {}", item.refused.code, safe(item.refused.message));
    if (item.answer == Effect::Permit) return safe(joined(item.scopes, ", "));
    std::string out;
    for (const Reason& reason : item.reasons) {
        if (reason.code == "permitted") continue;
        std::string text = safe(reason.code);
        const auto& bundles = layers.bundles();
        if (reason.rule != kNoRule && reason.layer < bundles.size()) {
            const RuleInfo rule = bundles[reason.layer].rule(reason.rule);
            if (rule.name != reason.code) text += fmt::format(" ({})", safe(rule.name));
        } else if (!reason.detail.empty()) {
            text += fmt::format(" ({})", safe(reason.detail));
        }
        out += (out.empty() ? "" : ", ") + text;
    }
    return out;
}

std::string human(const SearchResult& result, bool colour) {
    const Palette colours = palette(colour);
    std::size_t width = 0;
    for (const SearchItem& item : result.items) width = std::max(width, glyphs_of(item.name).size());
    std::string out;
    for (const SearchItem& item : result.items) {
        std::string_view answer, paint;
        switch (item.answer) {
            case Effect::Permit: answer = "always", paint = colours.good; break;
            case Effect::NeedsApproval: answer = "if approved", paint = colours.warning; break;
            case Effect::Deny: answer = item.wants_facts ? "never yet" : "never", paint = colours.error; break;
        }
        std::string name = safe(item.name);
        name.append(width - std::min(width, glyphs_of(item.name).size()), ' ');
        out += fmt::format("{}{:<11}{}  {}  {}\n", paint, answer, colours.reset, name, why(item, result.layers));
    }
    return out;
}

Exit run(const SearchArgs& options, const Terminal& terminal) {
    const auto opened = open_layers(options.layers, options.paths, terminal);
    if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
    const Layers& layers = std::get<Layers>(opened);
    const auto request = read_input(options.request, RequestLimits{}.max_bytes);
    if (!request) return report_error(request.error(), "", terminal);
    std::string candidates;
    if (!options.candidates.empty()) {
        auto read = read_input(options.candidates, kMostCandidateBytes);
        if (!read) return report_error(read.error(), "", terminal);
        candidates = std::move(*read);
        // An empty file is not the same as a missing one.
        if (candidates.empty()) candidates = " ";
    }
    Evaluator evaluator(layers);
    const auto revoked = read_revoked(options.revoked);
    if (!revoked) return report_error(revoked.error(), "", terminal);
    evaluator.revoke(*revoked);
    const auto result = search(evaluator, *request, options.open, candidates);
    if (!result) return refuse(result.error(), input_name(options.request), options.format, terminal);
    print_result(options.format == Format::Json ? safe_json(to_json(*result)) + "\n"
                                                : human(*result, terminal.colour_out));
    if (result->items.empty()) print_remark("note: there are no candidates\n", terminal);
    const bool some = std::any_of(result->items.begin(), result->items.end(),
                                  [](const SearchItem& item) { return item.answer != Effect::Deny; });
    return some ? Exit::Ok : Exit::Negative;
}

}  // namespace

void add_search(Command& program) {
    Command& verb = program.verb("search", "Find the tools, scopes or agents for which a request would be permitted");
    auto& options = verb.make_values<SearchArgs>();
    add_paths(verb, options.paths);
    verb.text("--request", "FILE|-", "The request document; - for standard input", options.request).required();
    verb.choice("--open", "The field that candidates replace", options.open,
                {{"tool", Open::Tool}, {"scope", Open::Scope}, {"agent", Open::Agent}})
        .required();
    Option& candidates =
        verb.text("--candidates", "FILE|-", "A JSON array of names or objects (default: the policy's catalogue)",
                  options.candidates);
    add_layers(verb, options.layers);
    add_revoked(verb, options.revoked);
    add_format(verb, options.format);
    verb.check = [&options, &candidates]() -> std::string {
        if (options.open == Open::Agent && !candidates.given)
            return "--open agent: needs --candidates, because policies do not list agents";
        if (options.request == "-" && options.candidates == "-")
            return "--candidates: and --request cannot both be standard input";
        return {};
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

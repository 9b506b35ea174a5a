// Options that several verbs offer, spelled in one place.
#pragma once

#include <string>
#include <vector>

#include "cli/command/command.h"
#include "cli/render.h"
#include "writ/decision.h"

namespace writ::cli {

/// `--format human|json`, with `short`, `sarif` and `github` where findings are the result.
inline Option& add_format(Command& verb, Format& format, bool of_findings) {
    std::vector<std::pair<std::string, Format>> names{{"human", Format::Human}};
    if (of_findings) names.emplace_back("short", Format::Short);
    names.emplace_back("json", Format::Json);
    if (of_findings) names.insert(names.end(), {{"sarif", Format::Sarif}, {"github", Format::Github}});
    return verb.choice("--format", "How results are written", format, names);
}

inline void add_paths(Command& verb, std::vector<std::string>& paths) {
    verb.list("PATH", "PATH...", "Policy files, or folders of *.writ files", paths).required();
}

inline Option& add_layers(Command& verb, std::vector<std::string>& layers) {
    return verb.texts("--layer", "PATH", "A platform's policy above PATH; may be repeated", layers);
}

/// `--for caller|operator`.
inline Option& add_reader(Command& verb, Audience& reader) {
    return verb.choice("--for", "For whom: a caller learns nothing about policy", reader, {{"caller", Audience::Caller}, {"operator", Audience::Operator}});
}

}  // namespace writ::cli

// Choices that several verbs offer, spelled in one place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/render.h"

namespace writ::cli {

/// `--format human|json`, with `short`, `sarif` and `github` where findings are the result.
inline CLI::Option* add_format(CLI::App& verb, Format& format, bool of_findings) {
    std::map<std::string, Format> names{{"human", Format::Human}, {"json", Format::Json}};
    if (of_findings) names.insert({{"short", Format::Short}, {"sarif", Format::Sarif}, {"github", Format::Github}});
    return verb.add_option("--format", format, "How results are written")
        ->transform(CLI::CheckedTransformer(std::move(names)))
        ->option_text(of_findings ? "human|short|json|sarif|github" : "human|json");
}

inline void add_paths(CLI::App& verb, std::vector<std::string>& paths) {
    verb.add_option("PATH", paths, "Policy files, or folders of *.writ files")->required()->option_text("PATH...");
}

inline CLI::Option* add_layers(CLI::App& verb, std::vector<std::string>& layers) {
    return verb.add_option("--layer", layers, "A platform's policy above PATH; may be repeated")
        ->option_text("PATH")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace writ::cli

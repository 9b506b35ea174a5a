// Choices that several verbs offer, spelled in one place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/render.h"

namespace writ::cli {

/// `--format human|json`, with `short` where diagnostics are the result.
inline CLI::Option* add_format(CLI::App& verb, Format& format, bool with_short) {
    std::map<std::string, Format> names{{"human", Format::Human}, {"json", Format::Json}};
    if (with_short) names.emplace("short", Format::Short);
    return verb.add_option("--format", format, "How results are written")
        ->transform(CLI::CheckedTransformer(std::move(names)))
        ->option_text(with_short ? "human|short|json" : "human|json");
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

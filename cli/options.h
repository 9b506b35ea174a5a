// Choices that several verbs offer, spelled in one place.
#pragma once

#include <charconv>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/render.h"

namespace writ::cli {

/// One of some words, and what it stands for.
template <class T>
CLI::Validator one_of(const std::map<std::string, T>& words) {
    std::string known;
    for (auto word = words.begin(); word != words.end(); ++word)
        known += (word == words.begin() ? "" : std::next(word) == words.end() ? " or " : ", ") + word->first;
    return CLI::Validator(
        [known, words, convert = CLI::CheckedTransformer(words)](std::string& word) {
            return words.contains(word) ? convert(word) : "is " + known + ", not `" + word + "`";
        },
        "");
}

/// A number between two, both included.
inline CLI::Validator number_from(int least, int most) {
    return CLI::Validator(
        [least, most](std::string& text) {
            double number = 0;
            const bool fits = CLI::detail::lexical_cast(text, number) && number >= least && number <= most;
            return fits ? std::string() : "is a number from " + std::to_string(least) + " to " + std::to_string(most) + ", not `" + text + "`";
        },
        "");
}

/// A whole number between two, both included, in decimal digits alone.
inline CLI::Validator whole_number(std::uint64_t least = 0, std::uint64_t most = INT64_MAX) {
    return CLI::Validator(
        [least, most](std::string& text) {
            std::uint64_t number = 0;
            const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
            const bool fits = wrong == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
            return fits ? std::string() : "is a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not `" + text + "`";
        },
        "");
}

/// `--format human|json`, with `short`, `sarif` and `github` where findings are the result.
inline CLI::Option* add_format(CLI::App& verb, Format& format, bool of_findings) {
    std::map<std::string, Format> names{{"human", Format::Human}, {"json", Format::Json}};
    if (of_findings) names.insert({{"short", Format::Short}, {"sarif", Format::Sarif}, {"github", Format::Github}});
    return verb.add_option("--format", format, "How results are written")
        ->transform(one_of(names))
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

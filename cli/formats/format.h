// The formats of results. To add one: add an enumerator here, its name in format.cpp, and a row with its renderer in
// the table of each verb that offers it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/terminal.h"

namespace writ::cli {

enum class Format : std::uint8_t {
    Human,     ///< for people, in colour if wanted
    Short,     ///< for people and editors: one line per finding
    Json,      ///< for programs, each document with its `schema_version`
    Sarif,     ///< for code scanning: SARIF 2.1.0
    Github,    ///< for logs of GitHub: annotations
    Junit,     ///< for test reports of CI: JUnit XML
    Tap,       ///< for test harnesses: TAP 14
    Markdown,  ///< for comments and summaries
};

/// The word that `--format` accepts.
[[nodiscard]] std::string_view format_name(Format format);

/// A renderer: writes a verb's result in one format.
template <class Result>
struct Rendering {
    Format format;
    std::string (*render)(const Result& result, const Terminal& terminal);
};

/// The formats in a verb's table of renderers.
template <class Result, std::size_t count>
std::vector<Format> formats_of(const Rendering<Result> (&table)[count]) {
    std::vector<Format> out;
    for (const Rendering<Result>& each : table) out.push_back(each.format);
    return out;
}

/// Requires: the table has the format.
template <class Result, std::size_t count>
std::string rendered(const Rendering<Result> (&table)[count], Format format, const Result& result,
                     const Terminal& terminal) {
    for (const Rendering<Result>& each : table)
        if (each.format == format) return each.render(result, terminal);
    return {};
}

}  // namespace writ::cli

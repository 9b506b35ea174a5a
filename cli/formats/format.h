// The formats in which results are written. A new one is an enumerator here, its name in format.cpp, and in the table
// of each verb that offers it a row with its renderer.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command/command.h"

namespace writ::cli {

enum class Format : std::uint8_t {
    Human,     ///< for people, in colour where that is wanted
    Short,     ///< for people and editors: a line a finding
    Json,      ///< for programs, each document with its `schema_version`
    Sarif,     ///< for code scanning: SARIF 2.1.0
    Github,    ///< for GitHub's log: annotations
    Junit,     ///< for test reports of CI: JUnit's XML
    Tap,       ///< for test harnesses: TAP, version 14
    Markdown,  ///< for a comment or a summary
};

/// As `--format` takes it.
[[nodiscard]] std::string_view format_name(Format format);

/// `--format`, with some of the formats.
Option& add_format(Command& verb, Format& to, std::span<const Format> offered);
/// With human and json, which every verb has that prints more than a line.
Option& add_format(Command& verb, Format& to);

/// How a verb's result is written in one format.
template <class Result>
struct Rendering {
    Format format;
    std::string (*render)(const Result& result, const Terminal& terminal);
};

/// A verb's formats, from its table of renderings.
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

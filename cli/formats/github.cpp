#include "cli/formats/github.h"

#include <filesystem>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/terminal/lines.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::size_t kShown = 10;  // annotations of one level that GitHub keeps per step

/// Escapes what GitHub's runner interprets: percent signs everywhere, commas and colons in properties.
std::string command_escaped(std::string_view text, bool property) {
    std::string out;
    for (const char c : safe(text)) {
        switch (c) {
            case '%': out += "%25"; break;
            case ':': out += property ? "%3A" : ":"; break;
            case ',': out += property ? "%2C" : ","; break;
            default: out += c;
        }
    }
    return out;
}

std::string annotation(const Diagnostics& all, const std::vector<Lines>& lines, const Diagnostic& d) {
    std::string place;
    if (d.span.source < lines.size()) {
        const Region at = region_of(lines[d.span.source], d.span);
        place = fmt::format(
            "file={},line={},endLine={},col={},endColumn={},",
            command_escaped(std::filesystem::path(all.sources[d.span.source].name).lexically_normal().generic_string(),
                            true),
            at.line, at.end_line, at.column, at.end_column);
    }
    std::string text = command_escaped(d.message, false);
    for (const std::string& more : {d.label, d.help})
        if (!more.empty()) text += "%0A" + command_escaped(more, false);
    return fmt::format("::{} {}title={}::{}\n", severity_name(d.severity), place, command_escaped(d.code, true), text);
}

}  // namespace

std::string render_github(const Diagnostics& diagnostics) {
    std::vector<Lines> lines;
    for (const Source& source : diagnostics.sources) lines.emplace_back(source.text);
    std::string out;
    std::size_t hidden = 0;
    for (const Severity level : {Severity::Error, Severity::Warning}) {
        std::size_t shown = 0;
        for (const Diagnostic& d : diagnostics.items) {
            if (d.severity != level) continue;
            if (shown++ < kShown)
                out += annotation(diagnostics, lines, d);
            else
                ++hidden;
        }
    }
    if (hidden > 0)
        out += fmt::format("::notice title=writ::{}, which GitHub would not show\n", counted(hidden, "more finding"));
    return out;
}

}  // namespace writ::cli

#include "cli/formats/diagnostics.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/terminal/lines.h"
#include "cli/terminal/text.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

constexpr std::uint32_t kWidest = 120;  // columns of source shown at once
constexpr std::size_t kHelpWidth = 71;  // of a line of help, on a terminal of 80 columns
constexpr std::size_t kRepeats = 3;     // places of one mistake that are drawn
constexpr std::size_t kPlaces = 5;      // further places that are listed
constexpr std::uint32_t kBefore = 40;   // columns before the carets, if the line is longer

/// A span to draw under one line.
struct Mark {
    std::size_t line = 0;
    std::size_t begin = 0, end = 0;  ///< bytes in the line
    bool main = false;
    std::string_view label;
};

class Renderer {
public:
    Renderer(const Diagnostics& all, bool colour) : all_(all), colours_(palette(colour)) {
        for (const Source& source : all.sources) lines_.emplace_back(source.text);
    }

    std::string run() {
        // A mistake made at many places is drawn only at the first ones.
        std::map<std::pair<std::string_view, std::string_view>, std::vector<const Diagnostic*>> mistakes;
        for (const Diagnostic& d : all_.items) mistakes[{d.code, d.message}].push_back(&d);
        for (const Diagnostic& d : all_.items) {
            const auto& same = mistakes[{d.code, d.message}];
            if (same.size() <= kRepeats)
                draw(d, {});
            else if (same.front() == &d)
                draw(d, {same.begin() + 1, same.end()});
        }
        summary();
        return std::move(out_);
    }

    [[nodiscard]] std::string location(const Span& span) const {
        if (span.source >= lines_.size()) return {};
        const LineColumn at = lines_[span.source].place(span.begin);
        return fmt::format("{}:{}:{}", safe(all_.sources[span.source].name), at.line + 1, at.column + 1);
    }
    [[nodiscard]] const Lines* lines(const Span& span) const {
        return span.source < lines_.size() ? &lines_[span.source] : nullptr;
    }

private:
    /// `others`: further places of the same mistake.
    void draw(const Diagnostic& d, const std::vector<const Diagnostic*>& others) {
        const std::string_view tone = d.severity == Severity::Error ? colours_.error : colours_.warning;
        out_ += fmt::format("{}{}[{}]{}{}: {}{}\n", tone, severity_name(d.severity), d.code, colours_.reset,
                            colours_.bold, safe(d.message), colours_.reset);
        // The main source first, then the others in order of mention.
        std::vector<std::uint32_t> order{d.span.source};
        std::map<std::uint32_t, std::vector<Mark>> marks;
        add_mark(marks, d.span, d.label, true);
        for (const Label& label : d.related) {
            if (std::find(order.begin(), order.end(), label.span.source) == order.end())
                order.push_back(label.span.source);
            add_mark(marks, label.span, label.text, false);
        }
        gutter_ = 1;
        for (const auto& group : marks)
            for (const Mark& mark : group.second) gutter_ = std::max(gutter_, std::to_string(mark.line + 1).size());
        for (const std::uint32_t source : order) {
            if (source >= lines_.size()) continue;
            const Span& first = source == d.span.source ? d.span : first_in(d, source);
            out_ += fmt::format("{}{}{}{} {}\n", std::string(gutter_, ' '), colours_.frame,
                                source == d.span.source ? "-->" : ":::", colours_.reset, location(first));
            snippet(lines_[source], marks[source], tone);
        }
        help(d);
        also(others);
        out_ += '\n';
    }

    /// Lists the first few further places of a mistake, and their number.
    void also(const std::vector<const Diagnostic*>& others) {
        if (others.empty()) return;
        std::string places;
        for (std::size_t i = 0; i < others.size() && i < kPlaces; ++i)
            places += (i > 0 ? ", " : "") + location(others[i]->span);
        if (others.size() > kPlaces) places += ", …";
        const std::string text =
            filled_lines(fmt::format("the same at {} more places: {}", others.size(), places), kHelpWidth - gutter_);
        std::string_view rest = text;
        for (bool first = true; !rest.empty(); first = false) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            out_ += fmt::format("{} {}{}{}{}\n", std::string(gutter_, ' '), colours_.help,
                                first ? "= also: " : "        ", colours_.reset, rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    static const Span& first_in(const Diagnostic& d, std::uint32_t source) {
        const auto at = std::find_if(d.related.begin(), d.related.end(),
                                     [&](const Label& label) { return label.span.source == source; });
        return at == d.related.end() ? d.span : at->span;
    }

    void add_mark(std::map<std::uint32_t, std::vector<Mark>>& marks, const Span& span, std::string_view label,
                  bool main) {
        if (span.source >= lines_.size()) return;
        const Lines& lines = lines_[span.source];
        Mark mark;
        mark.line = lines.line_at(span.begin);
        const std::size_t length = lines.text(mark.line).size();
        // A span over several lines is drawn to the end of its first line.
        mark.begin =
            std::min<std::size_t>(span.begin - std::min<std::size_t>(span.begin, lines.start(mark.line)), length);
        mark.end = std::max(
            mark.begin,
            std::min<std::size_t>(span.end > span.begin ? span.end - lines.start(mark.line) : mark.begin, length));
        mark.main = main;
        mark.label = label;
        marks[span.source].push_back(mark);
    }

    /// `  3 |` or, without a number, `    |`.
    std::string edge(std::string_view number) const {
        return fmt::format("{}{:>{}} |{}", colours_.frame, number, gutter_, colours_.reset);
    }

    void snippet(const Lines& lines, std::vector<Mark>& marks, std::string_view tone) {
        std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
            return std::pair(a.line, a.begin) < std::pair(b.line, b.begin);
        });
        out_ += edge("") + "\n";
        for (std::size_t i = 0; i < marks.size();) {
            const std::size_t line = marks[i].line;
            if (i > 0 && line > marks[i - 1].line + 1) out_ += fmt::format("{}...{}\n", colours_.frame, colours_.reset);
            const std::vector<Glyph> glyphs = glyphs_of(lines.text(line));
            const Window window = window_of(glyphs, marks[i].begin);
            source_line(glyphs, window, line);
            for (; i < marks.size() && marks[i].line == line; ++i) carets(glyphs, window, marks[i], tone);
        }
    }

    /// The glyphs of a long line that are displayed.
    struct Window {
        std::size_t first = 0, last = 0;
        bool cut_left = false, cut_right = false;
    };

    static Window window_of(const std::vector<Glyph>& glyphs, std::size_t begin) {
        Window window{0, glyphs.size(), false, false};
        std::uint32_t total = 0;
        for (const Glyph& glyph : glyphs) total += glyph.width;
        if (total <= kWidest) return window;
        std::size_t at = 0;
        while (at < glyphs.size() && glyphs[at].offset < begin) ++at;
        window.first = at > kBefore ? at - kBefore : 0;
        std::uint32_t shown = 0;
        window.last = window.first;
        while (window.last < glyphs.size() && shown < kWidest) shown += glyphs[window.last++].width;
        window.cut_left = window.first > 0;
        window.cut_right = window.last < glyphs.size();
        return window;
    }

    void source_line(const std::vector<Glyph>& glyphs, const Window& window, std::size_t line) {
        std::string text = edge(std::to_string(line + 1)) + " ";
        if (window.cut_left) text += "...";
        for (std::size_t i = window.first; i < window.last; ++i) text += glyphs[i].text;
        if (window.cut_right) text += "...";
        text.resize(text.find_last_not_of(' ') + 1);
        out_ += text + "\n";
    }

    void carets(const std::vector<Glyph>& glyphs, const Window& window, const Mark& mark, std::string_view tone) {
        underline(glyphs, window, mark.begin, mark.end, mark.main ? '^' : '-', mark.main ? tone : colours_.frame,
                  mark.label);
    }

    /// A row of `sign` under the bytes from `begin` to `end`, at least one.
    void underline(const std::vector<Glyph>& glyphs, const Window& window, std::size_t begin, std::size_t end,
                   char sign, std::string_view colour, std::string_view label) {
        std::size_t before = window.cut_left ? 3 : 0, under = 0;
        for (std::size_t i = window.first; i < window.last; ++i) {
            if (glyphs[i].offset < begin)
                before += glyphs[i].width;
            else if (glyphs[i].offset < end)
                under += glyphs[i].width;
        }
        out_ += fmt::format("{} {}{}{}{}{}{}\n", edge(""), std::string(before, ' '), colour,
                            std::string(std::max<std::size_t>(under, 1), sign), label.empty() ? "" : " ", safe(label),
                            colours_.reset);
    }

    void help(const Diagnostic& d) {
        if (d.help.empty() && d.replacement.empty()) return;
        out_ += edge("") + "\n";
        const std::string text = filled_lines(
            d.help.empty() ? std::string_view("write this instead") : std::string_view(d.help), kHelpWidth - gutter_);
        std::string_view rest = text;
        bool first = true;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            out_ += fmt::format("{} {}{}{}{}\n", std::string(gutter_, ' '), colours_.help,
                                first ? "= help: " : "        ", colours_.reset, safe(rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            first = false;
        }
        if (!d.replacement.empty()) replacement(d);
    }

    /// Each line by itself; indented lines stay as they are.
    static std::string filled_lines(std::string_view text, std::size_t width) {
        std::string out;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            const std::string_view line = text.substr(0, end);
            out += (line.starts_with(' ') ? std::string(line) : filled(line, width)) + "\n";
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return out;
    }

    /// The line after the replacement, with the new text underlined.
    void replacement(const Diagnostic& d) {
        const Lines* lines = this->lines(d.span);
        const bool single = lines != nullptr && d.replacement.find('\n') == std::string::npos &&
                            lines->line_at(d.span.begin) == lines->line_at(d.span.end);
        if (!single) {
            for (std::string_view rest = d.replacement; !rest.empty();) {
                const std::size_t end = std::min(rest.find('\n'), rest.size());
                out_ += fmt::format("{}         {}\n", std::string(gutter_, ' '), safe(rest.substr(0, end)));
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            return;
        }
        const std::size_t line = lines->line_at(d.span.begin);
        const std::string_view old = lines->text(line);
        const std::size_t begin = std::min(d.span.begin - lines->start(line), old.size());
        const std::size_t end = std::clamp(d.span.end - lines->start(line), begin, old.size());
        const std::string text = std::string(old.substr(0, begin)) + d.replacement + std::string(old.substr(end));
        const std::vector<Glyph> glyphs = glyphs_of(text);
        const Window window = window_of(glyphs, begin);
        out_ += edge("") + "\n";
        source_line(glyphs, window, line);
        underline(glyphs, window, begin, begin + d.replacement.size(), '~', colours_.help, {});
    }

    void summary() {
        const auto errors = std::count_if(all_.items.begin(), all_.items.end(),
                                          [](const Diagnostic& d) { return d.severity == Severity::Error; });
        const std::uint64_t failed = static_cast<std::uint64_t>(errors), warned = all_.items.size() - failed;
        if (failed > 0 && warned > 0)
            out_ += counted(failed, "error") + ", " + counted(warned, "warning") + "\n";
        else if (failed > 0)
            out_ += counted(failed, "error") + "\n";
        else if (warned > 0)
            out_ += counted(warned, "warning") + "\n";
    }

    const Diagnostics& all_;
    Palette colours_;
    std::vector<Lines> lines_;
    std::size_t gutter_ = 1;
    std::string out_;
};

nlohmann::ordered_json span_json(const Renderer& renderer, const Diagnostics& all, const Span& span) {
    nlohmann::ordered_json out;
    const Lines* lines = renderer.lines(span);
    if (lines == nullptr) return out;
    const LineColumn begin = lines->place(span.begin), end = lines->place(span.end);
    out["file"] = all.sources[span.source].name;
    out["begin"] = span.begin;
    out["end"] = span.end;
    out["line"] = begin.line + 1;
    out["column"] = begin.column + 1;
    out["end_line"] = end.line + 1;
    out["end_column"] = end.column + 1;
    return out;
}

}  // namespace

std::string render_human(const Diagnostics& diagnostics, bool colour) {
    return Renderer(diagnostics, colour).run();
}

std::string render_short(const Diagnostics& diagnostics) {
    const Renderer renderer(diagnostics, false);
    std::string out;
    for (const Diagnostic& d : diagnostics.items)
        out += fmt::format("{}: {}: {} [{}]\n", renderer.location(d.span), severity_name(d.severity), safe(d.message),
                           d.code);
    return out;
}

std::string render_json(const Diagnostics& diagnostics) {
    const Renderer renderer(diagnostics, false);
    auto list = nlohmann::ordered_json::array();
    for (const Diagnostic& d : diagnostics.items) {
        nlohmann::ordered_json item;
        item["code"] = d.code;
        item["severity"] = severity_name(d.severity);
        item["message"] = d.message;
        item["span"] = span_json(renderer, diagnostics, d.span);
        item["label"] = d.label;
        item["related"] = nlohmann::ordered_json::array();
        for (const Label& label : d.related) {
            auto related = span_json(renderer, diagnostics, label.span);
            related["label"] = label.text;
            item["related"].push_back(std::move(related));
        }
        item["help"] = d.help;
        item["replacement"] = d.replacement;
        list.push_back(std::move(item));
    }
    // Text that is not UTF-8 is a finding too, and must not break its own report.
    return safe_json(list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace writ::cli

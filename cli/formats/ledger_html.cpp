// The report as an HTML page: metrics as tiles, counts as bars, and every table. The page loads nothing.
#include <algorithm>

#include <fmt/format.h>

#include "cli/formats/ledger_table.h"
#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

using ledger::InquiryCell;
using ledger::InquiryTable;

constexpr std::size_t kMostBars = 12;

constexpr std::string_view kStyle = R"(
:root { --ink: #1c2330; --dim: #5b6675; --line: #dde2e9; --paper: #ffffff; --soft: #f5f7fa;
  --permit: #2f8f6b; --waiting: #b9822a; --deny: #c0503f; --plain: #3f6fb5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --dim: #9aa6b5; --line: #303947; --paper: #161b22; --soft: #1e252f;
  --permit: #4db48c; --waiting: #d8a54f; --deny: #e07a69; --plain: #6f9fe0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .6rem; }
p { color: var(--dim); margin: .2rem 0 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)); gap: .75rem; margin-top: 1.25rem; }
.tile { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem .9rem; }
.tile b { display: block; font-size: 1.7rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { display: block; } .tile small { color: var(--dim); display: block; margin-top: .25rem; }
.absent b { color: var(--dim); font-weight: 400; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 13px; fill: var(--ink); }
.scroll { overflow-x: auto; margin-top: .6rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--dim); font-weight: 500; } th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; }
)";

std::string html_escaped(std::string_view text) {
    std::string out;
    for (const char c : safe(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

bool is_number(const InquiryCell& cell) {
    return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

double number_of(const InquiryCell& cell) {
    if (const auto* count = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*count);
    const auto* share = std::get_if<double>(&cell);
    return share != nullptr ? *share : 0;
}

std::string html_of(const InquiryCell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return html_escaped(*text);
    if (const auto* count = std::get_if<std::int64_t>(&cell)) return std::to_string(*count);
    if (const auto* share = std::get_if<double>(&cell)) return fmt::format("{:.1f}", *share);
    return "–";
}

/// The columns shown as bars in each table, and their colours.
struct Series {
    std::string_view table;
    std::vector<std::pair<std::string_view, std::string_view>> columns;
};
const Series kSeries[] = {
    {"effects", {{"decisions", "plain"}}},
    {"denials", {{"denials", "deny"}}},
    {"high_risk",
     {{"permitted_with_approval", "permit"},
      {"permitted_without", "deny"},
      {"waiting", "waiting"},
      {"denied", "plain"}}},
    {"shared_identities", {{"classes", "waiting"}}},
    {"credentials", {{"decisions", "plain"}}},
    {"policies", {{"decisions", "plain"}}},
};

std::string label_of(const std::vector<InquiryCell>& row) {
    std::string out;
    for (const InquiryCell& cell : row) {
        if (is_number(cell)) break;
        const std::string text = html_of(cell);
        if (!text.empty()) out += (out.empty() ? "" : " · ") + text;
    }
    return out;
}

std::string colour_of(const InquiryTable& table, const std::vector<InquiryCell>& row, std::string_view usual) {
    if (table.name != "effects") return std::string(usual);
    const std::string effect = html_of(row[0]);
    return effect == "permit" ? "permit" : effect == "deny" ? "deny" : "waiting";
}

/// One bar per row; several columns are parts of one bar.
std::string bars(const InquiryTable& table, const Series& series) {
    std::vector<std::pair<std::size_t, std::string_view>> columns;
    for (const auto& [name, colour] : series.columns)
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            if (table.columns[i] == name) columns.emplace_back(i, colour);
    const std::size_t count = std::min(table.rows.size(), kMostBars);
    double most = 0;
    for (std::size_t r = 0; r < count; ++r) {
        double sum = 0;
        for (const auto& [column, colour] : columns) sum += number_of(table.rows[r][column]);
        most = std::max(most, sum);
    }
    if (most <= 0) return {};
    constexpr int kRow = 40, kPlotWidth = 1000, kBars = 900;
    std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", kPlotWidth,
                                  static_cast<int>(count) * kRow, html_escaped(table.title));
    for (std::size_t r = 0; r < count; ++r) {
        const int y = static_cast<int>(r) * kRow;
        out += fmt::format("<text x=\"0\" y=\"{}\">{}</text>\n", y + 14, label_of(table.rows[r]));
        double x = 0, sum = 0;
        for (const auto& [column, colour] : columns) {
            const double value = number_of(table.rows[r][column]);
            const double width = value / most * kBars;
            sum += value;
            if (value > 0)
                out += fmt::format(
                    "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"13\" rx=\"2\" fill=\"var(--{})\"><title>{}: "
                    "{}</title></rect>\n",
                    x, y + 20, std::max(width, 2.0), colour_of(table, table.rows[r], colour),
                    html_escaped(table.columns[column]), html_of(table.rows[r][column]));
            x += width;
        }
        out += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{:.0f}</text>\n", x + 8, y + 31, sum);
    }
    out += "</svg>\n";
    if (columns.size() > 1) {
        out += "<p>";
        for (const auto& [column, colour] : columns)
            out += fmt::format("<span style=\"color:var(--{})\">■</span> {} &nbsp; ", colour,
                               html_escaped(table.columns[column]));
        out += "</p>\n";
    }
    return out;
}

std::string rows_of(const InquiryTable& table) {
    std::string out = "<div class=\"scroll\"><table><tr>";
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        out += fmt::format("<th{}>{}</th>", is_number(table.rows[0][i]) ? " class=\"n\"" : "",
                           html_escaped(table.columns[i]));
    out += "</tr>\n";
    for (const auto& row : table.rows) {
        out += "<tr>";
        for (const InquiryCell& cell : row)
            out += fmt::format("<td{}>{}</td>", is_number(cell) ? " class=\"n\"" : "", html_of(cell));
        out += "</tr>\n";
    }
    return out + "</table></div>\n";
}

std::string tiles(const InquiryTable& metrics) {
    std::string out = "<div class=\"tiles\">\n";
    for (const auto& row : metrics.rows)
        out += fmt::format("<div class=\"tile{}\"><span>{}</span><b>{}</b><small>{}</small></div>\n",
                           is_number(row[1]) ? "" : " absent", html_of(row[0]), html_of(row[1]), html_of(row[2]));
    return out + "</div>\n";
}

}  // namespace

std::string html_page(const std::vector<InquiryTable>& tables, const std::string& subject, const std::string& made) {
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
        "content=\"width=device-width\">\n<title>Decisions in {0}</title>\n<style>{1}</style>\n"
        "<h1>Decisions in {0}</h1>\n<p>As recorded up to {2}. Shadow decisions are not counted.</p>\n",
        html_escaped(subject), kStyle, html_escaped(made));
    for (const InquiryTable& table : tables) {
        if (table.name == "metrics") {
            out += tiles(table);
            if (!table.note.empty()) out += fmt::format("<p>{}</p>\n", html_escaped(table.note));
            continue;
        }
        out += fmt::format("<h2>{}</h2>\n", html_escaped(table.title));
        if (!table.note.empty()) out += fmt::format("<p>{}</p>\n", html_escaped(table.note));
        if (table.rows.empty()) {
            out += "<p>None.</p>\n";
            continue;
        }
        for (const Series& series : kSeries)
            if (series.table == table.name) out += bars(table, series);
        out += rows_of(table);
    }
    return out + "</html>\n";
}

}  // namespace writ::cli

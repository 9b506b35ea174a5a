#include "cli/formats/ledger_table.h"

#include <fmt/format.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

std::string cell_text(const ledger::InquiryCell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    if (const auto* share = std::get_if<double>(&cell)) return fmt::format("{:.1f}", *share);
    return "-";
}

}  // namespace

std::string human(const ledger::InquiryTable& wanted, bool colour) {
    const Palette colours = palette(colour);
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : wanted.rows) {
        auto& cells = rows.emplace_back();
        for (const ledger::InquiryCell& cell : row) cells.push_back(cell_text(cell));
    }
    std::string out = fmt::format("{}{}{}\n", colours.bold, safe(wanted.title), colours.reset);
    out += rows.empty() ? "nothing\n" : table(wanted.columns, rows);
    if (!wanted.note.empty()) out += fmt::format("({})\n", safe(wanted.note));
    return out;
}

Json json_of(const ledger::InquiryTable& table) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
        Json one = Json::object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            Json& value = one[table.columns[i]];
            if (const auto* text = std::get_if<std::string>(&row[i]))
                value = *text;
            else if (const auto* number = std::get_if<std::int64_t>(&row[i]))
                value = *number;
            else if (const auto* share = std::get_if<double>(&row[i]))
                value = *share;
        }
        rows.push_back(std::move(one));
    }
    return {{"name", table.name}, {"title", table.title}, {"note", table.note}, {"rows", std::move(rows)}};
}

}  // namespace writ::cli

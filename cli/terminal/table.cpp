#include "cli/terminal/table.h"

#include <algorithm>

#include "cli/terminal/text.h"

namespace writ::cli {

std::string table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> all{headings};
    for (const auto& row : rows) {
        auto& added = all.emplace_back();
        for (const std::string& cell : row) added.push_back(safe(cell));
    }
    std::vector<std::size_t> widths(headings.size(), 0);
    for (const auto& row : all)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    std::string out;
    for (const auto& row : all) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - columns_of(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace writ::cli

// Formats answers of a ledger as tables for people and programs. The HTML page of `writ ledger report` is in
// ledger_html.cpp.
#pragma once

#include <string>
#include <vector>

#include "cli/formats/json.h"
#include "writ/inquiry.h"

namespace writ::cli {

[[nodiscard]] std::string human(const ledger::InquiryTable& table, bool colour);
[[nodiscard]] Json json_of(const ledger::InquiryTable& table);

/// A self-contained HTML page: figures as bars, and every table.
[[nodiscard]] std::string html_page(const std::vector<ledger::InquiryTable>& tables, const std::string& subject,
                                    const std::string& made);

}  // namespace writ::cli

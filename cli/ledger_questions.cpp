// writ ledger list, why, report: what the records say.
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/ledger.h"
#include "cli/options.h"

namespace writ::cli {

namespace {

using Json = nlohmann::ordered_json;
using ledger::Inquiry;

std::int64_t now_micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Takes `--since` as it is parsed.
void add_since(CLI::App& verb, std::int64_t& since) {
    verb.add_option_function<std::string>("--since",
                                          [&since](const std::string& text) {
                                              const auto moment = ledger::parse_moment(text, now_micros());
                                              if (!moment) throw CLI::ValidationError("--since", "is an RFC 3339 instant, or how long ago, as `12h`");
                                              since = *moment;
                                          },
                                          "Only decisions recorded since then, or so long ago")
        ->option_text("TIME");
}

Exit with_inquiry(const LedgerArgs& args, const std::function<Result<std::vector<ledger::Table>>(Inquiry&)>& ask,
                  const std::function<Exit(const std::vector<ledger::Table>&)>& then) {
    auto inquiry = Inquiry::open(args.folder);
    if (!inquiry) return report_error(inquiry.error(), "", args.terminal);
    const auto tables = ask(*inquiry);
    if (!tables) return report_error(tables.error(), "", args.terminal);
    return then(*tables);
}

Result<std::vector<ledger::Table>> one(Result<ledger::Table> table) {
    if (!table) return tl::unexpected(std::move(table.error()));
    return std::vector{std::move(*table)};
}

Exit print(const LedgerArgs& args, const std::vector<ledger::Table>& tables) {
    if (args.format == Format::Json) {
        Json out = Json::array();
        for (const auto& table : tables) out.push_back(json_of(table));
        print_result(json_line(tables.size() == 1 ? out[0] : Json{{"tables", std::move(out)}}));
        return Exit::Ok;
    }
    for (std::size_t i = 0; i < tables.size(); ++i) print_result((i > 0 ? "\n" : "") + human(tables[i], args.terminal.colour_out));
    return Exit::Ok;
}

Exit why(const LedgerArgs& args, const std::string& id) {
    return with_inquiry(
        args,
        [&](Inquiry& inquiry) -> Result<std::vector<ledger::Table>> {
            const auto found = inquiry.find(id);
            if (!found) return tl::unexpected(found.error());
            return one(inquiry.why(*found));
        },
        [&](const auto& tables) { return print(args, tables); });
}

Exit report(const LedgerArgs& args, std::int64_t since, const std::string& page) {
    return with_inquiry(
        args, [&](Inquiry& inquiry) { return inquiry.report(since); },
        [&](const std::vector<ledger::Table>& tables) {
            if (page.empty()) return print(args, tables);
            const std::string made = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(now_micros() / 1'000'000));
            if (const auto written = write_file(page, html_page(tables, args.folder, made)); !written)
                return report_error(written.error(), "", args.terminal);
            return Exit::Ok;
        });
}

}  // namespace

void add_ledger_questions(const LedgerApp& ledger) {
    {
        auto filter = std::make_shared<ledger::Filter>();
        CLI::App* verb = ledger.add("list", "List decisions, the latest first", [filter](const LedgerArgs& args) {
            return with_inquiry(args, [&](Inquiry& inquiry) { return one(inquiry.list(*filter)); },
                                [&](const auto& tables) { return print(args, tables); });
        });
        const std::pair<const char*, std::string*> fields[] = {
            {"--agent", &filter->agent}, {"--tool", &filter->tool}, {"--tenant", &filter->tenant}, {"--run", &filter->run},
            {"--user", &filter->user}, {"--environment", &filter->environment}, {"--rule", &filter->rule}};
        for (const auto& [name, field] : fields) verb->add_option(name, *field, "Only decisions with this")->option_text("TEXT");
        verb->add_option("--effect", filter->effect, "Only decisions with this effect")
            ->check(CLI::IsMember({"permit", "needs_approval", "deny"}))
            ->option_text("permit|needs_approval|deny");
        verb->add_option("--limit", filter->limit, "At most so many")->check(whole_number())->capture_default_str();
        add_since(*verb, filter->since);
    }
    {
        auto id = std::make_shared<std::string>();
        CLI::App* verb = ledger.add("why", "Answer every question about one decision", [id](const LedgerArgs& args) { return why(args, *id); });
        verb->add_option("ID", *id, "A decision's number, request id or trace id")->required();
    }
    {
        auto since = std::make_shared<std::int64_t>(0);
        auto page = std::make_shared<std::string>();
        CLI::App* verb = ledger.add("report", "Say what all decisions come to, the seven metrics first",
                                    [since, page](const LedgerArgs& args) { return report(args, *since, *page); });
        verb->add_option("--html", *page, "Write a page with charts instead")->option_text("FILE");
        add_since(*verb, *since);
    }
}

}  // namespace writ::cli

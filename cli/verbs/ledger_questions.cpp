// writ ledger list, why, report: queries on the records.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/formats/ledger_table.h"
#include "cli/verbs/ledger.h"
#include "cli/verbs/options.h"
#include "os/clock.h"

namespace writ::cli {

namespace {

using ledger::Inquiry;

void add_since(Command& verb, std::int64_t& since) {
    verb.reads("--since", "TIME", "Only decisions recorded since a moment, or since so long ago",
               [&since](const std::string& text) -> std::string {
                   const auto moment = ledger::parse_moment(text, os::now_micros());
                   if (!moment) return "must be an RFC 3339 instant, or a duration such as `12h`";
                   since = *moment;
                   return {};
               });
}

Exit with_inquiry(const LedgerArgs& args, const std::function<Result<std::vector<ledger::InquiryTable>>(Inquiry&)>& ask,
                  const std::function<Exit(const std::vector<ledger::InquiryTable>&)>& then) {
    auto inquiry = Inquiry::open(args.folder);
    if (!inquiry) return report_error(inquiry.error(), "", args.terminal);
    const auto tables = ask(*inquiry);
    if (!tables) return report_error(tables.error(), "", args.terminal);
    return then(*tables);
}

Result<std::vector<ledger::InquiryTable>> one(Result<ledger::InquiryTable> table) {
    if (!table) return tl::unexpected(std::move(table.error()));
    return std::vector{std::move(*table)};
}

Exit print(const LedgerArgs& args, const std::vector<ledger::InquiryTable>& tables) {
    if (args.format == Format::Json) {
        Json out = Json::array();
        for (const auto& table : tables) out.push_back(json_of(table));
        print_result(json_line(tables.size() == 1 ? out[0] : Json{{"tables", std::move(out)}}));
        return Exit::Ok;
    }
    for (std::size_t i = 0; i < tables.size(); ++i)
        print_result((i > 0 ? "\n" : "") + human(tables[i], args.terminal.colour_out));
    return Exit::Ok;
}

Exit why(const LedgerArgs& args, const std::string& id) {
    return with_inquiry(
        args,
        [&](Inquiry& inquiry) -> Result<std::vector<ledger::InquiryTable>> {
            const auto found = inquiry.find(id);
            if (!found) return tl::unexpected(found.error());
            tell_others(*found, args.terminal);
            return one(inquiry.why(found->front()));
        },
        [&](const auto& tables) { return print(args, tables); });
}

struct ReportArgs {
    std::int64_t since = 0;
    std::string page;
};

Exit report(const LedgerArgs& args, const ReportArgs& what) {
    return with_inquiry(
        args, [&](Inquiry& inquiry) { return inquiry.report(what.since); },
        [&](const std::vector<ledger::InquiryTable>& tables) {
            if (what.page.empty()) return print(args, tables);
            const std::string made = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(os::now_micros() / 1'000'000));
            if (const auto written = write_file(what.page, html_page(tables, args.folder, made)); !written)
                return report_error(written.error(), "", args.terminal);
            return Exit::Ok;
        });
}

}  // namespace

void add_ledger_questions(const LedgerApp& ledger) {
    {
        Command& verb = ledger.add("list", "List decisions, the latest first");
        auto& filter = verb.make_values<ledger::Filter>();
        verb.text("--agent", "TEXT", "Only decisions of this agent", filter.agent);
        verb.text("--tool", "TEXT", "Only decisions about this tool", filter.tool);
        verb.text("--tenant", "TEXT", "Only decisions of this tenant", filter.tenant);
        verb.text("--run", "TEXT", "Only decisions of this run", filter.run);
        verb.text("--user", "TEXT", "Only decisions for this user", filter.user);
        verb.text("--environment", "TEXT", "Only decisions in this environment", filter.environment);
        verb.text("--rule", "TEXT", "Only decisions to which this rule contributed", filter.rule);
        verb.word("--effect", "Only decisions with this effect", filter.effect, {"permit", "needs_approval", "deny"});
        verb.whole("--limit", "COUNT", "At most this many", filter.limit);
        add_since(verb, filter.since);
        verb.run = ledger.runs([&filter](const LedgerArgs& args) {
            return with_inquiry(
                args, [&](Inquiry& inquiry) { return one(inquiry.list(filter)); },
                [&](const auto& tables) { return print(args, tables); });
        });
    }
    {
        Command& verb = ledger.add("why", "Answer every question about one decision");
        auto& id = verb.make_values<std::string>();
        verb.text("ID", "", "A decision's number, request id or trace id", id).required();
        verb.run = ledger.runs([&id](const LedgerArgs& args) { return why(args, id); });
    }
    {
        Command& verb = ledger.add("report", "Report on all decisions, with the seven metrics first");
        auto& what = verb.make_values<ReportArgs>();
        verb.text("--html", "FILE", "Write an HTML page with charts instead", what.page);
        add_since(verb, what.since);
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return report(args, what); });
    }
}

}  // namespace writ::cli

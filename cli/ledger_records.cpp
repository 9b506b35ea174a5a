// writ ledger show, tail, export, receipt, use: single records, out and in.
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "cli/ledger.h"
#include "cli/options.h"
#include "cli/text.h"
#include "writ/ledger.h"

namespace writ::cli {

namespace {

using Json = nlohmann::ordered_json;
using ledger::Reader;
using ledger::Record;

std::int64_t now_micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Prints records from one number up to another, as they are there.
struct Printing {
    std::uint64_t from = 0, to = UINT64_MAX;
    std::optional<std::uint64_t> last;  ///< only the last so many
    bool follow = false, pretty = false;
};

Exit print_records(const LedgerArgs& args, Printing what) {
    auto reader = Reader::open(args.folder);
    if (!reader) return report_error(reader.error(), "", args.terminal);
    if (what.last) {
        if (auto end = reader->seek(UINT64_MAX); !end) return report_error(end.error(), "", args.terminal);
        what.from = reader->sequence() - std::min(reader->sequence(), *what.last);
    }
    if (auto found = reader->seek(what.from); !found) return report_error(found.error(), "", args.terminal);
    Record record;
    bool any = false;
    while (std::ferror(stdout) == 0) {
        auto more = reader->next();
        if (!more) return report_error(more.error(), "", args.terminal);
        if (!*more) {
            if (!what.follow) break;
            std::fflush(stdout);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            continue;
        }
        if (reader->sequence() >= what.to) break;
        if (auto read = decode(reader->bytes(), record); !read) return report_error(read.error(), fmt::format("record {}", reader->sequence()), args.terminal);
        const std::string line = to_json(record, reader->sequence());
        print_result(safe_json(what.pretty ? Json::parse(line).dump(2) : line) + "\n");
        any = true;
    }
    if (!any && what.to != UINT64_MAX)
        return report_error(Error{"G0021", fmt::format("there is no record {}", what.from), ""}, "", args.terminal);
    return Exit::Ok;
}

Exit show(const LedgerArgs& args, const std::string& id) {
    auto inquiry = ledger::Inquiry::open(args.folder);
    if (!inquiry) return report_error(inquiry.error(), "", args.terminal);
    std::uint64_t sequence = 0;
    if (const bool number = !id.empty() && id.size() < 19 && id.find_first_not_of("0123456789") == id.npos; number) {
        sequence = std::stoull(id);  // also a record that is no decision
    } else {
        const auto found = inquiry->find(id);
        if (!found) return report_error(found.error(), "", args.terminal);
        sequence = *found;
    }
    Printing what;
    what.from = sequence;
    what.to = sequence + 1;
    what.pretty = args.format == Format::Human;
    return print_records(args, what);
}

/// Records something that is no decision.
Exit add(const LedgerArgs& args, const std::function<Result<std::uint64_t>(ledger::Ledger&)>& write) {
    ledger::LedgerOptions options;
    options.create = false;
    auto opened = ledger::Ledger::open(args.folder, options);
    if (!opened) return report_error(opened.error(), "", args.terminal);
    const auto sequence = write(*opened);
    if (!sequence) {
        const Exit failed = report_error(sequence.error(), "", args.terminal);
        return sequence.error().code == "G0025" ? Exit::Negative : failed;
    }
    print_result(args.format == Format::Json ? json_line({{"sequence", *sequence}}) : fmt::format("record {}\n", *sequence));
    return Exit::Ok;
}

struct ReceiptArgs {
    std::uint64_t decision = 0;
    std::string credential, resource, issued, accepted, revoked;
};

Exit receipt(const LedgerArgs& args, const ReceiptArgs& told) {
    Record record;
    record.kind = ledger::RecordKind::Receipt;
    record.time = now_micros();
    record.receipt.decision = told.decision;
    record.receipt.credential = told.credential;
    record.receipt.resource = told.resource;
    const std::pair<const std::string*, std::int64_t*> moments[] = {{&told.issued, &record.receipt.issued_at},
                                                                    {&told.accepted, &record.receipt.accepted_at},
                                                                    {&told.revoked, &record.receipt.revoked_at}};
    for (const auto& [text, to] : moments) {
        if (text->empty()) continue;
        const auto moment = ledger::parse_moment(*text, record.time);
        if (!moment) return report_error(Error{"K0001", "a moment is an RFC 3339 instant, or how long ago, as `5s`", *text}, "", args.terminal);
        *to = *moment;
    }
    return add(args, [&](ledger::Ledger& ledger) -> Result<std::uint64_t> {
        std::string out;
        encode(record, out);
        auto appended = ledger.append(out);
        if (!appended) return tl::unexpected(std::move(appended.error()));
        return appended->sequence;
    });
}

}  // namespace

void add_ledger_records(const LedgerApp& ledger) {
    {
        auto id = std::make_shared<std::string>();
        CLI::App* verb = ledger.add("show", "Print one record", [id](const LedgerArgs& args) { return show(args, *id); });
        verb->add_option("ID", *id, "A record's number, or a decision's request id or trace id")->required();
    }
    {
        auto what = std::make_shared<Printing>();
        what->last = 10;
        CLI::App* verb = ledger.add("tail", "Print the last records, a line of JSON each", [what](const LedgerArgs& args) { return print_records(args, *what); });
        verb->add_option("-n", *what->last, "How many")->check(whole_number())->capture_default_str();
        verb->add_flag("-f,--follow", what->follow, "Go on with what is recorded from now on");
    }
    {
        auto what = std::make_shared<Printing>();
        CLI::App* verb = ledger.add("export", "Print all records, a line of JSON each", [what](const LedgerArgs& args) { return print_records(args, *what); });
        verb->add_option("--from", what->from, "The first record's number")->check(whole_number())->option_text("N");
    }
    {
        auto told = std::make_shared<ReceiptArgs>();
        CLI::App* verb = ledger.add("receipt", "Record what became of a credential", [told](const LedgerArgs& args) { return receipt(args, *told); });
        verb->add_option("DECISION", told->decision, "The decision's number")->check(whole_number())->required();
        verb->add_option("--credential", told->credential, "The credential's id, never the credential")->option_text("ID");
        verb->add_option("--resource", told->resource, "Which resource accepted it")->option_text("TEXT");
        verb->add_option("--issued-at", told->issued, "When")->option_text("TIME");
        verb->add_option("--accepted-at", told->accepted, "When")->option_text("TIME");
        verb->add_option("--revoked-at", told->revoked, "When")->option_text("TIME");
    }
    {
        auto name = std::make_shared<std::string>();
        CLI::App* verb = ledger.add("use", "Use something up, once and for all", [name](const LedgerArgs& args) {
            return add(args, [&](ledger::Ledger& open) { return open.use(*name); });
        });
        verb->add_option("NAME", *name, "As `grant:17` for the single use that decision 17 granted")->required();
    }
}

}  // namespace writ::cli

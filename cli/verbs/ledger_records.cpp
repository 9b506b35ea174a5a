// writ ledger show, tail, export, receipt, use: reads and writes single records.
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "cli/terminal/text.h"
#include "cli/verbs/ledger.h"
#include "cli/verbs/options.h"
#include "os/clock.h"
#include "writ/errors.h"
#include "writ/inquiry.h"
#include "writ/ledger.h"

namespace writ::cli {

namespace {

using ledger::Reader;
using ledger::Record;

/// Prints the records in a range.
struct Printing {
    std::uint64_t from = 0, to = UINT64_MAX;
    std::optional<std::uint64_t> last;  ///< only this many at the end
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
        if (auto read = decode(reader->bytes(), record); !read)
            return report_error(read.error(), fmt::format("record {}", reader->sequence()), args.terminal);
        const std::string line = to_json(record, reader->sequence());
        print_result(safe_json(what.pretty ? Json::parse(line).dump(2) : line) + "\n");
        any = true;
    }
    if (!any && what.to != UINT64_MAX)
        return report_error(failure(Code::UnknownRecord, fmt::format("there is no record {}", what.from), ""), "",
                            args.terminal);
    return Exit::Ok;
}

Exit show(const LedgerArgs& args, const std::string& id) {
    auto inquiry = ledger::Inquiry::open(args.folder);
    if (!inquiry) return report_error(inquiry.error(), "", args.terminal);
    std::uint64_t sequence = 0;
    if (const bool number = !id.empty() && id.size() < 19 && id.find_first_not_of("0123456789") == id.npos; number) {
        sequence = std::stoull(id);  // also finds a record that is not a decision
    } else {
        const auto found = inquiry->find(id);
        if (!found) return report_error(found.error(), "", args.terminal);
        tell_others(*found, args.terminal);
        sequence = found->front();
    }
    Printing what;
    what.from = sequence;
    what.to = sequence + 1;
    what.pretty = args.format == Format::Human;
    return print_records(args, what);
}

/// Records something other than a decision.
Exit add(const LedgerArgs& args, const std::function<Result<std::uint64_t>(ledger::Ledger&)>& write) {
    ledger::LedgerOptions options;
    options.create = false;
    auto opened = ledger::Ledger::open(args.folder, options);
    if (!opened) return report_error(opened.error(), "", args.terminal);
    const auto sequence = write(*opened);
    if (!sequence) return report_error(sequence.error(), "", args.terminal);
    print_result(args.format == Format::Json ? json_line({{"sequence", *sequence}})
                                             : fmt::format("record {}\n", *sequence));
    return Exit::Ok;
}

struct ReceiptArgs {
    std::uint64_t decision = 0;
    std::string credential, resource, issued, accepted, revoked;
};

Exit receipt(const LedgerArgs& args, const ReceiptArgs& told) {
    Record record;
    record.kind = ledger::RecordKind::Receipt;
    record.time = os::now_micros();
    record.receipt.decision = told.decision;
    record.receipt.credential = told.credential;
    record.receipt.resource = told.resource;
    const std::pair<const std::string*, std::int64_t*> moments[] = {{&told.issued, &record.receipt.issued_at},
                                                                    {&told.accepted, &record.receipt.accepted_at},
                                                                    {&told.revoked, &record.receipt.revoked_at}};
    for (const auto& [text, to] : moments) {
        if (text->empty()) continue;
        const auto moment = ledger::parse_moment(*text, record.time);
        if (!moment)
            return report_error(
                failure(Code::UnknownWord, "must be an RFC 3339 instant, or a duration such as `5s`", *text), "",
                args.terminal);
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
        Command& verb = ledger.add("show", "Print one record");
        auto& id = verb.make_values<std::string>();
        verb.text("ID", "", "A record's number, or a decision's request id or trace id", id).required();
        verb.run = ledger.runs([&id](const LedgerArgs& args) { return show(args, id); });
    }
    {
        Command& verb = ledger.add("tail", "Print the last records, one line of JSON each");
        auto& what = verb.make_values<Printing>();
        what.last = 10;
        verb.whole("-n", "COUNT", "The number of records", what.last);
        verb.flag("-f,--follow", "Continue with new records as they are written", what.follow);
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return print_records(args, what); });
    }
    {
        Command& verb = ledger.add("export", "Print all records, one line of JSON each");
        auto& what = verb.make_values<Printing>();
        verb.whole("--from", "N", "The number of the first record", what.from);
        verb.run = ledger.runs([&what](const LedgerArgs& args) { return print_records(args, what); });
    }
    {
        Command& verb = ledger.add("receipt", "Record what happened to a credential");
        auto& told = verb.make_values<ReceiptArgs>();
        verb.whole("DECISION", "", "The decision's number", told.decision).required();
        verb.text("--credential", "ID", "The credential's id, never the credential itself", told.credential);
        verb.text("--resource", "TEXT", "The resource that accepted it", told.resource);
        verb.text("--issued-at", "TIME", "When it was issued", told.issued);
        verb.text("--accepted-at", "TIME", "When the resource accepted it", told.accepted);
        verb.text("--revoked-at", "TIME", "When it was revoked", told.revoked);
        verb.run = ledger.runs([&told](const LedgerArgs& args) { return receipt(args, told); });
    }
    {
        Command& verb = ledger.add("use", "Record that a single-use grant is used");
        auto& name = verb.make_values<std::string>();
        verb.text("NAME", "", "The grant: `grant:17` is that of decision 17", name).required();
        verb.run = ledger.runs([&name](const LedgerArgs& args) {
            return add(args, [&](ledger::Ledger& open) { return open.use(name); });
        });
    }
}

}  // namespace writ::cli

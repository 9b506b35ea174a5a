#include "serve/console.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/words.h"
#include "os/clock.h"
#include "writ/audit.h"
#include "writ/errors.h"
#include "writ/search.h"

namespace writ::serve {

namespace {

using ledger::InquiryCell;
using ledger::InquiryTable;

constexpr std::int64_t kDayMicros = kDay * kSecond;

HttpAnswer json_answer(std::string body) {
    HttpAnswer out;
    out.body = std::move(body) + "\n";
    return out;
}

/// Why a question has no answer.
HttpAnswer unanswered(const Error& error) {
    const bool missing = error.code == code_name(Code::UnknownRecord);
    const bool asked_badly = error.code == code_name(Code::UnknownEffect);
    return problem(missing ? 404 : asked_badly ? 400 : 503, error);
}

void write_table(json::Writer& to, const InquiryTable& table) {
    to.open('{');
    to.key("name"), to.text(table.name);
    to.key("title"), to.text(table.title);
    to.key("note"), to.text(table.note);
    to.key("columns"), to.texts(table.columns);
    to.key("rows");
    to.open('[');
    for (const auto& row : table.rows) {
        to.open('[');
        for (const InquiryCell& cell : row) {
            if (const auto* text = std::get_if<std::string>(&cell))
                to.text(*text);
            else if (const auto* count = std::get_if<std::int64_t>(&cell))
                to.number(*count);
            else if (const auto* share = std::get_if<double>(&cell))
                to.raw(fmt::format("{:.1f}", *share));
            else
                to.raw("null");
        }
        to.close(']');
    }
    to.close(']');
    to.close('}');
}

std::string json_of(const InquiryTable& table) {
    json::Writer out;
    write_table(out, table);
    return out.take();
}

/// Why a recorded request cannot be decided again; empty: it can.
std::string undecidable(const ledger::Record& recorded, const Layers& layers) {
    if (recorded.shadow) return "it was decided by a candidate and not enforced";
    ledger::Decidable decidable(layers);
    ledger::Record record = recorded;
    record.overruled = false;  // what the policy says of it can still be shown
    switch (decidable.why_not(record)) {
        case ledger::Undecidable::NoRequest: return "its record does not contain the request";
        case ledger::Undecidable::Masked: return "its record masks facts that this policy reads";
        case ledger::Undecidable::Repeated:
        case ledger::Undecidable::Overruled:
        case ledger::Undecidable::No: break;
    }
    return {};
}

}  // namespace

/// A record, with the bytes that it points into.
struct Console::Recorded {
    std::uint64_t number = 0;
    std::string bytes;
    ledger::Record record;
};

void protect_page(HttpAnswer& answer) {
    constexpr std::pair<const char*, const char*> kHeaders[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
         "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (const auto& [name, value] : kHeaders) answer.headers.emplace_back(name, value);
}

void Console::answer(std::string_view path, std::string_view query, const Reply& reply) {
    for (const ConsoleFile& each : console_files())
        if (each.path == path) {
            HttpAnswer file;
            file.type = each.type;
            file.body = each.text;
            return reply(std::move(file));
        }
    constexpr std::pair<std::string_view, Question> kQuestions[] = {
        {"/console/decisions", &Console::decisions}, {"/console/approvals", &Console::approvals},
        {"/console/decision", &Console::decision},   {"/console/explanation", &Console::explanation},
        {"/console/tools", &Console::tools},         {"/console/report", &Console::report},
    };
    const auto* const found = std::find_if(std::begin(kQuestions), std::end(kQuestions),
                                           [&](const auto& each) { return each.first == path; });
    if (found == std::end(kQuestions)) return reply(problem(404, "there is nothing at this path"));
    auto values = QueryValues::read(query);
    if (!values) return reply(problem(400, "the query is malformed"));
    const bool waits = worker_.run(
        [this, question = found->second, values = std::move(*values), reply] { (this->*question)(values, reply); });
    if (!waits) reply(problem(503, "too many questions wait"));
}

/// The index, with every record that is in the ledger now.
Result<ledger::Inquiry*> Console::inquiry() {
    if (inquiry_ && inquiry_->catch_up()) return &*inquiry_;
    inquiry_.reset();
    auto opened = ledger::Inquiry::open(options_.ledger);
    if (!opened) return tl::unexpected(std::move(opened.error()));
    inquiry_ = std::move(*opened);
    return &*inquiry_;
}

Result<void> Console::read(std::uint64_t number, Recorded& to) const {
    auto bytes = point_.ledger().read(number);
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    to.number = number;
    to.bytes = std::move(*bytes);
    if (auto decoded = ledger::decode(to.bytes, to.record); !decoded) return decoded;
    if (to.record.kind != ledger::RecordKind::Decision)
        return fail(Code::UnknownRecord, "no decision has this number", std::to_string(number));
    return {};
}

Result<void> Console::find(const std::string& id, Recorded& to) {
    if (id.empty()) return fail(Code::UnknownRecord, "no decision is named");
    const auto index = inquiry();
    if (!index) return tl::unexpected(index.error());
    const auto numbers = (*index)->find(id);
    if (!numbers) return tl::unexpected(numbers.error());
    return read(numbers->front(), to);
}

void Console::decisions(const QueryValues& query, const Reply& reply) {
    constexpr std::uint64_t kMost = 500;
    ledger::Filter filter;
    filter.effect = query.of("effect");
    filter.agent = query.of("agent");
    filter.tool = query.of("tool");
    filter.enforced = true;
    if (const std::string limit = query.of("limit"); !limit.empty()) {
        const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), filter.limit);
        if (error != std::errc{} || end != limit.data() + limit.size() || filter.limit < 1 || filter.limit > kMost)
            return reply(problem(400, fmt::format("`limit` is a number from 1 to {}", kMost)));
    }
    const auto index = inquiry();
    if (!index) return reply(unanswered(index.error()));
    const auto table = (*index)->list(filter);
    reply(table ? json_answer(json_of(*table)) : unanswered(table.error()));
}

void Console::approvals(const QueryValues& /*query*/, const Reply& reply) {
    ledger::Filter filter;
    filter.effect = spelling_of(Effect::NeedsApproval);
    filter.since = os::now_micros() - kDayMicros;
    filter.limit = 200;
    filter.enforced = true;
    const auto index = inquiry();
    if (!index) return reply(unanswered(index.error()));
    const auto table = (*index)->list(filter);
    if (!table) return reply(unanswered(table.error()));
    json::Writer out;
    out.open('{');
    out.key("approvals");
    out.open('[');
    Recorded found;
    for (const auto& row : table->rows) {
        const auto* const number = std::get_if<std::int64_t>(&row.front());
        if (number == nullptr || !read(static_cast<std::uint64_t>(*number), found)) continue;
        const Decision& decision = found.record.decision;
        const Attribution& who = decision.attribution;
        out.open('{');
        out.key("record"), out.number(*number);
        out.key("time"), out.instant(found.record.time);
        out.next_text("agent", who.agent);
        out.next_text("tool", who.tool);
        out.next_text("resource", who.resource);
        out.next_text("tenant", who.tenant);
        out.next_text("user", who.user);
        out.next_text("binding_digest", decision.binding_digest);
        out.key("requirements");
        out.open('[');
        for (const Requirement& each : decision.requirements) {
            out.open('{');
            out.key("groups"), out.texts(each.groups);
            out.key("needed"), out.number(each.needed);
            out.key("counted"), out.number(each.counted);
            out.key("expires"), out.instant(each.expires);
            out.close('}');
        }
        out.close(']');
        out.close('}');
    }
    out.close(']');
    out.close('}');
    reply(json_answer(out.take()));
}

void Console::decision(const QueryValues& query, const Reply& reply) {
    Recorded found;
    if (const auto there = find(query.of("id"), found); !there) return reply(unanswered(there.error()));
    const auto index = inquiry();
    if (!index) return reply(unanswered(index.error()));
    const auto why = (*index)->why(found.number);
    if (!why) return reply(unanswered(why.error()));
    json::Writer out;
    out.open('{');
    out.key("why"), write_table(out, *why);
    out.key("record"), out.raw(to_json(found.record, found.number));
    out.close('}');
    reply(json_answer(out.take()));
}

/// The version with this digest: the active one, or one of the store.
Result<Bundle> Console::version(std::string_view digest) const {
    if (auto active = point_.policy().enforced(); active && active->policy.digest() == digest)
        return std::move(active->policy);
    StoreOptions options;
    options.space = options_.space;
    options.read_only = true;
    auto store = Store::open(options_.store, options);
    if (!store) return tl::unexpected(std::move(store.error()));
    return store->bundle(digest);
}

void Console::explanation(const QueryValues& query, const Reply& reply) {
    const auto refuse = [&](std::string_view why) {
        reply(problem(409, fmt::format("this decision cannot be explained: {}", why)));
    };
    Recorded found;
    if (const auto there = find(query.of("id"), found); !there) return reply(unanswered(there.error()));
    const ledger::Record& record = found.record;
    if (record.bundles.empty()) return refuse("no policy decided it");
    if (record.bundles.size() > 1)
        return refuse("several layers decided it; `writ explain --record` explains each of them");
    auto decided = version(record.bundles.front());
    if (!decided) return refuse("the version that decided it is not in the store any more");
    if (const std::string why = undecidable(record, *decided); !why.empty()) return refuse(why);
    const auto active = point_.policy().enforced();
    explainer_.explain({std::move(*decided), active ? active->revocations : nullptr}, std::string(record.request),
                       reply);
}

void Console::tools(const QueryValues& query, const Reply& reply) {
    const auto enforced = point_.policy().enforced();
    if (!enforced) return reply(problem(503, "no policy is active and fresh"));
    Recorded found;
    if (const auto there = find(query.of("id"), found); !there) return reply(unanswered(there.error()));
    if (const std::string why = undecidable(found.record, enforced->policy); !why.empty())
        return reply(problem(409, fmt::format("this request cannot be decided again: {}", why)));
    Evaluator evaluator(enforced->policy);
    evaluator.revoke(enforced->revocations);
    const auto result = search(evaluator, found.record.request, Open::Tool);
    reply(result ? json_answer(to_json(*result)) : problem(409, result.error()));
}

void Console::report(const QueryValues& query, const Reply& reply) {
    std::int64_t since = 0;
    if (const std::string text = query.of("since"); !text.empty()) {
        const auto moment = ledger::parse_moment(text, os::now_micros());
        if (!moment) return reply(problem(400, "`since` is an instant or an age such as `12h`"));
        since = *moment;
    }
    const auto index = inquiry();
    if (!index) return reply(unanswered(index.error()));
    const auto tables = (*index)->report(since);
    if (!tables) return reply(unanswered(tables.error()));
    json::Writer out;
    out.open('{');
    out.key("tables");
    out.open('[');
    for (const InquiryTable& each : *tables) write_table(out, each);
    out.close(']');
    out.close('}');
    reply(json_answer(out.take()));
}

}  // namespace writ::serve

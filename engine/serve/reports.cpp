// What brokers and operators report: what happened to a credential, the use of a grant, and a revocation.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <initializer_list>
#include <thread>

#include "base/json.h"
#include "os/clock.h"
#include "serve/service_impl.h"
#include "writ/errors.h"
#include "writ/inquiry.h"
#include "writ/store.h"

namespace writ::serve {

namespace {

/// A member that a report may have.
struct ReportMember {
    std::string_view name;
    json::Type type;
    bool required = false;
};

/// Reads the object that a report is. Errors: the words that its answer has.
tl::expected<json::Value, HttpAnswer> report_of(const HttpRequest& request, std::size_t most,
                                                std::initializer_list<ReportMember> known) {
    auto body = json::parse(request.body, {.max_bytes = most});
    if (!body) return tl::unexpected(problem(400, body.error()));
    if (body->type != json::Type::Object) return tl::unexpected(problem(400, "the body must be an object"));
    for (const auto& [name, value] : body->members) {
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&, &name = name](const ReportMember& each) { return each.name == name; });
        if (found == known.end())
            return tl::unexpected(problem(400, fmt::format("`{}` is no member of this report", name)));
        if (value.type != found->type)
            return tl::unexpected(problem(400, fmt::format("`{}` must be {}", name,
                                                           found->type == json::Type::Int    ? "a whole number"
                                                           : found->type == json::Type::Bool ? "true or false"
                                                                                             : "text")));
    }
    for (const ReportMember& each : known)
        if (each.required && body->find(each.name) == nullptr)
            return tl::unexpected(problem(400, fmt::format("`{}` is missing", each.name)));
    return *std::move(body);
}

std::string text_in(const json::Value& report, std::string_view name) {
    const json::Value* const found = report.find(name);
    return found == nullptr ? std::string() : found->text;
}

/// The number of the decision that a report is about; none if it cannot be one.
std::optional<std::uint64_t> decision_of(const json::Value& report) {
    const std::int64_t number = report.find("decision")->integer;
    return number < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(number));
}

/// The answer to a report that the ledger or the store refuses.
HttpAnswer refusal_of(const Error& error) {
    const auto is = [&](std::initializer_list<Code> codes) {
        return std::any_of(codes.begin(), codes.end(), [&](Code each) { return error.code == code_name(each); });
    };
    if (is({Code::UnknownRecord})) return problem(404, error);
    if (is({Code::AlreadyUsed, Code::GrantedNothing, Code::SignatureMissing, Code::UnknownKey}))
        return problem(409, error);
    if (is({Code::MalformedSubject, Code::SubjectNotDeclared, Code::UnknownChannel, Code::MalformedText}))
        return problem(400, error);
    return problem(503, error);
}

HttpAnswer recorded(std::uint64_t record) {
    HttpAnswer answer;
    answer.body = fmt::format("{{\"record\":{}}}\n", record);
    return answer;
}

}  // namespace

void Service::Impl::receipt(Exchange exchange) {
    using enum json::Type;
    const auto report = report_of(exchange.request, settings.max_body,
                                  {{"decision", Int, true},
                                   {"credential", String},
                                   {"resource", String},
                                   {"issued_at", String},
                                   {"accepted_at", String},
                                   {"revoked_at", String}});
    if (!report) return exchange.reply(report.error());
    const auto decision = decision_of(*report);
    if (!decision) return exchange.reply(problem(400, "`decision` must be the number of a record"));
    const std::string credential = text_in(*report, "credential"), resource = text_in(*report, "resource");
    ledger::Record record;
    record.kind = ledger::RecordKind::Receipt;
    record.time = os::now_micros();
    record.receipt.decision = *decision;
    record.receipt.credential = credential;
    record.receipt.resource = resource;
    const std::array<std::pair<std::string_view, std::int64_t*>, 3> moments{
        {{"issued_at", &record.receipt.issued_at},
         {"accepted_at", &record.receipt.accepted_at},
         {"revoked_at", &record.receipt.revoked_at}}};
    for (const auto& [name, to] : moments) {
        const json::Value* const given = report->find(name);
        if (given == nullptr) continue;
        const auto moment = ledger::parse_moment(given->text, record.time);
        if (!moment)
            return exchange.reply(problem(
                400, fmt::format("`{}` must be an RFC 3339 instant, or a duration before now such as `5s`", name)));
        *to = *moment;
    }
    std::string bytes;
    encode(record, bytes);
    const auto queued =
        point->ledger().append_async(std::move(bytes), [reply = exchange.reply](Result<ledger::Appended> appended) {
            reply(appended ? recorded(appended->sequence) : refusal_of(appended.error()));
        });
    if (!queued) exchange.reply(refusal_of(queued.error()));
}

void Service::Impl::use(Exchange exchange) {
    const auto report = report_of(exchange.request, settings.max_body, {{"decision", json::Type::Int, true}});
    if (!report) return exchange.reply(report.error());
    const auto decision = decision_of(*report);
    if (!decision) return exchange.reply(problem(400, "`decision` must be the number of a record"));
    const auto queued = point->ledger().use_async(fmt::format("grant:{}", *decision),
                                                  [reply = exchange.reply](Result<std::uint64_t> used) {
                                                      reply(used ? recorded(*used) : refusal_of(used.error()));
                                                  });
    if (!queued) exchange.reply(refusal_of(queued.error()));
}

namespace {

struct NewRevocation {
    RevocationKind kind = RevocationKind::Agent;
    std::string subject;
    Origin origin;
    std::int64_t expires_at = 0;
    bool undeclared = false;
};

/// Whether a revocation is among those in force.
bool is_in_force(const PolicyHandle& policy, const RevocationEntry& entry) {
    const auto enforced = policy.enforced();
    if (!enforced || enforced->revocations == nullptr) return false;
    const auto& items = enforced->revocations->items();
    return std::any_of(items.begin(), items.end(), [&](const Revocation& each) {
        return each.kind == entry.kind && each.subject == entry.subject;
    });
}

/// Waits until a revocation is in force here.
bool wait_until_in_force(const PolicyHandle& policy, const RevocationEntry& entry) {
    using namespace std::chrono_literals;
    for (const auto end = std::chrono::steady_clock::now() + 2s; std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(1ms))
        if (is_in_force(policy, entry)) return true;
    return is_in_force(policy, entry);
}

HttpAnswer revoked_in(const Settings& settings, const PolicyHandle& policy, const std::optional<SecretKey>& key,
                      const NewRevocation& asked) {
    auto store = Store::open(settings.store, {.space = settings.space});
    if (!store) return refusal_of(store.error());
    const auto entry = store->revoke(asked.kind, asked.subject, asked.origin, asked.expires_at, key ? &*key : nullptr,
                                     asked.undeclared);
    if (!entry) return refusal_of(entry.error());
    const bool elsewhere = entry->kind == RevocationKind::All && entry->subject != settings.channel;
    if (!elsewhere && !wait_until_in_force(policy, *entry))
        return problem(503, "it is stored, but not in force here yet");
    json::Value body = json::Value::object();
    body.set("sequence", json::Value::of(static_cast<std::int64_t>(entry->sequence)));
    body.set("kind", json::Value::of(revocation_name(entry->kind)));
    body.set("subject", json::Value::of(std::string_view(entry->subject)));
    body.set("expires_at",
             entry->expires_at == 0 ? json::Value::null() : json::Value::of(entry->expires_at / 1'000'000));
    HttpAnswer answer;
    answer.status = 201;
    answer.body = json::write(body) + "\n";
    return answer;
}

}  // namespace

void Service::Impl::revoke(Exchange exchange) {
    using enum json::Type;
    const auto report = report_of(exchange.request, settings.max_body,
                                  {{"kind", String, true},
                                   {"subject", String, true},
                                   {"message", String, true},
                                   {"expires_at", Int},
                                   {"undeclared", Bool}});
    if (!report) return exchange.reply(report.error());
    const auto kind = revocation_kind(text_in(*report, "kind"));
    if (!kind)
        return exchange.reply(problem(400,
                                      "`kind` must be agent, deployment, run, workload, key, approval, user, "
                                      "token, tool, issuer, tenant or all"));
    NewRevocation asked;
    asked.kind = *kind;
    asked.subject = text_in(*report, "subject");
    asked.origin.message = text_in(*report, "message");
    asked.origin.author = "writ serve";
    if (!exchange.request.peer.local) {
        const auto known = current_clients();
        const Client* const client = known->find(exchange.request.peer, exchange.request.head.header("authorization"));
        if (client == nullptr) return exchange.reply(problem(401, "the client is no longer known"));
        asked.origin.author = client->name;
    }
    if (asked.origin.message.empty()) return exchange.reply(problem(400, "`message` must be the reason"));
    constexpr std::int64_t kMostSeconds = 253'402'300'799;  // the end of the year 9999
    if (const json::Value* const until = report->find("expires_at")) {
        if (until->integer <= os::now_micros() / 1'000'000 || until->integer > kMostSeconds)
            return exchange.reply(problem(400, "`expires_at` must be a moment to come, in seconds since 1970"));
        asked.expires_at = until->integer * 1'000'000;
    }
    if (const json::Value* const undeclared = report->find("undeclared")) asked.undeclared = undeclared->boolean;
    const bool taken = store_changes->run([this, asked = std::move(asked), reply = exchange.reply] {
        reply(revoked_in(settings, point->policy(), revocation_key, asked));
    });
    if (!taken) exchange.reply(problem(503, "too many changes of the store wait"));
}

}  // namespace writ::serve

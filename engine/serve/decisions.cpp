// What brokers ask: decisions, searches, revocations, and questions of the AuthZEN API.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "serve/service_impl.h"
#include "writ/search.h"

namespace writ::serve {

using std::chrono::steady_clock;

void Service::Impl::answered(const ledger::Decided& decided) {
    metrics.decisions[static_cast<std::size_t>(decided.decision->effect)].fetch_add(1, std::memory_order_relaxed);
    if (!decided.record && decided.error && decided.error->code.starts_with('G')) {
        if (ledger_failed.exchange(steady_clock::now().time_since_epoch().count()) == 0)
            log({LogLine::Level::Error,
                 "ledger_failed",
                 {{"code", decided.error->code}, {"why", decided.error->message}}});
    } else if (decided.record && ledger_failed != 0 && ledger_failed.exchange(0) != 0) {
        log({LogLine::Level::Info, "ledger_recovered", {}});
    }
}

HttpAnswer Service::Impl::answer_of(ledger::Decided decided) const {
    HttpAnswer answer;
    answer.body = settings.reader == View::Operator ? std::move(decided.json)
                                                    : to_json(*decided.decision, decided.layers, View::Caller);
    answer.body += '\n';
    // Best effort permits what it could not record.
    if (!decided.error || decided.decision->effect != Effect::Deny) return answer;
    // The decision is a deny; the status tells whether asking again could help.
    const bool unreadable = decided.error->code.starts_with('Q');
    answer.status = unreadable ? 400 : 503;
    if (!unreadable) answer.headers.emplace_back("Retry-After", "1");
    json::Value body = json::Value::object();
    // What is wrong with the service is not for its callers.
    const bool told = unreadable || settings.reader == View::Operator;
    body.set("error",
             json::Value::of(told ? std::string_view(decided.error->message) : "the decision cannot be recorded"));
    body.set("code", json::Value::of(std::string_view(decided.error->code)));
    if (told && !decided.error->context.empty())
        body.set("where", json::Value::of(std::string_view(decided.error->context)));
    std::string text = json::write(body);
    text.back() = ',';  // the decision is its last member
    answer.body.pop_back();
    answer.body = text + "\"decision\":" + answer.body + "}\n";
    return answer;
}

void Service::Impl::decide_recorded(std::string_view document, std::string_view trace, ledger::OnDecided done) {
    const auto begin = steady_clock::now();
    std::optional<ledger::Decided> now = point->decide_async(
        document,
        [this, done, begin](ledger::Decided decided) {
            metrics.append.add(steady_clock::now() - begin);
            answered(decided);
            done(std::move(decided));
        },
        trace);
    metrics.decide.add(steady_clock::now() - begin);
    if (!now) return;
    answered(*now);
    done(std::move(*now));
}

void Service::Impl::decide(Exchange exchange) {
    decide_recorded(
        exchange.request.body, exchange.request.head.header("traceparent"),
        [this, reply = std::move(exchange.reply)](ledger::Decided decided) { reply(answer_of(std::move(decided))); });
}

namespace {

/// Answers to the lines of a batch, in their order. The last one to arrive sends all.
struct Batch {
    std::vector<std::string> lines;
    std::atomic<std::size_t> left{0};
    Reply reply;

    void arrived() {
        if (left.fetch_sub(1) != 1) return;
        HttpAnswer answer;
        answer.type = "application/x-ndjson";
        std::size_t size = 0;
        for (const std::string& line : lines) size += line.size();
        answer.body.reserve(size);
        for (const std::string& line : lines) answer.body += line;
        reply(std::move(answer));
    }
};

}  // namespace

void Service::Impl::decide_batch(Exchange exchange) {
    std::vector<std::string_view> documents;
    for (std::string_view rest = exchange.request.body; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) documents.push_back(line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (documents.size() > settings.max_batch)
        return exchange.reply(problem(413, fmt::format("a batch has at most {} requests", settings.max_batch)));
    if (documents.empty()) return exchange.reply(problem(400, "write one request document in each line"));
    auto batch = std::make_shared<Batch>();
    batch->lines.resize(documents.size());
    batch->left = documents.size();
    batch->reply = std::move(exchange.reply);
    const std::string_view trace = exchange.request.head.header("traceparent");
    for (std::size_t i = 0; i < documents.size(); ++i)
        decide_recorded(documents[i], trace, [this, batch, i](ledger::Decided decided) {
            batch->lines[i] = answer_of(std::move(decided)).body;
            batch->arrived();
        });
}

namespace {

/// A search without the rules of the policy.
std::string for_caller(const SearchResult& found) {
    json::Value items = json::Value::array();
    for (const SearchItem& each : found.items) {
        json::Value item = json::Value::object();
        item.set("name", json::Value::of(std::string_view(each.name)));
        item.set("answer", json::Value::of(answer_name(each.answer)));
        json::Value scopes = json::Value::array();
        for (const std::string& scope : each.scopes) scopes.items.push_back(json::Value::of(std::string_view(scope)));
        item.set("scopes", std::move(scopes));
        items.items.push_back(std::move(item));
    }
    json::Value out = json::Value::object();
    out.set("items", std::move(items));
    return json::write(out);
}

}  // namespace

void Service::Impl::run_search(const std::string& text, const Reply& reply) const {
    auto body = json::parse(text, {.max_bytes = settings.max_body});
    if (!body) return reply(problem(400, body.error()));
    const auto wrong = [&] {
        reply(problem(
            400, "write {\"open\": \"tool\", \"request\": {…}, \"candidates\": […]}; `candidates` may be left out"));
    };
    if (body->type != json::Type::Object) return wrong();
    const json::Value *open = body->find("open"), *request = body->find("request"),
                      *candidates = body->find("candidates");
    if (open == nullptr || request == nullptr || body->members.size() != (candidates != nullptr ? 3u : 2u))
        return wrong();
    std::optional<Open> field;
    if (open->text == "tool") field = Open::Tool;
    if (open->text == "scope") field = Open::Scope;
    if (open->text == "agent") field = Open::Agent;
    if (open->type != json::Type::String || !field) return reply(problem(400, "`open` is `tool`, `scope` or `agent`"));
    // Each candidate is a decision on the whole request, and a thread of the service makes them one after the other.
    if (candidates != nullptr && candidates->items.size() > settings.max_batch)
        return reply(problem(413, fmt::format("a search has at most {} candidates", settings.max_batch)));
    const auto enforced = point->policy().enforced();
    if (!enforced) return reply(problem(503, "no policy is active and fresh"));
    Evaluator evaluator(enforced->policy);
    evaluator.revoke(enforced->revocations);
    const auto found =
        writ::search(evaluator, json::write(*request), *field, candidates != nullptr ? json::write(*candidates) : "");
    if (!found) return reply(problem(400, found.error()));
    HttpAnswer answer;
    answer.body = settings.reader == View::Operator ? to_json(*found) : for_caller(*found);
    answer.body += '\n';
    reply(std::move(answer));
}

void Service::Impl::search_later(const Exchange& exchange, std::function<void(const std::string&, const Reply&)> run) {
    const bool taken = searches->run([text = std::string(exchange.request.body), reply = exchange.reply,
                                      run = std::move(run)] { run(text, reply); });
    if (!taken) exchange.reply(problem(503, "too many searches wait"));
}

void Service::Impl::search(Exchange exchange) {
    search_later(exchange, [this](const std::string& text, const Reply& reply) { run_search(text, reply); });
}

void Service::Impl::revocations(Exchange exchange) {
    const auto enforced = point->policy().enforced();
    if (!enforced) return exchange.reply(problem(503, "no policy is active and fresh"));
    json::Value list = json::Value::array();
    if (enforced->revocations != nullptr)
        for (const Revocation& each : enforced->revocations->items()) {
            json::Value item = json::Value::object();
            item.set("kind", json::Value::of(revocation_name(each.kind)));
            item.set("subject", json::Value::of(std::string_view(each.subject)));
            item.set("expires_at",
                     each.expires_at == 0 ? json::Value::null() : json::Value::of(each.expires_at / 1'000'000));
            list.items.push_back(std::move(item));
        }
    json::Value body = json::Value::object();
    body.set("revocations", std::move(list));
    HttpAnswer answer;
    answer.body = json::write(body) + "\n";
    exchange.reply(std::move(answer));
}

// ---- the AuthZEN API: there is none without a mapping --------------------------------------------

bool Service::Impl::lacks_authzen(const Exchange& exchange) const {
    if (authzen == nullptr) exchange.reply(problem(404, "this service has no mapping, and so no AuthZEN API"));
    return authzen == nullptr;
}

DecideRecorded Service::Impl::recorder_for(const Exchange& exchange) {
    return [this, trace = exchange.request.head.header("traceparent")](const std::string& document,
                                                                       std::function<void(ledger::Decided)> done) {
        decide_recorded(document, trace, std::move(done));
    };
}

void Service::Impl::evaluation(Exchange exchange) {
    if (!lacks_authzen(exchange)) authzen->evaluation(exchange.request.body, recorder_for(exchange), exchange.reply);
}
void Service::Impl::evaluations(Exchange exchange) {
    if (!lacks_authzen(exchange)) authzen->evaluations(exchange.request.body, recorder_for(exchange), exchange.reply);
}
void Service::Impl::search_subject(Exchange exchange) {
    if (lacks_authzen(exchange)) return;
    search_later(exchange,
                 [this](const std::string& text, const Reply& reply) { authzen->search_subject(text, reply); });
}
void Service::Impl::search_resource(Exchange exchange) {
    if (lacks_authzen(exchange)) return;
    search_later(exchange,
                 [this](const std::string& text, const Reply& reply) { authzen->search_resource(text, reply); });
}
void Service::Impl::search_action(Exchange exchange) {
    if (lacks_authzen(exchange)) return;
    search_later(exchange,
                 [this](const std::string& text, const Reply& reply) { authzen->search_action(text, reply); });
}
void Service::Impl::ext_authz(Exchange exchange) {
    if (lacks_authzen(exchange)) return;
    std::string_view path = exchange.request.head.path.substr(kProxyPath.size());
    if (path.empty()) path = "/";
    authzen->proxied(exchange.request.head, path, recorder_for(exchange), exchange.reply);
}
void Service::Impl::authzen_metadata(Exchange exchange) {
    if (!lacks_authzen(exchange)) authzen->metadata(exchange.request.head.path, exchange.reply);
}
void Service::Impl::authzen_keys(Exchange exchange) {
    if (!lacks_authzen(exchange)) authzen->keys(exchange.request.head.path, exchange.reply);
}

}  // namespace writ::serve

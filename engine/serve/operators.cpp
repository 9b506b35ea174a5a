// What operators ask: explanations, health, metrics, status, and the console.
#include <fmt/format.h>

#include "base/json.h"
#include "serve/service_impl.h"

namespace writ::serve {

using std::chrono::steady_clock;

bool Service::Impl::ready() const {
    using namespace std::chrono_literals;
    // After a failed record, the next requests show whether the ledger can be written again.
    const std::int64_t failed = ledger_failed;
    const bool writable = failed == 0 || steady_clock::now().time_since_epoch() - steady_clock::duration(failed) > 5s;
    return !leaving && writable && point->policy().status().ready;
}

void Service::Impl::explain(Exchange exchange) {
    auto enforced = point->policy().enforced();
    if (!enforced) return exchange.reply(problem(503, "no policy is active and fresh"));
    explainer->explain(std::move(*enforced), std::string(exchange.request.body), exchange.reply);
}

void Service::Impl::show_console(Exchange exchange) {
    console->answer(exchange.request.head.path, exchange.request.head.query, exchange.reply);
}

void Service::Impl::livez(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain";
    answer.body = "alive\n";
    exchange.reply(std::move(answer));
}

void Service::Impl::readyz(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain";
    const bool yes = ready();
    answer.status = yes ? 200 : 503;
    answer.body = yes       ? "ready\n"
                  : leaving ? "not ready: ending\n"
                            : "not ready: no policy, or the ledger cannot be written\n";
    exchange.reply(std::move(answer));
}

void Service::Impl::show_metrics(Exchange exchange) {
    HttpAnswer answer;
    answer.type = "text/plain; version=0.0.4";
    answer.body = metrics.text();
    const HandleStatus policy = point->policy().status();
    const ledger::Counts records = point->ledger().counts();
    const HttpCounts http = server->counts();
    answer.body += "# HELP writ_policy_info The active policy\n# TYPE writ_policy_info gauge\n";
    answer.body += fmt::format("writ_policy_info{{digest=\"{}\"}} {}\n", policy.digest, policy.ready ? 1 : 0);
    write_metric(answer.body, "writ_policy_last_success_timestamp_seconds", "gauge", "When a policy was accepted last",
                 static_cast<std::uint64_t>(policy_seen.load()));
    write_metric(answer.body, "writ_ledger_dropped_total", "counter", "Records that best effort dropped",
                 records.dropped);
    write_metric(answer.body, "writ_inflight", "gauge", "Requests without an answer", http.in_flight);
    write_metric(answer.body, "writ_http_connections", "gauge", "Open connections", http.connections);
    write_metric(answer.body, "writ_http_shed_total", "counter",
                 "Connections and requests refused because there were too many", http.shed);
    write_metric(answer.body, "writ_http_refused_total", "counter",
                 "Requests that were no proper HTTP, or too long or slow", http.refused);
    if (authzen)
        write_metric(answer.body, "writ_authzen_dropped_properties_total", "counter",
                     "Properties of AuthZEN actions that the mapping does not read", authzen->dropped());
    if (spans)
        write_metric(answer.body, "writ_spans_dropped_total", "counter",
                     "Spans that were dropped, or that the collector did not take", spans->dropped());
    std::uint64_t differ = 0;
    for (const std::uint64_t each : policy.divergences) differ += each;
    write_metric(answer.body, "writ_candidate_compared_total", "counter",
                 "Decisions that were compared with the candidate's", policy.compared);
    write_metric(answer.body, "writ_candidate_differs_total", "counter", "Decisions in which the candidate differs",
                 differ);
    exchange.reply(std::move(answer));
}

std::string Service::Impl::status() const {
    const HandleStatus policy = point->policy().status();
    std::string problem_text = policy.problem.code.empty() ? "" : policy.problem.message;
    {
        const std::lock_guard hold(problems_lock);
        for (const std::string& each : {files_problem, mapping_problem})
            if (problem_text.empty()) problem_text = each;
    }
    json::Value active = json::Value::object();
    active.set("digest", json::Value::of(std::string_view(policy.digest)));
    active.set("serial", json::Value::of(fmt::format("{}.{}", policy.serial.epoch, policy.serial.number).c_str()));
    active.set("fresh", json::Value::of(policy.ready));
    active.set("problem", problem_text.empty() ? json::Value::null() : json::Value::of(std::string_view(problem_text)));
    json::Value effects = json::Value::object();
    constexpr const char* kNames[] = {"deny", "needs_approval", "permit"};
    for (std::size_t i = 0; i < 3; ++i)
        effects.set(kNames[i], json::Value::of(static_cast<std::int64_t>(metrics.decisions[i].load())));
    json::Value out = json::Value::object();
    out.set("ready", json::Value::of(ready()));
    out.set("version", json::Value::of(std::string_view(WRIT_VERSION)));
    out.set("started",
            json::Value::of(std::chrono::duration_cast<std::chrono::seconds>(started.time_since_epoch()).count()));
    out.set("policy", std::move(active));
    out.set("decisions", std::move(effects));
    out.set("connections", json::Value::of(static_cast<std::int64_t>(server->counts().connections)));
    return json::write(out);
}

void Service::Impl::show_status(Exchange exchange) {
    HttpAnswer answer;
    answer.body = status() + "\n";
    exchange.reply(std::move(answer));
}

}  // namespace writ::serve

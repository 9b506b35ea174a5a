#include "ledger/report.h"

#include <string>

namespace writ::ledger {

namespace {

/// One question in SQL; `?1` is the moment since which decisions count.
struct Question {
    const char *name, *title, *sql, *note;
};

// Enforced decisions alone count: what a shadow would have decided did not happen.
constexpr Question kQuestions[] = {
    {"effects", "Decisions by effect",
     "select case effect when 2 then 'permit' when 1 then 'needs approval' else 'deny' end as effect, count(*) as decisions, "
     "count(distinct agent) as agents from decision where time >= cast(?1 as integer) and shadow = 0 group by effect order by effect desc",
     ""},
    {"denials", "Denials by agent, environment and action",
     "select agent, environment, tool || case operation when '' then '' else ' ' || operation end as action, reason, "
     "count(*) as denials from decision where time >= cast(?1 as integer) and shadow = 0 and effect = 0 "
     "group by agent, environment, tool, operation, reason order by denials desc, agent, environment, action limit 100",
     "an action is a tool and its operation; the first reason is named"},
    {"high_risk", "High-risk tools with and without approval",
     "select tool, tier, sum(effect = 2 and approvers > 0) as permitted_with_approval, sum(effect = 2 and approvers = 0) as "
     "permitted_without, sum(effect = 1) as waiting, sum(effect = 0) as denied from decision where time >= cast(?1 as integer) "
     "and shadow = 0 and high_risk = 1 group by tool, tier order by permitted_without desc, tool limit 100",
     "high risk: the highest tier of the policy that decided"},
    {"shared_identities", "Identities shared across agent classes",
     "select issuer, workload as identity, count(distinct class) as classes, count(distinct agent) as agents, count(*) as decisions "
     "from decision where time >= cast(?1 as integer) and shadow = 0 and workload <> '' group by issuer, workload "
     "having count(distinct class) > 1 order by classes desc, decisions desc limit 100",
     "an identity is an issuer and a SPIFFE id or instance"},
    {"credentials", "Presented credentials by kind",
     "select case credential_kind when '' then 'not stated' else credential_kind end as kind, count(*) as decisions, "
     "count(distinct agent) as agents, round(100.0 * count(*) / (select count(*) from decision where time >= cast(?1 as integer) and "
     "shadow = 0), 1) as percent from decision where time >= cast(?1 as integer) and shadow = 0 group by kind order by decisions desc",
     ""},
    {"policies", "Decisions by policy version",
     "select bundle, count(*) as decisions, sum(effect = 2) as permitted from decision where time >= cast(?1 as integer) and shadow = 0 "
     "group by bundle order by max(seq) desc limit 20", ""},
};

/// The metrics, one SQL expression each; null: what it takes is not in the ledger.
struct Metric {
    const char *name, *sql, *needs;
};
constexpr Metric kMetrics[] = {
    {"1. share of short-lived credentials, percent",
     "select round(100.0 * sum(credential_kind = 'federated') / count(*), 1) from decision where time >= cast(?1 as integer) and "
     "shadow = 0 and credential_kind <> ''",
     "of decisions that state the credential's kind"},
    {"2. agents that present static credentials",
     "select count(distinct agent) from decision where time >= cast(?1 as integer) and shadow = 0 and credential_kind = 'static'",
     "those in use; static credentials that nobody presents need the broker's inventory"},
    {"3. identities shared across agent classes",
     "select count(*) from (select 1 from decision where time >= cast(?1 as integer) and shadow = 0 and workload <> '' "
     "group by issuer, workload having count(distinct class) > 1)", ""},
    {"4. high-risk permits with approval, percent",
     "select round(100.0 * sum(approvers > 0) / count(*), 1) from decision where time >= cast(?1 as integer) and shadow = 0 and "
     "high_risk = 1 and effect = 2", "permits for tools of the highest tier; none where there were none"},
    {"5. denials", "select count(*) from decision where time >= cast(?1 as integer) and shadow = 0 and effect = 0",
     "by agent, environment and action below"},
    {"6. mean time to attribute, seconds",
     "select round(avg(r.time - r.accepted_at) / 1000000.0, 1) from receipt r join decision d on d.seq = r.decision where "
     "d.time >= cast(?1 as integer) and r.accepted_at > 0",
     "from a resource accepting a credential to the ledger saying whose it is; absent without receipts that say `accepted_at`"},
    {"7. rotations eliminated", "select null", "absent: needs the broker's inventory of rotated credentials"},
};

}  // namespace

Result<std::vector<Table>> report_on(Index& index, std::int64_t since) {
    const std::vector<std::string> from{std::to_string(since)};
    std::vector<Table> out;
    Table metrics{"metrics", "The seven metrics", {"metric", "value", "counts"}, {}, {}};
    for (const Metric& metric : kMetrics) {
        auto value = index.ask("", metric.sql, from);
        if (!value) return tl::unexpected(std::move(value.error()));
        metrics.rows.push_back({std::string(metric.name), value->rows.empty() ? Cell{} : value->rows[0][0], std::string(metric.needs)});
    }
    out.push_back(std::move(metrics));
    for (const Question& question : kQuestions) {
        auto answer = index.ask(question.name, question.sql, from);
        if (!answer) return tl::unexpected(std::move(answer.error()));
        answer->title = question.title;
        answer->note = question.note;
        out.push_back(std::move(*answer));
    }
    auto dropped = index.ask("", "select coalesce(sum(dropped), 0) from drops where time >= cast(?1 as integer)", from);
    if (!dropped) return tl::unexpected(std::move(dropped.error()));
    if (dropped->rows[0][0] != Cell{std::int64_t{0}})
        out.front().note = std::to_string(std::get<std::int64_t>(dropped->rows[0][0])) + " decisions were dropped by best effort and are in none of these figures";
    return out;
}

}  // namespace writ::ledger

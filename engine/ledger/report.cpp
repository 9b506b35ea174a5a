#include "ledger/report.h"

#include <string>

namespace writ::ledger {

namespace {

// Only enforced decisions are counted, except in the query about shadows: shadow decisions had no effect. A permit
// that repeats another is counted with it. `?1` is the start of the period.
constexpr const char* kCounted =
    "with counted as (select * from decision where time >= cast(?1 as integer) and shadow = 0 "
    "and (repeats is null or effect <> 2)) ";

struct Question {
    const char *name, *title, *sql, *note;
};

constexpr Question kQuestions[] = {
    {"effects", "Decisions by effect", R"(
select case effect when 2 then 'permit' when 1 then 'needs approval' else 'deny' end as effect,
  count(*) as decisions, count(distinct agent) as agents
from counted group by counted.effect order by counted.effect desc)",
     ""},
    {"denials", "Denials by agent, environment and action", R"(
select agent, environment, tool || case operation when '' then '' else ' ' || operation end as action, reason,
  count(*) as denials
from counted where effect = 0
group by agent, environment, tool, operation, reason order by denials desc, agent, environment, action limit 100)",
     "an action is a tool and its operation; only the first reason is listed"},
    {"high_risk", "High-risk tools with and without approval", R"(
select tool, tier, count(case when effect = 2 and approvers > 0 then 1 end) as permitted_with_approval,
  count(case when effect = 2 and approvers = 0 then 1 end) as permitted_without,
  count(case when effect = 1 then 1 end) as waiting, count(case when effect = 0 then 1 end) as denied
from counted where high_risk = 1 group by tool, tier order by permitted_without desc, tool limit 100)",
     "high risk: the highest tier of the policy that decided"},
    {"shared_identities", "Identities shared across agent classes", R"(
select issuer, workload as identity, count(distinct class) as classes, count(distinct agent) as agents,
  count(*) as decisions
from counted where workload <> ''
group by issuer, workload having count(distinct class) > 1 order by classes desc, decisions desc limit 100)",
     "an identity is an issuer and a SPIFFE id or instance"},
    {"credentials", "Presented credentials by kind", R"(
select case credential_kind when '' then 'not stated' else credential_kind end as kind, count(*) as decisions,
  count(distinct agent) as agents, round(100.0 * count(*) / (select count(*) from counted), 1) as percent
from counted group by credential_kind order by decisions desc)",
     ""},
    {"shadow", "Decisions that candidates would have made differently", R"(
select case effect when 2 then 'permit' when 1 then 'needs approval' else 'deny' end as candidate, agent, tool, reason,
  count(*) as decisions
from decision where shadow = 1 and time >= cast(?1 as integer)
group by effect, agent, tool, reason order by decisions desc, agent, tool limit 100)",
     "not enforced: each belongs to the record of an enforced decision; only the first reason is listed"},
    {"policies", "Decisions by policy version", R"(
select bundle, count(*) as decisions, count(case when effect = 2 then 1 end) as permitted
from counted group by bundle order by max(seq) desc limit 20)",
     ""},
};

/// The metrics, one value each; null: the ledger lacks the data.
struct Metric {
    const char *name, *sql, *counts;
};

constexpr Metric kMetrics[] = {
    {"1. share of short-lived credentials, percent",
     "select round(100.0 * count(case when credential_kind = 'federated' then 1 end) / count(*), 1) from counted "
     "where credential_kind <> ''",
     "of decisions that state the credential's kind"},
    {"2. agents that present static credentials",
     "select count(distinct agent) from counted where credential_kind = 'static'",
     "only those in use; static credentials that nobody presents are not in the ledger"},
    {"3. identities shared across agent classes",
     "select count(*) from (select 1 from counted where workload <> '' group by issuer, workload "
     "having count(distinct class) > 1) as shared",
     "an issuer and a SPIFFE id or instance"},
    {"4. high-risk permits with approval, percent",
     "select round(100.0 * count(case when approvers > 0 then 1 end) / count(*), 1) from counted "
     "where high_risk = 1 and effect = 2",
     "permits for tools of the highest tier; absent if there were none"},
    {"5. denials", "select count(*) from counted where effect = 0", "by agent, environment and action below"},
    {"6. mean time to attribute, seconds",
     "select round(avg(r.time - r.accepted_at) / 1000000.0, 1) from receipt r join counted d on d.seq = r.decision "
     "where r.accepted_at > 0",
     "from the moment a resource accepts a credential to its receipt in the ledger; absent without receipts with "
     "`accepted_at`"},
    {"7. rotations eliminated", "select null", "absent: needs the broker's inventory of rotated credentials"},
};

}  // namespace

Result<std::vector<InquiryTable>> report_on(Index& index, std::int64_t since) {
    const std::vector<std::string> from{std::to_string(since)};
    std::vector<InquiryTable> out;
    InquiryTable metrics{"metrics", "The seven metrics", {"metric", "value", "counts"}, {}, {}};
    for (const Metric& metric : kMetrics) {
        auto value = index.ask("", std::string(kCounted) + metric.sql, from);
        if (!value) return tl::unexpected(std::move(value.error()));
        metrics.rows.push_back({std::string(metric.name), value->rows.empty() ? InquiryCell{} : value->rows[0][0],
                                std::string(metric.counts)});
    }
    auto dropped = index.ask("", "select sum(dropped) from drops where time >= cast(?1 as integer)", from);
    if (!dropped) return tl::unexpected(std::move(dropped.error()));
    if (const auto* count = std::get_if<std::int64_t>(&dropped->rows[0][0]))
        metrics.note = std::to_string(*count) + " decisions were dropped in best-effort mode and are not counted here";
    out.push_back(std::move(metrics));
    for (const Question& question : kQuestions) {
        auto answer = index.ask(question.name, std::string(kCounted) + question.sql, from);
        if (!answer) return tl::unexpected(std::move(answer.error()));
        answer->title = question.title;
        answer->note = question.note;
        out.push_back(std::move(*answer));
    }
    return out;
}

}  // namespace writ::ledger

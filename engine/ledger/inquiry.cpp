// Queries about one decision. Those about all decisions are in report.cpp.
#include "writ/inquiry.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/values.h"
#include "base/words.h"
#include "ledger/checkpoint.h"
#include "ledger/index.h"
#include "ledger/report.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

std::string joined(const std::vector<std::string_view>& texts) {
    std::string out;
    for (const std::string_view text : texts) {
        if (!out.empty()) out += ", ";
        out += text;
    }
    return out;
}

std::string or_none(std::string_view text) {
    return text.empty() ? "none stated" : std::string(text);
}

std::string rule_text(const RecordedRule& rule) {
    std::string out = fmt::format("{} {} at {}:{}", rule.kind, rule.name, rule.file, rule.line);
    if (!rule.because.empty()) out += fmt::format(" ({})", rule.because);
    return out;
}

std::string reason_text(const Record& record, const Reason& reason) {
    std::string out(reason.code);
    if (!reason.detail.empty()) out += fmt::format(" ({})", reason.detail);
    for (const RecordedRule& rule : record.rules)
        if (rule.layer == reason.layer && rule.index == reason.rule) out += " by " + rule_text(rule);
    return out;
}

std::string text_of(const InquiryCell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    return {};
}

std::int64_t number_of(const InquiryCell& cell) {
    const auto* number = std::get_if<std::int64_t>(&cell);
    return number != nullptr ? *number : 0;
}

/// The remaining uses of a credential with this grant.
std::string reach_of(const Record& record, std::int64_t used_by) {
    const Decision& decision = record.decision;
    if (decision.effect != Effect::Permit) return "no: nothing was granted";
    const Grant& grant = decision.grant;
    std::string out = grant.single_use && used_by >= 0
                          ? fmt::format("no: it may be used once, and record {} used it; ", used_by)
                      : grant.single_use ? std::string("once: it may be used once, and no use is recorded; ")
                                         : std::string("yes, until it expires: it may be used any number of times; ");
    out += fmt::format("only {} at {}, until {}", joined(grant.scopes), joined(grant.audience),
                       format_instant(sat_add(decision.now, sat_mul(grant.ttl, kSecond))));
    if (record.around.proof == "bearer" || record.around.proof.empty())
        out += "; anyone with the presented token can ask again, because it has no proof of possession";
    return out;
}

}  // namespace

struct Inquiry::Impl {
    std::string folder;
    std::unique_ptr<Index> index;
};

std::optional<std::int64_t> parse_moment(std::string_view text, std::int64_t now) {
    if (const auto instant = parse_instant(text)) return instant;
    if (const auto ago = parse_duration(text)) return sat_sub(now, *ago);
    return std::nullopt;
}

Inquiry::Inquiry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Inquiry::~Inquiry() = default;
Inquiry::Inquiry(Inquiry&&) noexcept = default;
Inquiry& Inquiry::operator=(Inquiry&&) noexcept = default;

Result<Inquiry> Inquiry::open(const std::string& folder) {
    auto index = Index::open(folder);
    if (!index) return tl::unexpected(std::move(index.error()));
    return Inquiry(std::make_unique<Impl>(Impl{folder, std::move(*index)}));
}

Result<void> Inquiry::catch_up() {
    return impl_->index->catch_up();
}

Result<std::vector<std::uint64_t>> Inquiry::find(std::string_view id) {
    const bool number =
        !id.empty() && id.size() < 19 && std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
    auto found =
        impl_->index->ask("find",
                          number ? "select seq from decision where seq = cast(?1 as integer)"
                                 : "select seq from decision where request_id = ?1 or trace_id = ?1 order by seq desc",
                          {std::string(id)});
    if (!found) return tl::unexpected(std::move(found.error()));
    if (found->rows.empty())
        return fail(Code::UnknownRecord,
                    number ? "no decision has this number" : "no decision has this request id or trace id",
                    std::string(id));
    std::vector<std::uint64_t> out;
    for (const auto& row : found->rows) out.push_back(static_cast<std::uint64_t>(number_of(row[0])));
    return out;
}

Result<InquiryTable> Inquiry::list(const Filter& filter) {
    std::string where = "time >= cast(?1 as integer)";
    std::vector<std::string> texts{std::to_string(filter.since)};
    const auto add = [&](std::string_view condition, const std::string& value) {
        if (value.empty()) return;
        texts.push_back(value);
        where += fmt::format(" and {}?{}", condition, texts.size());
    };
    add("agent = ", filter.agent);
    add("tool = ", filter.tool);
    add("tenant = ", filter.tenant);
    add("run = ", filter.run);
    add("person = ", filter.user);
    add("environment = ", filter.environment);
    if (filter.enforced) where += " and shadow = 0";
    if (!filter.rule.empty()) {
        texts.push_back(filter.rule);
        where += fmt::format(" and seq in (select seq from shaped where rule = ?{})", texts.size());
    }
    if (!filter.effect.empty()) {
        const auto at = std::find(std::begin(words::kEffects), std::end(words::kEffects), filter.effect);
        if (at == std::end(words::kEffects))
            return fail(Code::UnknownEffect,
                        "no effect is called `" + filter.effect + "`; they are `permit`, `needs_approval` and `deny`");
        where += fmt::format(" and effect = {}", at - std::begin(words::kEffects));
    }
    auto out = impl_->index->ask("decisions",
                                 fmt::format(R"(
select seq, time, case effect when 2 then 'permit' when 1 then 'needs approval' else 'deny' end as effect, agent,
  run, tenant, tool, resource, reason, request_id as request
from decision where {} order by seq desc limit {})",
                                             where, filter.limit),
                                 texts);
    if (!out) return out;
    out->title = "Decisions, the latest first";
    for (auto& row : out->rows) row[1] = format_instant(number_of(row[1]));
    return out;
}

Result<InquiryTable> Inquiry::why(std::uint64_t sequence) {
    auto reader = Reader::open(impl_->folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    if (auto found = reader->seek(sequence); !found) return tl::unexpected(std::move(found.error()));
    auto there = reader->next();
    if (!there) return tl::unexpected(std::move(there.error()));
    Record record;
    if (*there)
        if (auto read = decode(reader->bytes(), record); !read) return tl::unexpected(std::move(read.error()));
    if (!*there || record.kind != RecordKind::Decision)
        return fail(Code::UnknownRecord, "no decision has this number", std::to_string(sequence));

    const Decision& decision = record.decision;
    const Attribution& who = decision.attribution;
    const Surroundings& around = record.around;
    InquiryTable out{"why", fmt::format("Decision {}", sequence), {"question", "answer"}, {}, {}};
    const auto say = [&](std::string question, std::string answer) {
        out.rows.push_back({std::move(question), std::move(answer)});
    };

    say("what was decided",
        fmt::format("{}{} at {}, recorded {}", spoken(decision.effect), record.shadow ? " (shadow: not enforced)" : "",
                    format_instant(decision.now), format_instant(record.time)));
    if (record.repeats)
        say("which decision does it repeat",
            fmt::format("{}, with the same idempotency key; it grants no more, and for no longer", *record.repeats));
    say("which agent did this", fmt::format("{}, class {}, deployment {}, run {}", or_none(who.agent),
                                            or_none(who.agent_class), or_none(who.deployment), or_none(who.run)));
    say("which identity did it use",
        fmt::format("workload {}, issuer {}, token {}, {} credential", or_none(who.workload), or_none(who.issuer),
                    or_none(who.token_id), or_none(around.credential_kind)));
    std::string reasons;
    for (const Reason& reason : decision.reasons)
        reasons += (reasons.empty() ? "" : "; ") + reason_text(record, reason);
    say(decision.effect == Effect::Permit ? "why was it allowed" : "why was it not allowed", or_none(reasons));
    std::string granted;
    for (const RecordedRule& rule : record.rules)
        if (rule.kind == "permit" && decision.effect == Effect::Permit)
            granted += (granted.empty() ? "" : "; ") + rule_text(rule);
    if (granted.empty()) granted = "nobody: it was not granted";
    if (!who.approvers.empty())
        granted += fmt::format("; approved by {}{}", joined(who.approvers),
                               around.approvals.empty() ? "" : fmt::format(" ({})", joined(around.approvals)));
    say("who granted it", granted);
    say("for what", fmt::format("tool {}{}{}, resource {}, environment {}, tier {}", or_none(who.tool),
                                around.operation.empty() ? "" : ", operation ", around.operation, or_none(who.resource),
                                or_none(around.environment), or_none(around.tier)));
    say("for which user",
        fmt::format("{}, tenant {}, started by {}", or_none(who.user), or_none(who.tenant), or_none(who.initiator)));
    say("through which broker", fmt::format("{}, request {}, trace {}", or_none(around.broker),
                                            or_none(around.request_id), or_none(around.trace_id)));
    say("under which policy version", joined(record.bundles).empty() ? "none" : joined(record.bundles));

    const std::string number = std::to_string(sequence);
    auto receipts = impl_->index->ask("", R"(
select credential, resource, issued_at, accepted_at, revoked_at
from receipt where decision = cast(?1 as integer) order by seq)",
                                      {number});
    if (!receipts) return receipts;
    std::string accepted;
    for (const auto& row : receipts->rows) {
        accepted +=
            fmt::format("{}{} by {}", accepted.empty() ? "" : "; ", or_none(text_of(row[0])), or_none(text_of(row[1])));
        const std::pair<std::string_view, std::size_t> moments[] = {{"issued", 2}, {"accepted", 3}, {"revoked", 4}};
        for (const auto& [name, column] : moments)
            if (const std::int64_t moment = number_of(row[column]); moment != 0)
                accepted += fmt::format(", {} {}", name, format_instant(moment));
    }
    say("which resource accepted it", accepted.empty() ? "no receipt is recorded" : accepted);

    say("on whose behalf (chain)", who.chain.empty()
                                       ? "its own: there was no delegation"
                                       : joined(who.chain) + fmt::format(", parent run {}", or_none(who.parent_run)));
    // All runs below this one, at any depth.
    auto below = impl_->index->ask("", R"(
with recursive below(run) as (
  select ?1 union select d.run from decision d join below b on d.parent_run = b.run)
select distinct d.agent || ' (run ' || d.run || ')'
from decision d join below b on d.run = b.run where d.run <> ?1 order by 1)",
                                   {std::string(who.run)});
    if (!below) return below;
    std::string inherited;
    if (!who.run.empty())
        for (const auto& row : below->rows) inherited += (inherited.empty() ? "" : ", ") + text_of(row[0]);
    say("which subagents inherited it", inherited.empty() ? "none that made a request" : inherited);

    auto used = impl_->index->find(fmt::format("ugrant:{}", record.repeats.value_or(sequence)));
    if (!used) return tl::unexpected(std::move(used.error()));
    const std::optional<Holder>& user = *used;
    say("can it be used for something else", reach_of(record, user ? static_cast<std::int64_t>(user->sequence) : -1));
    if (!record.masked.empty()) out.note = "masked: " + joined(record.masked);
    return out;
}

Result<std::vector<InquiryTable>> Inquiry::report(std::int64_t since) {
    return report_on(*impl_->index, since);
}

}  // namespace writ::ledger

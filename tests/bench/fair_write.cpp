#include <cstdio>
#include <cstdlib>

#include <simdjson.h>
#include <nlohmann/json.hpp>

#include "blocks.h"
#include "fair.h"

namespace bench::fair {
namespace {

/// Writes into memory that is large enough for any decision.
class Pen {
public:
    explicit Pen(char* to) : at_(to) {}
    [[nodiscard]] const char* at() const { return at_; }

    template <std::size_t N>
    void put(const char (&literal)[N]) {
        std::memcpy(at_, literal, N - 1);
        at_ += N - 1;
    }
    void put(Text text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void quoted(Text text) {
        *at_++ = '"';
        if (copy_plain<Block>(at_, text))
            at_ += text.size();
        else
            at_ = escape(at_, text);
        *at_++ = '"';
    }
    void quoted_or_null(Text text) {
        if (text.empty())
            put("null");
        else
            quoted(text);
    }
    void list(const Texts& texts) {
        *at_++ = '[';
        for (const Text& each : texts) {
            if (&each != texts.begin()) *at_++ = ',';
            quoted(each);
        }
        *at_++ = ']';
    }
    /// Requires: value >= 0.
    void number(std::int64_t value) {
        char digits[20];
        char* first = digits + sizeof digits;
        do *--first = static_cast<char>('0' + value % 10), value /= 10;
        while (value != 0);
        put(Text(first, static_cast<std::size_t>(digits + sizeof digits - first)));
    }
    /// Requires: between the years 1 and 9999.
    void instant(std::int64_t micros) {
        std::int64_t seconds = micros / kSecond, fraction = micros % kSecond;
        if (fraction < 0) fraction += kSecond, --seconds;
        constexpr std::int64_t kDay = 86'400, kFromYearZero = 719'468;  // days from 0000-03-01 to 1970-01-01
        const std::int64_t shifted = seconds + kFromYearZero * kDay;
        const auto days = static_cast<unsigned>(shifted / kDay), of_day = static_cast<unsigned>(shifted % kDay);
        // Years begin in March, so that a leap day is the last of a year; 400 years are 146,097 days.
        const unsigned age = days / 146'097, of_age = days % 146'097;
        const unsigned year = (of_age - of_age / 1'460 + of_age / 36'524 - of_age / 146'096) / 365;
        const unsigned of_year = of_age - (365 * year + year / 4 - year / 100);
        const unsigned month = (5 * of_year + 2) / 153;
        const unsigned civil = 400 * age + year + (month >= 10 ? 1 : 0);
        *at_++ = '"';
        two(civil / 100), two(civil % 100), *at_++ = '-';
        two(month < 10 ? month + 3 : month - 9), *at_++ = '-';
        two(of_year - (153 * month + 2) / 5 + 1), *at_++ = 'T';
        two(of_day / 3'600), *at_++ = ':', two(of_day / 60 % 60), *at_++ = ':', two(of_day % 60);
        if (fraction != 0) {
            *at_++ = '.';
            for (std::int64_t unit = kSecond / 10; fraction != 0; fraction %= unit, unit /= 10)
                *at_++ = static_cast<char>('0' + fraction / unit);
        }
        put("Z\"");
    }

private:
    void two(unsigned value) {
        *at_++ = static_cast<char>('0' + value / 10);
        *at_++ = static_cast<char>('0' + value % 10);
    }
    char* at_;
};

/// More than the document can need: six bytes for each byte of a text, and everything else.
std::size_t most(const Decision& decision, const Rules& rules) {
    const Who& who = *decision.who;
    std::size_t texts = who.agent.size() + who.agent_class.size() + who.deployment.size() + who.run.size() +
                        who.tenant.size() + who.user.size() + who.initiator.size() + who.workload.size() +
                        who.issuer.size() + who.token_id.size() + who.tool.size() + who.resource.size();
    for (const Text each : who.chain) texts += each.size();
    for (const Text each : decision.scopes) texts += each.size();
    std::size_t named = 0;
    const auto name = [&](std::uint32_t rule) { named += rule != writ::kNoRule ? rules.json(rule).size() : 0; };
    name(decision.requirement);
    for (const Reason& each : decision.reasons) {
        named += 64 + each.code.size() + 6 * each.fact.size();
        name(each.rule);
    }
    return 2'048 + 6 * texts + named + decision.binding_digest.size();
}

void write_reason(Pen& pen, const Reason& reason, const Rules& rules) {
    pen.put("{\"code\":\"");
    pen.put(reason.code);
    if (reason.rule != writ::kNoRule) {
        pen.put("\",\"fact\":null,\"rule\":");
        pen.put(rules.json(reason.rule));
    } else {
        pen.put("\",\"fact\":");
        pen.quoted_or_null(reason.fact);
        pen.put(",\"rule\":null");
    }
    pen.put("}");
}

void write_who(Pen& pen, const Who& who) {
    pen.put("{\"agent\":"), pen.quoted_or_null(who.agent);
    pen.put(",\"class\":"), pen.quoted_or_null(who.agent_class);
    pen.put(",\"deployment\":"), pen.quoted_or_null(who.deployment);
    pen.put(",\"run\":"), pen.quoted_or_null(who.run);
    pen.put(",\"parent_run\":null,\"tenant\":"), pen.quoted_or_null(who.tenant);
    pen.put(",\"user\":"), pen.quoted_or_null(who.user);
    pen.put(",\"initiator\":"), pen.quoted_or_null(who.initiator);
    pen.put(",\"chain\":"), pen.list(who.chain);
    pen.put(",\"workload\":"), pen.quoted_or_null(who.workload);
    pen.put(",\"issuer\":"), pen.quoted_or_null(who.issuer);
    pen.put(",\"token_id\":"), pen.quoted_or_null(who.token_id);
    pen.put(",\"tool\":"), pen.quoted_or_null(who.tool);
    pen.put(",\"resource\":"), pen.quoted_or_null(who.resource);
    pen.put(",\"approvers\":[]}");
}

void write_grant(Pen& pen, const Decision& decision) {
    pen.put("{\"schema_version\":1,\"effect\":\"permit\",\"grant\":{\"scopes\":"), pen.list(decision.scopes);
    pen.put(",\"audience\":"), pen.list(decision.audience);
    pen.put(",\"ttl\":"), pen.number(decision.ttl);
    pen.put(",\"not_after\":");
    if (decision.not_after != 0)
        pen.instant(decision.not_after);
    else
        pen.put("null");
    pen.put(",\"single_use\":false,\"obligations\":["), pen.put(decision.obligations);
    pen.put("]},\"requirements\":[]");
}

void write_requirement(Pen& pen, const Decision& decision, const Rules& rules) {
    pen.put("{\"schema_version\":1,\"effect\":\"needs_approval\",\"grant\":null,\"requirements\":[{\"rule\":");
    pen.put(rules.json(decision.requirement));
    pen.put(","), pen.put(decision.requirement_terms);
    pen.put(",\"expires\":"), pen.instant(decision.expires);
    pen.put("}]");
}

}  // namespace

Text write(const Decision& decision, const Rules& rules, std::string& room) {
    if (const std::size_t size = most(decision, rules); room.size() < size) room.resize(size);
    Pen pen(room.data());
    switch (decision.effect) {
        case writ::Effect::Permit: write_grant(pen, decision); break;
        case writ::Effect::NeedsApproval: write_requirement(pen, decision, rules); break;
        case writ::Effect::Deny:
            pen.put("{\"schema_version\":1,\"effect\":\"deny\",\"grant\":null,\"requirements\":[]");
            break;
    }
    pen.put(",\"binding_digest\":"), pen.quoted_or_null(decision.binding_digest);
    pen.put(",\"reasons\":[");
    for (const Reason& each : decision.reasons) {
        if (&each != decision.reasons.begin()) pen.put(",");
        write_reason(pen, each, rules);
    }
    pen.put("],\"attribution\":"), write_who(pen, *decision.who);
    pen.put(",\"now\":"), pen.instant(decision.now);
    pen.put(",\"bundles\":[{\"digest\":\""), pen.put(rules.digest()), pen.put("\"}]}");
    return {room.data(), static_cast<std::size_t>(pen.at() - room.data())};
}

Rules::Rules(const writ::Bundle& bundle) : bundle_(bundle), digest_(bundle_.digest()) {
    for (std::size_t i = 0; i < bundle_.rule_count(); ++i) {
        const writ::RuleInfo rule = bundle_.rule(i);
        nlohmann::ordered_json object = {{"layer", 0},        {"kind", rule.kind}, {"module", rule.module},
                                         {"name", rule.name}, {"file", rule.file}, {"line", rule.line},
                                         {"because", nullptr}};
        if (!rule.because.empty()) object["because"] = rule.because;
        names_.push_back(rule.name);
        begins_.push_back(static_cast<std::uint32_t>(json_.size()));
        json_ += object.dump();
    }
    begins_.push_back(static_cast<std::uint32_t>(json_.size()));
}

std::uint32_t Rules::find(Text name) const {
    for (std::uint32_t i = 0; i < names_.size(); ++i)
        if (names_[i] == name) return i;
    std::fprintf(stderr, "the policy has no rule %s\n", std::string(name).c_str());
    std::exit(1);
}

[[gnu::noinline]] char* escape(char* to, Text text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        const bool control = byte < 0x20 || byte == 0x7F;
        const bool upper = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // control characters beyond ASCII
        const std::size_t letter = Text("\"\\\n\r\t").find(text[i]);
        if (letter != Text::npos) {
            *to++ = '\\';
            *to++ = "\"\\nrt"[letter];
        } else if (control || upper) {
            to += std::snprintf(to, 7, "\\u%04x", static_cast<unsigned>(upper ? next : byte));
            i += upper ? 1 : 0;
        } else {
            *to++ = text[i];
        }
    }
    return to;
}

bool is_utf8(Text text) {
    return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace bench::fair

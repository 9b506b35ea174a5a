#include "ledger/repetition.h"

#include <algorithm>

#include "base/text_set.h"
#include "base/values.h"

namespace writ::ledger {

namespace {

/// Which of today's texts the earlier grant had too.
std::vector<bool> kept(const std::vector<std::string_view>& earlier, const std::vector<std::string_view>& today) {
    TextSet known;
    for (const std::string_view text : earlier) known.add(text);
    known.sort();
    std::vector<bool> out;
    for (const std::string_view text : today) out.push_back(known.has(text));
    return out;
}

bool any(const std::vector<bool>& some) {
    return std::find(some.begin(), some.end(), true) != some.end();
}

void keep(std::vector<std::string_view>& texts, const std::vector<bool>& which) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (which[i]) texts[to++] = texts[i];
    texts.resize(to);
}

}  // namespace

Meeting meet(const Decision& earlier, const Decision& today) {
    const Grant &then = earlier.grant, &now = today.grant;
    Meeting out;
    out.scopes = kept(then.scopes, now.scopes);
    out.audience = kept(then.audience, now.audience);
    // A clock that was set back gives no additional time.
    const std::int64_t end = sat_add(earlier.now, sat_mul(then.ttl, kSecond));
    out.ttl = std::min({now.ttl, then.ttl, sat_sub(end, today.now) / kSecond});
    out.not_after = !then.not_after  ? now.not_after
                    : !now.not_after ? then.not_after
                                     : std::min(then.not_after, now.not_after);
    out.single_use = then.single_use || now.single_use;
    TextSet obligations;
    for (const Obligation& obligation : now.obligations) obligations.add(obligation.name, obligation.args);
    obligations.sort();
    for (const Obligation& obligation : then.obligations)
        if (!obligations.has(obligation.name, obligation.args)) out.added.push_back(obligation);
    if (out.ttl < 1)
        out.nothing = "ttl_exhausted";
    else if (!any(out.scopes))
        out.nothing = "scope_limited";
    else if (!any(out.audience) && !now.audience.empty())
        out.nothing = "audience_limited";
    return out;
}

void narrow(Grant& grant, const Meeting& meeting) {
    keep(grant.scopes, meeting.scopes);
    keep(grant.audience, meeting.audience);
    grant.ttl = meeting.ttl;
    grant.not_after = meeting.not_after;
    grant.single_use = meeting.single_use;
    grant.obligations.insert(grant.obligations.end(), meeting.added.begin(), meeting.added.end());
}

void deny(Decision& decision, std::string_view code, std::string_view detail) {
    decision.effect = Effect::Deny;
    decision.grant.clear();
    decision.clear_requirements();
    decision.binding_digest.clear();
    decision.reasons.clear();
    Reason& reason = decision.reasons.emplace_back();
    reason.code = code;
    reason.detail = detail;
}

}  // namespace writ::ledger

// writ request: makes a request document from a token's claims and further facts.
#include <ctime>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/options.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/tools.h"

namespace writ::cli {

namespace {

struct RequestArgs {
    std::string claims, kind, facts;
    std::vector<std::string> policy;
    std::optional<std::int64_t> now;
    bool verified = false;
};

std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& each : items) out += (out.empty() ? "" : ", ") + safe(each);
    return out;
}

/// The notes about facts that the document does not state.
void tell(const DraftRequest& draft, const RequestArgs& options, const Terminal& terminal) {
    const auto note = [&](const std::string& text) { print_remark("note: " + text + "\n", terminal); };
    if (!options.verified)
        note(
            "the token counts as asserted, so no rule can rely on it; add --assume-verified if its signature was "
            "verified");
    const std::string token = nlohmann::json::parse(draft.document).at("provenance").at("token").get<std::string>();
    if (options.verified && token != "verified")
        note(fmt::format(
            "the facts add to the token and label it {0}, so all of the token counts as {0}, and rules that rely on it "
            "do not"
            " apply; label each group, as \"provenance\": {{\"token\": \"verified\", \"run\": \"broker\", ...}}",
            token));
    if (!draft.issuer_declared) note("the policy does not declare the issuer in the claims");
    if (!draft.undeclared.empty())
        note("no schema declares these claims, so no rule reads them: " + listed(draft.undeclared));
    if (!draft.missing.empty())
        note(fmt::format("the broker must add what {}: {}",
                         options.policy.empty() ? "the engine and std.baseline read" : "this policy reads",
                         listed(draft.missing)));
}

Exit run(const RequestArgs& options, const Terminal& terminal) {
    const auto claims = read_input(options.claims, RequestLimits{}.max_bytes);
    if (!claims) return report_error(claims.error(), "", terminal);
    std::string facts;
    if (!options.facts.empty()) {
        auto read = read_input(options.facts, RequestLimits{}.max_bytes);
        if (!read) return report_error(read.error(), "", terminal);
        facts = std::move(*read);
    }
    const std::string claims_name = input_name(options.claims), facts_name = input_name(options.facts);
    ClaimsInput input;
    input.claims = *claims;
    input.kind = options.kind;
    input.now = options.now ? *options.now : static_cast<std::int64_t>(std::time(nullptr));
    input.verified = options.verified;
    input.facts = facts;
    input.claims_name = claims_name;
    input.facts_name = facts_name;
    std::optional<Workspace> policy;
    if (!options.policy.empty()) {
        auto opened = open_valid(options.policy, terminal);
        if (const Exit* failed = std::get_if<Exit>(&opened)) return *failed;
        input.policy = &bundle_of(policy.emplace(std::move(std::get<Workspace>(opened))));
    }
    const auto draft = request_from_claims(input);
    if (!draft) return report_error(draft.error(), "", terminal);
    tell(*draft, options, terminal);
    print_result(safe_json(draft->document));
    return Exit::Ok;
}

}  // namespace

void add_request(Command& program) {
    Command& verb = program.verb("request", "Make a request document from a token's claims");
    auto& options = verb.make_values<RequestArgs>();
    verb.text("--claims", "FILE|-", "The claims, a JSON object; - for standard input", options.claims).required();
    verb.text("--issuer-kind", "KIND", "A claims schema of the standard library, such as github or kubernetes",
              options.kind)
        .required();
    verb.flag("--assume-verified", "The token's signature was verified; otherwise the token counts as asserted",
              options.verified);
    verb.text("--facts", "FILE|-", "Further facts that the broker knows: a request document with provenance",
              options.facts);
    verb.texts("--policy", "PATH", "The policy for the request; missing facts are listed", options.policy);
    constexpr std::uint64_t kYear9999 = 253'402'300'799;
    verb.whole("--now", "SECONDS", "The time in seconds since 1970 (default: now)", options.now, 0, kYear9999);
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

#include "tools/test_runner.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/values.h"
#include "writ/evaluator.h"

namespace writ::tools {

namespace {

using Names = std::vector<std::string>;

std::string quoted(std::string_view text) {
    std::string out;
    json::append_quoted(out, text);
    return out;
}

template <class Items, class Show>
std::string joined(const Items& items, Show show) {
    std::string out;
    for (const auto& item : items) {
        if (!out.empty()) out += ", ";
        out += show(item);
    }
    return out;
}

Names sorted(Names names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

template <class Items>
Names strings(const Items& items) {
    return sorted(Names(items.begin(), items.end()));
}

std::string plain(const std::string& name) { return name; }

std::string set_text(const Names& names) { return names.empty() ? "{}" : "{ " + joined(names, quoted) + " }"; }

std::string_view effect_name(Effect effect) {
    switch (effect) {
        case Effect::Deny: return "deny";
        case Effect::NeedsApproval: return "needs_approval";
        case Effect::Permit: return "permit";
    }
    return {};
}

std::string qualified(const ast::QualifiedName& name) {
    std::string out;
    for (const ast::Name& part : name.parts) {
        if (!out.empty()) out += '.';
        out += part.text;
    }
    return out;
}

/// What a decision has in each of the parts that an expectation can name.
struct Parts {
    Names scopes, audience, obligations, reasons, groups;
    std::vector<RuleInfo> rules;  ///< each rule instance's rule once
};

Parts parts_of(const Decision& decision, const Bundle& bundle) {
    Parts parts;
    parts.scopes = strings(decision.grant.scopes);
    parts.audience = strings(decision.grant.audience);
    for (const Obligation& duty : decision.grant.obligations) parts.obligations.emplace_back(duty.name);
    const auto add_rule = [&](std::uint32_t index) {
        if (index == kNoRule) return;
        const RuleInfo rule = bundle.rule(index);
        const bool known = std::any_of(parts.rules.begin(), parts.rules.end(), [&](const RuleInfo& r) {
            return r.name == rule.name && r.module == rule.module;
        });
        if (!known) parts.rules.push_back(rule);
    };
    for (const Reason& reason : decision.reasons) {
        parts.reasons.emplace_back(reason.code);
        add_rule(reason.rule);
    }
    for (const Requirement& requirement : decision.requirements) {
        for (const std::string_view group : requirement.groups) parts.groups.emplace_back(group);
        add_rule(requirement.rule);
    }
    parts.obligations = sorted(std::move(parts.obligations));
    parts.reasons = sorted(std::move(parts.reasons));
    parts.groups = sorted(std::move(parts.groups));
    return parts;
}

/// A rule is named alone, or with its module before it.
bool names_rule(const std::string& name, const RuleInfo& rule) {
    return name == rule.name || name == std::string(rule.module) + "." + std::string(rule.name);
}

void append_list(std::string& out, std::string_view word, const std::string& list) {
    if (list.empty()) return;
    out.append(" ").append(word).append(" ").append(list);
}

/// Notes each expected name that is not there.
void report_absent(Names& problems, std::string_view what, const Names& expected,
                   const std::function<bool(const std::string&)>& there, const std::string& have) {
    for (const std::string& name : expected)
        if (!there(name))
            problems.push_back(std::string(what) + " `" + name + "` is not among " + (have.empty() ? "none" : have));
}

Names texts_of(const std::vector<ast::Name>& names) {
    Names out;
    for (const ast::Name& name : names) out.emplace_back(name.text);
    return out;
}

Names texts_of(const std::vector<ast::QualifiedName>& names) {
    Names out;
    for (const ast::QualifiedName& name : names) out.push_back(qualified(name));
    return out;
}

bool has(const Names& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

std::string rule_list(const Parts& parts) {
    return joined(parts.rules, [](const RuleInfo& rule) { return std::string(rule.name); });
}

}  // namespace

std::string describe(const ast::Expectation& expect) {
    std::string out = expect.effect;
    if (expect.scopes) out += " " + set_text(sorted(*expect.scopes));
    if (expect.ttl) out += " for " + format_duration(*expect.ttl);
    if (expect.audience) out += " audience " + quoted(*expect.audience);
    if (expect.single_use) out += " single_use";
    append_list(out, "from", joined(sorted(expect.groups), quoted));
    append_list(out, "with", joined(sorted(texts_of(expect.obligations)), plain));
    append_list(out, "because", joined(sorted(texts_of(expect.reasons)), plain));
    append_list(out, "by", joined(texts_of(expect.rules), plain));
    return out;
}

std::string describe(const Decision& decision, const Bundle& bundle) {
    const Parts parts = parts_of(decision, bundle);
    std::string out(effect_name(decision.effect));
    if (decision.effect == Effect::Permit) {
        out += " " + set_text(parts.scopes) + " for " + format_duration(sat_mul(decision.grant.ttl, kSecond));
        append_list(out, "audience", joined(parts.audience, quoted));
        if (decision.grant.single_use) out += " single_use";
    }
    append_list(out, "from", joined(parts.groups, quoted));
    append_list(out, "with", joined(parts.obligations, plain));
    if (decision.effect != Effect::Permit) append_list(out, "because", joined(parts.reasons, plain));
    append_list(out, "by", rule_list(parts));
    return out;
}

std::string difference(const ast::Expectation& expect, const Decision& decision, const Bundle& bundle) {
    const Parts parts = parts_of(decision, bundle);
    Names problems;
    if (expect.effect != effect_name(decision.effect)) {
        problems.push_back("the effect is " + std::string(effect_name(decision.effect)) + ", not " + expect.effect);
        // The rest differs for that reason.
        return problems.front();
    }
    if (expect.scopes && sorted(*expect.scopes) != parts.scopes)
        problems.push_back("the scopes are " + set_text(parts.scopes) + ", not " + set_text(sorted(*expect.scopes)));
    const std::int64_t ttl = sat_mul(decision.grant.ttl, kSecond);
    if (expect.ttl && *expect.ttl != ttl)
        problems.push_back("the ttl is " + format_duration(ttl) + ", not " + format_duration(*expect.ttl));
    if (expect.audience && Names{*expect.audience} != parts.audience)
        problems.push_back("the audience is " + set_text(parts.audience) + ", not " + set_text({*expect.audience}));
    if (expect.single_use && !decision.grant.single_use) problems.emplace_back("the grant is not single_use");
    const auto in = [](const Names& names) { return [&names](const std::string& name) { return has(names, name); }; };
    report_absent(problems, "approval group", expect.groups, in(parts.groups), joined(parts.groups, plain));
    report_absent(problems, "obligation", texts_of(expect.obligations), in(parts.obligations), joined(parts.obligations, plain));
    report_absent(problems, "reason", texts_of(expect.reasons), in(parts.reasons), joined(parts.reasons, plain));
    const auto rule_there = [&](const std::string& name) {
        return std::any_of(parts.rules.begin(), parts.rules.end(), [&](const RuleInfo& rule) { return names_rule(name, rule); });
    };
    report_absent(problems, "rule", texts_of(expect.rules), rule_there, rule_list(parts));
    std::string out;
    for (const std::string& problem : problems) out += (out.empty() ? "" : "; ") + problem;
    return out;
}

std::vector<TestCase> run_tests(const check::Policy& policy, const Bundle& bundle, std::string_view filter) {
    std::vector<TestCase> out;
    Request request(bundle);
    Evaluator evaluator(bundle);
    Decision decision;
    for (const check::TestCase& test : policy.tests) {
        if (test.name.find(filter) == std::string::npos) continue;
        TestCase& result = out.emplace_back();
        result.name = test.name;
        result.span = test.expect->span;
        result.expected = describe(*test.expect);
        // Through the same door as a broker's: as text, under the same limits.
        if (const auto read = request.parse(json::write(test.document)); !read) {
            const Error& error = read.error();
            result.actual = "refused " + error.code;
            result.problem = "the request is refused at " + error.context + ": " + error.message;
            continue;
        }
        evaluator.evaluate(request, decision);
        result.actual = describe(decision, bundle);
        result.problem = difference(*test.expect, decision, bundle);
        result.passed = result.problem.empty();
    }
    return out;
}

}  // namespace writ::tools

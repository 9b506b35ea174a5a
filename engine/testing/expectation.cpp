#include "testing/expectation.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/json.h"
#include "base/values.h"
#include "base/words.h"

namespace writ::testing {

namespace {

using Names = std::vector<std::string>;

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

std::string plain(const std::string& name) {
    return name;
}

std::string set_text(const Names& names) {
    return names.empty() ? "{}" : "{ " + joined(names, json::quoted) + " }";
}

std::string qualified(const ast::QualifiedName& name) {
    std::string out;
    for (const ast::Name& part : name.parts) {
        if (!out.empty()) out += '.';
        out += part.text;
    }
    return out;
}

/// The parts of a decision, as people read them.
struct Parts {
    Names scopes, audience, obligations, reasons, groups;
    std::vector<RuleInfo> rules;  ///< each rule instance's rule once
    /// Without the rules of layers above the policy and the reasons that they give. An expectation names rules of its
    /// own policy.
    Names own_reasons;
    std::vector<RuleInfo> own_rules;
    Names shared_reasons;  ///< codes of the engine that rules of layers above give
};

void add_once(std::vector<RuleInfo>& rules, const RuleInfo& rule) {
    const bool known = std::any_of(rules.begin(), rules.end(), [&](const RuleInfo& each) {
        return each.name == rule.name && each.module == rule.module;
    });
    if (!known) rules.push_back(rule);
}

Parts parts_of(const Decision& decision, const Layers& layers) {
    Parts parts;
    parts.scopes = strings(decision.grant.scopes);
    parts.audience = strings(decision.grant.audience);
    for (const Obligation& obligation : decision.grant.obligations) parts.obligations.emplace_back(obligation.name);
    const auto is_own = [&](std::uint32_t layer) { return layer + 1 == layers.bundles().size(); };
    const auto add_rule = [&](std::uint32_t layer, std::uint32_t index) {
        const RuleInfo rule = layers.bundles()[layer].rule(index);
        add_once(parts.rules, rule);
        if (is_own(layer)) add_once(parts.own_rules, rule);
        return rule;
    };
    for (const Reason& reason : decision.reasons) {
        parts.reasons.emplace_back(reason.code);
        const bool rules = reason.rule != kNoRule;
        const bool denies = rules && add_rule(reason.layer, reason.rule).kind == spelling_of(RuleKind::Deny);
        if (!rules || is_own(reason.layer))
            parts.own_reasons.emplace_back(reason.code);
        else if (!denies)
            parts.shared_reasons.emplace_back(reason.code);
    }
    for (const Requirement& requirement : decision.requirements) {
        for (const std::string_view group : requirement.groups) parts.groups.emplace_back(group);
        if (requirement.rule != kNoRule) add_rule(requirement.layer, requirement.rule);
    }
    for (Names* names : {&parts.obligations, &parts.reasons, &parts.groups, &parts.own_reasons, &parts.shared_reasons})
        *names = sorted(std::move(*names));
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

constexpr std::string_view kOnly = "exactly ";

/// Names that must be among others; with `only`, all that there are.
std::string expected_list(bool only, const std::string& list) {
    if (!only) return list;
    return std::string(kOnly) + (list.empty() ? "none" : list);
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

std::string name_of(const RuleInfo& rule) {
    return std::string(rule.name);
}

}  // namespace

std::string describe(const ast::Expectation& expect) {
    std::string out = expect.effect;
    if (expect.scopes) out += " " + set_text(sorted(*expect.scopes));
    if (expect.ttl) out += " for " + format_duration(*expect.ttl);
    if (expect.until) out += " until " + json::quoted(format_instant(*expect.until));
    if (expect.audience) append_list(out, "audience", joined(sorted(*expect.audience), json::quoted));
    if (expect.single_use) out += " single_use";
    append_list(out, "from", expected_list(expect.only_groups, joined(sorted(expect.groups), json::quoted)));
    append_list(out, "with",
                expected_list(expect.only_obligations, joined(sorted(texts_of(expect.obligations)), plain)));
    append_list(out, "because", expected_list(expect.only_reasons, joined(sorted(texts_of(expect.reasons)), plain)));
    append_list(out, "by", expected_list(expect.only_rules, joined(texts_of(expect.rules), plain)));
    return out;
}

std::string describe(const Decision& decision, const Layers& layers) {
    const Parts parts = parts_of(decision, layers);
    std::string out(spelling_of(decision.effect));
    if (decision.effect == Effect::Permit) {
        out += " " + set_text(parts.scopes) + " for " + format_duration(sat_mul(decision.grant.ttl, kSecond));
        if (decision.grant.not_after) out += " until " + json::quoted(format_instant(*decision.grant.not_after));
        append_list(out, "audience", joined(parts.audience, json::quoted));
        if (decision.grant.single_use) out += " single_use";
    }
    append_list(out, "from", joined(parts.groups, json::quoted));
    append_list(out, "with", joined(parts.obligations, plain));
    if (decision.effect != Effect::Permit) append_list(out, "because", joined(parts.reasons, plain));
    append_list(out, "by", joined(parts.rules, name_of));
    return out;
}

namespace {

/// Gathers the parts that differ.
class Comparing {
public:
    std::vector<Difference> out;

    void same(std::string_view part, bool equal, std::string expected, std::string actual) {
        if (!equal) out.push_back({std::string(part), std::move(expected), std::move(actual)});
    }

    /// Each of the expected names must be there; with `only`, nothing else may be. `also`: may be there even then.
    template <class Items, class IsName, class Show>
    void names(std::string_view part, bool only, const Names& expected, const Items& actual, IsName is_name, Show show,
               const Items& also = {}) {
        const auto among = [&](const Items& items, const std::string& name) {
            return std::any_of(items.begin(), items.end(), [&](const auto& item) { return is_name(name, item); });
        };
        Names absent;
        for (const std::string& name : expected)
            if (!among(actual, name) && !among(also, name)) absent.push_back(name);
        const bool more = only && std::any_of(actual.begin(), actual.end(), [&](const auto& item) {
                              return std::none_of(expected.begin(), expected.end(),
                                                  [&](const std::string& name) { return is_name(name, item); });
                          });
        if (absent.empty() && !more) return;
        std::string all = joined(actual, show);
        out.push_back({std::string(part), only ? expected_list(true, joined(expected, plain)) : joined(absent, plain),
                       all.empty() ? "none" : std::move(all)});
    }
    void names(std::string_view part, bool only, const Names& expected, const Names& actual) {
        names(part, only, expected, actual, std::equal_to<>(), plain);
    }
};

std::string instant_text(const std::optional<std::int64_t>& micros) {
    return micros ? json::quoted(format_instant(*micros)) : "none";
}

void grant_differences(const ast::Expectation& expect, const Grant& grant, const Parts& parts, Comparing& compare) {
    const Names scopes = sorted(expect.scopes.value_or(Names{}));
    if (expect.scopes) compare.same("scopes", scopes == parts.scopes, set_text(scopes), set_text(parts.scopes));
    const std::int64_t ttl = sat_mul(grant.ttl, kSecond);
    if (expect.ttl) compare.same("ttl", *expect.ttl == ttl, format_duration(*expect.ttl), format_duration(ttl));
    if (expect.until)
        compare.same("not_after", expect.until == grant.not_after, instant_text(expect.until),
                     instant_text(grant.not_after));
    if (expect.audience) {
        const Names audience = sorted(*expect.audience);
        compare.same("audience", audience == parts.audience, set_text(audience), set_text(parts.audience));
    }
    if (expect.single_use) compare.same("single_use", grant.single_use, "single_use", "may be used again");
    compare.names("groups", expect.only_groups, sorted(expect.groups), parts.groups);
    compare.names("obligations", expect.only_obligations, sorted(texts_of(expect.obligations)), parts.obligations);
}

}  // namespace

std::vector<Difference> differences(const ast::Expectation& expect, const Decision& decision, const Layers& layers) {
    const Parts parts = parts_of(decision, layers);
    Comparing compare;
    const std::string_view effect = spelling_of(decision.effect);
    compare.same("effect", expect.effect == effect, expect.effect, std::string(effect));
    // If the effects differ, the grant differs for that reason, but the expected rules and reasons are still compared.
    if (compare.out.empty()) grant_differences(expect, decision.grant, parts, compare);
    compare.names("reasons", expect.only_reasons, texts_of(expect.reasons), parts.own_reasons, std::equal_to<>(), plain,
                  parts.shared_reasons);
    compare.names("rules", expect.only_rules, texts_of(expect.rules), parts.own_rules, names_rule, name_of);
    return std::move(compare.out);
}

std::string problem_of(const std::vector<Difference>& differences) {
    struct Sentence {
        std::string_view part, text;
        bool names;  ///< the difference is of names among others
    };
    static constexpr Sentence kSentences[] = {
        {"effect", "the effect is ", false},
        {"scopes", "the scopes are ", false},
        {"ttl", "the ttl is ", false},
        {"not_after", "the horizon is ", false},
        {"audience", "the audience is ", false},
        {"single_use", "the grant ", false},
        {"groups", "approval group ", true},
        {"obligations", "obligation ", true},
        {"reasons", "reason ", true},
        {"rules", "rule ", true},
    };
    std::string out;
    for (const Difference& each : differences) {
        if (!out.empty() && differences.front().part == "effect") break;
        const auto* sentence = std::find_if(std::begin(kSentences), std::end(kSentences),
                                            [&](const Sentence& s) { return s.part == each.part; });
        if (sentence == std::end(kSentences)) continue;
        if (!out.empty()) out += "; ";
        if (sentence->names && each.expected.starts_with(kOnly))
            out += "the " + each.part + " are " + each.actual + ", not " + each.expected;
        else if (sentence->names)
            out += std::string(sentence->text) + "`" + each.expected + "` is not among " + each.actual;
        else
            out += std::string(sentence->text) + each.actual + ", not " + each.expected;
    }
    return out;
}

}  // namespace writ::testing

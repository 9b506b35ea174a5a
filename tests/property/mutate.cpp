#include "mutate.h"

#include <algorithm>
#include <cctype>
#include <span>

#include "cond_gen.h"
#include "stdlib/stdlib.h"
#include "universe.h"

namespace writ::property {

namespace {

struct Edit {
    std::string_view from, to;
};

/// Edits of declarations. With the sides exchanged, an edit that removes something adds it.
constexpr Edit kEdits[] = {
    {"low < mid < high", "high < mid < low"},
    {"low < mid < high", "low < mid < more < high"},
    {"red | green | \"deep-blue\"", "red | green"},
    {"look role read < write < privileged", "write < look role read < privileged"},
    {"look role read < write < privileged", "privileged < look role read < write"},
    {"look role read < write < privileged", "look role read < admin < write < privileged"},
    {"idle < look role read", "idle role read < look"},
    {"write < privileged", "write role privileged < top"},
    {"tier look\n  audience \"https://t1", "tier privileged\n  audience \"https://t1"},
    {"tier write\n", "tier look\n"},
    {"tier privileged\n  audience \"https://t3", "tier write\n  audience \"https://t3"},
    {"audience \"https://t2.example\", \"https://t2b.example\"", "audience \"https://t2.example\""},
    {"audience \"https://t3.example\"", "audience \"https://t3.example\", \"https://t1.example\""},
    {"audience \"https://t1.example\"", "audience \"https://t2b.example\""},
    {"scopes { \"s1\", \"s2\", \"s3\" }", "scopes { \"s1\", \"s2\", \"s3\", \"s4\" }"},
    {"scopes { \"s2\", \"s3\", \"s4\" }", "scopes { \"s2\", \"s3\" }"},
    {"scopes { \"s1\", \"s4\", \"s5\" }", "scopes { \"s1\", \"s5\" }"},
    {"tool t1 \"wire-1\"", "tool t1"},
    {"tool t2 {", "tool t2 \"wire-1b\" {"},
    {"who: string, kind: color", "kind: color"},
    {"who: string, peer: ip", "who: string or none, peer: ip"},
    {"tags: set<string> max 4", "tags: set<string> max 1"},
    {"amount: decimal, n: int, who: string, peer", "amount: decimal, n: string, who: string, peer"},
    {"x: int or none, y: path", "x: int, y: path"},
    {"max_age 10m\n", "max_age 1h\n"},
    {"  max_age 10m\n", ""},
    {"leeway 30s", "leeway 4m"},
    {"  leeway 30s\n", ""},
    {"  proof required\n", ""},
    {"  type \"at+jwt\", \"JWT\"\n", "  type \"JWT\"\n"},
    {"  type \"at+jwt\", \"JWT\"\n", ""},
    {"\"https://broker.example\", \"urn:b\"", "\"urn:b\""},
    {"ka \"https://c.example\" { audience \"https://broker.example\" }",
     "ka \"https://c.example\" { audience \"https://other.example\" }"},
    {"ka \"https://c.example\"", "kb \"https://c.example\""},
    {"ka \"https://a.example\"", "ka \"https://aa.example\""},
    {"roles: one_or_many<string> max 8", "roles: one_or_many<string> max 1"},
    {"roles: one_or_many<string> max 8", "roles: set<string> max 8"},
    {"env: string or none", "env: string"},
    {"namespace = \"x.io/ctx\".namespace", "namespace = \"x.io/ctx\".pod.name"},
    {"\"sys:{ns}:{account}\"", "\"sys:{account}:{ns}\""},
    {"\"repo:{owner}/{name}:{rest**}\"", "\"repo:{owner}/{name}:x{rest**}\""},
    {"  iss: string\n  sub: string\n", "  type \"JWT\"\n  iss: string\n  sub: string\n"},
    {"  iss: string\n  sub: subject\n", "  proof required\n  iss: string\n  sub: subject\n"},
    {"define some_scopes = { \"s2\", \"s3\" }", "define some_scopes = { \"s2\" }"},
    {"define some_scopes = { \"s2\", \"s3\" }", "define some_scopes = { \"s4\", \"s3\" }"},
    {"{ \"ann\", \"bob\", \"lead-1\" }", "{ \"ann\", \"bob\" }"},
    {"{ \"ann\", \"bob\", \"lead-1\" }", "{ \"eve\", \"bob\", \"lead-1\" }"},
    {"cap: decimal, most: int", "most: int, cap: decimal"},
};

/// Edits of the schema of requests.
constexpr Edit kSchema[] = {
    {"tenant: string from broker\n\n  /// The person", "tenant: string from asserted\n\n  /// The person"},
    {"tenant: string from broker\n\n  /// The person", "tenant: string from verified\n\n  /// The person"},
    {"revoked: bool\n  } from broker\n\n  run", "revoked: bool\n  } from asserted\n\n  run"},
    {"revoked: bool\n  } from broker\n\n  run", "revoked: bool\n  } from verified\n\n  run"},
    {"    params: record {}\n  } from asserted", "    params: record {}\n  }"},
    {"    params: record {}\n  } from asserted", "    params: record {}\n  } from verified"},
    {"context_taint: set<string> max 32\n  } from broker", "context_taint: set<string> max 32\n  }"},
    {"capabilities: set<string> max 64", "capabilities: set<string> max 1"},
    {"roles: set<string> max 64", "roles: set<string> max 2"},
    {"owner: string or none\n    deployment_id", "owner: string\n    deployment_id"},
    {"shared_count: int", "shared_count: int or none"},
    {"shared_count: int", "shared_count: decimal"},
    {"path: path or none", "path: string or none"},
    {"platform: string", "platform: string  realm: string"},
    {"assurance = low < substantial < high", "assurance = high < substantial < low"},
    {"risk = low < medium < high", "risk = low < high < medium"},
    {"environment = dev < test < staging < prod", "environment = dev < test < prod < staging"},
    {"chain: list<record {", "chain: list<record { note: string"},
};

/// Of the module that is written for any policy.
constexpr Edit kCommon[] = {{"tier > read", "tier >= read"},
                            {"tier >= privileged", "tier > read"},
                            {"level <= read", "level < privileged"},
                            {"level <= read", "level < read"}};

constexpr Edit kRows[] = {
    {"acme,ann,s2", "acme,bob,s3"},
    {"500.00,3,low", "1500.00,9,high"},
    {"initech,eve,s2,1000,7,mid,,true,90s\n", ""},
    {"dev,false,1h", "dev;leads,true,24h"},
    {"globex,bob,s3", "other,bob,s2"},
    {"true,5m", "false,1m"},
    {"true,90s\n", "true,90s\nacme,eve,s3,9000,99,high,dev,true,24h\n"},
};
constexpr Edit kNets[] = {
    {"10.0.0.0/8", "0.0.0.0/0"}, {"\"tier\":\"look\"", "\"tier\":\"privileged\""}, {"api.example", "t3.example"}};

bool replace_in(std::string& text, const Edit& edit) {
    const std::size_t at = text.find(edit.from);
    if (at == std::string::npos) return false;
    text.replace(at, edit.from.size(), edit.to);
    return true;
}

std::string edited(Rng& rng, std::string& text, std::span<const Edit> edits) {
    const Edit& edit = edits[rng.below(edits.size())];
    return replace_in(text, edit) ? std::string(edit.from) + " -> " + std::string(edit.to) : "nothing";
}

/// Replaces an operator or a constant by another one.
constexpr Edit kWords[] = {
    {" <= ", " < "},
    {" < ", " <= "},
    {" <= ", " >= "},
    {" > ", " < "},
    {" == ", " != "},
    {" != ", " == "},
    {" >= ", " > "},
    {" and ", " or "},
    {" or ", " and "},
    {"any ", "all "},
    {"all ", "any "},
    {" is some", " is none"},
    {" is none", " is some"},
    {"not ", ""},
    {" subset of ", " overlaps "},
    {" overlaps ", " subset of "},
    {" | ", " - "},
    {" - ", " | "},
    {"t1", "t2"},
    {"t2", "t3"},
    {"\"s1\"", "\"s4\""},
    {"\"s2\"", "\"s3\""},
    {"\"s2\", ", ""},
    {"\"s3\"", "\"s3\", \"s4\""},
    {"true", "false"},
    {"false", "true"},
    {"low", "mid"},
    {"mid", "high"},
    {"high", "low"},
    {"look", "write"},
    {"any_policy.acts", "any_policy.grave"},
    {"any_policy.grave", "any_policy.acts"},
    {"write", "privileged"},
    {"red", "green"},
    {"\"ann\"", "\"bob\""},
    {"\"acme\"", "\"globex\""},
    {"\"ops\"", "\"dev\""},
    {"\"leads\"", "\"ops\""},
    {"\"leads\"", "\"leads\", \"dev\""},
    {"30s", "1m"},
    {"1m", "30s"},
    {"5m", "15m"},
    {"15m", "1h"},
    {"24h", "5m"},
    {"1h", "24h"},
    {"90s", "1h"},
    {"2 approvals", "approval"},
    {"approval ", "2 approvals "},
    {", single_use", ""},
    {"to ttl", "to single_use, ttl"},
    {"single_use", "ttl 1m"},
    {"a.", "c."},
    {"c.", "a."},
    {" is a", " is b"},
    {" is b", " is c"},
    {"**", "*"},
    {"*", "**"},
    {"09:00", "10:00"},
    {"mon", "tue"},
    {"UTC", "Europe/Berlin"},
    {"user.", "agent."},
    {"row.owner", "row.tenant"},
    {"count(", "0 + count("},
    {"audit", "notify"},
    {"level:", "grade:"},
    {" for each row in tenants", ""},
};

/// Makes one such edit at one place. Output: its description.
std::string reworded(Rng& rng, std::string& text) {
    for (int attempt = 0; attempt < 40; ++attempt) {
        const Edit& edit = kWords[rng.below(std::size(kWords))];
        std::vector<std::size_t> places;
        for (std::size_t at = text.find(edit.from); at != std::string::npos; at = text.find(edit.from, at + 1))
            places.push_back(at);
        if (places.empty()) continue;
        text.replace(rng.pick(places), edit.from.size(), edit.to);
        return std::string(edit.from) + " -> " + std::string(edit.to);
    }
    return "nothing";
}

/// Changes one digit of a number. Output: the description of the edit.
std::string renumbered(Rng& rng, std::string& text) {
    std::vector<std::size_t> places;
    for (std::size_t i = 1; i < text.size(); ++i)
        if (std::isdigit(static_cast<unsigned char>(text[i])) != 0 && (text[i - 1] == ' ' || text[i - 1] == '.'))
            places.push_back(i);
    if (places.empty()) return "nothing";
    const std::size_t at = rng.pick(places);
    const char to = static_cast<char>('0' + rng.below(10));
    const std::string told = std::string(1, text[at]) + " -> " + to;
    text[at] = to;
    return told;
}

Cond leaf(std::string text) {
    return Cond{Cond::Shape::Leaf, std::move(text), {}, {}, {}};
}

/// Changes a part of a condition. Output: the description of the edit.
std::string altered(Rng& rng, Cond& cond) {
    if (!cond.kids.empty() && rng.percent(70))
        return altered(rng, rng.percent(50) ? cond.kids.front() : cond.kids.back());
    if (!cond.kids.empty() && cond.shape == Cond::Shape::Join && rng.percent(50)) {
        if (cond.kids.size() > 2 && rng.percent(50)) {
            cond.kids.pop_back();
            return "one less of " + cond.between;
        }
        const std::string was = cond.between;
        cond.between = was == " and " ? " or " : " and ";
        return was + "turned";
    }
    std::string text = cond.render();
    std::string told = rng.percent(15) ? "not" : rng.percent(60) ? reworded(rng, text) : renumbered(rng, text);
    if (told == "not") text = "not (" + text + ")";
    cond = leaf(std::move(text));
    return told;
}

}  // namespace

WholePolicy::WholePolicy(PolicyText rules)
    : schema(stdlib::module("std.request")),
      preamble(Universe::preamble()),
      common(Universe::sources({}).sources[1].text),
      tenants(Universe::read({}, "tenants.csv").value()),
      nets(Universe::read({}, "nets.json").value()),
      text(std::move(rules)) {}

std::string WholePolicy::render() const {
    return preamble + text.render().substr(Universe::preamble().size());
}

Workspace WholePolicy::open() const {
    SourceSet sources = Universe::sources(render());
    sources.sources[1].text = common;
    sources.read = [tenants = tenants, nets = nets](std::string_view, std::string_view path) -> Result<std::string> {
        return path == "tenants.csv" ? tenants : nets;
    };
    sources.standard = [schema = schema](std::string_view name) {
        return name == "std.request" ? std::string_view(schema) : stdlib::module(name);
    };
    return Workspace(std::move(sources));
}

std::string mutate(Rng& rng, WholePolicy& policy, const PolicyShape& shape) {
    std::vector<RuleText>& rules = policy.text.rules;
    const auto kind = static_cast<RuleKind>(rng.below(5));
    if (rng.percent(18)) return "declaration: " + edited(rng, policy.preamble, kEdits);
    if (rng.percent(2)) return "module: " + edited(rng, policy.common, kCommon);
    if (rng.percent(6)) return "schema: " + edited(rng, policy.schema, kSchema);
    if (rng.percent(6)) return "row: " + edited(rng, policy.tenants, kRows);
    if (rng.percent(3)) return "row: " + edited(rng, policy.nets, kNets);
    if (rng.percent(6) && !policy.text.defines.empty()) {
        std::string& define = policy.text.defines[rng.below(policy.text.defines.size())];
        return "define: " + (rng.percent(60) ? reworded(rng, define) : renumbered(rng, define));
    }
    if (rules.empty() || rng.percent(5)) {
        rules.push_back(random_rule(rng, kind, "fresh", shape));
        return "a rule more";
    }
    const std::size_t which = rng.below(rules.size());
    RuleText& rule = rules[which];
    const std::string name = rule.name + ": ";
    CondScope scope;
    scope.narrowing = rule.kind != RuleKind::Permit;
    scope.reads_want = shape.reads_want;
    switch (rng.below(14)) {
        case 0: rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(which)); return name + "gone";
        case 1:
            if (rule.when.empty()) return "nothing";
            rule.when.erase(rule.when.begin() + static_cast<std::ptrdiff_t>(rng.below(rule.when.size())));
            return name + "a conjunct less";
        case 2: rule.when.push_back(CondGen(rng, scope).condition(1)); return name + "a conjunct more";
        case 3:
            if (rule.when.empty()) return "nothing";
            rule.when[rng.below(rule.when.size())] =
                rng.percent(50) ? CondGen(rng, scope).condition(2) : CondGen(rng, scope).likely();
            return name + "another conjunct";
        case 4: {
            RuleText other = random_rule(rng, rule.kind, "x", shape);
            rule.tail = std::move(other.tail);
            return name + "another effect";
        }
        case 5: return name + "head: " + reworded(rng, rule.head);
        case 6:
            rule.head = rng.percent(50) ? "" : " for tool " + std::string(rng.pick({"t1", "t2", "t1, t3"}));
            return name + "other tools";
        case 7:
        case 8: return name + "effect: " + (rng.percent(60) ? reworded(rng, rule.tail) : renumbered(rng, rule.tail));
        case 9: {
            RuleText other = random_rule(rng, kind, rule.name, shape);
            other.when = rule.when;
            rule = std::move(other);
            return name + "another kind of rule";
        }
        case 10: {
            RuleText& other = rules[rng.below(rules.size())];
            std::swap(rule.name, other.name);
            return name + "names changed";
        }
        default:
            if (rule.when.empty()) return "nothing";
            return name + altered(rng, rule.when[rng.below(rule.when.size())]);
    }
}

std::string rewrite(Rng& rng, WholePolicy& policy) {
    std::vector<RuleText>& rules = policy.text.rules;
    switch (rng.below(5)) {
        case 0: rng.shuffle(rules); return "order of rules";
        case 1:
            for (RuleText& rule : rules) {
                // Without parentheses, an `or` would include the conjuncts next to it.
                const bool loose = std::any_of(rule.when.begin(), rule.when.end(), [](const Cond& each) {
                    const std::string text = each.render();
                    return text.front() != '(' && text.find(" or ") != std::string::npos;
                });
                if (!loose) rng.shuffle(rule.when);
            }
            return "order of conjuncts";
        case 2:
            for (RuleText& rule : rules) rule.head += "  // why\n";
            return "comments";
        case 3: {
            // Rules that others extend keep their names.
            for (RuleText& rule : rules)
                if (rule.head.find("extends") == std::string::npos && rule.name != rules.front().name)
                    rule.name += "_anew";
            return "names";
        }
        default: policy.text.defines.push_back("define more = tool.tier >= write"); return "a definition more";
    }
}

}  // namespace writ::property

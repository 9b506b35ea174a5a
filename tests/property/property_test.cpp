// Checks the properties briefly in every test run, with fixed seeds; WRIT_SEED adds
// another. property_run does long runs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "properties.h"

namespace writ::property {
namespace {

/// WRIT_SEED, or a fixed one.
std::uint64_t given_seed() {
    const char* given = std::getenv("WRIT_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 0;
}

/// WRIT_PROPERTY_SCALE multiplies the length of every run.
std::size_t scale() {
    const char* given = std::getenv("WRIT_PROPERTY_SCALE");
    return given != nullptr ? std::max<std::size_t>(1, std::strtoull(given, nullptr, 10)) : 1;
}

std::vector<std::uint64_t> seeds(std::size_t fixed) {
    std::vector<std::uint64_t> out;
    for (std::size_t i = 1; i <= fixed * scale(); ++i) out.push_back(i);
    out.push_back(given_seed());
    return out;
}

Generated sound_subject(Rng& rng, const PolicyShape& shape) {
    Generated made = random_subject(rng, shape);
    INFO(made.text.render());
    REQUIRE_MESSAGE(made.subject != nullptr, made.refused.value_or(""));
    return made;
}

/// Checks a property on random policies, with many requests each, until it fails.
void hold(const char* name, std::size_t policies, std::size_t requests, bool reads_want, const Property& property,
          const std::function<PolicyShape(Rng&)>& shapes = random_shape) {
    for (std::uint64_t seed : seeds(policies)) {
        Rng rng(seed);
        PolicyShape shape = shapes(rng);
        shape.reads_want = reads_want;
        Generated made = sound_subject(rng, shape);
        for (std::size_t i = 0; i < requests; ++i) {
            const json::Value document = random_request(rng, random_request_shape(rng));
            if (auto what = property(*made.subject, made.text, document)) {
                INFO("seed " << seed << " (WRIT_SEED=" << given_seed() << ")");
                FAIL(name << "\n" << shrunk({made.text, document, *what}, property));
            }
        }
    }
}

TEST_CASE("property: the reference evaluator and the machine decide alike") {
    hold("decisions differ", 40, 200, true, same_decision);
}

TEST_CASE("property: with and without its index a program decides alike") {
    hold("an index matters", 40, 150, true, same_unindexed, [](Rng& rng) {
        PolicyShape shape;
        do shape = random_shape(rng);
        while (!shape.indexable);
        return shape;
    });
}

TEST_CASE("property: steps stay within the bundle's bound") {
    hold("too many steps", 10, 100, true, within_step_bound);
}

TEST_CASE("property: a grant is within the request, every hop and every expiry") {
    hold("not attenuated", 20, 200, true, attenuated);
}

TEST_CASE("property: the same input gives the same bytes") {
    hold("not repeatable", 10, 50, true, repeatable);
    for (std::uint64_t seed : seeds(20)) {
        Rng rng(seed);
        const Generated made = sound_subject(rng, random_shape(rng));
        const auto again = Subject::make(made.text);
        REQUIRE(again != nullptr);
        CHECK(again->bundle().digest() == made.subject->bundle().digest());
    }
}

/// Reports whether the removal of any one fact makes the decision wider.
std::optional<std::string> missing_fact_helps(Subject& subject, const PolicyText&, const json::Value& document) {
    const auto before = outcome_of(subject, document);
    if (!before) return std::nullopt;
    for (const auto& path : facts_in(document)) {
        const json::Value less = without(document, path);
        const auto after = outcome_of(subject, less);
        // Without the issuer or the tool's name the document can be rejected, which is narrower.
        if (!after) continue;
        if (auto what = wider(*after, *before, subject, document)) {
            std::string gone;
            for (const std::string& step : path) gone += (gone.empty() ? "" : ".") + step;
            return "without " + gone + " " + *what;
        }
    }
    return std::nullopt;
}

TEST_CASE("property: missing facts never help") {
    hold("a missing fact helped", 30, 60, false, missing_fact_helps);
}

/// Reports a hop that can be taken out of a chain of stated length without a refusal.
std::optional<std::string> lost_hop_unseen(Subject& subject, const PolicyText&, const json::Value& document) {
    const json::Value* delegation = document.find("delegation");
    const bool some = delegation != nullptr && delegation->type == json::Type::Object;
    const json::Value* chain = some ? delegation->find("chain") : nullptr;
    if (chain == nullptr || delegation->find("depth") == nullptr || !outcome_of(subject, document)) return std::nullopt;
    for (std::size_t i = 0; i < chain->items.size(); ++i) {
        json::Value less = document;
        auto& hops = less.find("delegation")->find("chain")->items;
        hops.erase(hops.begin() + static_cast<std::ptrdiff_t>(i));
        if (outcome_of(subject, less)) return "hop " + std::to_string(i) + " is lost, and the request is admitted";
    }
    return std::nullopt;
}

TEST_CASE("property: a hop cannot be lost from a chain of stated length") {
    hold("a lost hop was not seen", 10, 60, false, lost_hop_unseen);
}

TEST_CASE("property: no fact left out makes an approval count") {
    // With this policy everything but the approvals is in order, so that they decide most requests.
    const std::vector<Cond> always{{Cond::Shape::Leaf, "agent.id != \"nobody\"", {}, {}, {}}};
    PolicyText text;
    for (const std::string tool : {"t1", "t2", "t3"})
        text.rules.push_back(
            {RuleKind::Permit, "offer_" + tool, " for tool " + tool, always, "grant tool.scopes for 90s"});
    text.rules.push_back(
        {RuleKind::Require, "one_person", "", always, "approval from group \"leads\", \"dev\" within 24h"});
    PolicyText pair = text;
    pair.rules.push_back({RuleKind::Require, "two_people", " for tool t2", always,
                          "2 approvals from group \"leads\", \"ops\" within 24h"});
    std::size_t permitted = 0, waiting = 0;
    for (const PolicyText& policy : {text, pair}) {
        const auto subject = Subject::make(policy);
        REQUIRE(subject != nullptr);
        for (const std::uint64_t seed : seeds(2)) {
            Rng rng(seed);
            for (std::size_t i = 0; i < 200; ++i) {
                const RequestShape shape{.missing = rng.pick<unsigned>({0, 0, 2}), .odd = 2, .trouble = 0};
                const json::Value document = random_request(rng, shape);
                for (const Property& property : {Property(missing_fact_helps), Property(same_decision)})
                    if (auto what = property(*subject, policy, document)) {
                        INFO("seed " << seed << " (WRIT_SEED=" << given_seed() << ")");
                        FAIL("an approval counts for less\n" << shrunk({policy, document, *what}, property));
                    }
                if (const auto found = outcome_of(*subject, document)) {
                    permitted += found->effect == Effect::Permit;
                    waiting += found->effect == Effect::NeedsApproval;
                }
            }
        }
    }
    MESSAGE(permitted << " permitted by approvals, " << waiting << " wait for one");
    CHECK(permitted > 50);
    CHECK(waiting > 100);
}

// ---- revocations ------------------------------------------------------------------------------

void texts_in(const json::Value& value, std::vector<std::string>& out) {
    if (value.type == json::Type::String) out.push_back(value.text);
    for (const json::Value& item : value.items) texts_in(item, out);
    for (const json::Member& member : value.members) texts_in(member.second, out);
}

/// A few subjects, most of them in the document, some in another spelling. The same document gives the same subjects.
Revocations some_revoked(const json::Value& document) {
    std::uint64_t seed = 0;
    for (const char c : json::write(document)) seed = seed * 31 + static_cast<unsigned char>(c);
    Rng rng(seed);
    std::vector<std::string> texts{"nobody"};
    texts_in(document, texts);
    std::vector<Revocation> out;
    for (std::size_t i = rng.between(1, 3); i > 0; --i) {
        Revocation& each = out.emplace_back();
        each.kind = static_cast<RevocationKind>(rng.below(kRevocationKinds - (rng.percent(90) ? 1 : 0)));
        each.subject = rng.percent(30) ? "nobody" : rng.pick(texts);
        if (rng.percent(30) && !each.subject.empty())
            each.subject[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(each.subject[0])));
        if (rng.percent(2)) each.subject += ' ';
        if (rng.percent(20)) each.expires_at = 1;
    }
    return Revocations(std::move(out));
}

TEST_CASE("property: a revocation never widens") {
    std::size_t narrowed = 0;
    hold("a revocation widened, or the evaluators differ", 20, 100, true,
         [&](Subject& subject, const PolicyText& text, const json::Value& document) {
             const auto before = outcome_of(subject, document);
             if (!before) return std::optional<std::string>{};
             const Revocations revoked = some_revoked(document);
             subject.revoke(&revoked);
             const auto after = outcome_of(subject, document);
             const auto apart = same_decision(subject, text, document);
             subject.revoke(nullptr);
             if (apart) return apart;
             if (after->effect < before->effect) ++narrowed;
             return wider(*after, *before, subject, document);
         });
    if (std::getenv("WRIT_PROPERTY_REFERENCE") == nullptr) CHECK(narrowed > 10);
}

TEST_CASE("property: missing facts do not help while something is revoked") {
    hold("a missing fact helped", 20, 60, false, [](Subject& subject, const PolicyText&, const json::Value& document) {
        const Revocations revoked = some_revoked(document);
        subject.revoke(&revoked);
        const auto before = outcome_of(subject, document);
        std::optional<std::string> found;
        for (const auto& path : facts_in(document)) {
            if (!before || found) break;
            const auto after = outcome_of(subject, without(document, path));
            if (!after) continue;
            found = wider(*after, *before, subject, document);
            if (found) found = "without " + path.back() + " " + *found;
        }
        subject.revoke(nullptr);
        return found;
    });
}

TEST_CASE("property: a weaker provenance never helps") {
    hold("a weaker provenance helped", 20, 60, false,
         [](Subject& subject, const PolicyText&, const json::Value& document) {
             const auto before = outcome_of(subject, document);
             if (!before) return std::optional<std::string>{};
             for (const auto& [group, value] : document.members) {
                 if (group == "provenance" || group == "want") continue;
                 json::Value stated = *document.find("provenance");
                 json::Value each = json::Value::object();
                 for (const auto& [name, ignored] : document.members) {
                     if (name == "provenance") continue;
                     const json::Value* named = stated.type == json::Type::String ? &stated : stated.find(name);
                     if (named != nullptr && name != group) each.set(name, *named);
                 }
                 json::Value less = document;
                 less.set("provenance", std::move(each));
                 const auto after = outcome_of(subject, less);
                 if (!after) continue;
                 if (auto what = wider(*after, *before, subject, document))
                     return std::optional<std::string>("with " + group + " from a model " + *what);
             }
             return std::optional<std::string>{};
         });
}

/// A property of a policy and another one made from it: decides each request with both.
void hold_of_changed(
    const char* name, std::size_t policies, std::size_t requests,
    const std::function<bool(Rng&, PolicyText&, const PolicyShape&)>& change,
    const std::function<std::optional<std::string>(const Outcome& old, const Outcome& changed, Subject& old_subject,
                                                   const json::Value&)>& relation) {
    std::size_t compared = 0;
    for (std::uint64_t seed : seeds(policies)) {
        Rng rng(seed);
        PolicyShape shape = random_shape(rng);
        shape.reads_want = false;
        Generated made = sound_subject(rng, shape);
        PolicyText changed_text = made.text;
        if (!change(rng, changed_text, shape)) continue;
        const auto changed = Subject::make(changed_text);
        if (changed == nullptr) continue;  // the new rule was not well typed
        const std::uint64_t again = rng.next();
        for (std::size_t i = 0; i < requests; ++i) {
            const json::Value document = random_request(rng, random_request_shape(rng));
            const auto old = outcome_of(*made.subject, document), now = outcome_of(*changed, document);
            if (!old || !now) continue;
            ++compared;
            if (!relation(*old, *now, *made.subject, document)) continue;
            // The change is repeated with the same seed on every smaller policy.
            const Property property = [&](Subject& subject, const PolicyText& text, const json::Value& d) {
                Rng replay(again);
                PolicyText other = text;
                std::optional<std::string> none;
                if (!change(replay, other, shape)) return none;
                const auto second = Subject::make(other);
                if (second == nullptr) return none;
                const auto a = outcome_of(subject, d), b = outcome_of(*second, d);
                if (!a || !b) return none;
                return relation(*a, *b, subject, d);
            };
            INFO("seed " << seed << " (WRIT_SEED=" << given_seed() << ")");
            const std::string small =
                property(*made.subject, made.text, document)
                    ? shrunk({made.text, document, *relation(*old, *now, *made.subject, document)}, property)
                    : changed_text.render() + json::write(document) + "\n" +
                          *relation(*old, *now, *made.subject, document);
            FAIL(name << "\n" << small);
        }
    }
    CHECK(compared > policies);  // a change that never compiles checks nothing
}

TEST_CASE("property: a deny that applies wins") {
    hold_of_changed(
        "a deny that applies did not win", 15, 60,
        [](Rng&, PolicyText& text, const PolicyShape&) {
            text.rules.push_back(
                {RuleKind::Deny, "everyone", "", {{Cond::Shape::Leaf, "agent.id != \"nobody\"", {}, {}, {}}}, ""});
            return true;
        },
        [](const Outcome&, const Outcome& changed, Subject&, const json::Value&) -> std::optional<std::string> {
            if (changed.effect == Effect::Deny) return std::nullopt;
            return changed.json;
        });
}

TEST_CASE("property: a narrowing rule added never widens") {
    for (const RuleKind kind : {RuleKind::Deny, RuleKind::Require, RuleKind::Limit, RuleKind::Oblige}) {
        hold_of_changed(
            "a narrowing rule widened", 15, 60,
            [kind](Rng& rng, PolicyText& text, const PolicyShape& shape) {
                text.rules.push_back(random_rule(rng, kind, "added", shape));
                return true;
            },
            [](const Outcome& old, const Outcome& changed, Subject& subject, const json::Value& document) {
                return wider(changed, old, subject, document);
            });
    }
}

std::vector<std::string> sorted(std::vector<std::string> items) {
    std::sort(items.begin(), items.end());
    return items;
}

/// Same effect and grant; lists in the order of rules are compared as sets.
std::optional<std::string> same_grant(const Outcome& old, const Outcome& changed, Subject&, const json::Value&) {
    const bool same = old.effect == changed.effect && old.scopes == changed.scopes &&
                      old.audience == changed.audience && old.ttl == changed.ttl &&
                      old.not_after == changed.not_after && old.single_use == changed.single_use &&
                      sorted(old.obligations) == sorted(changed.obligations);
    if (same) return std::nullopt;
    return "before: " + old.json + "\nafter:  " + changed.json;
}

TEST_CASE("property: the order of rules does not matter") {
    hold_of_changed(
        "the order of rules matters", 20, 100,
        [](Rng& rng, PolicyText& text, const PolicyShape&) {
            rng.shuffle(text.rules);
            rng.shuffle(text.defines);
            return true;
        },
        same_grant);
}

TEST_CASE("property: a duplicate of a rule changes nothing") {
    hold_of_changed(
        "a duplicate matters", 20, 100,
        [](Rng& rng, PolicyText& text, const PolicyShape&) {
            if (text.rules.empty()) return false;
            RuleText copy = rng.pick(text.rules);
            copy.name += "_again";
            text.rules.push_back(std::move(copy));
            return true;
        },
        same_grant);
}

TEST_CASE("property: a policy without permits never permits") {
    for (std::uint64_t seed : seeds(8)) {
        Rng rng(seed);
        PolicyShape shape = random_shape(rng);
        shape.permits = 0;
        const Generated made = sound_subject(rng, shape);
        for (int i = 0; i < 60; ++i) {
            const auto found = outcome_of(*made.subject, random_request(rng, random_request_shape(rng)));
            if (found) CHECK(found->effect == Effect::Deny);
        }
    }
}

}  // namespace
}  // namespace writ::property

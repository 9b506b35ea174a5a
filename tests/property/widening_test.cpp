// If a change widens a policy, its text alone shows that it may: no request is needed to notice it.
#include <doctest/doctest.h>

#include <cstdlib>

#include "harness.h"
#include "mutate.h"
#include "writ/diff.h"
#include "writ/evaluator.h"

namespace writ::property {
namespace {

/// A policy with its evaluator.
class Side {
public:
    explicit Side(const Workspace& workspace) : request_(*workspace.bundle()), evaluator_(*workspace.bundle()) {}

    const Decision& decide(const json::Value& document) {
        // A rejected request is denied.
        (void)request_.parse(json::write(document));
        evaluator_.evaluate(request_, decision_);
        return decision_;
    }

private:
    Request request_;
    Evaluator evaluator_;
    Decision decision_;
};

bool is(const Shift& shift, DecisionPart part, Direction direction) {
    return shift.of(part) == direction;
}

/// Makes a request ask for no more than what it was granted.
void ask_for(json::Value& document, const Grant& grant) {
    json::Value* want = document.find("want");
    REQUIRE(want != nullptr);
    const auto set = [&](std::string_view name, const std::vector<std::string_view>& items) {
        json::Value list = json::Value::array();
        for (const std::string_view each : items) list.items.push_back(json::Value::of(each));
        want->set(name, std::move(list));
    };
    set("scopes", grant.scopes);
    set("audience", grant.audience);
}

/// Whether a request gets more than it could have had. Fewer scopes or audiences for longer do not count, because these
/// alone could have been requested, and an approval of them would have counted then. Nor does an obligation that begins
/// now instead of later and so no longer ends the grant; nor a horizon that moves without ending a credential.
bool gets_more(Side& before, Side& after, json::Value document) {
    for (int turn = 0; turn < 2; ++turn) {
        const Decision& is_now = after.decide(document);
        const Shift shift = compare(before.decide(document), is_now);
        bool more = false;
        for (std::size_t i = 0; i < kDecisionParts; ++i) {
            const auto part = static_cast<DecisionPart>(i);
            more = more || (part != DecisionPart::NotAfter &&
                            (is(shift, part, Direction::Wider) || is(shift, part, Direction::Other)));
        }
        if (!more) return false;
        if (turn == 0 && is_now.effect == Effect::Permit) {
            ask_for(document, is_now.grant);
            continue;
        }
        if (shift.direction() == Direction::Wider) return true;
        bool other = false, begun = false;
        for (std::size_t i = 0; i < kDecisionParts; ++i) {
            const auto part = static_cast<DecisionPart>(i);
            const bool time = part == DecisionPart::Ttl || part == DecisionPart::NotAfter;
            other = other || (!time && (is(shift, part, Direction::Wider) || is(shift, part, Direction::Other)));
            begun = begun || (!time && is(shift, part, Direction::Narrower));
        }
        return other || !begun;
    }
    return true;
}

std::vector<Widening> by_text(const Workspace& before, const Workspace& after, PolicyDiff& diff) {
    diff = Differ(before, after).finish();
    return widenings(diff);
}

std::string render_change(const WholePolicy& before, const WholePolicy& after) {
    const std::string a = before.render(), b = after.render();
    std::size_t first = 0, last = 0;
    while (first < std::min(a.size(), b.size()) && a[first] == b[first]) ++first;
    while (last < std::min(a.size(), b.size()) - first && a[a.size() - 1 - last] == b[b.size() - 1 - last]) ++last;
    first = a.rfind("\n\n", first);
    if (first == std::string::npos) first = 0;
    return "before: " + a.substr(first, a.size() - last - first) +
           "\nafter: " + b.substr(first, b.size() - last - first) + "\n";
}

/// Number of pairs; WRIT_PROPERTY_PAIRS for a long run.
std::uint64_t pairs_to_try(std::uint64_t usual) {
    const char* asked = std::getenv("WRIT_PROPERTY_PAIRS");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10) : usual;
}
std::uint64_t first_seed(std::uint64_t usual) {
    const char* asked = std::getenv("WRIT_PROPERTY_SEED");
    return asked != nullptr ? std::strtoull(asked, nullptr, 10) : usual;
}

TEST_CASE("property: a change that lets some request have more says so in its text") {
    std::size_t pairs = 0, widened = 0, flagged = 0, silent = 0, requests = 0;
    const std::uint64_t wanted = pairs_to_try(800);
    for (std::uint64_t seed = first_seed(9000); pairs < wanted; ++seed) {
        Rng rng(seed);
        const PolicyShape shape = random_shape(rng);
        Generated base = random_subject(rng, shape);
        if (base.subject == nullptr) continue;
        const WholePolicy original(base.text);
        const Workspace one = original.open();
        if (!one.bundle()) continue;
        for (int change = 0; change < 12; ++change) {
            WholePolicy mutated = original;
            std::string told = mutate(rng, mutated, shape);
            if (rng.percent(15)) told += "; " + mutate(rng, mutated, shape);
            const Workspace two = mutated.open();
            if (!two.bundle()) continue;
            ++pairs;
            // In both directions, because what one direction removes the other adds.
            for (const bool turned : {false, true}) {
                const Workspace &before = turned ? two : one, &after = turned ? one : two;
                Side was(before), now(after);
                PolicyDiff diff;
                const bool says = !by_text(before, after, diff).empty();
                flagged += says ? 1 : 0;
                {
                    INFO("seed " << seed << ", " << told);
                    CHECK((diff.before.digest == diff.after.digest) == (diff.structure.empty() && diff.files.empty()));
                }
                bool more = false;
                for (int i = 0; i < 30 && !more; ++i) {
                    const json::Value document = random_request(rng, random_request_shape(rng));
                    ++requests;
                    more = gets_more(was, now, document);
                    if (!more || says) continue;
                    ++silent;
                    INFO("seed " << seed << ", " << told << std::string(turned ? ", turned" : ""));
                    const std::string what =
                        turned ? render_change(mutated, original) : render_change(original, mutated);
                    INFO(what);
                    INFO(json::write(document));
                    INFO(to_json(was.decide(document), *before.bundle(), View::Operator));
                    INFO(to_json(now.decide(document), *after.bundle(), View::Operator));
                    CHECK(says);
                }
                widened += more ? 1 : 0;
            }
        }
    }
    CHECK(silent == 0);
    CHECK(widened > pairs / 10);
    MESSAGE(pairs << " pairs both ways, " << requests << " requests: " << widened << " widened, " << flagged
                  << " flagged, " << silent << " silent");
}

TEST_CASE("property: how a policy is written widens nothing") {
    std::map<std::string, std::size_t> tried;
    for (std::uint64_t seed = first_seed(9000); seed < first_seed(9000) + 60; ++seed) {
        Rng rng(seed);
        Generated base = random_subject(rng, random_shape(rng));
        if (base.subject == nullptr) continue;
        const WholePolicy original(base.text);
        WholePolicy written = original;
        const std::string told = rewrite(rng, written);
        const Workspace one = original.open(), two = written.open();
        if (!one.bundle() || !two.bundle()) continue;
        ++tried[told];
        PolicyDiff diff;
        INFO("seed " << seed << ", " << told << "\n" << render_change(original, written));
        CHECK(by_text(one, two, diff).empty());
        CHECK((diff.before.digest == diff.after.digest) == (diff.structure.empty() && diff.files.empty()));
    }
    CHECK(tried.size() >= 5);
}

}  // namespace
}  // namespace writ::property

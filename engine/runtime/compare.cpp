// Compares decisions.
#include "writ/compare.h"

#include <algorithm>
#include <limits>

#include "base/json.h"
#include "base/values.h"
#include "base/words.h"

namespace writ {

namespace {

/// The direction if there is more now (`gained`) or less (`lost`).
Direction direction_of(bool gained, bool lost) {
    return static_cast<Direction>((gained ? 1 : 0) | (lost ? 2 : 0));
}

template <class Number>
Direction of_numbers(Number was, Number is) {
    return direction_of(is > was, is < was);
}

/// Whether each of `some` is covered by one of `all`.
template <class Items, class Covers>
bool covered(const Items& some, const Items& all, Covers covers) {
    return std::all_of(some.begin(), some.end(), [&](const auto& each) {
        return std::any_of(all.begin(), all.end(), [&](const auto& other) { return covers(other, each); });
    });
}

bool equal(std::string_view a, std::string_view b) {
    return a == b;
}
bool same_duty(const Obligation& a, const Obligation& b) {
    return a.name == b.name && a.args == b.args;
}

/// Whether everything that satisfies `stronger` also satisfies `weaker`.
bool asks_as_much(const Requirement& stronger, const Requirement& weaker) {
    return stronger.needed >= weaker.needed && stronger.within <= weaker.within &&
           covered(stronger.groups, weaker.groups, equal);
}

Direction of_texts(const std::vector<std::string_view>& was, const std::vector<std::string_view>& is) {
    if (was == is) return Direction::Same;
    return direction_of(!covered(is, was, equal), !covered(was, is, equal));
}

/// Compares requirements and obligations: less of them is wider.
template <class Items, class Covers>
Direction of_burdens(const Items& was, const Items& is, Covers covers) {
    return direction_of(!covered(was, is, covers), !covered(is, was, covers));
}

constexpr auto kForever = std::numeric_limits<std::int64_t>::max();

// ---- as text ----------------------------------------------------------------------------------

template <class Items, class Show>
std::string joined(const Items& items, Show show) {
    std::string out;
    for (const auto& item : items) {
        if (!out.empty()) out += ", ";
        out += show(item);
    }
    return out;
}

std::string set_text(const std::vector<std::string_view>& items) {
    return items.empty() ? "{}" : "{ " + joined(items, json::quoted) + " }";
}

/// `audit(level: "full")`, from a name and a canonical JSON object.
std::string obligation_text(const Obligation& obligation) {
    const auto args = json::parse(obligation.args);
    if (!args || args->members.empty()) return std::string(obligation.name);
    return std::string(obligation.name) + "(" +
           joined(args->members,
                  [](const json::Member& each) { return each.first + ": " + json::write(each.second); }) +
           ")";
}

std::string requirement_text(const Requirement& each) {
    std::string out = each.needed > 1 ? std::to_string(each.needed) + " " : "";
    out += "from group " + joined(each.groups, json::quoted);
    return out + " within " + format_duration(sat_mul(each.within, kSecond));
}

std::string text_of(DecisionPart part, const Decision& decision) {
    const Grant& grant = decision.grant;
    const auto or_none = [](const std::string& text) { return text.empty() ? "none" : text; };
    switch (part) {
        case DecisionPart::Effect: return std::string(spelling_of(decision.effect));
        case DecisionPart::Scopes: return set_text(grant.scopes);
        case DecisionPart::Audience: return set_text(grant.audience);
        case DecisionPart::Ttl: return format_duration(sat_mul(grant.ttl, kSecond));
        case DecisionPart::NotAfter: return grant.not_after ? format_instant(*grant.not_after) : "none";
        case DecisionPart::SingleUse: return grant.single_use ? "single_use" : "reusable";
        case DecisionPart::Obligations: return or_none(joined(grant.obligations, obligation_text));
        case DecisionPart::Requirements: return or_none(joined(decision.requirements, requirement_text));
    }
    return {};
}

}  // namespace

void Shift::add(DecisionPart part, Direction direction) {
    const auto bit = static_cast<unsigned>(direction), at = static_cast<unsigned>(part);
    wider_ = static_cast<std::uint8_t>(wider_ | (bit & 1) << at);
    narrower_ = static_cast<std::uint8_t>(narrower_ | (bit >> 1) << at);
}

Direction Shift::of(DecisionPart part) const {
    const auto at = static_cast<unsigned>(part);
    return direction_of((wider_ >> at & 1) != 0, (narrower_ >> at & 1) != 0);
}

Direction Shift::direction() const {
    return direction_of(wider_ != 0, narrower_ != 0);
}

Shift compare(const Decision& was, const Decision& is) {
    Shift out;
    out.add(DecisionPart::Effect, of_numbers(was.effect, is.effect));
    if (was.effect != is.effect) return out;
    switch (is.effect) {
        case Effect::Deny: break;
        case Effect::NeedsApproval:
            out.add(DecisionPart::Requirements, of_burdens(was.requirements, is.requirements, asks_as_much));
            break;
        case Effect::Permit: {
            const Grant &before = was.grant, &after = is.grant;
            out.add(DecisionPart::Scopes, of_texts(before.scopes, after.scopes));
            out.add(DecisionPart::Audience, of_texts(before.audience, after.audience));
            out.add(DecisionPart::Ttl, of_numbers(before.ttl, after.ttl));
            out.add(DecisionPart::NotAfter,
                    of_numbers(before.not_after.value_or(kForever), after.not_after.value_or(kForever)));
            out.add(DecisionPart::SingleUse, of_numbers(!before.single_use, !after.single_use));
            out.add(DecisionPart::Obligations, of_burdens(before.obligations, after.obligations, same_duty));
            break;
        }
    }
    return out;
}

std::vector<PartShift> parts_that_differ(const Decision& was, const Decision& is) {
    const Shift shift = compare(was, is);
    std::vector<PartShift> out;
    for (std::size_t i = 0; i < kDecisionParts; ++i) {
        const auto part = static_cast<DecisionPart>(i);
        if (shift.of(part) != Direction::Same)
            out.push_back({part, shift.of(part), text_of(part, was), text_of(part, is)});
    }
    return out;
}

std::string_view direction_name(Direction direction) {
    switch (direction) {
        case Direction::Same: return "same";
        case Direction::Wider: return "wider";
        case Direction::Narrower: return "narrower";
        case Direction::Other: return "other";
    }
    return {};
}

std::string_view part_name(DecisionPart part) {
    switch (part) {
        case DecisionPart::Effect: return "effect";
        case DecisionPart::Scopes: return "scopes";
        case DecisionPart::Audience: return "audience";
        case DecisionPart::Ttl: return "ttl";
        case DecisionPart::NotAfter: return "not_after";
        case DecisionPart::SingleUse: return "single_use";
        case DecisionPart::Obligations: return "obligations";
        case DecisionPart::Requirements: return "requirements";
    }
    return {};
}

}  // namespace writ

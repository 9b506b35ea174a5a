// How one decision differs from another, part by part, and which way: towards more authority or less.
// Not here: which requests to decide, and under what (diff.h, audit.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "writ/decision.h"

namespace writ {

/// What two decisions can differ in. Where the effect differs, nothing else is compared.
enum class DecisionPart : std::uint8_t {
    Effect,
    Scopes,
    Audience,
    Ttl,
    NotAfter,
    SingleUse,
    Obligations,
    Requirements,  ///< of two that need approval
};
constexpr std::size_t kDecisionParts = 8;

/// Other: more in one respect and less in another, such as one scope for another.
enum class Direction : std::uint8_t { Same = 0, Wider = 1, Narrower = 2, Other = 3 };

/// The parts that differ, each with its direction. Two bytes; making one allocates nothing.
class Shift {
public:
    /// Adds to what is known of a part: wider and narrower make Other.
    void add(DecisionPart part, Direction direction);
    [[nodiscard]] Direction of(DecisionPart part) const;
    /// Of the whole: Wider if no part is narrower, and so on.
    [[nodiscard]] Direction direction() const;
    [[nodiscard]] bool same() const { return wider_ == 0 && narrower_ == 0; }
    /// Whether some part has become wider, whatever the others.
    [[nodiscard]] bool widens() const { return wider_ != 0; }
    friend bool operator==(Shift, Shift) = default;

private:
    std::uint8_t wider_ = 0, narrower_ = 0;  ///< a bit a part
};

/// Compares the answers of two decisions on one request; why they are what they are is left out.
/// More authority is: a greater effect; a scope or an audience that was not there; longer; later;
/// reusable; an obligation less; and of what approvers must do, less. Order and repetition are nothing.
[[nodiscard]] Shift compare(const Decision& was, const Decision& is);

/// One part that differs, in words.
struct PartShift {
    DecisionPart part = DecisionPart::Effect;
    Direction direction = Direction::Same;
    std::string before, after;  ///< as a policy would have it: `2m`, `{ "a", "b" }`, `audit(level: "full")`
};

/// The parts that differ, in order.
[[nodiscard]] std::vector<PartShift> parts_that_differ(const Decision& was, const Decision& is);

/// "same", "wider", "narrower" or "other".
[[nodiscard]] std::string_view direction_name(Direction direction);
/// "effect", "scopes", "audience", "ttl", "not_after", "single_use", "obligations" or "requirements".
[[nodiscard]] std::string_view part_name(DecisionPart part);

}  // namespace writ

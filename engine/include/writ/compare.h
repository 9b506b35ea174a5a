// Compares two decisions part by part: whether each part gives more authority or less.
// Not here: which requests to decide and with which policies (diff.h, audit.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "writ/decision.h"

namespace writ {

/// The parts of a decision. If the effects differ, no other part is compared.
enum class DecisionPart : std::uint8_t {
    Effect,
    Scopes,
    Audience,
    Ttl,
    NotAfter,
    SingleUse,
    Obligations,
    Requirements,  ///< if both decisions need approval
};
constexpr std::size_t kDecisionParts = 8;

/// Other: more in one respect and less in another, for example a different scope.
enum class Direction : std::uint8_t { Same = 0, Wider = 1, Narrower = 2, Other = 3 };

/// The parts that differ, each with its direction. Two bytes; never allocates.
class Shift {
public:
    /// Combines a direction with that of the part so far: wider and narrower make Other.
    void add(DecisionPart part, Direction direction);
    [[nodiscard]] Direction of(DecisionPart part) const;
    /// The direction of the whole: Wider if no part is narrower, and so on.
    [[nodiscard]] Direction direction() const;
    [[nodiscard]] bool same() const { return wider_ == 0 && narrower_ == 0; }
    /// Whether some part has become wider, even if other parts have become narrower.
    [[nodiscard]] bool widens() const { return wider_ != 0; }
    friend bool operator==(Shift, Shift) = default;

private:
    std::uint8_t wider_ = 0, narrower_ = 0;  ///< one bit per part
};

/// Compares two decisions on one request; their reasons are not compared. These are more authority: a greater effect,
/// a new scope or audience, a longer ttl, a later horizon, more than a single use, fewer obligations, weaker
/// requirements for approvers. Order and repetition do not count.
[[nodiscard]] Shift compare(const Decision& was, const Decision& is);

/// One part that differs, as text.
struct PartShift {
    DecisionPart part = DecisionPart::Effect;
    Direction direction = Direction::Same;
    std::string before, after;  ///< as in a policy: `2m`, `{ "a", "b" }`, `audit(level: "full")`
};

/// The parts that differ, in order.
[[nodiscard]] std::vector<PartShift> parts_that_differ(const Decision& was, const Decision& is);

/// "same", "wider", "narrower" or "other".
[[nodiscard]] std::string_view direction_name(Direction direction);
/// "effect", "scopes", "audience", "ttl", "not_after", "single_use", "obligations" or "requirements".
[[nodiscard]] std::string_view part_name(DecisionPart part);

}  // namespace writ

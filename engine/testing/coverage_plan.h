// The plan of coverage. Private to coverage*.cpp.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/kind.h"
#include "testing/coverage.h"

namespace writ::testing {

constexpr std::uint32_t kAnyTool = 0xFFFFFFFF;

/// The values that an expression reads in a request. If they are equal, so is the result.
struct Inputs {
    std::vector<std::uint32_t> facts;  ///< sorted
    bool now = false, issuer = false;
    friend auto operator<=>(const Inputs&, const Inputs&) = default;

    void add(const Inputs& more);
};

/// A condition that compares one fact with constants; its result follows from the fact's value.
struct ConstantTest {
    Cmp cmp = Cmp::Eq;
    bool each = false;  ///< one comparison for each constant (rows of a template), not one with all constants (`in`)
    bool text = false;
    std::vector<std::int64_t> integers;   ///< sorted, without repetition; if not text
    std::vector<std::string_view> texts;  ///< the same for text

    [[nodiscard]] std::size_t size() const { return text ? texts.size() : integers.size(); }
};

/// A typed condition; one object for all equal ones.
struct Slot {
    const check::Expr* expr = nullptr;
    const check::Table* table = nullptr;  ///< whose rows it reads; null: none
    std::uint32_t family = 0;
    std::optional<ConstantTest> constants;
};

/// A condition at its place, for the rules that use it there.
struct Use {
    std::uint32_t slot = 0;
    std::vector<std::uint32_t> tools;  ///< sorted; only kAnyTool: any
    [[nodiscard]] bool is_for(std::uint32_t tool) const;
};

/// A condition at its place. One with parameters, or one that reads rows, can have several uses.
struct Written {
    const check::Expr* expr = nullptr;
    std::vector<Use> uses;
    std::vector<std::uint32_t> rules;  ///< rules that use it
};

/// Conditions that read the same facts, and so are evaluated for the same values.
struct Family {
    Inputs inputs;
    std::vector<std::uint32_t> slots;    ///< conditions without constants
    std::vector<std::uint32_t> written;  ///< conditions with several uses, evaluated use by use
};

struct CoveragePlan::Impl {
    explicit Impl(const check::Policy& of);

    struct PlannedRule {
        const check::Rule* rule = nullptr;
        std::vector<std::uint32_t> conditions;  ///< without repetition
    };

    const check::Policy& policy;
    std::vector<PlannedRule> rules;
    std::vector<std::uint32_t> rule_of;  ///< by index in the bundle: index into `rules`; kNone: not our own
    std::vector<Slot> slots;
    std::vector<Written> written;
    std::vector<Family> families;
    std::vector<std::uint32_t> any_tool;              ///< families that are read for every tool
    std::vector<std::vector<std::uint32_t>> by_tool;  ///< families for one tool
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

private:
    class Builder;
};

}  // namespace writ::testing

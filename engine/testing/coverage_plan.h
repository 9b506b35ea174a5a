// What there is to cover, inside. Private to coverage*.cpp.
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

/// What an expression reads of a request. Where all of it is equal, so is what the expression comes to.
struct Inputs {
    std::vector<std::uint32_t> facts;  ///< sorted
    bool now = false, issuer = false;
    friend auto operator<=>(const Inputs&, const Inputs&) = default;

    void add(const Inputs& more);
};

/// A condition that compares its one fact with constants: its outcome is read off the value.
struct Constants {
    Cmp cmp = Cmp::Eq;
    bool each = false;  ///< a comparison for each of them, as for the rows of a template; else with all, as `in` does
    bool text = false;
    std::vector<std::int64_t> integers;   ///< sorted, each once; if not text
    std::vector<std::string_view> texts;  ///< likewise

    [[nodiscard]] std::size_t size() const { return text ? texts.size() : integers.size(); }
};

/// A condition as typed, once for all places where it is the same.
struct Slot {
    const check::Expr* expr = nullptr;
    const check::Table* table = nullptr;  ///< whose rows it reads; null: none's
    std::uint32_t family = 0;
    std::optional<Constants> constants;
};

/// A condition put in where it is written, for the rules that use it there.
struct Use {
    std::uint32_t slot = 0;
    std::vector<std::uint32_t> tools;  ///< sorted; kAnyTool alone: any
    [[nodiscard]] bool is_for(std::uint32_t tool) const;
};

/// A condition where it is written. One that takes parameters, or reads rows, can have several uses.
struct Written {
    const check::Expr* expr = nullptr;
    std::vector<Use> uses;
    std::vector<std::uint32_t> rules;  ///< that use it
};

/// Conditions that read the same, and so are evaluated for the same values.
struct Family {
    Inputs inputs;
    std::vector<std::uint32_t> slots;    ///< those without constants
    std::vector<std::uint32_t> written;  ///< those of several uses: evaluated use by use
};

struct CoveragePlan::Impl {
    explicit Impl(const check::Policy& of);

    struct PlannedRule {
        const check::Rule* rule = nullptr;
        std::vector<std::uint32_t> conditions;  ///< each once
    };

    const check::Policy& policy;
    std::vector<PlannedRule> rules;
    std::vector<std::uint32_t> rule_of;  ///< by index in the bundle: into `rules`; kNone: not ours
    std::vector<Slot> slots;
    std::vector<Written> written;
    std::vector<Family> families;
    std::vector<std::uint32_t> any_tool;              ///< families that are read for every tool
    std::vector<std::vector<std::uint32_t>> by_tool;  ///< and those for one
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

private:
    class Builder;
};

}  // namespace writ::testing

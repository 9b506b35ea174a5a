// What a change says of itself, for a gate that asks: `widens: NAME because REASON`. Not here: what the change does.
// Reference: docs/gate.md, "Change notes".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

/// One thing that a note declares.
struct Declaration {
    std::string name;  ///< a rule, tool or issuer, alone or with its module before it; `steps` of a raised bound
    bool raises = false;  ///< `raises:`; else `widens:`
    std::string because;
    std::string where;  ///< `file:line`, or the commit
    bool met = false;  ///< the change does do it
};

struct ChangeNote {
    std::vector<Declaration> declarations;
    std::vector<std::string> problems;  ///< lines that mean to declare something and do not, and why

    /// Whether something is declared, which is then met.
    [[nodiscard]] bool declares(bool raises, std::string_view name);
};

/// Adds what the lines of a text declare: `widens: NAME, NAME because REASON` and `raises: steps because REASON`,
/// perhaps after a bullet. All other lines are prose.
void read_note(std::string_view text, std::string_view where, ChangeNote& note);

}  // namespace writ::cli

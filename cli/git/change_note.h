// What a change says of itself, for a gate that asks: `widens: NAME because REASON`. Not here: what the change does.
// Reference: docs/gate.md, "Change notes".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/diff.h"

namespace writ::cli {

/// One thing that a note declares.
struct Declaration {
    std::string
        name;  ///< of a rule, tool, table, …, perhaps behind its module, and behind a word; `steps` of a raised bound
    bool raises = false;  ///< `raises:`; else `widens:`
    std::string because;
    std::string where;  ///< `file:line`, or of a commit
    bool met = false;   ///< the change does do it
};

/// A line that means to declare something and does not.
struct NoteProblem {
    std::string where;  ///< `file:line`, or of a commit
    std::string text;   ///< what is wrong with it
};

struct ChangeNote {
    std::vector<Declaration> declarations;
    std::vector<NoteProblem> problems;
    std::vector<Source> texts;  ///< what was read, under the names that `where` has

    /// Which of all widenings are declared, each of which is then met. A name that several have declares none of
    /// them, and is a problem.
    [[nodiscard]] std::vector<bool> declared(const std::vector<Widening>& all);
    /// Whether a raised bound of steps is declared, which is then met.
    [[nodiscard]] bool declares_steps();
};

/// What declares one of all widenings, and no other. Requires: they are by name, as widenings() gives them.
[[nodiscard]] std::string name_for(const std::vector<Widening>& all, std::size_t at);

/// Adds what the lines of a text declare: `widens: NAME, NAME because REASON` and `raises: steps because REASON`,
/// perhaps after a bullet. All other lines are prose, and so is what is quoted: fenced, in a comment of HTML, or
/// indented by four blanks or a tab.
void read_note(std::string_view text, std::string_view where, ChangeNote& note);

}  // namespace writ::cli

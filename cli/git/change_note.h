// Change notes: the declarations of a change that `writ gate` checks, as `widens: NAME because REASON`. Not here:
// what
// the change does. Reference: docs/gate.md, "Change notes".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/diff.h"

namespace writ::cli {

/// One declaration in a note.
struct Declaration {
    std::string name;  ///< the name of a rule, tool, table, …; may have its module and a word such as `tool` before it;
                       ///< `steps` for a raised step bound
    bool raises = false;  ///< `raises:`; otherwise `widens:`
    std::string because;
    std::string where;  ///< `file:line`, or a commit
    bool met = false;   ///< the change does what is declared
};

/// A line that is meant as a declaration and is not valid.
struct NoteProblem {
    std::string where;  ///< `file:line`, or a commit
    std::string text;   ///< the error
};

struct ChangeNote {
    std::vector<Declaration> declarations;
    std::vector<NoteProblem> problems;
    std::vector<Source> texts;  ///< the texts that were read, under the names used in `where`

    /// Finds out which widenings are declared, and marks the declarations as met. A name that fits several widenings
    /// declares none of them, and is a problem.
    [[nodiscard]] std::vector<bool> declared(const std::vector<Widening>& all);
    /// Whether a raised step bound is declared; if so, marks the declaration as met.
    [[nodiscard]] bool declares_steps();
};

/// A name that declares this widening and no other. Requires: `all` is sorted by name, as from widenings().
[[nodiscard]] std::string name_for(const std::vector<Widening>& all, std::size_t at);

/// Reads the declarations in the lines of a text: `widens: NAME, NAME because REASON` and `raises: steps because
/// REASON`, optionally after a bullet. All other lines are ignored, and so is quoted text: in a fence, in an HTML
/// comment, or indented by four blanks or a tab.
void read_note(std::string_view text, std::string_view where, ChangeNote& note);

}  // namespace writ::cli

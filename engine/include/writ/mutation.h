// Which small changes of a policy its own tests notice. A change that no test notices shows where a test is missing.
// Made by Workspace::mutate, for authors and CI. Not here: the list of the changes (testing/mutators.def).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

/// A way to change a policy.
struct Mutator {
    std::string_view name;  ///< stable, for example "bound"
    std::string_view what;  ///< what it changes, in a few words
};
/// Every way, in the order of the documentation.
[[nodiscard]] std::span<const Mutator> mutators();

/// What became of a change.
enum class MutationFate : std::uint8_t {
    Noticed,     ///< a test or an invariant fails with it
    NotNoticed,  ///< none does
    Accepted,    ///< none does, and a comment in the source says why
    Equal,       ///< proved to change nothing that a decision grants
    NotValid,    ///< the compiler would refuse the changed policy
};
/// `noticed`, `not_noticed`, `accepted`, `equal`, `not_valid`.
[[nodiscard]] std::string_view fate_name(MutationFate fate);

/// One change. A change of a definition or of a permit that others extend counts once for all rules that use it.
struct Mutation {
    std::string_view mutator;
    MutationFate fate = MutationFate::NotNoticed;
    Span span;                       ///< what is changed
    std::string before, after;       ///< on one line each; `after` is empty if it is left out
    std::vector<std::string> rules;  ///< the rules that it changes: `permit module.name`
    std::string needs;               ///< what a test that notices it needs: "params.amount = 500.01"; may be empty
    /// Not noticed: a test to whose request a changed rule gives another result; empty if there is none.
    std::string reached;
    std::string decided, decides;  ///< that test's decision without and with the change
    std::string by;                ///< Noticed: the first test or invariant that notices it
    std::string because;           ///< Accepted: the reason; Equal: the proof; NotValid: the code of the error
};

struct MutationOptions {
    /// Use only tests whose name contains it, and change only rules that these reach; empty: all.
    std::string filter;
    std::vector<std::string> only;  ///< names of mutators; empty: all. Unknown names are ignored
    unsigned threads = 1;           ///< 0 is 1
    /// Called from time to time on the calling thread with the numbers of steps done and of all; may be empty.
    std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

/// Independent of the number of threads.
struct MutationRun {
    std::vector<Mutation> mutations;  ///< by source, then by position
    std::vector<Diagnostic> remarks;  ///< about comments that accept nothing, or give no reason

    [[nodiscard]] std::size_t count(MutationFate fate) const;
    /// Percentage of the changes that are noticed, of those that are noticed or not; 100 if there are none.
    [[nodiscard]] double percent() const;
};

}  // namespace writ

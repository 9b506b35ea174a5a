// Comments in which an author allows something that a report would show, with a reason: `// MARK: allow NAME, NAME
// because REASON`. Not here: which names there are, and what is reported (lint, testing).
#pragma once

#include <string_view>
#include <vector>

#include "check/typed.h"

namespace writ::check {

/// One name of such a comment. At the end of a line it covers that line; on its own line, the next line that is not a
/// comment, or the whole declaration that starts there.
struct AllowComment {
    std::string_view name;
    Span at;      ///< the name in the comment
    Span covers;  ///< what starts inside is allowed
    std::string_view reason;
};

/// A comment with the mark that allows nothing.
struct IdleComment {
    Span at;
    bool no_reason = false;  ///< names without a reason; otherwise another form
};

struct AllowComments {
    std::vector<AllowComment> allowed;
    std::vector<IdleComment> idle;
};

/// Every comment with the mark (`lint:`) in the given sources, by source and line. Views the policy's sources.
[[nodiscard]] AllowComments allow_comments(const Policy& policy, std::string_view mark);

}  // namespace writ::check

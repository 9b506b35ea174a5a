// Policies as they were at a git ref. Runs `git` without a shell, and asks it for objects only.
#pragma once

#include <string>
#include <vector>

#include "writ/bundle.h"

namespace writ::cli {

/// Gathers what read_sources() would have found at a path when a ref was checked out; data files come from
/// the ref too.
/// Input:   path: a policy file or a folder, from where the program runs; it need not be there now.
/// Errors:  F0002 git cannot be run; F0003 not in a git repository; F0004 no such ref; F0005 nothing at that
///          path there, or a link, which is not followed.
[[nodiscard]] Result<SourceSet> sources_at(const std::string& ref, const std::string& path);

/// What someone said of a commit.
struct CommitMessage {
    std::string commit, text;
};
/// The messages of the commits that are in HEAD and not in a ref, the latest first.
/// Input:   path: where the repository is, as above.
/// Errors:  F0002, F0003, F0004; F0006 no commit in common, as where the clone is shallow.
[[nodiscard]] Result<std::vector<CommitMessage>> messages_since(const std::string& ref, const std::string& path);

}  // namespace writ::cli

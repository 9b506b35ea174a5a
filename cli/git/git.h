// Reads policies at a git ref. Runs `git` without a shell, and only reads objects.
#pragma once

#include <string>
#include <vector>

#include "writ/bundle.h"
#include "writ/manifest.h"

namespace writ::cli {

/// Collects what read_sources() would find at a path if the ref were checked out; data files come from the ref too.
/// Input:   path: a policy file or a folder, relative to the current folder; it need not exist now.
/// Errors:  F0002 git cannot be run; F0003 not in a git repository; F0004 no such ref; F0005 nothing is at that path,
/// or it is a link, which is not followed.
[[nodiscard]] Result<SourceSet> sources_at(const std::string& ref, const std::string& path);

/// The files of a ref, by the paths that they would have if it were checked out.
/// Input:   path: a path in the repository, as above.
/// Errors:  F0002, F0003, F0004. The functions of the tree: F0002, F0003, F0005.
[[nodiscard]] Result<FileTree> files_at(const std::string& ref, const std::string& path);

/// The message of a commit.
struct CommitMessage {
    std::string commit, text;
};
/// The messages of the commits in HEAD that are not in a ref, the latest first.
/// Input:   path: a path in the repository, as above.
/// Errors:  F0002, F0003, F0004; F0006 no common commit, for example in a shallow clone.
[[nodiscard]] Result<std::vector<CommitMessage>> messages_since(const std::string& ref, const std::string& path);

}  // namespace writ::cli

// Several policies in one run: what the verbs that take a folder of policies share. Not here: which files are one
// policy (writ/manifest.h), and opening the one policy that other verbs take (cli/verbs/workspace.h).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "cli/command/command.h"
#include "cli/terminal/terminal.h"
#include "cli/verbs/workspace.h"
#include "writ/manifest.h"
#include "writ/tools.h"

namespace writ::cli {

/// Adds `--jobs N`; 0, the default, means as many as there are processors.
Option& add_jobs(Command& verb, unsigned& jobs);
/// The number of threads that `jobs` means.
[[nodiscard]] unsigned threads_for(unsigned jobs);

/// The policies at some paths, if a verb prints them one by one: there are several, or the only one is in a folder
/// below the path, or something is wrong with a manifest. None: they are one policy, which open_workspace() opens.
[[nodiscard]] std::variant<std::optional<PolicyFolders>, Exit> several_policies(const std::vector<std::string>& paths,
                                                                                const Terminal& terminal);

/// `== policies/support`, in bold if wanted.
[[nodiscard]] std::string heading(const std::string& folder, bool colour);

/// The higher of the exit codes of two parts of a run.
[[nodiscard]] constexpr Exit worst(Exit a, Exit b) {
    return static_cast<int>(a) > static_cast<int>(b) ? a : b;
}

/// Calls a function for each index below `count` in up to `jobs` threads. Output: the results, in the order of indices.
template <class Function>
[[nodiscard]] auto in_parallel(std::size_t count, unsigned jobs, Function function) {
    using Value = decltype(function(std::size_t{0}));
    std::vector<std::optional<Value>> made(count);
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < count; i = next++) made[i].emplace(function(i));
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min<std::size_t>(threads_for(jobs), count); ++i) threads.emplace_back(work);
    work();
    for (std::thread& each : threads) each.join();
    std::vector<Value> out;
    for (std::optional<Value>& each : made)
        if (each) out.push_back(std::move(*each));
    return out;
}

}  // namespace writ::cli

// The findings of several policies as those of one, for formats with one document.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "writ/diagnostic.h"
#include "writ/lint.h"

namespace writ::cli {

/// Findings in sources that several policies may share. A finding at one place is kept once, whoever reports it.
class MergedFindings {
public:
    void add(const Diagnostics& more, const std::vector<SuppressedFinding>& more_suppressed = {});

    Diagnostics findings;
    std::vector<SuppressedFinding> suppressed;

private:
    using Key = std::tuple<std::string, std::string, std::uint32_t, std::uint32_t>;

    std::map<std::pair<std::string, std::string>, std::uint32_t> sources_;  ///< by name and text
    std::set<std::pair<std::uint32_t, Key>> seen_, seen_suppressed_;
};

}  // namespace writ::cli

// JUnit XML for CI systems: suites of named cases, some of which failed. Not here: what counts as a case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

struct JunitCase {
    std::string name;
    std::string file;      ///< empty: the case has no file
    std::size_t line = 0;  ///< from 1
    double seconds = 0;
    bool failed = false;
    std::string message;  ///< one line about the failure
    std::string text;     ///< details of the failure, any number of lines
};

struct JunitSuite {
    std::string name;
    std::vector<JunitCase> cases;
    std::string output;  ///< further output; may be empty
};

/// One document. Characters that XML does not allow and invalid UTF-8 become U+FFFD.
[[nodiscard]] std::string render_junit(std::string_view name, const std::vector<JunitSuite>& suites);

}  // namespace writ::cli

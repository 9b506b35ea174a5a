// JUnit XML, as CI systems read it: suites of named cases, of which some failed. Not here: what is a case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace writ::cli {

struct JunitCase {
    std::string name;
    std::string file;      ///< empty: it stands in no file
    std::size_t line = 0;  ///< from 1
    double seconds = 0;
    bool failed = false;
    std::string message;  ///< of a failure, one line
    std::string text;     ///< of a failure, as many lines as it takes
};

struct JunitSuite {
    std::string name;
    std::vector<JunitCase> cases;
    std::string output;  ///< what there is to say beside the cases; may be empty
};

/// One document. What XML cannot hold is written as U+FFFD, and bytes that are not UTF-8 too.
[[nodiscard]] std::string render_junit(std::string_view name, const std::vector<JunitSuite>& suites);

}  // namespace writ::cli

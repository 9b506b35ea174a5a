// Where the project's sources are, for tests that read examples, pages and fixtures.
#pragma once

#include <string>

namespace writ {
std::string source_root();
}

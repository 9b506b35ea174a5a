// The query of a target: `effect=deny&agent=a%20b`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace writ::serve {

class QueryValues {
public:
    /// Reads a query as browsers write it. Output: none if an escape is malformed or a name stands twice.
    [[nodiscard]] static std::optional<QueryValues> read(std::string_view query);
    /// Empty if the name is not there.
    [[nodiscard]] std::string of(std::string_view name) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace writ::serve

// Attributes that the service has stored about subjects and resources: a JSON file that operators write.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "writ/diagnostic.h"

namespace writ::serve {

/// The entities of one file: `{"TYPE": {"ID": {"attribute": value, …}, …}, …}`. Does not change once it is read.
class Directory {
public:
    /// Reads a file of at most 64 MiB. Errors: H0007, with the file and the JSON path in `context`.
    [[nodiscard]] static Result<Directory> read(const std::string& path);
    /// The same from text; `name` is shown in errors.
    [[nodiscard]] static Result<Directory> parse(std::string_view text, const std::string& name);

    /// The attributes of an entity, as an object; null if it is not in the directory.
    [[nodiscard]] const json::Value* find(std::string_view type, std::string_view id) const;
    /// The ids of a type in byte order.
    [[nodiscard]] std::vector<std::string_view> ids(std::string_view type) const;
    /// The digest of the file, in hex; empty for a directory that was not read.
    [[nodiscard]] const std::string& version() const { return version_; }

private:
    std::map<std::string, std::map<std::string, json::Value, std::less<>>, std::less<>> types_;
    std::string version_;
};

}  // namespace writ::serve

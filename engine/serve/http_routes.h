// What an HTTP proxy asks: which action a request is, by its method and its path. The member `http` of a mapping.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "serve/head.h"
#include "writ/diagnostic.h"

namespace writ::serve {

/// Does not change once it is read.
class HttpRoutes {
public:
    /// Errors: H0006, with the JSON path below `place` in `context`.
    /// Source: docs/serve-authzen.md
    [[nodiscard]] static Result<HttpRoutes> read(const json::Value& from, const std::string& place);

    /// The question whether a request is allowed, with `subject`, `action`, `resource` and `context` as in the AuthZEN
    /// API. Input: the path of the request that the proxy received. Output: none if no route fits, or if the subject's
    /// header is missing, empty or repeated, or has a comma.
    [[nodiscard]] std::optional<json::Value> question(const HttpHead& head, std::string_view path) const;

    /// The actions of the routes, and the JSON path of each.
    [[nodiscard]] std::vector<std::pair<std::string_view, std::string>> actions() const;

private:
    struct Route {
        std::string method;
        std::vector<std::string> path;  ///< segments; `{name}` is any
        std::string action, place;
    };
    std::string subject_type_, subject_header_, resource_type_, resource_id_;
    std::vector<Route> routes_;
};

}  // namespace writ::serve

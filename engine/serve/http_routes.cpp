#include "serve/http_routes.h"

#include <algorithm>

#include "writ/errors.h"

namespace writ::serve {

namespace {

using json::Type;
using json::Value;

/// The segments of a path. Output: none if a server behind the proxy could read it as another path.
std::optional<std::vector<std::string>> segments_of(std::string_view path) {
    std::vector<std::string> out;
    if (!path.starts_with('/') || path.find_first_of("%\\;?#") != std::string_view::npos) return {};
    path.remove_prefix(1);
    while (true) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        const bool last = end == path.size();
        // Only the path `/` has an empty segment.
        if (segment == "." || segment == ".." || (segment.empty() && !(last && out.empty()))) return {};
        out.emplace_back(segment);
        if (last) return out;
        path.remove_prefix(end + 1);
    }
}

bool is_open(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

/// The value of a header; none if it is missing, empty or repeated. Proxies join repeated headers with a comma.
std::optional<std::string_view> only(const HttpHead& head, std::string_view name) {
    std::optional<std::string_view> found;
    for (const auto& [each, value] : head.headers) {
        if (!same_name(each, name)) continue;
        if (found) return {};
        found = value;
    }
    return found && !found->empty() && found->find(',') == std::string_view::npos ? found : std::nullopt;
}

std::string in_lower_case(std::string_view name) {
    std::string out(name);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

Value entity(std::string_view type, std::string_view id) {
    Value out = Value::object();
    out.set("type", Value::of(type));
    out.set("id", Value::of(id));
    return out;
}

/// Reads members that are texts, and nothing else. Output: what is wrong, with the place of it; none: nothing.
std::optional<Error> read_texts(const Value& from, const std::string& place,
                                std::initializer_list<std::pair<std::string_view, std::string*>> to) {
    std::string shape;
    for (const auto& [name, _] : to) shape.append(shape.empty() ? "{\"" : "\", …, \"").append(name);
    Error wrong = failure(Code::MappingNotValid, "write an object with " + shape + "\"}, each a text", place);
    if (from.type != Type::Object || from.members.size() != to.size()) return wrong;
    for (const auto& [name, text] : to) {
        const Value* const value = from.find(name);
        if (value == nullptr || value->type != Type::String || value->text.empty()) return wrong;
        *text = value->text;
    }
    return {};
}

}  // namespace

Result<HttpRoutes> HttpRoutes::read(const Value& from, const std::string& place) {
    HttpRoutes out;
    const Value *subject = from.find("subject"), *resource = from.find("resource"), *routes = from.find("routes");
    if (from.type != Type::Object || from.members.size() != 3 || subject == nullptr || resource == nullptr ||
        routes == nullptr || routes->type != Type::Array)
        return fail(Code::MappingNotValid, "write an object with `subject`, `resource` and the array `routes`", place);
    if (auto wrong =
            read_texts(*subject, place + ".subject", {{"type", &out.subject_type_}, {"header", &out.subject_header_}}))
        return tl::unexpected(std::move(*wrong));
    if (auto wrong =
            read_texts(*resource, place + ".resource", {{"type", &out.resource_type_}, {"id", &out.resource_id_}}))
        return tl::unexpected(std::move(*wrong));
    for (std::size_t i = 0; i < routes->items.size(); ++i) {
        Route route;
        route.place = place + ".routes[" + std::to_string(i) + "]";
        std::string path;
        if (auto wrong = read_texts(routes->items[i], route.place,
                                    {{"method", &route.method}, {"path", &path}, {"action", &route.action}}))
            return tl::unexpected(std::move(*wrong));
        auto segments = segments_of(path);
        if (!segments)
            return fail(Code::MappingNotValid, "write a path such as `/refunds/{order}`, without escapes",
                        route.place + ".path");
        for (std::size_t j = 0; j < segments->size(); ++j) {
            const std::string& segment = (*segments)[j];
            const auto earlier = segments->begin() + static_cast<std::ptrdiff_t>(j);
            if (segment == "{}" || (is_open(segment) && std::find(segments->begin(), earlier, segment) != earlier))
                return fail(Code::MappingNotValid, "give each part of the path a name of its own",
                            route.place + ".path");
        }
        route.path = std::move(*segments);
        // The first route that fits is used, so one whose requests all fit an earlier one would never be.
        const auto same = [&](const Route& other) {
            return other.method == route.method &&
                   std::equal(other.path.begin(), other.path.end(), route.path.begin(), route.path.end(),
                              [](const std::string& a, const std::string& b) { return a == b || is_open(a); });
        };
        if (const auto found = std::find_if(out.routes_.begin(), out.routes_.end(), same); found != out.routes_.end())
            return fail(Code::MappingNotValid,
                        "it is never used: the route at " + found->place + " comes first; write this one before it",
                        route.place);
        out.routes_.push_back(std::move(route));
    }
    return out;
}

std::optional<Value> HttpRoutes::question(const HttpHead& head, std::string_view path) const {
    const auto segments = segments_of(path);
    const auto subject = only(head, subject_header_);
    if (!segments || !subject) return {};
    const auto fits = [&](const Route& route) {
        return route.method == head.method &&
               std::equal(route.path.begin(), route.path.end(), segments->begin(), segments->end(),
                          [](const std::string& own, const std::string& given) {
                              return own == given || (is_open(own) && !given.empty());
                          });
    };
    const auto route = std::find_if(routes_.begin(), routes_.end(), fits);
    if (route == routes_.end()) return {};

    Value properties = Value::object();
    for (std::size_t i = 0; i < segments->size(); ++i)
        if (const std::string& own = route->path[i]; is_open(own))
            properties.set(own.substr(1, own.size() - 2), Value::of(std::string_view((*segments)[i])));
    Value action = Value::object();
    action.set("name", Value::of(std::string_view(route->action)));
    action.set("properties", std::move(properties));
    Value headers = Value::object();
    for (const auto& each : head.headers)
        if (const auto value = only(head, each.first)) headers.set(in_lower_case(each.first), Value::of(*value));
    Value context = Value::object();
    context.set("method", Value::of(head.method));
    context.set("path", Value::of(path));
    context.set("query", Value::of(head.query));
    context.set("headers", std::move(headers));
    Value out = Value::object();
    out.set("subject", entity(subject_type_, *subject));
    out.set("action", std::move(action));
    out.set("resource", entity(resource_type_, resource_id_));
    out.set("context", std::move(context));
    return out;
}

std::vector<std::pair<std::string_view, std::string>> HttpRoutes::actions() const {
    std::vector<std::pair<std::string_view, std::string>> out;
    out.reserve(routes_.size());
    for (const Route& each : routes_) out.emplace_back(each.action, each.place + ".action");
    return out;
}

}  // namespace writ::serve

// The paths of the service and of its admin listener, and who may take them.
#include <fmt/format.h>

#include <algorithm>

#include "serve/service_impl.h"

namespace writ::serve {

namespace {

bool is_type(std::string_view given, std::string_view type) {
    given = given.substr(0, std::min(given.find(';'), given.size()));
    while (given.ends_with(' ') || given.ends_with('\t')) given.remove_suffix(1);
    return same_name(given, type);
}

}  // namespace

const std::vector<Service::Impl::Route>& Service::Impl::routes() {
    static const std::vector<Route> kAll = {
        {"POST", "/v1/decide", "application/json", ClientRole::Decide, &Impl::decide},
        {"POST", "/v1/decide/batch", "application/x-ndjson", ClientRole::Decide, &Impl::decide_batch},
        {"POST", "/v1/search", "application/json", ClientRole::Decide, &Impl::search},
        {"GET", "/v1/revocations", "", ClientRole::Operate, &Impl::revocations},
        {"POST", "/access/v1/evaluation", "application/json", ClientRole::Decide, &Impl::evaluation, false, 400},
        {"POST", "/access/v1/evaluations", "application/json", ClientRole::Decide, &Impl::evaluations, false, 400},
        {"POST", "/access/v1/search/subject", "application/json", ClientRole::Decide, &Impl::search_subject, false,
         400},
        {"POST", "/access/v1/search/resource", "application/json", ClientRole::Decide, &Impl::search_resource, false,
         400},
        {"POST", "/access/v1/search/action", "application/json", ClientRole::Decide, &Impl::search_action, false, 400},
        {"GET", "/.well-known/authzen-configuration", "", ClientRole::Decide, &Impl::authzen_metadata, true},
        {"GET", "/access/v1/keys", "", ClientRole::Decide, &Impl::authzen_keys, true},
    };
    return kAll;
}

const std::vector<Service::Impl::Route>& Service::Impl::admin_routes() {
    static const std::vector<Route> kAll = {
        {"GET", "/livez", "", ClientRole::Decide, &Impl::livez},
        {"GET", "/readyz", "", ClientRole::Decide, &Impl::readyz},
        {"GET", "/metrics", "", ClientRole::Decide, &Impl::show_metrics},
        {"GET", "/v1/status", "", ClientRole::Decide, &Impl::show_status},
    };
    return kAll;
}

bool Service::Impl::Route::leads(const HttpHead& head) const {
    return path == head.path ||
           (open && head.path.size() > path.size() && head.path.starts_with(path) && head.path[path.size()] == '/');
}

bool Service::Impl::Route::takes(const HttpHead& head) const {
    return leads(head) && (method == head.method || (method == "GET" && head.method == "HEAD"));
}

/// Why a request is refused before its body is read.
std::optional<HttpAnswer> Service::Impl::refusal(const std::vector<Route>& table, const HttpHead& head,
                                                 const Peer& peer) const {
    const auto known = current_clients();
    const bool anybody = peer.local || &table == &admin_routes();
    const Client* const client = anybody ? nullptr : known->find(peer, head.header("authorization"));
    std::string allowed;
    for (const Route& each : table) {
        if (!each.leads(head)) continue;
        if (!anybody && !each.open && client == nullptr) {
            HttpAnswer refused = problem(401, "no client certificate or bearer key of a known client");
            refused.headers.emplace_back("WWW-Authenticate", "Bearer");
            return refused;
        }
        if (!each.takes(head)) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(each.method);
            continue;
        }
        if (client != nullptr && each.role == ClientRole::Operate && client->role != ClientRole::Operate)
            return problem(403, "this is for operators");
        if (!each.type.empty() && !is_type(head.header("content-type"), each.type))
            return problem(each.wrong_type, fmt::format("the body must be {}", each.type));
        return std::nullopt;
    }
    if (allowed.empty()) return problem(404, "there is nothing at this path");
    HttpAnswer refused = problem(405, "this path has another method");
    refused.headers.emplace_back("Allow", allowed);
    return refused;
}

std::optional<HttpAnswer> Service::Impl::admit(const std::vector<Route>& table, const HttpHead& head,
                                               const Peer& peer) {
    std::optional<HttpAnswer> refused = refusal(table, head, peer);
    if (!refused) return refused;
    metrics.count_answer("refused", refused->status);
    if (const std::string_view id = head.header("x-request-id"); !id.empty())
        refused->headers.emplace_back("X-Request-ID", id);
    return refused;
}

void Service::Impl::route(const std::vector<Route>& table, const HttpRequest& request, Reply reply) {
    const Route& route =
        *std::find_if(table.begin(), table.end(), [&](const Route& each) { return each.takes(request.head); });
    Reply answer = [this, path = route.path, id = std::string(request.head.header("x-request-id")),
                    reply = std::move(reply)](HttpAnswer out) {
        metrics.count_answer(path, out.status);
        if (!id.empty()) out.headers.emplace_back("X-Request-ID", id);
        reply(std::move(out));
    };
    (this->*route.handle)({request, std::move(answer)});
}

}  // namespace writ::serve

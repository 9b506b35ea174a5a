// The paths of the service and of its admin listener, and who may take them.
#include <fmt/format.h>

#include <algorithm>

#include "serve/origin.h"
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
        {"POST", "/v1/explain", "application/json", ClientRole::Operate, &Impl::explain},
        {"POST", "/v1/receipt", "application/json", ClientRole::Decide, &Impl::receipt},
        {"POST", "/v1/use", "application/json", ClientRole::Decide, &Impl::use},
        {"GET", "/v1/revocations", "", ClientRole::Operate, &Impl::revocations},
        {"POST", "/v1/revocations", "application/json", ClientRole::Operate, &Impl::revoke},
        {"POST", "/access/v1/evaluation", "application/json", ClientRole::Decide, &Impl::evaluation, Askers::Clients,
         false, 400},
        {"POST", "/access/v1/evaluations", "application/json", ClientRole::Decide, &Impl::evaluations, Askers::Clients,
         false, 400},
        {"POST", "/access/v1/search/subject", "application/json", ClientRole::Decide, &Impl::search_subject,
         Askers::Clients, false, 400},
        {"POST", "/access/v1/search/resource", "application/json", ClientRole::Decide, &Impl::search_resource,
         Askers::Clients, false, 400},
        {"POST", "/access/v1/search/action", "application/json", ClientRole::Decide, &Impl::search_action,
         Askers::Clients, false, 400},
        {"GET", "/.well-known/authzen-configuration", "", ClientRole::Decide, &Impl::authzen_metadata, Askers::Anybody,
         true},
        {"GET", "/access/v1/keys", "", ClientRole::Decide, &Impl::authzen_keys, Askers::Anybody},
        {"*", kProxyPath, "", ClientRole::Decide, &Impl::ext_authz, Askers::Proxies, true},
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

const std::vector<Service::Impl::Route>& Service::Impl::console_routes() {
    static const std::vector<Route> kAll = [] {
        std::vector<Route> out = admin_routes();
        out.push_back({"GET", "/", "", ClientRole::Decide, &Impl::show_console});
        out.push_back({"GET", "/console", "", ClientRole::Decide, &Impl::show_console, Askers::Clients, true});
        out.push_back({"POST", "/console/search", "application/json", ClientRole::Decide, &Impl::search});
        return out;
    }();
    return kAll;
}

bool Service::Impl::Route::leads(const HttpHead& head) const {
    return path == head.path ||
           (below && head.path.size() > path.size() && head.path.starts_with(path) && head.path[path.size()] == '/');
}

bool Service::Impl::Route::takes(const HttpHead& head) const {
    return leads(head) && (method == "*" || method == head.method || (method == "GET" && head.method == "HEAD"));
}

/// Why a request is refused before its body is read.
std::optional<HttpAnswer> Service::Impl::refusal(const std::vector<Route>& table, const HttpHead& head,
                                                 const Peer& peer) const {
    const auto known = current_clients();
    const bool operators = &table != &routes();
    if (operators && !is_own_host(head.header("host")))
        return problem(403, "the admin listener is asked as localhost, 127.0.0.1 or [::1]");
    if (operators && is_cross_origin(head)) return problem(403, "a page of another site may not ask this");
    const bool anybody = peer.local || operators;
    std::string allowed;
    for (const Route& each : table) {
        if (!each.leads(head)) continue;
        const std::string_view key = each.askers == Askers::Proxies ? "" : head.header("authorization");
        const Client* const client = anybody ? nullptr : known->find(peer, key);
        if (!anybody && each.askers != Askers::Anybody && client == nullptr) {
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
        if (each.type.empty() && each.method != "*" && (head.length > 0 || head.has("transfer-encoding")))
            return problem(413, "this request has no body");
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
    if (&table == &console_routes()) protect_page(*refused);
    if (const std::string_view id = head.header("x-request-id"); !id.empty())
        refused->headers.emplace_back("X-Request-ID", id);
    return refused;
}

void Service::Impl::route(const std::vector<Route>& table, const HttpRequest& request, Reply reply) {
    const Route& route =
        *std::find_if(table.begin(), table.end(), [&](const Route& each) { return each.takes(request.head); });
    // The client may have lost its role while the body arrived.
    if (route.role == ClientRole::Operate)
        if (auto refused = admit(table, request.head, request.peer)) return reply(std::move(*refused));
    std::optional<OpenSpan> span;
    if (spans) span = spans->begin(request.head.header("traceparent"));
    Reply answer = [this, &route, span, id = std::string(request.head.header("x-request-id")),
                    page = &table == &console_routes(), reply = std::move(reply)](HttpAnswer out) {
        metrics.count_answer(route.path, out.status);
        if (page) protect_page(out);
        if (span) {
            spans->end(*span, {route.method, route.path, out.status});
            out.headers.emplace_back("traceparent", span->traceparent());
        }
        if (!id.empty()) out.headers.emplace_back("X-Request-ID", id);
        reply(std::move(out));
    };
    (this->*route.handle)({request, std::move(answer)});
}

}  // namespace writ::serve

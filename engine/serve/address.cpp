// Addresses of listeners, as users write them.
#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>

#include "serve/http.h"
#include "writ/errors.h"

namespace writ::serve {

std::string ListenAddress::text() const {
    switch (kind) {
        case Kind::Unix: return "unix:" + path;
        case Kind::Inherited: return "fd:" + std::to_string(descriptor);
        case Kind::Tcp: break;
    }
    const bool six = host.find(':') != std::string::npos;
    return (tls ? "tls://" : "tcp://") + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> ListenAddress::read(std::string_view text) {
    const auto wrong = [&](const char* why) {
        return fail(
            Code::BadAddress,
            std::string(why) + "; write `unix:/run/writ/writ.sock`, `tls://192.0.2.1:8443` or `tcp://127.0.0.1:9180`",
            std::string(text));
    };
    ListenAddress out;
    if (text.starts_with("unix:")) {
        out.path = text.substr(5);
        if (out.path.empty()) return wrong("the path of the socket is missing");
        if (out.path.size() >= sizeof(sockaddr_un::sun_path)) return wrong("the path of the socket is too long");
        return out;
    }
    out.kind = Kind::Tcp;
    out.tls = text.starts_with("tls://");
    if (!out.tls && !text.starts_with("tcp://")) return wrong("not an address");
    text.remove_prefix(6);
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong("the port is missing");
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    out.host = host;
    in6_addr any{};  // large enough for both
    const std::string without_scope = out.host.substr(0, out.host.find('%'));
    if (::inet_pton(AF_INET, out.host.c_str(), &any) != 1 && ::inet_pton(AF_INET6, without_scope.c_str(), &any) != 1)
        return wrong("the host is not a numeric address");
    const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (bad != std::errc{} || end != port.data() + port.size()) return wrong("the port is not a number below 65536");
    return out;
}

}  // namespace writ::serve

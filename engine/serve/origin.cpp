#include "serve/origin.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace writ::serve {

namespace {

bool is_number_below(std::string_view text, unsigned end) {
    unsigned value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && at == text.data() + text.size() && value < end;
}

/// Four numbers, the first of them 127.
bool is_loopback(std::string_view host) {
    if (!host.starts_with("127.")) return false;
    int dots = 0;
    for (;;) {
        const std::size_t dot = std::min(host.find('.'), host.size());
        if (!is_number_below(host.substr(0, dot), 256)) return false;
        if (dot == host.size()) return dots == 3;
        host.remove_prefix(dot + 1);
        ++dots;
    }
}

}  // namespace

bool is_own_host(std::string_view host) {
    const std::size_t bracket = host.find(']');
    const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        if (!is_number_below(host.substr(colon + 1), 65'536)) return false;
        host = host.substr(0, colon);
    }
    return same_name(host, "localhost") || host == "[::1]" || is_loopback(host);
}

bool is_cross_origin(const HttpHead& head) {
    const std::string_view site = head.header("sec-fetch-site");
    // `none`: the person has typed the address. A page at another port of this machine is `same-site`.
    if (!site.empty() && site != "same-origin" && site != "none") return true;
    if (!head.has("origin")) return false;
    const std::string_view origin = head.header("origin");
    const std::string host(head.header("host"));
    return origin != "http://" + host && origin != "https://" + host;
}

}  // namespace writ::serve

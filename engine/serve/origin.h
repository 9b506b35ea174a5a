// Where a request comes from, as browsers say it. The admin listener answers whoever reaches it, and a page of any site
// can make a browser on this machine ask it.
#pragma once

#include <string_view>

#include "serve/head.h"

namespace writ::serve {

/// Whether a Host is this machine's own name for itself: `localhost`, `127.x.x.x` or `[::1]`, with any port. Every
/// other name may be one that a site has pointed at this machine.
[[nodiscard]] bool is_own_host(std::string_view host);

/// Whether a page of another origin sent a request, as its `Origin` or `Sec-Fetch-Site` says. Programs send neither.
[[nodiscard]] bool is_cross_origin(const HttpHead& head);

}  // namespace writ::serve

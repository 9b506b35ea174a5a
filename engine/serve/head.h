// The strict reading of the head of an HTTP/1.1 request: its request line and its headers. Whatever two servers could
// read differently is refused here: RFC 9112, sections 3, 5 and 6. Not here: bodies (body.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace writ::serve {

struct HeadLimits {
    std::size_t bytes = 8u << 10;  ///< of the whole head; 431
    std::size_t headers = 64;      ///< 431
};

/// A head. The views point into the text that was read.
struct HttpHead {
    std::string_view method, target;
    std::string_view path, query;  ///< of the target; the query without its question mark
    std::vector<std::pair<std::string_view, std::string_view>>
        headers;             ///< names as sent, values without spaces around
    std::size_t length = 0;  ///< of the body, as declared; 0 also if it is chunked. SIZE_MAX: more than fits
    bool keep_alive = true;  ///< what the client asks for
    bool expects_continue = false;

    /// The value of a header; empty if there is none. Of several, the first.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
};

/// Why a head is refused.
struct HttpRefusal {
    unsigned status = 400;  ///< HTTP status
    std::string why;        ///< one sentence for the client; contains nothing that the client sent
};

/// Finds the end of the first head in a text: an empty line, also one that ends in a bare LF, so that it can be refused
/// at once. Output: the bytes of the head; 0: its end has not arrived.
[[nodiscard]] std::size_t end_of_head(std::string_view text);

/// Reads a head.
/// Input:   text: from the request line to the empty line, which is included.
/// Output:  the head, or why it is refused. Refused are: a line that does not end in CRLF, folded lines, a space before
/// a colon, control characters, names that are no tokens, no or several Host, a target that is no absolute path,
/// several Content-Length, Content-Length with Transfer-Encoding, a transfer coding other than one `chunked`, and every
/// version but HTTP/1.1 and HTTP/1.0.
[[nodiscard]] std::variant<HttpHead, HttpRefusal> read_head(std::string_view text, const HeadLimits& limits);

/// Whether a line, without its CRLF, is one header: a token, a colon, and visible ASCII, spaces and tabs. Not so if it
/// continues the line before it.
[[nodiscard]] bool is_header_line(std::string_view line);

/// Compares ASCII text without regard to case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

}  // namespace writ::serve

#include "serve/head.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace writ::serve {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

/// Visible ASCII.
bool is_visible(char c) {
    return c > ' ' && c < 0x7F;
}

/// A value of a header: visible characters, spaces and tabs. Bytes above ASCII have no agreed meaning.
bool is_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_visible(c) || c == ' ' || c == '\t'; });
}

std::string_view trimmed(std::string_view text) {
    const auto space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

/// Cuts the next line off, without its CRLF. Output: false if a line ends otherwise.
bool next_line(std::string_view& text, std::string_view& line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') return false;
    line = text.substr(0, end - 1);
    text.remove_prefix(end + 1);
    return line.find('\r') == std::string_view::npos;
}

/// Whether a header has one of these words in its list.
bool lists(std::string_view value, std::string_view word) {
    while (!value.empty()) {
        const std::size_t end = std::min(value.find(','), value.size());
        if (same_name(trimmed(value.substr(0, end)), word)) return true;
        value.remove_prefix(std::min(end + 1, value.size()));
    }
    return false;
}

/// `host` or `host:port`, as far as it matters: not empty, and nothing that separates.
bool is_host(std::string_view text) {
    return !text.empty() && text.find_first_of(" \t,/@?#\\") == std::string_view::npos;
}

class HeadReader {
public:
    HeadReader(std::string_view text, const HeadLimits& limits) : rest_(text), limits_(limits) {
        head_.headers.reserve(16);
    }

    std::variant<HttpHead, HttpRefusal> run() {
        if (rest_.size() > limits_.bytes) return HttpRefusal{431, "the head of the request is too long"};
        if (!request_line()) return refusal_;
        for (std::string_view line;;) {
            if (!next_line(rest_, line)) return HttpRefusal{400, "a line does not end in CRLF"};
            if (line.empty()) break;
            if (!header(line)) return refusal_;
        }
        if (!rest_.empty()) return HttpRefusal{400, "the head ends too early"};
        if (!framing()) return refusal_;
        return std::move(head_);
    }

private:
    bool refuse(unsigned status, const char* why) {
        refusal_ = HttpRefusal{status, why};
        return false;
    }

    bool request_line() {
        std::string_view line;
        if (!next_line(rest_, line)) return refuse(400, "a line does not end in CRLF");
        const std::size_t first = line.find(' '), last = line.rfind(' ');
        if (first == std::string_view::npos || first == last) return refuse(400, "the request line is malformed");
        head_.method = line.substr(0, first);
        head_.target = line.substr(first + 1, last - first - 1);
        const std::string_view version = line.substr(last + 1);
        if (!is_token(head_.method)) return refuse(400, "the method is malformed");
        if (!head_.target.starts_with('/') || !std::all_of(head_.target.begin(), head_.target.end(), is_visible) ||
            head_.target.find('#') != std::string_view::npos)
            return refuse(400, "the target is not an absolute path");
        if (version == "HTTP/1.0")
            old_ = true;
        else if (version != "HTTP/1.1")
            return version.starts_with("HTTP/") ? refuse(505, "only HTTP/1.1 is supported")
                                                : refuse(400, "the request line is malformed");
        const std::size_t mark = std::min(head_.target.find('?'), head_.target.size());
        head_.path = head_.target.substr(0, mark);
        head_.query = head_.target.substr(std::min(mark + 1, head_.target.size()));
        return true;
    }

    bool header(std::string_view line) {
        if (head_.headers.size() == limits_.headers) return refuse(431, "the request has too many headers");
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
            return refuse(400, "a header is malformed, or continues on a second line");
        const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
        if (!is_value(value)) return refuse(400, "a header has characters that are not visible ASCII");
        head_.headers.emplace_back(name, value);
        return true;
    }

    [[nodiscard]] std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(
            std::count_if(head_.headers.begin(), head_.headers.end(),
                          [&](const auto& header) { return same_name(header.first, name); }));
    }

    /// What decides where the request ends, and for whom it is.
    bool framing() {
        if (count("host") != 1 || !is_host(head_.header("host")))
            return refuse(400, "a request needs exactly one Host");
        const std::size_t lengths = count("content-length"), codings = count("transfer-encoding");
        if (lengths > 1 || codings > 1 || (lengths == 1 && codings == 1))
            return refuse(400, "the length of the request is ambiguous");
        if (codings == 1) {
            if (old_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
            if (!same_name(head_.header("transfer-encoding"), "chunked"))
                return refuse(501, "the only transfer coding is `chunked`");
        }
        if (lengths == 1) {
            const std::string_view text = head_.header("content-length");
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), head_.length);
            if (text.empty() || text[0] < '0' || text[0] > '9' || end != text.data() + text.size())
                return refuse(400, "Content-Length is not a number");
            if (error != std::errc{}) head_.length = SIZE_MAX;
        }
        // Of two, readers could take either.
        for (const char* single : {"content-type", "authorization", "traceparent", "x-request-id"})
            if (count(single) > 1) return refuse(400, "a header that has one value occurs twice");
        if (head_.has("content-encoding")) return refuse(415, "the body must not be encoded");
        if (head_.has("upgrade") && lists(head_.header("connection"), "upgrade"))
            return refuse(400, "there is no protocol to upgrade to");
        if (const std::string_view expect = head_.header("expect"); !expect.empty()) {
            if (!same_name(expect, "100-continue") || count("expect") > 1)
                return refuse(417, "the only expectation is `100-continue`");
            head_.expects_continue = !old_;
        }
        head_.keep_alive = false;
        bool closes = false;
        for (const auto& [name, value] : head_.headers)
            closes = closes || (same_name(name, "connection") && lists(value, "close"));
        head_.keep_alive = !closes && !old_;
        return true;
    }

    std::string_view rest_;
    const HeadLimits& limits_;
    HttpHead head_;
    bool old_ = false;  // HTTP/1.0
    HttpRefusal refusal_;
};

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_header_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    return colon != std::string_view::npos && is_token(line.substr(0, colon)) && is_value(line.substr(colon + 1));
}

std::size_t end_of_head(std::string_view text) {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
        std::size_t next = at + 1;
        if (next < text.size() && text[next] == '\r') ++next;
        if (next < text.size() && text[next] == '\n') return next + 1;
    }
    return 0;
}

std::string_view HttpHead::header(std::string_view name) const {
    for (const auto& [each, value] : headers)
        if (same_name(each, name)) return value;
    return {};
}

bool HttpHead::has(std::string_view name) const {
    return std::any_of(headers.begin(), headers.end(), [&](const auto& each) { return same_name(each.first, name); });
}

std::variant<HttpHead, HttpRefusal> read_head(std::string_view text, const HeadLimits& limits) {
    return HeadReader(text, limits).run();
}

}  // namespace writ::serve

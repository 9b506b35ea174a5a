// Answers of HTTP, as text.
#include "base/json.h"
#include "serve/http.h"

namespace writ::serve {

namespace {

const char* phrase_of(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 431: return "Request Header Fields Too Large";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return status < 500 ? "Error" : "Internal Server Error";
    }
}

}  // namespace

HttpAnswer problem(unsigned status, std::string_view why, std::string_view code, std::string_view where) {
    json::Value error = json::Value::object();
    error.set("error", json::Value::of(why));
    if (!code.empty()) error.set("code", json::Value::of(code));
    if (!where.empty()) error.set("where", json::Value::of(where));
    HttpAnswer answer;
    answer.status = status;
    answer.body = json::write(error) + "\n";
    if (status == 503) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

void append_head(const HttpAnswer& answer, bool keep_alive, std::string& out) {
    ((out += "HTTP/1.1 ") += std::to_string(answer.status)) += ' ';
    out += phrase_of(answer.status);
    if (!answer.body.empty()) (out += "\r\nContent-Type: ") += answer.type;
    (out += "\r\nContent-Length: ") += std::to_string(answer.body.size());
    for (const auto& [name, value] : answer.headers) (((out += "\r\n") += name) += ": ") += value;
    if (!keep_alive) out += "\r\nConnection: close";
    out += "\r\n\r\n";
}

}  // namespace writ::serve

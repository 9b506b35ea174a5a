#include "cli/formats/junit.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length and code point of the UTF-8 character at the front; length 0: it is not valid.
struct Sequence {
    std::size_t length = 0;
    std::uint32_t point = 0;
};

Sequence first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || length > text.size()) return {};
    std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {};
        point = point << 6U | (byte(i) & 0x3FU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10FFFF) return {};
    return {length, point};
}

/// Whether XML 1.0 allows a character.
bool allowed(std::uint32_t point) {
    return point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point < 0xD800) ||
           (point >= 0xE000 && point < 0xFFFE) || point >= 0x10000;
}

/// Escapes text for attributes and elements.
std::string xml_escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const Sequence next = first_of(text);
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(1, next.length));
        text.remove_prefix(bytes.size());
        if (next.length == 0 || !allowed(next.point))
            out += kReplacement;
        else if (next.point == '&')
            out += "&amp;";
        else if (next.point == '<')
            out += "&lt;";
        else if (next.point == '>')
            out += "&gt;";
        else if (next.point == '"')
            out += "&quot;";
        // In attributes, readers turn these into spaces, and line ends into one kind.
        else if (next.point == '\t' || next.point == '\r')
            out += fmt::format("&#{};", next.point);
        else if (next.point != '\n' && is_hidden(next.point))
            out += fmt::format("&#x{:X};", next.point);
        else
            out += bytes;
    }
    return out;
}

std::string attribute(std::string_view text) {
    std::string out;
    for (const char c : xml_escaped(text)) out += c == '\n' ? std::string("&#10;") : std::string(1, c);
    return out;
}

struct Sums {
    std::size_t tests = 0, failures = 0;
    double seconds = 0;

    void add(const JunitSuite& suite) {
        for (const JunitCase& each : suite.cases) {
            ++tests;
            failures += each.failed;
            seconds += each.seconds;
        }
    }
    [[nodiscard]] std::string text(std::string_view name) const {
        return fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{:.6f}\"",
                           attribute(name), tests, failures, seconds);
    }
};

void append(std::string& out, const JunitSuite& suite, const JunitCase& each) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", attribute(suite.name), attribute(each.name));
    if (!each.file.empty()) out += fmt::format(" file=\"{}\" line=\"{}\"", attribute(each.file), each.line);
    out += fmt::format(" time=\"{:.6f}\"", each.seconds);
    if (each.failed)
        out += fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n", attribute(each.message),
                           xml_escaped(each.text));
    else
        out += "/>\n";
}

}  // namespace

std::string render_junit(std::string_view name, const std::vector<JunitSuite>& suites) {
    Sums all;
    for (const JunitSuite& suite : suites) all.add(suite);
    std::string out = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n", all.text(name));
    for (const JunitSuite& suite : suites) {
        Sums sums;
        sums.add(suite);
        out += fmt::format("  <testsuite {}>\n", sums.text(suite.name));
        for (const JunitCase& each : suite.cases) append(out, suite, each);
        if (!suite.output.empty()) out += fmt::format("    <system-out>{}</system-out>\n", xml_escaped(suite.output));
        out += "  </testsuite>\n";
    }
    return out + "</testsuites>\n";
}

}  // namespace writ::cli

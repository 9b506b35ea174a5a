// Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986).
#include "cli/formats/line_diff.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

constexpr int kMostEdits = 4000;  // the trace of such a search takes at most 128 MB
constexpr std::size_t kAround = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        std::string_view line = text.substr(0, end);
        if (line.back() == '\n') line.remove_suffix(1);
        out.push_back(line);
        text.remove_prefix(end);
    }
    return out;
}

struct Line {
    char sign;  // ' ', '-' or '+'
    std::string_view text;
    std::size_t before, after;  // lines of each text before this one
};

/// Every line of both texts in order; common lines once.
std::vector<Line> script(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    const int n = static_cast<int>(a.size()), m = static_cast<int>(b.size());
    const int most = std::min(n + m, kMostEdits);
    std::vector<std::vector<int>> trace;
    std::vector<int> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    const auto at = [&](std::vector<int>& v, int k) -> int& {
        const int index = k + most + 1;
        return v[static_cast<std::size_t>(index)];
    };
    int found = -1;
    for (int d = 0; d <= most && found < 0; ++d) {
        trace.push_back(furthest);
        for (int k = -d; k <= d; k += 2) {
            const bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
            int x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
            while (x < n && x - k < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) ++x;
            at(furthest, k) = x;
            if (x >= n && x - k >= m) {
                found = d;
                break;
            }
        }
    }
    std::vector<Line> out;
    int x = n, y = m;
    const auto take = [&](char sign) {
        if (sign != '+') --x;
        if (sign != '-') --y;
        out.push_back({sign, sign == '+' ? b[static_cast<std::size_t>(y)] : a[static_cast<std::size_t>(x)],
                       static_cast<std::size_t>(x), static_cast<std::size_t>(y)});
    };
    for (int d = found; d > 0; --d) {
        std::vector<int>& v = trace[static_cast<std::size_t>(d)];
        const int k = x - y;
        const bool down = k == -d || (k != d && at(v, k - 1) < at(v, k + 1));
        const int from = down ? at(v, k + 1) : at(v, k - 1);
        const int from_y = from - (down ? k + 1 : k - 1);
        while (x > from + (down ? 0 : 1) && y > from_y + (down ? 1 : 0)) take(' ');
        take(down ? '+' : '-');
    }
    if (found < 0) {  // too different: remove all lines, add all lines
        while (y > 0) take('+');
        while (x > 0) take('-');
    }
    while (x > 0 && y > 0) take(' ');
    std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, bool colour) {
    const Palette colours = palette(colour);
    const std::vector<Line> lines = script(lines_of(before), lines_of(after));
    std::vector<bool> shown(lines.size(), false);
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i].sign != ' ')
            for (std::size_t j = i - std::min(i, kAround); j <= std::min(i + kAround, lines.size() - 1); ++j)
                shown[j] = true;
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!shown[i]) continue;
        if (i == 0 || !shown[i - 1])
            out += fmt::format("{}@@ -{} +{} @@{}\n", colours.frame, lines[i].before + 1, lines[i].after + 1,
                               colours.reset);
        const std::string_view paint = lines[i].sign == '-'   ? colours.error
                                       : lines[i].sign == '+' ? colours.good
                                                              : std::string_view();
        out +=
            fmt::format("{}{}{}{}\n", paint, lines[i].sign, safe(lines[i].text), paint.empty() ? paint : colours.reset);
    }
    return out;
}

}  // namespace writ::cli

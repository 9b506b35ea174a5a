#include "base/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace writ {

namespace {

constexpr std::size_t kLongestName = 64;  // longer names are not compared, because the cost is quadratic

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Number of edits (insert, delete, replace, swap neighbours) between two names, ignoring case.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> older(b.size() + 1), old(b.size() + 1), now(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) old[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = std::min({old[j] + 1, now[j - 1] + 1, old[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = std::min(now[j], older[j - 2] + 1);
        }
        std::swap(older, old);
        std::swap(old, now);
    }
    return old[b.size()];
}

/// Whether one name is the other with a negating prefix. Suggesting one for the other would invert a rule.
bool opposite(std::string_view a, std::string_view b) {
    const std::string_view longer = a.size() > b.size() ? a : b, shorter = a.size() > b.size() ? b : a;
    for (const std::string_view prefix : {"un", "in", "im", "dis", "non", "not", "no", "de"}) {
        if (!longer.starts_with(prefix)) continue;
        auto rest = longer.substr(prefix.size());
        if (rest.starts_with('_') || rest.starts_with('-')) rest.remove_prefix(1);
        if (rest == shorter) return true;
    }
    return false;
}

bool same_place(const Span& a, const Span& b) {
    return a.source == b.source && a.begin == b.begin && a.end == b.end;
}

}  // namespace

Diagnostic& Report::add(Code code, Span span, std::string message, std::string label, std::string help) {
    const bool error = severity(code) == Severity::Error;
    std::vector<std::size_t>& places = places_[std::string(code_name(code)) + ' ' + message];
    const bool repeat =
        std::any_of(places.begin(), places.end(), [&](std::size_t at) { return same_place(items_[at].span, span); });
    // Findings over the limit, and repeats, are written to an unused place, so that
    // callers can always add related labels.
    std::size_t& mistakes = mistakes_[error ? 0 : 1];
    const bool keep = !repeat && (places.empty() ? mistakes < max_errors_ : places.size() < kMaxPlaces);
    if (keep && places.empty()) ++mistakes;
    if (keep) places.push_back(items_.size());
    Diagnostic& d = keep ? items_.emplace_back() : overflow_;
    d = Diagnostic{};
    d.code = code_name(code);
    d.severity = severity(code);
    d.message = std::move(message);
    d.span = span;
    d.label = std::move(label);
    d.help = std::move(help);
    if (keep && error) ++errors_;
    return d;
}

std::vector<Diagnostic> Report::take() {
    std::stable_sort(items_.begin(), items_.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::tuple(a.span.source, a.span.begin, a.span.end) <
               std::tuple(b.span.source, b.span.begin, b.span.end);
    });
    errors_ = mistakes_[0] = mistakes_[1] = 0;
    places_.clear();
    return std::exchange(items_, {});
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
    if (name.size() < 2 || name.size() > kLongestName) return {};      // one letter is not enough
    std::size_t best = std::max<std::size_t>(name.size(), 3) / 3 + 1;  // one more than the largest distance allowed
    std::string_view found;
    for (const std::string_view candidate : candidates) {
        const std::size_t gap =
            candidate.size() > name.size() ? candidate.size() - name.size() : name.size() - candidate.size();
        if (gap >= best || candidate == name || opposite(name, candidate)) continue;
        const std::size_t d = distance(name, candidate);
        // Replacing every letter of a short name is not a useful suggestion.
        if (d < best && d < std::max(name.size(), candidate.size())) {
            best = d;
            found = candidate;
        }
    }
    return found;
}

}  // namespace writ

#include "cli/formats/merged.h"

namespace writ::cli {

void MergedFindings::add(const Diagnostics& more, const std::vector<SuppressedFinding>& more_suppressed) {
    std::vector<std::uint32_t> index;
    for (const Source& source : more.sources) {
        const auto [at, added] = sources_.emplace(std::pair(source.name, source.text), findings.sources.size());
        if (added) findings.sources.push_back(source);
        index.push_back(at->second);
    }
    const auto moved = [&](Span& span) {
        // A finding without a place stays without one.
        span.source = span.source < index.size() ? index[span.source] : UINT32_MAX;
    };
    const auto placed = [&](Diagnostic d) {
        moved(d.span);
        for (Label& label : d.related) moved(label.span);
        return d;
    };
    const auto key = [](const Diagnostic& d) {
        return std::pair(d.span.source, Key{d.code, d.message, d.span.begin, d.span.end});
    };
    for (const Diagnostic& each : more.items) {
        Diagnostic d = placed(each);
        if (seen_.insert(key(d)).second) findings.items.push_back(std::move(d));
    }
    for (const SuppressedFinding& each : more_suppressed) {
        SuppressedFinding kept{placed(each.finding), each.reason};
        if (seen_suppressed_.insert(key(kept.finding)).second) suppressed.push_back(std::move(kept));
    }
}

}  // namespace writ::cli

#include "cli/places.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "cli/text.h"

namespace writ::cli {

Places::Places(const Diagnostics& sources) : sources_(sources.sources) {
    for (const Source& source : sources_) {
        auto& starts = starts_.emplace_back(1, 0);
        for (std::size_t at = source.text.find('\n'); at != std::string::npos; at = source.text.find('\n', at + 1)) starts.push_back(at + 1);
    }
}

Place Places::at(const Span& span) const {
    if (span.source >= sources_.size()) return {};
    const auto& starts = starts_[span.source];
    const std::string_view text = sources_[span.source].text;
    const std::size_t offset = std::min<std::size_t>(span.begin, text.size());
    const auto line = static_cast<std::size_t>(std::upper_bound(starts.begin(), starts.end(), offset) - starts.begin()) - 1;
    const auto before = cells_of(text.substr(starts[line], offset - starts[line]));
    return {sources_[span.source].name, line + 1, before.size() + 1};
}

std::string Places::text(const Span& span) const {
    const Place place = at(span);
    return fmt::format("{}:{}:{}", safe(place.file), place.line, place.column);
}

}  // namespace writ::cli

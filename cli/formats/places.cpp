#include "cli/formats/places.h"

#include <fmt/format.h>

#include "cli/terminal/text.h"

namespace writ::cli {

FilePositions::FilePositions(const Diagnostics& sources) : sources_(sources.sources) {
    for (const Source& source : sources_) lines_.emplace_back(source.text);
}

FilePosition FilePositions::at(const Span& span) const {
    if (span.source >= sources_.size()) return {};
    const LineColumn begin = lines_[span.source].place(span.begin);
    return {sources_[span.source].name, begin.line + 1, begin.column + 1};
}

std::string FilePositions::text(const Span& span) const {
    const FilePosition place = at(span);
    return fmt::format("{}:{}:{}", safe(place.file), place.line, place.column);
}

}  // namespace writ::cli

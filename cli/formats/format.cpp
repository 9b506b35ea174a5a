#include "cli/formats/format.h"

namespace writ::cli {

std::string_view format_name(Format format) {
    switch (format) {
        case Format::Human: return "human";
        case Format::Short: return "short";
        case Format::Json: return "json";
        case Format::Sarif: return "sarif";
        case Format::Github: return "github";
        case Format::Junit: return "junit";
        case Format::Tap: return "tap";
        case Format::Markdown: return "markdown";
    }
    return {};
}

}  // namespace writ::cli

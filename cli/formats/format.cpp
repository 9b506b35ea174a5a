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

Option& add_format(Command& verb, Format& to, std::span<const Format> offered) {
    std::vector<std::pair<std::string, Format>> words;
    for (const Format format : offered) words.emplace_back(format_name(format), format);
    return verb.choice("--format", "The format of results", to, words);
}

Option& add_format(Command& verb, Format& to) {
    static constexpr Format kBoth[] = {Format::Human, Format::Json};
    return add_format(verb, to, kBoth);
}

}  // namespace writ::cli

#include "cli/verbs/options.h"

#include <utility>

namespace writ::cli {

void add_paths(Command& verb, std::vector<std::string>& paths) {
    verb.list("PATH", "PATH...", "Policy files, or folders of *.writ files", paths).required();
}

Option& add_layers(Command& verb, std::vector<std::string>& layers) {
    return verb.texts("--layer", "PATH", "A platform's policy above PATH; may be repeated", layers);
}

Option& add_reader(Command& verb, View& reader) {
    return verb.choice("--for", "Who reads the output. The caller's version contains nothing about the policy", reader,
                       {{"caller", View::Caller}, {"operator", View::Operator}});
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

#include "cli/command_tree.h"

#include <algorithm>
#include <string_view>

#include <CLI/CLI.hpp>

namespace writ::cli {

namespace {

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('|', at), text.size());
        out.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

/// Help writes words that are meant as they are in small letters, and what stands for something in capitals.
void read_value(CommandOption& option) {
    if (option.value.empty()) return;
    const std::vector<std::string> words = words_of(option.value);
    const auto literal = [](const std::string& word) {
        return word.size() > 1 && std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '-'; });
    };
    if (words.size() > 1 && std::all_of(words.begin(), words.end(), literal)) option.choices = words;
    for (const std::string_view name : {"FILE", "PATH", "DIR", "FOLDER"})
        option.file = option.file || option.value.find(name) != std::string::npos;
}

CommandOption read(const CLI::Option& option) {
    CommandOption out;
    for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
    const bool alone = out.names.empty();
    if (alone) out.names.push_back(option.get_name(true));
    const bool flag = option.get_items_expected_max() == 0;
    if (!flag || alone) out.value = !option.get_option_text().empty() ? option.get_option_text() : alone ? option.get_name(true) : "VALUE";
    out.description = option.get_description();
    out.required = option.get_required();
    read_value(out);
    return out;
}

}  // namespace

Command command_tree(const CLI::App& app) {
    Command out;
    out.name = app.get_name();
    out.description = app.get_description();
    for (const CLI::Option* option : app.get_options({})) {
        if (option->get_group().empty()) continue;
        auto& list = option->get_positional() ? out.arguments : out.options;
        list.push_back(read(*option));
    }
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App* each) { return !each->get_name().empty() && !each->get_group().empty(); }))
        out.verbs.push_back(command_tree(*verb));
    return out;
}

}  // namespace writ::cli

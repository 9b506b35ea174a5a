#include "cli/command/parser.h"

#include <map>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command/suggest.h"
#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

constexpr std::size_t kNames = 30, kWidth = 80;  // columns

/// Wraps help to the terminal's width. Positional arguments show only what can be typed.
class HelpLayout : public CLI::Formatter {
    std::string make_description(const CLI::App* app) const override {
        return filled(app->get_description(), kWidth) + "\n";
    }
    std::string make_option(const CLI::Option* option, bool alone) const override {
        const std::string& text = option->get_option_text();
        const std::string names = alone ? text : make_option_name(option, false) + (text.empty() ? "" : " " + text);
        std::stringstream out;
        CLI::detail::format_help(out, names, filled(option->get_description(), kWidth - kNames), kNames);
        return out.str();
    }
    std::string make_subcommand(const CLI::App* verb) const override {
        std::stringstream out;
        CLI::detail::format_help(out, verb->get_display_name(true), filled(verb->get_description(), kWidth - kNames),
                                 kNames);
        return out.str();
    }
};

std::string names_of(const Option& option) {
    std::string out;
    for (const std::string& name : option.names) out += (out.empty() ? "" : ",") + name;
    return out;
}

/// The library's options and verbs, mapped back to the declared ones.
struct Told {
    std::map<const CLI::App*, const Command*> verbs;
    std::map<Option*, CLI::Option*> options;
};

CLI::Option* add_value(CLI::App& app, const Option& option) {
    const auto take = [&option](const CLI::results_t& values) {
        if (option.takes == Option::Takes::One && values.size() > 1)
            throw CLI::ValidationError(option.shown_name(), "is given more than once");
        for (const std::string& value : values)
            if (const std::string wrong = std::get<OptionReader>(option.to)(value); !wrong.empty())
                throw CLI::ValidationError(option.shown_name(), wrong);
        return true;
    };
    CLI::Option* made = app.add_option(names_of(option), CLI::callback_t(take), option.help);
    made->option_text(option.value)->required(option.is_required)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (option.takes == Option::Takes::Many) made->expected(CLI::detail::expected_max_vector_size);
    if (!option.variable.empty()) made->envname(option.variable);
    return made;
}

void add_option(CLI::App& app, Option& option, Told& told) {
    CLI::Option* made = nullptr;
    switch (option.takes) {
        case Option::Takes::Help: made = app.set_help_flag(names_of(option), option.help); break;
        case Option::Takes::Version: made = app.set_version_flag(names_of(option), option.value, option.help); break;
        case Option::Takes::Nothing:
            made = app.add_flag(names_of(option), *std::get<bool*>(option.to), option.help);
            break;
        case Option::Takes::One:
        case Option::Takes::Each:
        case Option::Takes::Many: made = add_value(app, option); break;
    }
    for (Option* other : option.needed) made->needs(told.options.at(other));
    for (Option* other : option.excluded) made->excludes(told.options.at(other));
    told.options.emplace(&option, made);
}

/// The options of a verb and of the verbs above it.
void add_command(CLI::App& app, Command& command, Told& told) {
    told.verbs.emplace(&app, &command);
    app.fallthrough();
    if (!command.footer.empty()) app.footer(command.footer);
    if (!command.verbs.empty()) app.require_subcommand(1);
    for (Option& option : command.options) add_option(app, option, told);
    for (Command& verb : command.verbs)
        add_command(*app.add_subcommand(verb.name, verb.help)->group(verb.group), verb, told);
}

/// The verb named by the line as far as it is understood, and the words that name it.
std::pair<const CLI::App*, std::string> verb_of(const CLI::App& program) {
    const CLI::App* verb = &program;
    std::string path = program.get_name();
    while (!verb->get_subcommands().empty()) {
        verb = verb->get_subcommands().front();
        path += " " + verb->get_name();
    }
    return {verb, path};
}

void add_names(const Command& command, std::vector<std::string>& out) {
    for (const Option& option : command.options)
        for (const std::string& name : option.names)
            if (name.starts_with("--")) out.push_back(name);
}

/// The first unknown word, if it is the error.
std::string not_taken(const std::vector<std::string>& left, const Command& program, const Command& verb,
                      const std::string& path) {
    const bool wants_verb = !verb.verbs.empty();
    for (const std::string& word : left) {
        if (word.size() < 2 || word[0] != '-') continue;
        const std::string name = word.substr(0, word.find('='));
        std::vector<std::string> known;
        add_names(verb, known);
        if (&verb != &program) add_names(program, known);
        return fmt::format("`{}` has no option `{}`{}", path, name, suggestion(name, known));
    }
    if (wants_verb && left.empty()) return fmt::format("`{}` needs a verb after it", path);
    if (wants_verb) {
        std::vector<std::string> known;
        for (const Command& each : verb.verbs)
            if (each.group != Command::kHidden) known.push_back(each.name);
        return fmt::format("`{}` has no verb `{}`{}", path, left.front(), suggestion(left.front(), known));
    }
    if (!left.empty()) return fmt::format("`{}` takes no further argument, but there is `{}`", path, left.front());
    return {};
}

/// The message for a line with an error.
std::string reason(const CLI::ParseError& wrong, const CLI::App& app, const Command& program, const Command& verb,
                   const std::string& path) {
    const std::string what = wrong.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&wrong) != nullptr)
        return what.substr(0, what.find(':')) + ": a value is required";
    const bool incomplete = dynamic_cast<const CLI::RequiredError*>(&wrong) != nullptr ||
                            dynamic_cast<const CLI::ExtrasError*>(&wrong) != nullptr;
    const std::string more = incomplete ? not_taken(app.remaining(true), program, verb, path) : "";
    return more.empty() ? what : more;
}

}  // namespace

ParsedLine parse(Command& program, int argc, char** argv) {
    CLI::App app(program.help, program.name);
    app.formatter(std::make_shared<HelpLayout>());
    Told told;
    add_command(app, program, told);
    ParsedLine out;
    const auto misused = [&](const std::string& why, const std::string& path) {
        out.problem = fmt::format("error: {}\nRun `{} --help` for help.\n", safe(why), path);
        return out;
    };
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help and --version
        std::ostringstream said;
        app.exit(asked, said, said);
        out.said = said.str();
        return out;
    } catch (const CLI::ParseError& wrong) {
        const auto [verb, path] = verb_of(app);
        return misused(reason(wrong, app, program, *told.verbs.at(verb), path), path);
    }
    for (const auto& [option, read] : told.options) option->given = read->count() > 0;
    const auto [verb, path] = verb_of(app);
    const Command& asked = *told.verbs.at(verb);
    if (asked.check)
        if (const std::string wrong = asked.check(); !wrong.empty()) return misused(wrong, path);
    out.verb = &asked;
    return out;
}

}  // namespace writ::cli

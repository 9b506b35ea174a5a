// writ completion: shell completions, made from the table that the parser uses. Also prints this
// table as JSON for the manual pages.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command/command.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"

namespace writ::cli {

namespace {

enum class Shell : std::uint8_t { Bash, Zsh, Fish };

/// A verb by its path, `/store/publish`, with the options of the whole program added to its own.
struct VerbEntry {
    std::string path;
    const Command* command;
    std::vector<const Option*> options;
};

std::vector<const Command*> shown(const Command& command) {
    std::vector<const Command*> out;
    for (const Command& verb : command.verbs)
        if (verb.group != Command::kHidden) out.push_back(&verb);
    return out;
}

void gather(const Command& command, const std::string& path, const Command& root, std::vector<VerbEntry>& out) {
    VerbEntry& place = out.emplace_back(VerbEntry{path, &command, {}});
    for (const Option& option : command.options)
        if (!option.stands_alone()) place.options.push_back(&option);
    if (&command != &root)
        for (const Option& option : root.options)
            if (option.takes != Option::Takes::Help && option.takes != Option::Takes::Version)
                place.options.push_back(&option);
    for (const Command* verb : shown(command)) gather(*verb, path + "/" + verb->name, root, out);
}

std::string replaced(std::string_view text, char what, std::string_view with) {
    std::string out;
    for (const char c : text)
        if (c == what)
            out += with;
        else
            out += c;
    return out;
}

/// Escapes text for single quotes in a shell.
std::string in_quotes(std::string_view text) {
    return "'" + replaced(text, '\'', "'\\''") + "'";
}

/// The patterns of every `path option` that meets a condition, for `case`.
template <class Test>
std::string patterns(const std::vector<VerbEntry>& places, Test test) {
    std::vector<std::string> out;
    for (const VerbEntry& place : places)
        for (const Option* option : place.options)
            if (option->has_value() && test(*option))
                for (const std::string& name : option->names) out.push_back(in_quotes(place.path + " " + name));
    return joined(out, "|");
}

std::string verb_paths(const std::vector<VerbEntry>& places) {
    std::vector<std::string> out;
    for (const VerbEntry& place : places)
        if (!place.path.empty()) out.push_back(place.path);
    return joined(out, "|");
}

/// The options with choices, one arm for each list of words.
template <class Show>
std::string choice_arms(const std::vector<VerbEntry>& places, Show show) {
    std::vector<std::vector<std::string>> lists;
    for (const VerbEntry& place : places)
        for (const Option* option : place.options)
            if (!option->choices.empty() && std::find(lists.begin(), lists.end(), option->choices) == lists.end())
                lists.push_back(option->choices);
    std::string out;
    for (const auto& list : lists)
        out += show(patterns(places, [&](const Option& option) { return option.choices == list; }), list);
    return out;
}

std::vector<std::string> names_of(const VerbEntry& place) {
    std::vector<std::string> out;
    for (const Option* option : place.options) out.insert(out.end(), option->names.begin(), option->names.end());
    return out;
}

/// What can follow a verb when no option precedes: more verbs, words, or files.
struct Continuation {
    std::vector<std::string> words;
    bool files = false;
};
Continuation standing_of(const Command& command) {
    Continuation out;
    for (const Command* verb : shown(command)) out.words.push_back(verb->name);
    for (const Option& option : command.options) {
        if (!option.stands_alone()) continue;
        out.words.insert(out.words.end(), option.choices.begin(), option.choices.end());
        out.files = out.files || option.takes_files();
    }
    return out;
}

/// Bash and zsh find the verb in the same way: by the words that lead from verb to verb.
std::string find_verb(const std::vector<VerbEntry>& places, std::string_view word, std::string_view before) {
    return fmt::format(
        "        case \"$verb {1}\" in\n            {2}) continue ;;\n        esac\n"
        "        case \"$verb/{0}\" in\n            {3}) verb=\"$verb/{0}\" ;;\n        esac\n",
        word, before, patterns(places, [](const Option&) { return true; }), verb_paths(places));
}

std::string bash(const std::vector<VerbEntry>& places) {
    std::string out =
        "# Completion of writ for bash. Put this where bash-completion looks, or: source <(writ completion bash)\n"
        "_writ() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' i\n"
        "    COMPREPLY=()\n"
        "    # --option=value comes as three words\n"
        "    if [ \"$cur\" = '=' ]; then cur=''; elif [ \"$prev\" = '=' ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
        "    _writ_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
        "    _writ_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n";
    out += find_verb(places, "${COMP_WORDS[i]}", "${COMP_WORDS[i-1]}");
    out += "    done\n    case \"$verb $prev\" in\n";
    out += choice_arms(places, [](const std::string& arm, const auto& words) {
        return fmt::format("        {}) _writ_words '{}'; return ;;\n", arm, joined(words, " "));
    });
    out += fmt::format("        {}) _writ_files; return ;;\n",
                       patterns(places, [](const Option& option) { return option.takes_files(); }));
    out += fmt::format("        {}) return ;;\n", patterns(places, [](const Option& option) {
                           return !option.takes_files() && option.choices.empty();
                       }));
    out += "    esac\n    case \"$verb $cur\" in\n";
    for (const VerbEntry& place : places) {
        const Continuation standing = standing_of(*place.command);
        out += fmt::format("        '{} '-*) _writ_words '{}' ;;\n", place.path, joined(names_of(place), " "));
        if (!standing.words.empty())
            out += fmt::format("        '{} '*) _writ_words '{}' ;;\n", place.path, joined(standing.words, " "));
        else if (standing.files)
            out += fmt::format("        '{} '*) _writ_files ;;\n", place.path);
    }
    return out + "    esac\n}\ncomplete -F _writ writ\n";
}

std::string zsh(const std::vector<VerbEntry>& places) {
    const auto described = [](std::string_view name, std::string_view description) {
        return " " + in_quotes(replaced(name, ':', "\\:") + ":" + std::string(description));
    };
    std::string out =
        "#compdef writ\n"
        "# Completion of writ for zsh. Put this into a folder of $fpath as _writ.\n"
        "_writ() {\n"
        "    local cur=${words[CURRENT]} prev=${words[CURRENT-1]} verb='' i\n"
        "    local -a list\n"
        "    if [[ $cur == --*=* ]]; then prev=${cur%%=*}; compset -P '*='; fi\n"
        "    for ((i = 2; i < CURRENT; i++)); do\n";
    out += find_verb(places, "${words[i]}", "${words[i-1]}");
    out += "    done\n    case \"$verb $prev\" in\n";
    out += choice_arms(places, [](const std::string& arm, const auto& words) {
        return fmt::format("        {}) compadd -- {}; return ;;\n", arm, joined(words, " "));
    });
    out += fmt::format("        {}) _files; return ;;\n",
                       patterns(places, [](const Option& option) { return option.takes_files(); }));
    out += fmt::format("        {}) return 1 ;;\n", patterns(places, [](const Option& option) {
                           return !option.takes_files() && option.choices.empty();
                       }));
    out += "    esac\n    case \"$verb $cur\" in\n";
    for (const VerbEntry& place : places) {
        out += fmt::format("        '{} '-*)\n            list=(", place.path);
        for (const Option* option : place.options)
            for (const std::string& name : option->names) out += described(name, option->help);
        out += " )\n            _describe -o option list ;;\n";
        const Continuation standing = standing_of(*place.command);
        if (!place.command->verbs.empty()) {
            out += fmt::format("        '{} '*)\n            list=(", place.path);
            for (const Command* verb : shown(*place.command)) out += described(verb->name, verb->help);
            out += " )\n            _describe verb list ;;\n";
        } else if (!standing.words.empty()) {
            out += fmt::format("        '{} '*) compadd -- {} ;;\n", place.path, joined(standing.words, " "));
        } else if (standing.files) {
            out += fmt::format("        '{} '*) _files ;;\n", place.path);
        }
    }
    return out + "    esac\n}\nif [ \"$funcstack[1]\" = _writ ]; then _writ \"$@\"; else compdef _writ writ; fi\n";
}

std::string fish(const std::vector<VerbEntry>& places) {
    const auto fish_quoted = [](std::string_view text) {
        return "'" + replaced(replaced(text, '\\', "\\\\"), '\'', "\\'") + "'";
    };
    std::string out =
        "# Completion of writ for fish. Put this into ~/.config/fish/completions/writ.fish\n"
        "function __writ_at\n"
        "    set -l at ''\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        switch \"$at/$word\"\n";
    out += "            case " + replaced(verb_paths(places), '|', " ") +
           "\n                set at \"$at/$word\"\n        end\n    end\n"
           "    test \"$at\" = \"$argv[1]\"\nend\ncomplete -c writ -f\n";
    for (const VerbEntry& place : places) {
        const std::string at = fmt::format("complete -c writ -n {}", in_quotes("__writ_at '" + place.path + "'"));
        for (const Command* verb : shown(*place.command))
            out += fmt::format("{} -a {} -d {}\n", at, verb->name, fish_quoted(verb->help));
        const Continuation standing = standing_of(*place.command);
        if (place.command->verbs.empty() && !standing.words.empty())
            out += fmt::format("{} -a {}\n", at, fish_quoted(joined(standing.words, " ")));
        if (standing.files) out += at + " -F\n";
        for (const Option* option : place.options) {
            out += at;
            for (const std::string& name : option->names)
                out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            if (!option->choices.empty())
                out += " -x -a " + fish_quoted(joined(option->choices, " "));
            else if (option->takes_files())
                out += " -r -F";
            else if (option->has_value())
                out += " -x";
            out += fmt::format(" -d {}\n", fish_quoted(option->help));
        }
    }
    return out;
}

nlohmann::ordered_json to_json(const Option& option) {
    return nlohmann::ordered_json{{"names", option.names},
                                  {"value", option.has_value() ? option.value : ""},
                                  {"description", option.help},
                                  {"required", option.is_required}};
}

nlohmann::ordered_json to_json(const Command& command) {
    nlohmann::ordered_json out{{"name", command.name},
                               {"description", command.help},
                               {"options", nlohmann::ordered_json::array()},
                               {"arguments", nlohmann::ordered_json::array()},
                               {"verbs", nlohmann::ordered_json::array()}};
    for (const Option& option : command.options)
        out[option.stands_alone() ? "arguments" : "options"].push_back(to_json(option));
    for (const Command* verb : shown(command)) out["verbs"].push_back(to_json(*verb));
    return out;
}

std::string script(Shell shell, const Command& root) {
    std::vector<VerbEntry> places;
    gather(root, "", root, places);
    switch (shell) {
        case Shell::Bash: return bash(places);
        case Shell::Zsh: return zsh(places);
        case Shell::Fish: return fish(places);
    }
    return {};
}

}  // namespace

void add_completion(Command& program) {
    Command& verb = program.verb("completion", "Print a completion script for a shell");
    auto& shell = verb.make_values<Shell>();
    verb.choice("SHELL", "The shell", shell, {{"bash", Shell::Bash}, {"zsh", Shell::Zsh}, {"fish", Shell::Fish}})
        .required();
    verb.run = [&program, &shell](const Terminal&) {
        print_result(script(shell, program));
        return Exit::Ok;
    };
}

void add_commands(Command& program) {
    program.verb("commands", "Print all verbs and options as JSON").run = [&program](const Terminal&) {
        print_result(to_json(program).dump(2) + "\n");
        return Exit::Ok;
    };
}

}  // namespace writ::cli

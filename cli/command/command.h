// The program's verbs and options as plain values. The verbs fill them in; the parser, completion and the manual pages
// read them. Not here: parsing a command line (cli/command/parser.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "cli/terminal/terminal.h"

namespace writ::cli {

/// Reads and stores one value. Output: the error, as words that follow the option's name; empty: there is none.
using OptionReader = std::function<std::string(const std::string&)>;

/// An option; or, if its name has no dashes, a positional argument.
struct Option {
    enum class Takes : std::uint8_t {
        Nothing,  ///< a flag
        One,      ///< one value, once
        Each,     ///< one value each time, any number of times
        Many,     ///< several values in a row
        Help,     ///< prints the verb's help and ends
        Version,  ///< prints `value` and ends
    };

    std::vector<std::string> names;  ///< `-L`, `--ledger`
    std::string value;               ///< its value as shown in help: `FILE|-`
    std::string help;
    Takes takes = Takes::One;
    std::variant<bool*, OptionReader> to;  ///< where the flag or the values are stored
    std::vector<std::string> choices;      ///< the accepted words, if only some words are accepted
    std::string variable;  ///< the environment variable that is read if the line does not have the option
    std::vector<Option*> needed, excluded;
    bool is_required = false;
    bool given = false;  ///< set after parsing: the line or the environment has the option

    Option& required() { return is_required = true, *this; }
    Option& needs(Option& other) { return needed.push_back(&other), *this; }
    Option& excludes(Option& other) { return excluded.push_back(&other), *this; }
    Option& or_variable(std::string name) { return variable = std::move(name), *this; }

    /// The name used in messages: the first long name, if there is one.
    [[nodiscard]] const std::string& shown_name() const;
    [[nodiscard]] bool stands_alone() const { return names.front()[0] != '-'; }
    [[nodiscard]] bool has_value() const { return takes == Takes::One || takes == Takes::Each || takes == Takes::Many; }
    /// Whether its values are files or folders, judged by the value shown in help.
    [[nodiscard]] bool takes_files() const;
};

/// A verb, or the whole program.
struct Command {
    std::string name, help;
    std::string group = "Subcommands";  ///< its heading in help; `kHidden`: not listed
    std::string footer;                 ///< text at the end of help, also for the verbs below
    std::deque<Option> options;         ///< in the order of help; positional arguments in the order of the line
    std::deque<Command> verbs;          ///< if there are any, the line must have one
    std::function<Exit(const Terminal&)> run;
    /// Called after parsing. Output: an error about the options as a whole; empty: there is none.
    std::function<std::string()> check;

    static constexpr std::string_view kHidden{};

    /// Adds `-h,--help`.
    Command(std::string called, std::string what);

    /// Adds a verb below this one. The reference is valid as long as this command.
    Command& verb(std::string called, std::string what);

    /// Makes storage for the values of the verb's options; it lives as long as the command.
    template <class T>
    T& make_values() {
        auto made = std::make_shared<T>();
        values_.push_back(made);
        return *made;
    }

    /// Adds `--version`, which prints `text`.
    Option& version(std::string text);

    // Each function adds an option and binds it to a variable. The variable must live as long as the command, and
    // holds the default. names: `-o,--output`, or `PATH` for a positional argument. value: the value as shown in
    // help; for a positional argument, empty means its name.
    Option& flag(std::string_view names, std::string what, bool& to);
    Option& text(std::string_view names, std::string value, std::string what, std::string& to);
    /// An option that may be repeated.
    Option& texts(std::string_view names, std::string value, std::string what, std::vector<std::string>& to);
    /// An option with several values in a row.
    Option& list(std::string_view names, std::string value, std::string what, std::vector<std::string>& to);
    /// A number in a range, both ends included.
    Option& number(std::string_view names, std::string value, std::string what, double& to, int least, int most);
    /// One of several words.
    Option& word(std::string_view names, std::string what, std::string& to, const std::vector<std::string>& words);
    /// Any other value: `read` reads it.
    Option& reads(std::string_view names, std::string value, std::string what, OptionReader read);
    Option& reads_each(std::string_view names, std::string value, std::string what, OptionReader read);

    /// A whole number in a range, both ends included, as decimal digits. `to` may be an optional.
    template <class T>
    Option& whole(std::string_view names, std::string value, std::string what, T& to, std::uint64_t least = 0,
                  std::uint64_t most = INT64_MAX) {
        return reads(names, std::move(value), std::move(what), [&to, least, most](const std::string& text) {
            std::uint64_t number = 0;
            std::string wrong = read_whole(text, least, most, number);
            if (wrong.empty()) {
                if constexpr (requires { typename T::value_type; })
                    to = static_cast<typename T::value_type>(number);
                else
                    to = static_cast<T>(number);
            }
            return wrong;
        });
    }

    /// One of several words, each with its meaning. `to` may be an optional.
    template <class T>
    Option& choice(std::string_view names, std::string what, T& to,
                   const std::vector<std::pair<std::string, std::type_identity_t<T>>>& words) {
        std::vector<std::string> known;
        for (const auto& [word, meaning] : words) known.push_back(word);
        return choose(names, std::move(what), known, [&to, words](std::size_t index) { to = words[index].second; });
    }

private:
    Option& add(std::string_view names, std::string value, std::string what, Option::Takes takes,
                std::variant<bool*, OptionReader> to);
    Option& choose(std::string_view names, std::string what, const std::vector<std::string>& words,
                   std::function<void(std::size_t)> chosen);
    static std::string read_whole(const std::string& text, std::uint64_t least, std::uint64_t most, std::uint64_t& to);

    std::vector<std::shared_ptr<void>> values_;
};

/// `a`, `a or b`, `a, b or c`.
[[nodiscard]] std::string either(std::vector<std::string> words);

}  // namespace writ::cli

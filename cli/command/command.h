// The program's verbs and options as plain values: what a verb declares, and what the parser, completion and the manual
// pages go by. Not here: how a command line is read (cli/command/parser.h).
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

/// Takes one value and keeps it. Output: what is wrong with it, in words that follow the option's name; empty: nothing.
using Reader = std::function<std::string(const std::string&)>;

/// An option, or where its name has no dashes, an argument that stands by itself.
struct Option {
    enum class Takes : std::uint8_t {
        Nothing,  ///< a flag
        One,      ///< one value, once
        Each,     ///< one value each time, any number of times
        Many,     ///< values in a row
        Help,     ///< prints the verb's help and ends
        Version,  ///< prints `value` and ends
    };

    std::vector<std::string> names;  ///< `-L`, `--ledger`
    std::string value;               ///< what it takes, as help writes it: `FILE|-`
    std::string help;
    Takes takes = Takes::One;
    std::variant<bool*, Reader> to;    ///< where a flag or a value goes
    std::vector<std::string> choices;  ///< the words it takes, if it takes no others
    std::string variable;              ///< of the environment, read where the line does not say it
    std::vector<Option*> needed, excluded;
    bool is_required = false;
    bool given = false;  ///< whether the line or the environment says it: known once the line is read

    Option& required() { return is_required = true, *this; }
    Option& needs(Option& other) { return needed.push_back(&other), *this; }
    Option& excludes(Option& other) { return excluded.push_back(&other), *this; }
    Option& or_variable(std::string name) { return variable = std::move(name), *this; }

    /// As messages call it: the first long name, if there is one.
    [[nodiscard]] const std::string& shown_name() const;
    [[nodiscard]] bool stands_alone() const { return names.front()[0] != '-'; }
    [[nodiscard]] bool has_value() const { return takes == Takes::One || takes == Takes::Each || takes == Takes::Many; }
    /// Whether it takes files or folders, by what help says that it takes.
    [[nodiscard]] bool takes_files() const;
};

/// A verb, or the whole program.
struct Command {
    std::string name, help;
    std::string group = "Subcommands";  ///< under which heading help lists it; `kHidden`: nowhere
    std::string footer;                 ///< what help ends with, also that of the verbs
    std::deque<Option> options;         ///< in the order of help; those that stand alone in the order of the line
    std::deque<Command> verbs;          ///< where there are any, one has to follow
    std::function<Exit(const Terminal&)> run;
    /// Called once the line is read. Output: what is wrong with it as a whole; empty: nothing.
    std::function<std::string()> check;

    static constexpr std::string_view kHidden = "";

    /// With `-h,--help`.
    Command(std::string called, std::string what);

    /// Adds a verb below this one. The reference holds as long as this command.
    Command& verb(std::string called, std::string what);

    /// Makes a place for what the verb's options say, which lives as long as the command.
    template <class T>
    T& make_values() {
        auto made = std::make_shared<T>();
        values_.push_back(made);
        return *made;
    }

    /// `--version`, which prints a text.
    Option& version(std::string text);

    // Each adds an option and binds it to a variable, which must live as long as the command and holds what counts
    // where the option is not given. names: `-o,--output`, or `PATH` for one that stands alone. value: as help writes
    // it; for one that stands alone its name, if empty.
    Option& flag(std::string_view names, std::string what, bool& to);
    Option& text(std::string_view names, std::string value, std::string what, std::string& to);
    /// May be repeated.
    Option& texts(std::string_view names, std::string value, std::string what, std::vector<std::string>& to);
    /// Several in a row.
    Option& list(std::string_view names, std::string value, std::string what, std::vector<std::string>& to);
    /// A number between two, both included.
    Option& number(std::string_view names, std::string value, std::string what, double& to, int least, int most);
    /// One of some words.
    Option& word(std::string_view names, std::string what, std::string& to, const std::vector<std::string>& words);
    /// Anything else: `read` takes the value.
    Option& reads(std::string_view names, std::string value, std::string what, Reader read);
    Option& reads_each(std::string_view names, std::string value, std::string what, Reader read);

    /// A whole number between two, both included, in decimal digits alone. `to` may be an optional.
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

    /// One of some words, and what it stands for. `to` may be an optional.
    template <class T>
    Option& choice(std::string_view names, std::string what, T& to,
                   const std::vector<std::pair<std::string, std::type_identity_t<T>>>& words) {
        std::vector<std::string> known;
        for (const auto& [word, meaning] : words) known.push_back(word);
        return choose(names, std::move(what), known, [&to, words](std::size_t index) { to = words[index].second; });
    }

private:
    Option& add(std::string_view names, std::string value, std::string what, Option::Takes takes,
                std::variant<bool*, Reader> to);
    Option& choose(std::string_view names, std::string what, const std::vector<std::string>& words,
                   std::function<void(std::size_t)> chosen);
    static std::string read_whole(const std::string& text, std::uint64_t least, std::uint64_t most, std::uint64_t& to);

    std::vector<std::shared_ptr<void>> values_;
};

/// `a`, `a or b`, `a, b or c`.
[[nodiscard]] std::string either(std::vector<std::string> words);

}  // namespace writ::cli

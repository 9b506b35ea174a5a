#include "cli/command/command.h"
#include "cli/terminal/text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace writ::cli {

namespace {

// Help writes placeholders in capitals.
constexpr std::string_view kFileWords[] = {"FILE", "PATH", "DIR", "FOLDER"};

std::vector<std::string> split(std::string_view names) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t end = std::min(names.find(',', at), names.size());
        out.emplace_back(names.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

}  // namespace

std::string either(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    if (words.size() < 2) return joined(words, "");
    const std::string last = std::move(words.back());
    words.pop_back();
    return joined(words, ", ") + " or " + last;
}

const std::string& Option::shown_name() const {
    const auto found =
        std::find_if(names.begin(), names.end(), [](const std::string& name) { return name.starts_with("--"); });
    return found == names.end() ? names.front() : *found;
}

bool Option::takes_files() const {
    return has_value() && std::any_of(std::begin(kFileWords), std::end(kFileWords),
                                      [&](std::string_view word) { return value.find(word) != std::string::npos; });
}

Command::Command(std::string called, std::string what) : name(std::move(called)), help(std::move(what)) {
    add("-h,--help", "", "Print this help message and exit", Option::Takes::Help, OptionReader());
}

Command& Command::verb(std::string called, std::string what) {
    return verbs.emplace_back(std::move(called), std::move(what));
}

Option& Command::add(std::string_view names, std::string value, std::string what, Option::Takes takes,
                     std::variant<bool*, OptionReader> to) {
    Option& option = options.emplace_back();
    option.names = split(names);
    option.value = value.empty() && option.stands_alone() ? option.names.front() : std::move(value);
    option.help = std::move(what);
    option.takes = takes;
    option.to = std::move(to);
    return option;
}

Option& Command::version(std::string text) {
    return add("--version", std::move(text), "Display program version information and exit", Option::Takes::Version,
               OptionReader());
}

Option& Command::flag(std::string_view names, std::string what, bool& to) {
    return add(names, "", std::move(what), Option::Takes::Nothing, &to);
}

Option& Command::text(std::string_view names, std::string value, std::string what, std::string& to) {
    return reads(names, std::move(value), std::move(what),
                 [&to](const std::string& given) { return to = given, std::string(); });
}

Option& Command::texts(std::string_view names, std::string value, std::string what, std::vector<std::string>& to) {
    return reads_each(names, std::move(value), std::move(what),
                      [&to](const std::string& given) { return to.push_back(given), std::string(); });
}

Option& Command::list(std::string_view names, std::string value, std::string what, std::vector<std::string>& to) {
    Option& option = texts(names, std::move(value), std::move(what), to);
    option.takes = Option::Takes::Many;
    return option;
}

Option& Command::number(std::string_view names, std::string value, std::string what, double& to, int least, int most) {
    return reads(names, std::move(value), std::move(what), [&to, least, most](const std::string& text) {
        double number = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (wrong != std::errc() || end != text.data() + text.size() || !(number >= least && number <= most))
            return fmt::format("must be a number from {} to {}, not `{}`", least, most, text);
        to = number;
        return std::string();
    });
}

Option& Command::word(std::string_view names, std::string what, std::string& to,
                      const std::vector<std::string>& words) {
    return choose(names, std::move(what), words, [&to, words](std::size_t index) { to = words[index]; });
}

Option& Command::reads(std::string_view names, std::string value, std::string what, OptionReader read) {
    return add(names, std::move(value), std::move(what), Option::Takes::One, std::move(read));
}

Option& Command::reads_each(std::string_view names, std::string value, std::string what, OptionReader read) {
    return add(names, std::move(value), std::move(what), Option::Takes::Each, std::move(read));
}

Option& Command::choose(std::string_view names, std::string what, const std::vector<std::string>& words,
                        std::function<void(std::size_t)> chosen) {
    Option& option =
        reads(names, joined(words, "|"), std::move(what), [words, chosen = std::move(chosen)](const std::string& text) {
            const auto at = std::find(words.begin(), words.end(), text);
            if (at == words.end()) return fmt::format("must be {}, not `{}`", either(words), text);
            chosen(static_cast<std::size_t>(at - words.begin()));
            return std::string();
        });
    option.choices = words;
    return option;
}

std::string Command::read_whole(const std::string& text, std::uint64_t least, std::uint64_t most, std::uint64_t& to) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), to);
    const bool fits = wrong == std::errc() && end == text.data() + text.size() && to >= least && to <= most;
    return fits ? std::string() : fmt::format("must be a whole number from {} to {}, not `{}`", least, most, text);
}

}  // namespace writ::cli

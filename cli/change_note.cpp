#include "cli/change_note.h"

#include <algorithm>

#include <fmt/format.h>

namespace writ::cli {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

/// Takes a word that begins a text, in small letters or with a capital, as trailers of commits have it.
bool take_word(std::string_view& text, std::string_view word) {
    if (text.size() < word.size() || text.substr(1, word.size() - 1) != word.substr(1)) return false;
    const char upper = static_cast<char>(word[0] - 'a' + 'A');
    if (text[0] != word[0] && text[0] != upper) return false;
    text.remove_prefix(word.size());
    return true;
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
}

/// Whether a declared name means one of these: the whole of it, or its end behind a dot.
bool names(std::string_view declared, std::string_view whole) {
    if (declared == whole) return true;
    return whole.ends_with(declared) && whole.size() > declared.size() && whole[whole.size() - declared.size() - 1] == '.';
}

void read_line(std::string_view line, const std::string& where, ChangeNote& note) {
    std::string_view rest = trimmed(line);
    if (rest.starts_with("- ") || rest.starts_with("* ")) rest = trimmed(rest.substr(2));
    const bool raises = take_word(rest, "raises:");
    if (!raises && !take_word(rest, "widens:")) return;
    const std::string_view what = raises ? "raises" : "widens";
    constexpr std::string_view kBecause = " because ";
    const std::size_t at = rest.find(kBecause);
    const std::string_view because = at == std::string_view::npos ? std::string_view() : trimmed(rest.substr(at + kBecause.size()));
    if (because.empty()) {
        note.problems.push_back(fmt::format("{}: `{}:` without a reason; write `{}: NAME because REASON`", where, what, what));
        return;
    }
    std::string_view list = rest.substr(0, at);
    for (bool more = true; more;) {
        const std::size_t comma = list.find(',');
        const std::string_view name = trimmed(list.substr(0, comma));
        more = comma != std::string_view::npos;
        if (more) list.remove_prefix(comma + 1);
        if (!is_name(name) || (raises && name != "steps")) {
            note.problems.push_back(raises ? fmt::format("{}: only `steps` can be raised, not `{}`", where, name)
                                           : fmt::format("{}: `{}` is no name of a rule, tool or issuer", where, name));
            continue;
        }
        note.declarations.push_back({std::string(name), raises, std::string(because), where, false});
    }
}

}  // namespace

bool ChangeNote::declares(bool raises, std::string_view name) {
    bool found = false;
    for (Declaration& each : declarations) {
        if (each.raises != raises || !names(each.name, name)) continue;
        each.met = found = true;
    }
    return found;
}

void read_note(std::string_view text, std::string_view where, ChangeNote& note) {
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        read_line(text.substr(0, end), fmt::format("{}:{}", where, ++number), note);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace writ::cli

// Change notes: reads declarations, and compares them with the widenings of the change.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "writ/gate.h"

namespace writ {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

/// Removes a keyword at the start of a text, in small letters or with a capital, as in trailers of commits.
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

/// Reads a name, optionally with a word for its kind before it: `tool acme.refund`. Policies and layers have paths.
bool is_declarable(std::string_view text) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (blank != std::string_view::npos && (word == "policy" || word == "layer")) return true;
    return is_name(text.substr(0, blank)) && (blank == std::string_view::npos || is_name(text.substr(blank + 1)));
}

/// Calls a function with each spelling of a thing's name: with its whole module, part of it or none, with and without
/// the word for its kind.
template <class Use>
void for_each_name(const Widening& widening, Use use) {
    for (std::size_t at = 0;;) {
        const std::string name = widening.name.substr(at);
        use(name);
        use(widening.word + " " + name);
        const std::size_t dot = name.find('.');
        if (dot == std::string::npos) return;
        at += dot + 1;
    }
}

bool has_whole(const Widening& widening, std::string_view name) {
    return name == widening.name || name == widening.word + " " + widening.name;
}

void read_line(std::string_view line, const std::string& where, ChangeNote& note) {
    std::string_view rest = trimmed(line);
    if (rest.starts_with("- ") || rest.starts_with("* ")) rest = trimmed(rest.substr(2));
    const bool raises = take_word(rest, "raises:");
    if (!raises && !take_word(rest, "widens:")) return;
    const std::string_view what = raises ? "raises" : "widens";
    constexpr std::string_view kBecause = " because ";
    const std::size_t at = rest.find(kBecause);
    const std::string_view because =
        at == std::string_view::npos ? std::string_view() : trimmed(rest.substr(at + kBecause.size()));
    if (!is_reason(because)) {
        note.problems.push_back(
            {where, fmt::format("`{}:` has no readable reason; write `{}: NAME because REASON`", what, what)});
        return;
    }
    std::string_view list = rest.substr(0, at);
    for (bool more = true; more;) {
        const std::size_t comma = list.find(',');
        std::string_view name = trimmed(list.substr(0, comma)), policy;
        if (const std::size_t in = name.find(" in "); in != std::string_view::npos) {
            policy = trimmed(name.substr(in + 4));
            name = trimmed(name.substr(0, in));
        }
        more = comma != std::string_view::npos;
        if (more) list.remove_prefix(comma + 1);
        if (!is_declarable(name) || (raises && name != "steps")) {
            note.problems.push_back({where, raises ? fmt::format("only `steps` can be raised, not `{}`", name)
                                                   : fmt::format("`{}` is not a name", name)});
            continue;
        }
        note.declarations.push_back(
            {std::string(name), std::string(policy), raises, std::string(because), where, false});
    }
}

}  // namespace

std::vector<bool> ChangeNote::declared(const std::vector<Widening>& all) {
    std::unordered_map<std::string, std::vector<std::size_t>> meant;
    for (std::size_t i = 0; i < all.size(); ++i)
        for_each_name(all[i], [&](const std::string& name) { meant[name].push_back(i); });
    std::vector<bool> out(all.size(), false);
    for (Declaration& each : declarations) {
        const auto found = meant.find(each.name);
        if (each.raises || found == meant.end()) continue;
        // A match of the whole name wins over names that only end with it.
        std::vector<std::size_t> things = found->second;
        if (std::any_of(things.begin(), things.end(), [&](std::size_t i) { return has_whole(all[i], each.name); }))
            std::erase_if(things, [&](std::size_t i) { return !has_whole(all[i], each.name); });
        each.met = true;
        if (things.size() == 1) {
            out[things[0]] = true;
            continue;
        }
        problems.push_back(
            {each.where, fmt::format("`{}` is ambiguous: write `{} {}` or `{} {}`", each.name, all[things[0]].word,
                                     all[things[0]].name, all[things[1]].word, all[things[1]].name)});
    }
    return out;
}

bool ChangeNote::declares_steps() {
    bool found = false;
    for (Declaration& each : declarations)
        if (each.raises) each.met = found = true;
    return found;
}

bool ChangeNote::declares_policy(std::string_view name) {
    bool found = false;
    for (Declaration& each : declarations)
        if (!each.raises && each.name == "policy " + std::string(name)) each.met = found = true;
    return found;
}

ChangeNote ChangeNote::for_policy(std::string_view name) const {
    ChangeNote out;
    out.texts = texts;
    for (const Declaration& each : declarations)
        if (each.policy.empty() || each.policy == name) out.declarations.push_back(each);
    return out;
}

std::string name_for(const std::vector<Widening>& all, std::size_t at) {
    const Widening& widening = all[at];
    const bool shared =
        (at > 0 && all[at - 1].name == widening.name) || (at + 1 < all.size() && all[at + 1].name == widening.name);
    // The path of a layer is not a name without its word.
    return shared || widening.word == "layer" ? widening.word + " " + widening.name : widening.name;
}

void read_note(std::string_view text, std::string_view where, ChangeNote& note) {
    note.texts.push_back({std::string(where), std::string(text), {}});
    std::size_t number = 0;
    char fence = 0;  // the fence that opened the block
    bool comment = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const std::string_view content = trimmed(line);
        const bool was_comment = comment;
        if (const std::size_t opened = line.rfind("<!--"), closed = line.rfind("-->"); opened != closed)
            comment = closed == std::string_view::npos || (opened != std::string_view::npos && opened > closed);
        if (was_comment) continue;
        if (content.starts_with("```") || content.starts_with("~~~")) {
            if (fence == 0)
                fence = content[0];
            else if (fence == content[0])
                fence = 0;
            continue;
        }
        if (fence == 0 && !line.starts_with("    ") && !line.starts_with('\t'))
            read_line(line, fmt::format("{}:{}", where, number), note);
    }
}

}  // namespace writ

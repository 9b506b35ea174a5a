// The files of two policies: which of them differ, and whether in more than comments and layout.
#include <algorithm>
#include <map>

#include "diff/structure.h"
#include "diff/structure_parts.h"
#include "syntax/parse.h"

namespace writ::diff {

namespace {

/// One file of a side.
struct ComparedFile {
    std::string name;                      ///< for matching files
    std::string_view shown, stored, text;  ///< `stored` is part of the digest
    bool data = false;
};

std::vector<ComparedFile> files_of(const check::Policy& policy) {
    const std::vector<std::string> names = file_names(policy);
    std::vector<ComparedFile> out;
    for (std::size_t i = 0; i < policy.sources.size(); ++i)
        out.push_back(
            {names[i], policy.sources[i].name, policy.sources[i].stored_name(), policy.sources[i].text, false});
    for (const check::DataFile& each : policy.data)
        out.push_back({"data " + each.path, each.path, each.path, each.text, true});
    return out;
}

/// The tokens of a source, one per line, without positions and doc comments.
std::string tokens_of(std::string_view text) {
    const std::string all = syntax::dump_tokens(text);
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        const std::size_t blank = std::min(all.find(' ', at), end);
        if (all.compare(blank, 5, " DOC ") != 0) out.append(all, blank, end - blank).append("\n");
        at = end + 1;
    }
    return out;
}

/// The comments of a source, one per line.
std::string comments_of(std::string_view text) {
    std::string out;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!quoted && text.substr(i).starts_with("//")) {
            const std::size_t end = std::min(text.find('\n', i), text.size());
            out.append(text.substr(i, end - i)).append("\n");
            i = end;
        } else if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == '\n') {
            quoted = false;
        }
    }
    return out;
}

TextChange how(const ComparedFile& was, const ComparedFile& is) {
    if (was.text == is.text) return TextChange::None;
    if (is.data || tokens_of(was.text) != tokens_of(is.text)) return TextChange::Words;
    return comments_of(was.text) != comments_of(is.text) ? TextChange::Comments : TextChange::Layout;
}

}  // namespace

std::vector<std::string> file_names(const check::Policy& policy) {
    std::string_view shared;
    for (std::size_t i = 0; i < policy.given_sources; ++i) {
        const std::string_view name = policy.sources[i].name;
        const std::string_view folder = name.substr(0, name.find_last_of('/') + 1);
        if (i == 0) shared = folder;
        const auto end = std::mismatch(shared.begin(), shared.end(), folder.begin(), folder.end()).first;
        shared =
            shared.substr(0, shared.substr(0, static_cast<std::size_t>(end - shared.begin())).find_last_of('/') + 1);
    }
    std::vector<std::string> out;
    for (std::size_t i = 0; i < policy.sources.size(); ++i) {
        const bool given = i < policy.given_sources;
        out.push_back(!given                      ? policy.sources[i].name
                      : policy.given_sources == 1 ? ""
                                                  : policy.sources[i].name.substr(shared.size()));
    }
    return out;
}

std::vector<FileChange> file_changes(const check::Policy& before, const check::Policy& after) {
    const std::vector<ComparedFile> old_files = files_of(before), new_files = files_of(after);
    std::map<std::string_view, const ComparedFile*> left;
    for (const ComparedFile& each : old_files) left.emplace(each.name, &each);
    std::vector<FileChange> out, elsewhere;
    std::vector<const ComparedFile*> come;
    const auto change = [](Fate fate, const ComparedFile* was, const ComparedFile* is, TextChange text) {
        return FileChange{fate, is != nullptr ? std::string(is->shown) : "",
                          was != nullptr ? std::string(was->shown) : "", text};
    };
    const auto base_name = [](std::string_view name) { return name.substr(name.find_last_of('/') + 1); };
    for (const ComparedFile& is : new_files) {
        const auto found = left.find(is.name);
        if (found == left.end()) {
            come.push_back(&is);
            continue;
        }
        const ComparedFile& was = *found->second;
        const bool renamed = is.name.empty() && base_name(was.stored) != base_name(is.stored);
        const TextChange text = how(was, is);
        if (renamed || text != TextChange::None)
            out.push_back(change(renamed ? Fate::Renamed : Fate::Changed, &was, &is, text));
        else if (was.stored != is.stored)
            elsewhere.push_back(change(Fate::Renamed, &was, &is, text));
        left.erase(found);
    }
    for (const ComparedFile* is : come) {
        const auto was = std::find_if(left.begin(), left.end(), [&](const auto& each) {
            return each.second->data == is->data && each.second->text == is->text;
        });
        if (was == left.end()) {
            out.push_back(change(Fate::Added, nullptr, is, TextChange::None));
            continue;
        }
        out.push_back(change(Fate::Renamed, was->second, is, TextChange::None));
        left.erase(was);
    }
    for (const auto& [name, was] : left) out.push_back(change(Fate::Removed, was, nullptr, TextChange::None));
    // Different locations of the sides are reported only if nothing else differs.
    return out.empty() ? elsewhere : out;
}

}  // namespace writ::diff

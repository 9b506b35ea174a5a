// Two lists of things held against each other: by name, then by content for those that have no partner.
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "analyze/structure.h"

namespace writ::analyze {

namespace {

constexpr std::size_t kMostRows = 100;  ///< of a table that are told of one by one

/// The name of each source below the folder that all given ones share; of a single one, nothing.
std::vector<std::string> files_of(const check::Policy& policy) {
    std::string_view shared;
    for (std::size_t i = 0; i < policy.given_sources; ++i) {
        const std::string_view name = policy.sources[i].name;
        const std::string_view folder = name.substr(0, name.find_last_of('/') + 1);
        if (i == 0) shared = folder;
        const auto end = std::mismatch(shared.begin(), shared.end(), folder.begin(), folder.end()).first;
        shared = shared.substr(0, shared.substr(0, static_cast<std::size_t>(end - shared.begin())).find_last_of('/') + 1);
    }
    std::vector<std::string> out;
    for (std::size_t i = 0; i < policy.sources.size(); ++i) {
        const bool given = i < policy.given_sources;
        out.push_back(!given ? policy.sources[i].name : policy.given_sources == 1 ? "" : policy.sources[i].name.substr(shared.size()));
    }
    return out;
}

/// Finds lines by offset without counting from the beginning each time.
class Lines {
public:
    explicit Lines(const check::Policy& policy) : policy_(policy), starts_(policy.sources.size()) {}

    std::string place_of(const Thing& thing) {
        const Source& source = policy_.sources[thing.source];
        std::vector<std::uint32_t>& starts = starts_[thing.source];
        if (starts.empty()) {
            starts.push_back(0);
            for (std::uint32_t i = 0; i < source.text.size(); ++i)
                if (source.text[i] == '\n') starts.push_back(i + 1);
        }
        const auto line = std::upper_bound(starts.begin(), starts.end(), thing.offset) - starts.begin();
        return source.name + ":" + std::to_string(line);
    }

private:
    const check::Policy& policy_;
    std::vector<std::vector<std::uint32_t>> starts_;  ///< by source, once asked for
};

// ---- parts ------------------------------------------------------------------------------------

const std::string& key_of(const Part& part) { return part.key.empty() ? part.text : part.key; }

using Parts = std::vector<const Part*>;

/// The parts of `some` that `others` lacks, in order; of equal ones, as many as there are more.
Parts without(const std::vector<Part>& some, const std::vector<Part>& others) {
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> there;
    for (const Part& each : others) ++there[{each.name, key_of(each)}];
    Parts out;
    for (const Part& each : some) {
        const auto found = there.find({each.name, key_of(each)});
        if (found == there.end() || found->second == 0) out.push_back(&each);
        else --found->second;
    }
    return out;
}

Direction growth(const Part& was, const Part& is) {
    if (is.grow == Direction::Same) return Direction::Same;
    if (was.measure && is.measure) return *is.measure > *was.measure ? is.grow : opposite(is.grow);
    if (was.members.empty() || is.members.empty()) return Direction::Other;
    const auto holds = [](const Part& all, const Part& some) {
        return std::includes(all.members.begin(), all.members.end(), some.members.begin(), some.members.end());
    };
    return holds(is, was) ? is.grow : holds(was, is) ? opposite(is.grow) : Direction::Other;
}

void tell_members(const Part& was, const Part& is, std::vector<PartChange>& out) {
    const auto lacks = [](const Part& part, const std::string& member) {
        return !std::binary_search(part.members.begin(), part.members.end(), member);
    };
    const std::string name(is.each_member);
    for (const std::string& each : was.members)
        if (lacks(is, each)) out.push_back({name, each, {}, opposite(is.grow)});
    for (const std::string& each : is.members)
        if (lacks(was, each)) out.push_back({name, {}, each, is.grow});
}

/// By what they are about, those of which there is just one; null: there are more.
std::unordered_map<std::string_view, const Part*> by_subject(const Parts& parts) {
    std::unordered_map<std::string_view, const Part*> out;
    for (const Part* each : parts) {
        if (each->about.empty()) continue;
        const auto [at, fresh] = out.try_emplace(each->about, each);
        if (!fresh) at->second = nullptr;
    }
    return out;
}

std::vector<PartChange> part_changes(const Thing& before, const Thing& after) {
    const Parts gone = without(before.parts, after.parts), come = without(after.parts, before.parts);
    const auto old_subjects = by_subject(gone), new_subjects = by_subject(come);
    const auto partner = [](const auto& subjects, const auto& own, const Part* part) -> const Part* {
        const auto found = subjects.find(part->about);
        const bool alone = !part->about.empty() && own.at(part->about) != nullptr;
        return alone && found != subjects.end() ? found->second : nullptr;
    };
    std::vector<PartChange> out;
    for (const Part* was : gone) {
        const Part* is = partner(new_subjects, old_subjects, was);
        if (is == nullptr) out.push_back({was->name, was->text, {}, opposite(was->gain)});
        else if (!is->each_member.empty() && !was->each_member.empty()) tell_members(*was, *is, out);
        else out.push_back({is->name, was->text, is->text, growth(*was, *is)});
    }
    for (const Part* is : come)
        if (partner(old_subjects, new_subjects, is) == nullptr) out.push_back({is->name, {}, is->text, is->gain});
    return out;
}

Direction whole(const std::vector<PartChange>& parts) {
    Direction out = Direction::Same;
    for (const PartChange& each : parts)
        out = static_cast<Direction>(static_cast<unsigned>(out) | static_cast<unsigned>(each.direction));
    return out;
}

/// A table may have changed in very many rows: how many there are, and the first of those that differ.
void shorten_rows(const Thing& before, const Thing& after, std::vector<PartChange>& parts) {
    const auto is_row = [](const auto& each) { return each.part == "row"; };
    const auto differing = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), is_row));
    if (differing == 0) return;
    std::size_t kept = 0;
    std::erase_if(parts, [&](const PartChange& each) { return is_row(each) && kept++ >= kMostRows; });
    const auto rows = [](const Thing& table) {
        return static_cast<std::size_t>(std::count_if(table.parts.begin(), table.parts.end(), [](const Part& each) { return each.name == "row"; }));
    };
    const std::string told = differing > kMostRows ? ", " + std::to_string(differing) + " differ" : "";
    parts.insert(parts.begin(), {"rows", std::to_string(rows(before)), std::to_string(rows(after)) + told, Direction::Other});
}

// ---- things -----------------------------------------------------------------------------------

template <class Item>
void note_shared(const std::vector<Item>& items, SharedNames::Names& shared) {
    SharedNames::Names known;
    for (const Item& each : items)
        if (!known.insert(each.name).second) shared.insert(each.name);
}

SharedNames shared_names(const check::Policy& before, const check::Policy& after) {
    SharedNames out;
    for (const check::Policy* side : {&before, &after}) {
        note_shared(side->tools, out.tools);
        note_shared(side->issuers, out.issuers);
        note_shared(side->tables, out.tables);
        note_shared(side->enums, out.enums);
        note_shared(side->kinds, out.kinds);
    }
    return out;
}

/// Whether a side has something of a kind under a name alone, which others may mean without saying so: it may
/// have taken the place of what the other side had under that name.
bool has_named(const check::Policy& side, ThingKind kind, std::string_view name) {
    name.remove_prefix(name.rfind('.') + 1);
    const auto in = [&](const auto& items) {
        return std::any_of(items.begin(), items.end(), [&](const auto& each) { return each.name == name; });
    };
    switch (kind) {
        case ThingKind::Table: return in(side.tables);
        case ThingKind::Claims: return in(side.kinds);
        // There is a tier always, without members where none is declared.
        case ThingKind::Enum: return name == "tier" ? side.tier.valid() : in(side.enums);
        default: return false;
    }
}

/// What makes a thing the same under another name.
std::string content_of(const Thing& thing) {
    std::vector<std::string> parts;
    for (const Part& each : thing.parts) parts.push_back(each.name + "\x1f" + key_of(each));
    std::sort(parts.begin(), parts.end());
    std::string out = thing.word;
    for (const std::string& each : parts) out.append("\x1e").append(each);
    return out;
}

using Key = std::tuple<ThingKind, std::string_view, std::string_view>;
Key key_of(const Thing& thing) { return {thing.kind, thing.word, thing.name}; }

class Comparing {
public:
    Comparing(const check::Policy& before, const check::Policy& after)
        : before_(before), after_(after), old_files_(files_of(before)), new_files_(files_of(after)), old_lines_(before), new_lines_(after) {
        const SharedNames shared = shared_names(before, after);
        old_ = things_of(before, shared);
        new_ = things_of(after, shared);
    }

    std::vector<ThingChange> run() {
        std::map<Key, const Thing*> by_name;
        for (const Thing& each : old_) by_name.emplace(key_of(each), &each);
        std::vector<const Thing*> come;
        for (const Thing& each : new_) {
            const auto found = by_name.find(key_of(each));
            if (found == by_name.end()) {
                come.push_back(&each);
                continue;
            }
            pair(*found->second, each);
            by_name.erase(found);
        }
        std::unordered_map<std::string, std::vector<const Thing*>> by_content;
        for (const auto& [key, thing] : by_name)
            if (!thing->parts.empty() && !come.empty()) by_content[content_of(*thing)].push_back(thing);
        for (const Thing* each : come) {
            const auto found = each->parts.empty() ? by_content.end() : by_content.find(content_of(*each));
            if (found == by_content.end() || found->second.empty()) {
                added(*each);
                continue;
            }
            pair(*found->second.front(), *each);
            by_name.erase(key_of(*found->second.front()));
            found->second.erase(found->second.begin());
        }
        for (const auto& [key, thing] : by_name) removed(*thing);
        std::sort(out_.begin(), out_.end(), [](const ThingChange& a, const ThingChange& b) {
            const auto name = [](const ThingChange& each) -> const std::string& { return each.name.empty() ? each.old_name : each.name; };
            return std::tie(a.kind, name(a), a.word) < std::tie(b.kind, name(b), b.word);
        });
        return std::move(out_);
    }

private:
    ThingChange& add(const Thing& thing, Fate fate) {
        ThingChange& out = out_.emplace_back();
        out.kind = thing.kind;
        out.word = thing.word;
        out.fate = fate;
        return out;
    }
    void added(const Thing& thing) {
        ThingChange& out = add(thing, Fate::Added);
        out.name = thing.name;
        out.place = new_lines_.place_of(thing);
        for (const Part& each : thing.parts) out.parts.push_back({each.name, {}, each.text, Direction::Same});
        cut(out);
        out.direction = has_named(before_, thing.kind, thing.name) ? Direction::Other : thing.gain;
    }
    void removed(const Thing& thing) {
        ThingChange& out = add(thing, Fate::Removed);
        out.old_name = thing.name;
        out.old_place = old_lines_.place_of(thing);
        for (const Part& each : thing.parts) out.parts.push_back({each.name, each.text, {}, Direction::Same});
        cut(out);
        out.direction = has_named(after_, thing.kind, thing.name) ? Direction::Other : opposite(thing.gain);
    }
    static void cut(ThingChange& out) {
        if (out.kind == ThingKind::Table && out.parts.size() > kMostRows) out.parts.resize(kMostRows);
    }
    void pair(const Thing& was, const Thing& is) {
        std::vector<PartChange> parts = part_changes(was, is);
        const bool moved = old_files_[was.source] != new_files_[is.source];
        if (parts.empty() && was.name == is.name && !moved) return;
        if (is.kind == ThingKind::Table) shorten_rows(was, is, parts);
        ThingChange& out = add(is, !parts.empty() ? Fate::Changed : was.name != is.name ? Fate::Renamed : Fate::Moved);
        out.name = is.name;
        out.old_name = was.name;
        out.place = new_lines_.place_of(is);
        out.old_place = old_lines_.place_of(was);
        out.direction = whole(parts);
        out.parts = std::move(parts);
    }

    const check::Policy &before_, &after_;
    std::vector<std::string> old_files_, new_files_;  ///< by source, as files_of() has them
    Lines old_lines_, new_lines_;
    std::vector<Thing> old_, new_;
    std::vector<ThingChange> out_;
};

}  // namespace

std::vector<ThingChange> structural_changes(const check::Policy& before, const check::Policy& after) {
    return Comparing(before, after).run();
}

}  // namespace writ::analyze

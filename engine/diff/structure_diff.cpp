// Compares two lists of things: by name, then by content for those without a partner.
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "diff/structure.h"
#include "diff/structure_parts.h"

namespace writ::diff {

namespace {

constexpr std::size_t kMostRows = 100;  ///< rows of a table that are listed one by one

/// Finds line numbers by binary search.
class LineNumbers {
public:
    explicit LineNumbers(const check::Policy& policy) : policy_(policy), starts_(policy.sources.size()) {}

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
    std::vector<std::vector<std::uint32_t>> starts_;  ///< by source, computed on first use
};

// ---- parts ------------------------------------------------------------------------------------

using Parts = std::vector<const PolicyPart*>;

/// The parts of `some` that are not in `others`, in order; of equal ones, as many as there are more.
Parts without(const std::vector<PolicyPart>& some, const std::vector<PolicyPart>& others) {
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> there;
    for (const PolicyPart& each : others) ++there[{each.name, each.key}];
    Parts out;
    for (const PolicyPart& each : some) {
        const auto found = there.find({each.name, each.key});
        if (found == there.end() || found->second == 0)
            out.push_back(&each);
        else
            --found->second;
    }
    return out;
}

Direction both(Direction a, Direction b) {
    return static_cast<Direction>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// A field that accepts weaker or more sources is wider.
Direction admission(const Admits& was, const Admits& is) {
    if (was.key != is.key) return Direction::Other;
    const auto towards = [](auto from, auto to) {
        return from == to ? Direction::Same : to > from ? Direction::Wider : Direction::Narrower;
    };
    return both(towards(was.max, is.max), opposite(towards(was.weakest, is.weakest)));
}

Direction growth(const PolicyPart& was, const PolicyPart& is) {
    if (is.grow == Direction::Same) return Direction::Same;
    if (was.admits && is.admits) return admission(*was.admits, *is.admits);
    if (was.measure && is.measure) return *is.measure > *was.measure ? is.grow : opposite(is.grow);
    if (was.members.empty() || is.members.empty()) return Direction::Other;
    const auto holds = [](const PolicyPart& all, const PolicyPart& some) {
        return std::includes(all.members.begin(), all.members.end(), some.members.begin(), some.members.end());
    };
    return holds(is, was) ? is.grow : holds(was, is) ? opposite(is.grow) : Direction::Other;
}

void tell_members(const PolicyPart& was, const PolicyPart& is, std::vector<PartChange>& out) {
    const auto lacks = [](const PolicyPart& part, const PartMember& member) {
        return !std::binary_search(part.members.begin(), part.members.end(), member);
    };
    const std::string name(is.each_member);
    for (const PartMember& each : was.members)
        if (lacks(is, each)) out.push_back({name, each.text, {}, opposite(is.grow)});
    for (const PartMember& each : is.members)
        if (lacks(was, each)) out.push_back({name, {}, each.text, is.grow});
}

/// Parts by their subject, if there is exactly one; null: there are more.
std::unordered_map<std::string_view, const PolicyPart*> by_subject(const Parts& parts) {
    std::unordered_map<std::string_view, const PolicyPart*> out;
    for (const PolicyPart* each : parts) {
        if (each->about.empty()) continue;
        const auto [at, fresh] = out.try_emplace(each->about, each);
        if (!fresh) at->second = nullptr;
    }
    return out;
}

std::vector<PartChange> part_changes(const Thing& before, const Thing& after) {
    const Parts gone = without(before.parts, after.parts), come = without(after.parts, before.parts);
    const auto old_subjects = by_subject(gone), new_subjects = by_subject(come);
    const auto partner = [](const auto& subjects, const auto& own, const PolicyPart* part) -> const PolicyPart* {
        const auto found = subjects.find(part->about);
        const bool alone = !part->about.empty() && own.at(part->about) != nullptr;
        return alone && found != subjects.end() ? found->second : nullptr;
    };
    std::vector<PartChange> out;
    for (const PolicyPart* was : gone) {
        const PolicyPart* is = partner(new_subjects, old_subjects, was);
        if (is == nullptr)
            out.push_back({was->name, was->text, {}, opposite(was->gain)});
        else if (!is->each_member.empty() && !was->each_member.empty())
            tell_members(*was, *is, out);
        else
            out.push_back({is->name, was->text, is->text, growth(*was, *is)});
    }
    for (const PolicyPart* is : come)
        if (partner(old_subjects, new_subjects, is) == nullptr) out.push_back({is->name, {}, is->text, is->gain});
    return out;
}

Direction whole(const std::vector<PartChange>& parts) {
    Direction out = Direction::Same;
    for (const PartChange& each : parts) out = both(out, each.direction);
    return out;
}

/// Very many rows of a table may have changed: adds their number, and the first ones.
void shorten_rows(const Thing& before, const Thing& after, std::vector<PartChange>& parts) {
    const auto is_row = [](const auto& each) { return each.part == "row"; };
    const auto differing = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), is_row));
    if (differing == 0) return;
    std::size_t kept = 0;
    std::erase_if(parts, [&](const PartChange& each) { return is_row(each) && kept++ >= kMostRows; });
    const auto rows = [](const Thing& table) {
        return static_cast<std::size_t>(std::count_if(table.parts.begin(), table.parts.end(),
                                                      [](const PolicyPart& each) { return each.name == "row"; }));
    };
    const std::string told = differing > kMostRows ? ", " + std::to_string(differing) + " differ" : "";
    parts.insert(parts.begin(),
                 {"rows", std::to_string(rows(before)), std::to_string(rows(after)) + told, Direction::Other});
}

// ---- things -----------------------------------------------------------------------------------

template <class Item>
void note_shared(const std::vector<Item>& items, check::SharedNames::Names& shared) {
    check::SharedNames::Names known;
    for (const Item& each : items)
        if (!known.insert(each.name).second) shared.insert(each.name);
}

std::string_view module_name(const Thing& thing) {
    return std::string_view(thing.name).substr(0, thing.module);
}
std::string_view name_of(const Thing& thing) {
    return std::string_view(thing.name).substr(thing.module == 0 ? 0 : thing.module + 1);
}

/// Whether a side has something of a kind with a name that others may use without a module: it may have replaced what
/// the other side had with that name.
bool has_named(const check::Policy& side, const Thing& thing) {
    const std::string_view name = name_of(thing);
    const auto in = [&](const auto& items) {
        return std::any_of(items.begin(), items.end(), [&](const auto& each) { return each.name == name; });
    };
    switch (thing.kind) {
        case ThingKind::Table: return in(side.tables);
        case ThingKind::Claims: return in(side.kinds);
        // There is always a tier, which has no members if none is declared.
        case ThingKind::Enum: return name == "tier" ? side.tier.valid() : in(side.enums);
        default: return false;
    }
}

/// Whether only this program's library has it, and the other side does not import the module: then the import was
/// added or removed.
bool is_of_an_import(const Thing& thing, const check::Policy& own, const check::Policy& other) {
    if (thing.source < own.given_sources || (thing.kind != ThingKind::Claims && thing.kind != ThingKind::Enum))
        return false;
    for (std::uint32_t i = 0; i < other.files.size(); ++i)
        if (check::module_of(other, i) == module_name(thing)) return false;
    return true;
}

/// What makes a thing the same with another name.
std::string content_of(const Thing& thing) {
    std::vector<std::string> parts;
    for (const PolicyPart& each : thing.parts) parts.push_back(joint_key({each.name, each.key}));
    std::sort(parts.begin(), parts.end());
    parts.push_back(thing.word);
    return joint_key(parts);
}

using Key = std::tuple<ThingKind, std::string_view, std::string_view, std::string_view>;
Key key_of(const Thing& thing) {
    return {thing.kind, thing.word, module_name(thing), name_of(thing)};
}

class Comparing {
public:
    Comparing(const check::Policy& before, const check::Policy& after)
        : before_(before),
          after_(after),
          old_files_(file_names(before)),
          new_files_(file_names(after)),
          old_lines_(before),
          new_lines_(after) {
        const check::SharedNames shared = shared_names(before, after);
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
            const auto name = [](const ThingChange& each) -> const std::string& {
                return each.name.empty() ? each.old_name : each.name;
            };
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
        if (is_of_an_import(thing, after_, before_)) return;
        ThingChange& out = add(thing, Fate::Added);
        out.name = thing.name;
        out.place = new_lines_.place_of(thing);
        for (const PolicyPart& each : thing.parts) out.parts.push_back({each.name, {}, each.text, Direction::Same});
        cut(out);
        out.direction = has_named(before_, thing) ? Direction::Other : thing.gain;
    }
    void removed(const Thing& thing) {
        if (is_of_an_import(thing, before_, after_)) return;
        ThingChange& out = add(thing, Fate::Removed);
        out.old_name = thing.name;
        out.old_place = old_lines_.place_of(thing);
        for (const PolicyPart& each : thing.parts) out.parts.push_back({each.name, each.text, {}, Direction::Same});
        cut(out);
        out.direction = has_named(after_, thing) ? Direction::Other : opposite(thing.gain);
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
    std::vector<std::string> old_files_, new_files_;  ///< by source, from file_names()
    LineNumbers old_lines_, new_lines_;
    std::vector<Thing> old_, new_;
    std::vector<ThingChange> out_;
};

}  // namespace

check::SharedNames shared_names(const check::Policy& before, const check::Policy& after) {
    check::SharedNames out;
    for (const check::Policy* side : {&before, &after}) {
        note_shared(side->tools, out.tools);
        note_shared(side->issuers, out.issuers);
        note_shared(side->groups, out.issuers);
        note_shared(side->tables, out.tables);
        note_shared(side->enums, out.enums);
        note_shared(side->kinds, out.kinds);
    }
    return out;
}

std::vector<ThingChange> structural_changes(const check::Policy& before, const check::Policy& after) {
    return Comparing(before, after).run();
}

}  // namespace writ::diff

// The widenings of a change.
#include <map>

#include "writ/diff.h"

namespace writ {

namespace {

/// Wider, or not known to be anything else.
bool may_widen(Direction direction) {
    return direction == Direction::Wider || direction == Direction::Other;
}

}  // namespace

std::vector<Widening> widenings(const PolicyDiff& diff) {
    std::map<std::pair<std::string, std::string>, Widening> found;  // by name and word
    const auto of = [&](const std::string& word, const std::string& name) -> Widening& {
        Widening& out = found[{name, word}];
        out.word = word;
        out.name = name;
        return out;
    };
    for (const DecisionGroup& group : diff.groups)
        if (group.shift.widens())
            for (const Cause& cause : group.causes) of(cause.word, cause.name).decisions.push_back(&group);
    for (const ThingChange& change : diff.structure)
        if (may_widen(change.direction))
            of(change.word, change.name.empty() ? change.old_name : change.name).change = &change;
    std::vector<Widening> out;
    for (auto& [key, widening] : found) out.push_back(std::move(widening));
    return out;
}

bool unexplained(const PolicyDiff& diff) {
    return diff.before.digest != diff.after.digest && diff.structure.empty() && diff.files.empty();
}

}  // namespace writ

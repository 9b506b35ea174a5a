#include "diff/side.h"

#include <algorithm>

#include "base/held.h"

namespace writ::diff {

namespace {

Layers layers_of(const std::vector<Bundle>& above, const Bundle& own) {
    std::vector<Bundle> all = above;
    all.push_back(own);
    return Layers(std::move(all));
}

}  // namespace

DiffSide::DiffSide(const Workspace& own, const std::vector<Bundle>& above)
    : workspace(own), request_(layers_of(above, held(own.bundle()))), witness_(request_.layers()), own_(above.size()) {}

void DiffSide::decide(std::string_view request) {
    refusal.reset();
    if (auto read = request_.parse(request); !read) refusal = std::move(read.error());
    witness_.evaluate(request_, decision);
    if (refusal) {
        applying = {};
        return;
    }
    witness_.read(own_, applying);
    for (auto* each : {&applying.permits, &applying.used, &applying.denies, &applying.requirements, &applying.limits,
                       &applying.obligations})
        name(*each);
}

void DiffSide::read_permits() {
    witness_.read_permits(request_, own_, applying.permits);
    name(applying.permits);
}

void DiffSide::name(std::vector<std::uint32_t>& rules) const {
    for (std::uint32_t& rule : rules) rule = ids[rule];
    std::sort(rules.begin(), rules.end());
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
}

const std::vector<RuleId>& DiffSide::shaping(RuleKind kind) const {
    switch (kind) {
        case RuleKind::Permit: return applying.used;
        case RuleKind::Deny: return applying.denies;
        case RuleKind::Require: return applying.requirements;
        case RuleKind::Limit: return applying.limits;
        case RuleKind::Oblige: return applying.obligations;
    }
    return applying.used;
}

}  // namespace writ::diff

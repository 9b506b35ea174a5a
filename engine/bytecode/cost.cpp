#include "bytecode/code_check.h"

namespace writ::bytecode {

std::uint64_t step_bound(const Program& program, const RuleRef& rule) {
    // A verified program has a layout and sound code; anything else has no bound to speak of.
    const auto layout = Layout::make(program);
    if (!layout) return UINT64_MAX;
    CodeCheck check(program, *layout);
    const auto facts = check.read(rule);
    return facts ? sat_times(facts->bound, rule_runs(facts->time_tests)) : UINT64_MAX;
}

}  // namespace writ::bytecode

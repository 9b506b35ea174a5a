// Shows the index: how each rule is found.
#include <fmt/format.h>

#include "bytecode/index.h"

namespace writ::bytecode {

namespace {

class Describer {
public:
    explicit Describer(const Program& program) : program_(program) {}

    std::string run() {
        std::size_t always = 0;
        for (const IndexGroupRef& group : program_.index_groups) always += is_always(group) ? group.rule_count : 0;
        out_ = fmt::format("rules {}, groups {}, tried on every request {}\n", program_.rules.size(),
                           program_.index_groups.size(), always);
        for (const bool first : {true, false})
            for (const IndexGroupRef& group : program_.index_groups)
                if (is_always(group) == first) group_of(group);
        return std::move(out_);
    }

private:
    void group_of(const IndexGroupRef& group) {
        out_ += "\n" + describe_group(program_, group) + "\n";
        for (const std::uint32_t rule : program_.index_rules.subspan(group.first_rule, group.rule_count))
            line(group, rule);
    }

    void line(const IndexGroupRef& group, std::uint32_t index) {
        const RuleRef& rule = program_.rules[index];
        const Asks asks(program_, program_.code_of(rule));
        out_ += "  " + describe_rule(program_, rule);
        if (is_always(group)) {
            out_ += asks.all().empty()
                        ? ": it does not in every case compare a fact with a constant, a literal prefix or a range"
                        : ": its sets are too long, or too few rules are similar";
        } else if (static_cast<Path>(group.path) == Path::Prefix) {
            const Prefix prefix = prefix_of(program_, *asks.find(Ask::Sort::Prefix, group.ordered));
            out_ += fmt::format(": \"{}\"", program_.text(prefix.text).substr(0, prefix.length));
        } else if (static_cast<Path>(group.path) == Path::Range) {
            const IntegerRange range = range_of(program_, rule, asks, group.ordered);
            out_ += fmt::format(": {}..{}", range.low == INT64_MIN ? "" : std::to_string(range.low),
                                range.high == INT64_MAX ? "" : std::to_string(range.high));
        }
        out_ += '\n';
    }

    const Program& program_;
    std::string out_;
};

}  // namespace

std::string describe_rule(const Program& program, const RuleRef& rule) {
    const OriginRef& origin = program.origins[rule.origin];
    return fmt::format("{}.{} ({}:{})", program.text(origin.module), program.text(rule.name), program.text(origin.file),
                       rule.line);
}

std::string describe_group(const Program& program, const IndexGroupRef& group) {
    const auto fact = [&](std::uint32_t slot) {
        return slot == kToolKey ? "tool" : program.text(program.slots[slot].path);
    };
    std::string how;
    for (const std::uint32_t key : program.index_keys.subspan(group.first_key, group.key_count))
        how += fmt::format("{}{}", how.empty() ? "" : ", ", fact(key));
    const Path path = static_cast<Path>(group.path);
    if (path != Path::List)
        how += fmt::format("{}the {} of {}", how.empty() ? "" : ", then ", path == Path::Prefix ? "prefix" : "range",
                           fact(group.ordered));
    return fmt::format("{} {}{} {}{}", group.rule_count, group.permits == 1 ? "permit" : "narrowing rule",
                       group.rule_count == 1 ? "" : "s", is_always(group) ? "tried on every request" : "found by ",
                       how);
}

std::string describe_index(const Program& program) {
    return Describer(program).run();
}

}  // namespace writ::bytecode

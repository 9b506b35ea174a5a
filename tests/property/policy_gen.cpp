#include "policy_gen.h"

#include <algorithm>

#include "cond_gen.h"
#include "universe.h"

namespace writ::property {

// ---- text -------------------------------------------------------------------------------------

std::string Cond::render() const {
    std::string out = before;
    for (std::size_t i = 0; i < kids.size(); ++i) out += (i > 0 ? between : "") + kids[i].render();
    return out + after;
}

std::string RuleText::render() const {
    static constexpr const char* kKinds[] = {"permit", "deny", "require", "limit", "oblige"};
    std::string out = std::string(kKinds[static_cast<unsigned>(kind)]) + " " + name + head + "\n";
    for (std::size_t i = 0; i < when.size(); ++i) out += (i == 0 ? "  when " : "   and ") + when[i].render() + "\n";
    if (!tail.empty()) out += "  " + tail + "\n";
    return out + "\n";
}

std::string PolicyText::render(std::vector<Extent>* extents) const {
    std::string out(Universe::preamble());
    out += "\n";
    const auto append = [&](const std::string& text) {
        if (extents != nullptr) extents->push_back({out.size(), out.size() + text.size()});
        out += text;
    };
    for (const std::string& define : defines) append(define + "\n");
    out += "\n";
    for (const RuleText& rule : rules) append(rule.render());
    return out;
}

// ---- rules ------------------------------------------------------------------------------------

namespace {

constexpr const char* kTools[] = {"t1", "t2", "t3"};

std::string random_duration(Rng& rng) {
    return rng.pick({"30s", "1m", "90s", "5m", "15m", "1h", "24h"});
}

std::string braces(const std::vector<std::string>& items) {
    std::string out = "{ ";
    for (std::size_t i = 0; i < items.size(); ++i) out += (i > 0 ? ", \"" : "\"") + items[i] + "\"";
    return out + (items.empty() ? "}" : " }");
}

std::vector<std::string> some_of(Rng& rng, std::vector<std::string> from, unsigned chance) {
    const std::string one = rng.pick(from);
    std::erase_if(from, [&](const std::string& each) { return each != one && !rng.percent(chance); });
    return from;
}

/// Scopes of one of the tools; of any tool if none is named.
std::vector<std::string> offered(const std::vector<std::size_t>& tools) {
    const check::Policy& policy = universe().policy();
    std::vector<std::string> out;
    for (const char* scope : {"s1", "s2", "s3", "s4", "s5"}) {
        const bool any = tools.empty() || std::any_of(tools.begin(), tools.end(), [&](std::size_t tool) {
                             const auto& scopes = policy.tools[tool].scopes;
                             return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
                         });
        if (any) out.emplace_back(scope);
    }
    return out;
}

class RuleGen {
public:
    RuleGen(Rng& rng, const PolicyShape& shape) : rng_(rng), shape_(shape) {}

    RuleText rule(RuleKind kind, const std::string& name) {
        RuleText out;
        out.kind = kind;
        out.name = name;
        if (rng_.percent(20)) {
            row_ = true;
            out.head += " for each row in tenants";
        }
        const bool for_tool = rng_.percent(kind == RuleKind::Permit ? 70 : 30);
        if (for_tool) pick_tools(out.head);
        CondScope scope;
        scope.narrowing = kind != RuleKind::Permit;
        scope.tools = tools_;
        scope.row = row_;
        scope.reads_want = shape_.reads_want;
        CondGen conditions(rng_, scope);
        if (shape_.indexable) {
            for (std::size_t i = rng_.between(1, 3); i > 0; --i) out.when.push_back(conditions.indexable());
        } else if (kind == RuleKind::Permit) {
            if (rng_.percent(70)) out.when.push_back(conditions.likely());
            while (out.when.empty() || rng_.percent(30))
                out.when.push_back(conditions.condition(rng_.below(shape_.depth + 1)));
        } else if (kind == RuleKind::Deny) {
            if (rng_.percent(75)) out.when.push_back(conditions.unlikely());
            while (out.when.empty() || rng_.percent(60))
                out.when.push_back(conditions.condition(rng_.below(shape_.depth + 1)));
        } else if (!for_tool || rng_.percent(80)) {
            if (rng_.percent(30)) out.when.push_back(conditions.unlikely());
            while (out.when.empty() || rng_.percent(50))
                out.when.push_back(conditions.condition(rng_.below(shape_.depth + 1)));
        }
        out.tail = effect(kind);
        if (rng_.percent(10)) out.tail += " because \"why " + name + "\"";
        return out;
    }

private:
    void pick_tools(std::string& head) {
        const std::size_t first = rng_.below(3);
        tools_ = {first};
        head += std::string(" for tool ") + kTools[first];
        if (!rng_.percent(35)) return;
        const std::size_t second = (first + 1 + rng_.below(2)) % 3;
        tools_.push_back(second);
        head += std::string(", ") + kTools[second];
    }

    std::string scope_set() {
        const std::vector<std::string> all = offered(tools_);
        // Rows of the table contain s2 and s3; `some_scopes` contains both.
        const bool twos = tools_ != std::vector<std::size_t>{2};
        switch (rng_.below(6)) {
            case 0:
                if (tools_.empty()) break;
                return rng_.percent(70) ? "tool.scopes" : "tool.scopes & " + braces(some_of(rng_, all, 70));
            case 1:
                if (twos) return "some_scopes";
                break;
            case 2:
                if (twos)
                    return braces(some_of(rng_, all, 40)) + rng_.pick({" | ", " - "}) + std::string("some_scopes");
                break;
            case 3:
                if (row_ && twos) return "{ row.scope }";
                break;
            default: break;
        }
        return braces(some_of(rng_, all, 70));
    }

    std::string duration() { return row_ && rng_.percent(30) ? "row.wait" : random_duration(rng_); }

    std::string limit_item(std::size_t which) {
        switch (which) {
            case 0: return "ttl " + duration();
            case 1: return "scopes " + (rng_.percent(8) ? "{}" : scope_set());
            case 2:
                if (!tools_.empty() && rng_.percent(25)) return "audience tool.audience";
                return "audience " + braces(some_of(rng_,
                                                    {"https://t1.example", "https://t2.example", "https://t2b.example",
                                                     "https://t3.example"},
                                                    75));
            default: return "single_use";
        }
    }

    std::string argument() {
        switch (rng_.below(row_ ? 9 : 7)) {
            case 0: return "level: " + std::string(rng_.pick({"\"full\"", "\"a \\\"b\\\" \\\\ c\""}));
            case 1: return "keep: " + random_duration(rng_);
            case 2: return "times: " + std::to_string(rng_.below(4));
            case 3: return "rate: " + std::string(rng_.pick({"0.5", "2.50", "1000.000001"}));
            case 4: return "strict: " + std::string(rng_.pick({"true", "false"}));
            case 5: return "who: " + braces(some_of(rng_, {"ops", "leads", "dev", "a"}, 50));
            case 6: return "staff_only: staff";
            case 7: return "cap: row.cap";
            default: return rng_.pick({"to: row.owner", "to: row.groups", "to: row.grade"});
        }
    }

    std::string obligations() {
        std::string out = "with ";
        const std::size_t count = rng_.between(1, 2);
        for (std::size_t i = 0; i < count; ++i) {
            out += (i > 0 ? ", " : "") + std::string(rng_.pick({"audit", "notify", "record"}));
            if (rng_.percent(70)) {
                const std::string first = argument(), second = argument();
                out += "(" + first;
                if (first.substr(0, 3) != second.substr(0, 3)) out += ", " + second;
                out += ")";
            }
        }
        return out;
    }

    std::string effect(RuleKind kind) {
        switch (kind) {
            case RuleKind::Permit: return "grant " + scope_set() + " for " + duration();
            case RuleKind::Deny: return {};
            case RuleKind::Require:
                return std::string(rng_.pick({"approval", "approval", "2 approvals"})) + " from group " +
                       rng_.pick({"\"leads\"", "\"ops\", \"leads\"", "\"dev\""}) + " within " + duration();
            case RuleKind::Limit: {
                std::string out = "to ";
                std::size_t which = rng_.below(4);
                out += limit_item(which);
                if (rng_.percent(30)) out += ", " + limit_item((which + 1) % 4);
                return out;
            }
            case RuleKind::Oblige: return obligations();
        }
        return {};
    }

    Rng& rng_;
    const PolicyShape& shape_;
    std::vector<std::size_t> tools_;
    bool row_ = false;
};

/// `permit x extends y`: further conjuncts, and sometimes a wider bound than the base's.
void add_extension(Rng& rng, PolicyText& policy, const PolicyShape& shape) {
    RuleText& base = policy.rules.front();
    const bool amount = base.head.find("for tool t1") != std::string::npos && base.head.find("t3") == std::string::npos;
    const auto leaf = [](std::string text) { return Cond{Cond::Shape::Leaf, std::move(text), {}, {}, {}}; };
    if (amount) base.when.push_back(leaf("params.amount <= " + std::string(rng.pick({"1.5", "499.99", "500"}))));
    RuleText out;
    out.kind = RuleKind::Permit;
    out.name = base.name + "_more";
    out.head = " extends " + base.name;
    if (amount) {
        out.when.push_back(leaf("params.amount <= 1000.00"));
    } else {
        CondScope scope;
        scope.reads_want = shape.reads_want;
        out.when.push_back(CondGen(rng, scope).condition(1));
    }
    if (rng.percent(40) && base.head.find("each") == std::string::npos) {
        const auto grant = base.tail.substr(0, base.tail.rfind(" for "));
        out.tail = grant + " for " + random_duration(rng);
    }
    policy.rules.push_back(std::move(out));
}

}  // namespace

PolicyShape random_shape(Rng& rng) {
    PolicyShape shape;
    shape.permits = rng.between(1, 5);
    shape.denies = rng.below(3);
    shape.requires_ = rng.percent(60) ? rng.between(1, 2) : 0;
    shape.limits = rng.below(4);
    shape.obliges = rng.below(3);
    shape.depth = rng.between(1, 3);
    shape.indexable = rng.percent(30);
    if (shape.indexable) {
        shape.permits = rng.between(2, 16);
        shape.denies = rng.below(12);
        shape.limits = rng.below(16);
        shape.obliges = rng.below(8);
    }
    return shape;
}

RuleText random_rule(Rng& rng, RuleKind kind, const std::string& name, const PolicyShape& shape) {
    return RuleGen(rng, shape).rule(kind, name);
}

PolicyText random_policy(Rng& rng, const PolicyShape& shape) {
    PolicyText out;
    out.defines = random_defines(rng, shape.reads_want);
    const auto add = [&](RuleKind kind, const char* prefix, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            out.rules.push_back(random_rule(rng, kind, prefix + std::to_string(i), shape));
    };
    add(RuleKind::Permit, "p", shape.permits);
    // Most policies have one permit that often applies, so that narrowing rules have an effect.
    if (shape.permits > 0 && rng.percent(70)) {
        RuleText& easy = out.rules.back();
        easy.head.clear();
        easy.when = {CondGen(rng, {}).likely()};
        easy.tail = "grant " +
                    std::string(rng.pick({"{ \"s1\", \"s2\", \"s3\", \"s4\" }", "{ \"s2\", \"s4\", \"s5\" }"})) +
                    " for " + random_duration(rng);
    }
    if (shape.permits > 0 && rng.percent(30)) add_extension(rng, out, shape);
    add(RuleKind::Deny, "d", shape.denies);
    add(RuleKind::Require, "r", shape.requires_);
    add(RuleKind::Limit, "l", shape.limits);
    add(RuleKind::Oblige, "o", shape.obliges);
    return out;
}

// ---- shrinking --------------------------------------------------------------------------------

static std::vector<Cond> smaller(const Cond& cond) {
    std::vector<Cond> out;
    if (cond.shape == Cond::Shape::Join || cond.shape == Cond::Shape::Not)
        out.insert(out.end(), cond.kids.begin(), cond.kids.end());
    for (std::size_t i = 0; i < cond.kids.size(); ++i) {
        for (Cond& kid : smaller(cond.kids[i])) {
            Cond copy = cond;
            copy.kids[i] = std::move(kid);
            out.push_back(std::move(copy));
        }
    }
    return out;
}

std::vector<PolicyText> smaller(const PolicyText& policy) {
    std::vector<PolicyText> out;
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        PolicyText copy = policy;
        copy.rules.erase(copy.rules.begin() + static_cast<std::ptrdiff_t>(i));
        out.push_back(std::move(copy));
    }
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        for (std::size_t j = 0; j < policy.rules[i].when.size(); ++j) {
            PolicyText copy = policy;
            auto& when = copy.rules[i].when;
            when.erase(when.begin() + static_cast<std::ptrdiff_t>(j));
            out.push_back(std::move(copy));
            for (Cond& less : smaller(policy.rules[i].when[j])) {
                PolicyText reduced = policy;
                reduced.rules[i].when[j] = std::move(less);
                out.push_back(std::move(reduced));
            }
        }
    }
    for (std::size_t i = 0; i < policy.defines.size(); ++i) {
        PolicyText copy = policy;
        copy.defines.erase(copy.defines.begin() + static_cast<std::ptrdiff_t>(i));
        out.push_back(std::move(copy));
    }
    return out;
}

}  // namespace writ::property

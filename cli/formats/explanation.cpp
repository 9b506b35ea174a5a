#include "cli/formats/explanation.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/terminal/text.h"

namespace writ::cli {

namespace {

constexpr std::size_t kTextColumn = 64;  ///< longer conditions push their facts further right

std::string padded(std::string text, std::size_t width) {
    text.append(width - std::min(width, columns_of(text)), ' ');
    return text;
}

std::string set_text(const std::vector<std::string_view>& items) {
    std::string out;
    for (const std::string_view item : items) out += (out.empty() ? "" : ", ") + ("\"" + safe(item) + "\"");
    return out.empty() ? "{}" : "{ " + out + " }";
}

/// The facts that a condition read, except what its own text shows.
std::string seen(const SeenCondition& condition) {
    std::vector<const SeenFact*> telling;
    for (const SeenFact& fact : condition.facts)
        if (!fact.lack.empty() || (fact.value != "stated" && condition.text.find(fact.value) == std::string::npos))
            telling.push_back(&fact);
    const bool named =
        condition.facts.size() > 1 || (!telling.empty() && condition.text.find(telling[0]->path) == std::string::npos);
    std::string out;
    for (const SeenFact* fact : telling) {
        out += out.empty() ? "" : ", ";
        if (named) out += safe(fact->path) + (fact->lack.empty() ? " " : ": ");
        out += fact->lack.empty() ? "is " + safe(fact->value) : safe(fact->lack);
    }
    return out;
}

class ExplanationPage {
public:
    ExplanationPage(const Explanation& of, bool colour) : of_(of), colours_(palette(colour)) {}

    std::string draw() {
        headline();
        for (const SeenCheck& each : of_.checks) check(each);
        rules();
        dropped();
        if (of_.decision.effect == Effect::Permit && !of_.lifetimes.empty()) lifetime();
        for (const Nearest& each : of_.nearest) nearest(each);
        if (of_.once_approved) once_approved(*of_.once_approved);
        return std::move(out_);
    }

private:
    void headline() {
        const Decision& decision = of_.decision;
        switch (decision.effect) {
            case Effect::Permit:
                out_ += fmt::format("{}permit{} {} for {}{}\n", colours_.good, colours_.reset,
                                    set_text(decision.grant.scopes), span_of(decision.grant.ttl),
                                    decision.grant.single_use ? ", once" : "");
                return;
            case Effect::NeedsApproval:
                out_ += fmt::format("{}needs approval{}\n", colours_.warning, colours_.reset);
                return;
            case Effect::Deny: out_ += fmt::format("{}deny{} {}\n", colours_.error, colours_.reset, codes()); return;
        }
    }

    /// Each reason once.
    [[nodiscard]] std::string codes() const {
        std::vector<std::string> out;
        for (const Reason& reason : of_.decision.reasons)
            if (std::find(out.begin(), out.end(), reason.code) == out.end()) out.emplace_back(reason.code);
        return safe(joined(out, ", "));
    }

    void check(const SeenCheck& each) {
        out_ += fmt::format("\n{}{}{}: {}\n", colours_.bold, safe(each.code), colours_.reset, safe(each.what));
        std::size_t width = 0;
        for (const SeenFact& fact : each.facts) width = std::max(width, columns_of(fact.path));
        for (const SeenFact& fact : each.facts)
            out_ += fmt::format("  {}  {}\n", padded(safe(fact.path), width),
                                safe(fact.lack.empty() ? fact.value : fact.lack));
        if (!each.note.empty()) out_ += fmt::format("  {}\n", safe(each.note));
    }

    // ---- rules ----------------------------------------------------------------------------------

    [[nodiscard]] const SeenApprovals* approvals_of(std::uint32_t rule) const {
        const auto found = std::find_if(of_.approvals.begin(), of_.approvals.end(),
                                        [&](const SeenApprovals& each) { return each.rule == rule; });
        return found == of_.approvals.end() ? nullptr : &*found;
    }

    /// Why a rule matters, in a few words; empty if its kind shows it.
    [[nodiscard]] std::string standing(const SeenRule& rule) const {
        switch (rule.role) {
            case Role::Suspected: return "may apply: not known to be false";
            case Role::Asks: {
                const SeenApprovals* approvals = approvals_of(rule.rule);
                return approvals == nullptr ? "" : fmt::format("{} of {} given", approvals->counted, approvals->needed);
            }
            case Role::Met: return "met";
            case Role::Named:
                if (!rule.for_tool) return "for other tools";
                return fmt::format("{}, {}", truth_name(rule.truth),
                                   rule.truth == Truth::True ? "and did not decide" : "does not apply");
            case Role::Denies:
            case Role::Permits:
            case Role::Limits:
            case Role::Obliges:
            case Role::Nearest: return {};
        }
        return {};
    }

    void heading(const SeenRule& rule, std::string_view before, const std::string& standing) {
        const RuleInfo info = of_.bundle.rule(rule.rule);
        const std::string what = rule.does.empty() ? safe(info.because) : safe(rule.does);
        out_ +=
            fmt::format("\n{}{}{} {}{}{}{}  {}{}:{}{}\n", before, colours_.bold, info.kind, safe(info.name),
                        colours_.reset, what.empty() ? "" : ": " + what, standing.empty() ? "" : " (" + standing + ")",
                        colours_.frame, safe(info.file), info.line, colours_.reset);
        if (!rule.row.empty()) out_ += fmt::format("  for {}\n", safe(rule.row));
    }

    struct Line {
        const SeenCondition* condition;
        std::string text;
    };
    /// For a condition with parts, only the parts that decided its value.
    static void flatten(const SeenCondition& of, std::size_t depth, std::vector<Line>& out) {
        std::string text = safe(of.text);
        if (!of.parts.empty() && columns_of(text) > kTextColumn) text = cut(of.text) + " ...";
        out.push_back({&of, std::string(2 * depth, ' ') + text});
        for (const SeenCondition& part : of.parts)
            if (part.truth == of.truth || of.parts.size() == 1) flatten(part, depth + 1, out);
    }
    static std::string cut(std::string_view text) {
        std::string out;
        std::size_t width = 0;
        for (const Glyph& glyph : glyphs_of(text)) {
            width += glyph.width;
            if (width > kTextColumn - 4) break;
            out += glyph.text;
        }
        return out.substr(0, out.rfind(' '));
    }

    void conditions(const std::vector<SeenCondition>& of) {
        std::vector<Line> lines;
        for (const SeenCondition& each : of) flatten(each, 0, lines);
        std::size_t column = 0;
        for (const Line& line : lines)
            if (!seen(*line.condition).empty() && columns_of(line.text) <= kTextColumn)
                column = std::max(column, columns_of(line.text));
        for (const Line& line : lines) {
            const SeenCondition* condition = line.condition;
            const std::string_view paint = condition->truth == Truth::True    ? colours_.good
                                           : condition->truth == Truth::False ? colours_.error
                                                                              : colours_.warning;
            const std::string saw = seen(*condition);
            const std::string text = saw.empty() ? line.text : padded(line.text, column) + "   " + saw;
            out_ += fmt::format("  {}{:<7}{}  {}\n", paint, truth_name(condition->truth), colours_.reset, text);
        }
    }

    /// In a large policy, many rules may apply in the same way.
    void rules() {
        constexpr std::size_t kMost = 12;
        for (std::size_t i = 0; i < std::min(kMost, of_.rules.size()); ++i) rule(of_.rules[i]);
        if (of_.rules.size() > kMost)
            out_ += fmt::format("\n... and {} more rules; --format json lists all\n", of_.rules.size() - kMost);
    }

    void rule(const SeenRule& rule) {
        heading(rule, "", standing(rule));
        conditions(rule.conditions);
        const SeenApprovals* approvals = rule.role == Role::Asks ? approvals_of(rule.rule) : nullptr;
        if (approvals != nullptr && !approvals->against.empty())
            out_ += fmt::format("  of the approvals present: {}\n", safe(joined(approvals->against, ", ")));
        if (approvals != nullptr && !approvals->unstated.empty())
            out_ += fmt::format("  no approval counts while {} is not stated\n", safe(approvals->unstated));
        if (approvals == nullptr) return;
        for (const Unbound& each : approvals->unbound) {
            out_ += fmt::format("  approvals[{}] is bound to another request:\n", each.approval);
            for (const std::string& difference : each.differences) out_ += fmt::format("    {}\n", safe(difference));
        }
        if (!approvals->unbound.empty() && !of_.once_approved)
            out_ += fmt::format("  an approval must be bound to {}\n", safe(of_.decision.binding_digest));
    }

    // ---- results -------------------------------------------------------------------------------

    [[nodiscard]] std::string name_of(std::uint32_t rule, std::string_view fact) const {
        if (rule == kNoRule) return safe(fact);
        const RuleInfo info = of_.bundle.rule(rule);
        return fmt::format("{} {}{}{}", info.kind, safe(info.name), fact.empty() ? "" : ", ", safe(fact));
    }

    void dropped() {
        if (of_.dropped.empty()) return;
        std::size_t width = 0;
        for (const Dropped& each : of_.dropped) width = std::max(width, columns_of(each.value) + 2);
        out_ += fmt::format("\n{}not granted{}\n", colours_.bold, colours_.reset);
        for (const Dropped& each : of_.dropped)
            out_ +=
                fmt::format("  {}  {}\n", padded("\"" + safe(each.value) + "\"", width), name_of(each.rule, each.by));
    }

    void lifetime() {
        constexpr std::size_t kMost = 4;
        out_ += fmt::format("\n{}lifetime{}\n", colours_.bold, colours_.reset);
        const std::optional<std::int64_t>& horizon = of_.decision.grant.not_after;
        const auto row = [&](std::int64_t micros, const std::string& by) {
            out_ += fmt::format("  {:<10}  {}\n", span_of(micros / 1'000'000), by);
        };
        bool told = !horizon;
        std::size_t count = 0;
        const auto tell_horizon = [&] {
            told = true;
            const std::string by = of_.horizons.empty() ? "" : " " + name_of(of_.horizons.front().rule, {});
            row(*horizon - of_.decision.now,
                fmt::format("until {}, when{} may change the decision", moment(*horizon), by));
        };
        for (const Bound& each : of_.lifetimes) {
            if (count++ == kMost) break;
            if (!told && *horizon - of_.decision.now <= each.micros) tell_horizon();
            row(each.micros, name_of(each.rule, each.fact));
        }
        if (!told) tell_horizon();
    }

    void nearest(const Nearest& near) {
        const std::size_t all = near.holding + near.rule.conditions.size();
        heading(near.rule, "nearest ", fmt::format("{} of {} conditions hold", near.holding, all));
        conditions(near.rule.conditions);
        if (near.changes.empty()) {
            if (!near.open.empty()) out_ += "  no value can be named that would permit\n";
            std::string denies;
            for (const SeenRule& each : of_.rules)
                if (each.role == Role::Denies || each.role == Role::Suspected)
                    denies += (denies.empty() ? "" : ", ") + name_of(each.rule, {});
            if (!denies.empty()) out_ += fmt::format("  a deny prevents it: {}\n", denies);
            return;
        }
        out_ += fmt::format("  {}{}{} with\n", near.effect == Effect::Permit ? colours_.good : colours_.warning,
                            near.effect == Effect::Permit ? "permits" : "needs approval", colours_.reset);
        std::size_t path = 0, from = 0;
        for (const Change& each : near.changes) {
            path = std::max(path, columns_of(each.path));
            from = std::max(from, columns_of(each.from.empty() ? "not stated" : each.from));
        }
        for (const Change& each : near.changes)
            out_ += fmt::format("    {}  {} -> {}\n", padded(safe(each.path), path),
                                padded(safe(each.from.empty() ? "not stated" : each.from), from), safe(each.to));
    }

    void once_approved(const OnceApproved& once) {
        if (once.effect == Effect::Permit) {
            out_ += fmt::format("\nonce approved: {}permit{} {} for {}\n", colours_.good, colours_.reset,
                                set_text({once.scopes.begin(), once.scopes.end()}), span_of(once.ttl));
        } else {
            out_ += fmt::format("\nstill no permit then: {}\n", safe(joined(once.against, ", ")));
        }
        if (!of_.decision.binding_digest.empty()) out_ += fmt::format("bound to {}\n", of_.decision.binding_digest);
    }

    const Explanation& of_;
    Palette colours_;
    std::string out_;
};

}  // namespace

std::string render_explanation(const Explanation& explanation, bool colour) {
    return ExplanationPage(explanation, colour).draw();
}

std::string_view effect_text(Effect effect) {
    switch (effect) {
        case Effect::Permit: return "permit";
        case Effect::NeedsApproval: return "needs approval";
        case Effect::Deny: break;
    }
    return "deny";
}

}  // namespace writ::cli

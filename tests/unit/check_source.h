// Checks policy text in memory, for the checker's tests. The prelude has the declarations that most tests use.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/check.h"
#include "stdlib/stdlib.h"

namespace writ {

inline constexpr std::string_view kPrelude = R"(
import std.kubernetes
import std.github
tier read < write < privileged
issuer prod: kubernetes "https://cluster.example" { audience "https://broker.example" }
issuer ci: github "https://token.actions.githubusercontent.com" { audience "https://broker.example" }
tool refund {
  tier write  audience "https://payments.example"  scopes { "refund:create", "refund:read" }
  params { amount: decimal  currency: string  count: int  card: record { number: string } or none
           items: list<record { sku: string }> max 4 }
}
tool lookup { tier read  audience "https://lookup.example"  scopes { "lookup:read" }  params { amount: int  currency: string } }
)";

struct CheckedText {
    std::unique_ptr<check::Policy> policy;
    std::vector<Diagnostic> items;

    /// The first finding with a code; null if there is none.
    [[nodiscard]] const Diagnostic* find(std::string_view code) const {
        const auto at = std::find_if(items.begin(), items.end(), [&](const Diagnostic& d) { return d.code == code; });
        return at == items.end() ? nullptr : &*at;
    }
    /// The codes in the order of their places, separated by spaces.
    [[nodiscard]] std::string codes() const {
        std::string out;
        for (const auto& item : items) out += (out.empty() ? "" : " ") + item.code;
        return out;
    }
    [[nodiscard]] std::string text_at(const Span& span) const {
        return policy->sources.at(span.source).text.substr(span.begin, span.end - span.begin);
    }
    [[nodiscard]] const check::Rule* rule(std::string_view name) const {
        for (const auto& rule : policy->rules)
            if (rule.name == name) return &rule;
        return nullptr;
    }
    [[nodiscard]] const check::Fact* fact(std::string_view path) const {
        for (const auto& fact : policy->facts)
            if (fact.path == path) return &fact;
        return nullptr;
    }
};

using DataFiles = std::map<std::string, std::string, std::less<>>;

/// `standard`: replacements for modules of the standard library.
inline CheckedText check_sources(std::vector<Source> sources, const DataFiles& files = {}, CompileOptions options = {},
                                 const DataFiles& standard = {}) {
    SourceSet set;
    set.sources = std::move(sources);
    set.read = [&](std::string_view, std::string_view path) -> Result<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return fail(Code::FileUnusable, "there is no such file", std::string(path));
        return found->second;
    };
    static const std::string names = [] {
        std::string all;
        for (const auto name : stdlib::modules()) all.append(name) += '\n';
        return all;
    }();
    Report report(options.max_errors);
    CheckedText out;
    out.policy = check::check(check::parse(
        set,
        [&](std::string_view name) {
            const auto other = standard.find(name);
            if (other != standard.end()) return std::string_view(other->second);
            return name.empty() ? std::string_view(names) : stdlib::module(name);
        },
        options, report));
    out.items = report.take();
    return out;
}

inline CheckedText check_text(std::string_view text, const DataFiles& files = {}, CompileOptions options = {}) {
    return check_sources({{"policy.writ", std::string(kPrelude) + std::string(text)}}, files, std::move(options));
}

/// Checks the condition in a permit, which needs no guards, or in a deny, which does.
inline CheckedText check_condition(std::string_view condition) {
    return check_text("permit it for tool refund when " + std::string(condition) +
                      " grant { \"refund:create\" } for 5m");
}
inline CheckedText check_narrowing(std::string_view condition) {
    return check_text("deny it for tool refund when " + std::string(condition));
}

}  // namespace writ

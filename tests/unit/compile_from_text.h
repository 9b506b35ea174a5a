// Compiles policy text to a program, for tests of the compiler: a preamble with a tier, two issuers and two tools,
// then the test's text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/report.h"
#include "bytecode/program.h"
#include "check/check.h"
#include "compile/compile.h"
#include "stdlib/stdlib.h"

namespace writ::testing {

constexpr std::string_view kPreamble = R"writ(
tier read < write < privileged
claims k8s {
  sub: subject  namespace: string  level: int  groups: set<string>
  parse sub { "sa:{ns}:{name}" "svc:{rest**}" }
}
issuer prod: k8s "https://prod.example" { audience "broker" }
issuer ci: k8s "https://ci.example" { audience "broker"  max_age 10m  leeway 30s }
tool refund { tier write  audience "https://pay.example"  scopes { "refund:create", "refund:read" }
              params { amount: decimal  note: string  tags: set<string> } }
tool lookup "data/lookup" { tier read  audience "https://data.example"  scopes { "data:read" }
              params { note: string  limit: int } }
)writ";

struct FromText {
    std::unique_ptr<check::Policy> policy;
    std::vector<std::byte> bytes;
    std::vector<std::string> codes;  ///< of errors
    std::shared_ptr<const bytecode::Program> program;

    [[nodiscard]] std::string listing() const { return program ? bytecode::disassemble(*program) : std::string(); }
    /// The instructions of the only rule with this name, without numbers and targets:
    /// `TextEq tenant, "acme"`, joined by ` | `.
    [[nodiscard]] std::string code(std::string_view rule) const {
        const std::string all = listing();
        std::size_t at = all.find("." + std::string(rule) + " (");
        if (at == std::string::npos) return "no such rule";
        std::string out;
        for (at = all.find('\n', at) + 1; at < all.size() && all[at] == ' '; at = all.find('\n', at) + 1) {
            std::string line = all.substr(at, all.find('\n', at) - at);
            if (line[2] < '0' || line[2] > '9') continue;  // a line that shows an effect
            line = line.substr(7);
            if (const auto jump = line.rfind("  ");
                jump != std::string::npos && line.find("->", jump) != std::string::npos)
                line.resize(jump);
            std::string word;
            bool space = false, quoted = false;
            for (const char c : line) {
                if (c == '"') quoted = !quoted;
                if (c == ' ' && !quoted) {
                    space = !word.empty();
                    continue;
                }
                if (space) word += ' ';
                space = false;
                word += c;
            }
            if (!out.empty()) out += " | ";
            out += word;
        }
        return out;
    }
};

using DataFile = std::function<Result<std::string>(std::string_view, std::string_view)>;

/// Compiles. Errors of the checker fail the test; errors of the compiler are in `codes`.
inline FromText from_text(std::string_view rules, DataFile read = nullptr, std::uint64_t max_steps = UINT64_MAX - 1) {
    SourceSet sources;
    sources.sources.push_back({"policy.writ", std::string(kPreamble) + std::string(rules)});
    sources.read = std::move(read);
    Report report;
    FromText out;
    out.policy =
        check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
    for (const Diagnostic& d : report.take()) {
        CAPTURE(d.message);
        CAPTURE(d.code);
        REQUIRE(d.severity == Severity::Warning);
    }
    out.bytes = compiler::lower(*out.policy, max_steps, report);
    for (const Diagnostic& d : report.take()) out.codes.push_back(d.code);
    if (!out.codes.empty()) return out;
    auto opened = bytecode::Program::open(out.bytes);
    const std::string refused =
        opened ? "" : opened.error().code + " " + opened.error().message + " " + opened.error().context;
    REQUIRE(refused == "");
    out.program = *opened;
    return out;
}

/// A data file that has the same content for every name.
inline DataFile data(std::string text) {
    return [text = std::move(text)](std::string_view, std::string_view) -> Result<std::string> { return text; };
}

}  // namespace writ::testing

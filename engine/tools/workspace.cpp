#include <string>
#include <string_view>
#include <utility>

#include "analyze/reference.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/report.h"
#include "base/source.h"
#include "bytecode/index.h"
#include "bytecode/program.h"
#include "check/check.h"
#include "compile/compile.h"
#include "stdlib/stdlib.h"
#include "syntax/parse.h"
#include "tools/explain.h"
#include "tools/lint.h"
#include "tools/test_runner.h"
#include "writ/tools.h"

namespace writ {

namespace {

/// The text of a module of the standard library; of the empty name the names of all, a line each.
std::string_view standard_module(std::string_view name) {
    static const std::string names = [] {
        std::string all;
        for (const std::string_view each : stdlib::modules()) all.append(each) += '\n';
        return all;
    }();
    return name.empty() ? std::string_view(names) : stdlib::module(name);
}

}  // namespace

struct Workspace::Impl {
    SourceSet sources;        ///< their texts plain
    std::vector<Ends> ends;   ///< by source: what its text was before
    CompileOptions options;
    std::unique_ptr<check::Policy> policy;
    Diagnostics diagnostics;
    std::optional<Bundle> bundle;

    Impl(SourceSet given, CompileOptions chosen) : sources(std::move(given)), options(std::move(chosen)) {
        for (Source& source : sources.sources) {
            ends.push_back(ends_of(source.text));
            source.text = plain_text(source.text);
        }
        Report report(options.max_errors);
        policy = check::check(sources, sources.standard ? sources.standard : standard_module, options, report);
        std::vector<std::byte> sealed;
        if (report.error_count() == 0) sealed = compiler::lower(*policy, options.max_steps, report);
        const bool clean = report.error_count() == 0;
        diagnostics.items = report.take();
        diagnostics.sources = policy->sources;
        if (clean) open(std::move(sealed));
    }

    /// Even what was compiled a moment ago passes the verifier before it can decide anything.
    void open(std::vector<std::byte> sealed) {
        auto program = bytecode::Program::open(std::move(sealed));
        if (program) {
            bundle.emplace(std::move(*program));
            return;
        }
        Diagnostic d;
        d.code = program.error().code;
        d.message = "the compiled bundle does not verify: " + program.error().message + " (" + program.error().context + ")";
        d.help = "this is a defect of the compiler, not of the policy; please report it";
        diagnostics.items.push_back(std::move(d));
    }

    /// The listing of each given source, under its name where there are several.
    template <class List>
    [[nodiscard]] std::string each_source(List list) const {
        std::string out;
        for (std::size_t i = 0; i < sources.sources.size(); ++i) {
            if (sources.sources.size() > 1) out += "== " + sources.sources[i].name + "\n";
            out += list(i);
        }
        return out;
    }
};

Workspace::Workspace(SourceSet sources, CompileOptions options)
    : impl_(std::make_unique<Impl>(std::move(sources), std::move(options))) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

const Diagnostics& Workspace::diagnostics() const { return impl_->diagnostics; }
const std::optional<Bundle>& Workspace::bundle() const { return impl_->bundle; }
const check::Policy& Workspace::policy() const { return *impl_->policy; }

std::string Workspace::dump(Dump form) const {
    const check::Policy& policy = *impl_->policy;
    switch (form) {
        case Dump::Tokens:
            return impl_->each_source([&](std::size_t i) { return syntax::dump_tokens(impl_->sources.sources[i].text); });
        case Dump::Ast:
            return impl_->each_source([&](std::size_t i) {
                return i < policy.files.size() ? syntax::dump_ast(policy.files[i]) : std::string();
            });
        case Dump::Typed: return check::dump_typed(policy);
        case Dump::Bytecode: return impl_->bundle ? bytecode::disassemble(impl_->bundle->program()) : std::string();
        case Dump::Index: return impl_->bundle ? bytecode::describe_index(impl_->bundle->program()) : std::string();
    }
    return {};
}

TestRun Workspace::test(const TestOptions& options) const { return tools::run_tests(*impl_->policy, *impl_->bundle, options); }

Result<std::string> Workspace::reference(std::string_view request_json, const RequestLimits& limits) const {
    // Admission is the same for both evaluators; only the decision is made apart.
    Request request(*impl_->bundle);
    if (auto read = request.parse(request_json, limits); !read) return tl::unexpected(std::move(read.error()));
    const auto document = json::parse(request_json, limits);
    if (!document) return tl::unexpected(document.error());
    Arena made;  // text that the decision views and neither policy nor document holds
    Decision decision = analyze::reference_decide(*impl_->policy, *document, made);
    decision.bundle_digest = impl_->bundle->digest();
    return to_json(decision, *impl_->bundle, Audience::Operator);
}

Result<Explanation> Workspace::explain(std::string_view request_json, std::string_view rule, const RequestLimits& limits,
                                       const std::shared_ptr<const Revocations>& revocations) const {
    return tools::explain(*impl_->policy, *impl_->bundle, request_json, rule, limits, revocations);
}

LintReport Workspace::lint(const LintOptions& options) const { return tools::lint(*impl_->policy, *impl_->bundle, options); }

std::vector<Source> Workspace::apply_fixes(const LintReport& report, const LintOptions& options) const {
    std::vector<Source> fixed = tools::fixed_sources(*this, impl_->sources, impl_->options, report, options);
    for (Source& source : fixed)
        for (std::size_t i = 0; i < impl_->ends.size(); ++i)
            if (impl_->sources.sources[i].name == source.name) source.text = with_ends(source.text, impl_->ends[i]);
    return fixed;
}

}  // namespace writ

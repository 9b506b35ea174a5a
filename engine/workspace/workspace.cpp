#include <string>
#include <string_view>
#include <utility>

#include "base/access.h"
#include "base/arena.h"
#include "base/held.h"
#include "base/json.h"
#include "base/source.h"
#include "bytecode/cost.h"
#include "bytecode/index.h"
#include "bytecode/program.h"
#include "check/check.h"
#include "explain/explain.h"
#include "lint/lint.h"
#include "pipeline.h"
#include "reference/reference.h"
#include "syntax/parse.h"
#include "testing/export.h"
#include "testing/mutate.h"
#include "testing/test_runner.h"
#include "writ/errors.h"
#include "writ/manifest.h"
#include "writ/tools.h"

namespace writ {

namespace {

std::string_view folder_of(std::string_view file) {
    const std::size_t slash = file.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : file.substr(0, slash);
}

/// A name declared in two folders is often two policies read as one. The help of such an error says what separates
/// them.
void suggest_manifests(Diagnostics& found) {
    const auto stored = [&](const Span& span) {
        return span.source < found.sources.size() ? std::string_view(found.sources[span.source].stored_name())
                                                  : std::string_view();
    };
    for (Diagnostic& each : found.items) {
        if (each.code != code_name(Code::DeclaredTwice) || each.related.empty()) continue;
        const std::string_view here = stored(each.span), there = stored(each.related.front().span);
        const bool library = here.starts_with("std.") || there.starts_with("std.");
        if (library || folder_of(here) == folder_of(there)) continue;
        if (!each.help.empty()) each.help += "; ";
        each.help += "if these folders are two policies, put a `" + std::string(kManifestName) +
                     "` with `{}` into each, and they are compiled apart";
    }
}

}  // namespace

struct Workspace::Impl {
    SourceSet sources;       ///< their texts plain
    std::vector<Ends> ends;  ///< by source: the line ends of its text as given
    CompileOptions options;
    Compiled compiled;

    Impl(SourceSet given, CompileOptions chosen) : sources(std::move(given)), options(chosen) {
        for (Source& source : sources.sources) {
            ends.push_back(ends_of(source.text));
            source.text = plain_text(source.text);
        }
        compiled = run_pipeline(sources, options);
        suggest_manifests(compiled.diagnostics);
        if (compiled.bundle) reference::state_bindings(*compiled.policy, *compiled.bundle);
    }

    /// What can only be asked of a valid policy needs it.
    [[nodiscard]] const Bundle& bundle() const { return held(compiled.bundle); }

    /// The listing of each given source, with its name if there are several.
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
    : impl_(std::make_unique<Impl>(std::move(sources), options)) {}
Result<Workspace> Workspace::reopen(const Bundle& sealed) {
    auto sources = sealed.sources();
    if (!sources) return tl::unexpected(std::move(sources.error()));
    CompileOptions compile;
    compile.max_steps = UINT64_MAX;  // the limit was checked when it was sealed
    return Workspace(std::move(*sources), compile);
}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

const Diagnostics& Workspace::diagnostics() const {
    return impl_->compiled.diagnostics;
}
const std::optional<Bundle>& Workspace::bundle() const {
    return impl_->compiled.bundle;
}
const check::Policy& Access::policy(const Workspace& workspace) {
    return *workspace.impl_->compiled.policy;
}

std::string Workspace::dump(Dump form) const {
    const check::Policy& policy = *impl_->compiled.policy;
    const std::optional<Bundle>& bundle = impl_->compiled.bundle;
    switch (form) {
        case Dump::Tokens:
            return impl_->each_source(
                [&](std::size_t i) { return syntax::dump_tokens(impl_->sources.sources[i].text); });
        case Dump::Ast:
            return impl_->each_source([&](std::size_t i) {
                return i < policy.files.size() ? syntax::dump_ast(policy.files[i]) : std::string();
            });
        case Dump::Typed: return check::dump_typed(policy);
        case Dump::Bytecode: return bundle ? bytecode::disassemble(Access::program(*bundle)) : std::string();
        case Dump::Index: return bundle ? bytecode::describe_index(Access::program(*bundle)) : std::string();
        case Dump::Cost: return bundle ? bytecode::describe_costs(Access::program(*bundle)) : std::string();
    }
    return {};
}

TestRun Workspace::test(const TestOptions& options) const {
    return testing::run_tests(*impl_->compiled.policy, impl_->bundle(), options);
}

MutationRun Workspace::mutate(const MutationOptions& options) const {
    return testing::run_mutations(*impl_->compiled.policy, impl_->bundle(), options);
}

Result<std::string> Workspace::request_of(std::string_view name) const {
    return testing::export_request(*impl_->compiled.policy, name);
}

Result<std::string> Workspace::reference(std::string_view request_json, const RequestLimits& limits) const {
    // Both evaluators admit the same requests; only the decision is made by separate code.
    Request request(impl_->bundle());
    if (auto read = request.parse(request_json, limits); !read) return tl::unexpected(std::move(read.error()));
    const auto document = json::parse(request_json, limits);
    if (!document) return tl::unexpected(document.error());
    Arena made;  // text of the decision that is neither in the policy nor in the document
    Decision decision = reference::decide(*impl_->compiled.policy, *document, made);
    decision.bundle_digest = impl_->bundle().digest();
    return to_json(decision, impl_->bundle(), View::Operator);
}

Result<Explanation> Workspace::explain(std::string_view request_json, std::string_view rule,
                                       const RequestLimits& limits,
                                       const std::shared_ptr<const Revocations>& revocations) const {
    return explain::explain(*impl_->compiled.policy, impl_->bundle(), request_json, rule, limits, revocations);
}

LintReport Workspace::lint(const LintOptions& options) const {
    return lint::lint(*impl_->compiled.policy, impl_->bundle(), options);
}

std::vector<Source> Workspace::apply_fixes(const LintReport& report, const LintOptions& options) const {
    std::vector<Source> fixed = lint::fixed_sources(*this, impl_->sources, impl_->options, report, options);
    for (Source& source : fixed)
        for (std::size_t i = 0; i < impl_->ends.size(); ++i)
            if (impl_->sources.sources[i].name == source.name) source.text = with_ends(source.text, impl_->ends[i]);
    return fixed;
}

}  // namespace writ

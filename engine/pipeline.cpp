#include "pipeline.h"

#include <string>
#include <utility>
#include <vector>

#include "base/access.h"
#include "base/report.h"
#include "bytecode/program.h"
#include "check/check.h"
#include "compile/compile.h"
#include "stdlib/stdlib.h"

namespace writ {

namespace {

/// The text of a module of the standard library; for the empty name the names of all modules, one per line.
std::string_view standard_module(std::string_view name) {
    static const std::string names = [] {
        std::string all;
        for (const std::string_view each : stdlib::modules()) all.append(each) += '\n';
        return all;
    }();
    return name.empty() ? std::string_view(names) : stdlib::module(name);
}

Diagnostic verifier_refused(const Error& error) {
    Diagnostic d;
    d.code = error.code;
    d.message = "the compiled bundle does not verify: " + error.message + " (" + error.context + ")";
    d.help = "this is a defect of the compiler, not of the policy; please report it";
    return d;
}

}  // namespace

Compiled run_pipeline(const SourceSet& sources, const CompileOptions& options) {
    Report report(options.max_errors);
    const auto finish = [&report](Compiled compiled) {
        compiled.diagnostics.items = report.take();
        compiled.diagnostics.sources = compiled.policy->sources;
        return compiled;
    };
    const check::StandardModule standard = sources.standard ? sources.standard : standard_module;

    check::Parsed parsed = check::parse(sources, standard, options, report);
    Compiled out;
    out.policy = check::check(std::move(parsed));
    if (report.error_count() > 0) return finish(std::move(out));

    std::vector<std::byte> sealed = compiler::lower(*out.policy, options.max_steps, report);
    if (report.error_count() > 0) return finish(std::move(out));

    // A bundle that was just compiled is verified too, before it can decide anything.
    auto program = bytecode::Program::open(std::move(sealed));
    out = finish(std::move(out));
    if (program)
        out.bundle.emplace(Access::bundle(std::move(*program)));
    else
        out.diagnostics.items.push_back(verifier_refused(program.error()));
    return out;
}

Checked<Bundle> compile(const SourceSet& sources, const CompileOptions& options, Diagnostics* warnings) {
    Compiled compiled = run_pipeline(sources, options);
    if (!compiled.bundle) return tl::unexpected(std::move(compiled.diagnostics));
    if (warnings != nullptr) *warnings = std::move(compiled.diagnostics);
    return std::move(*compiled.bundle);
}

}  // namespace writ

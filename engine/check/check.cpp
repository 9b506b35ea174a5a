// Runs the steps of a check in order.
#include "check/check.h"

#include "check/context.h"
#include "check/passes.h"

namespace writ::check {

Parsed::Parsed(std::unique_ptr<Policy> policy, std::unique_ptr<Context> context, bool complete)
    : policy_(std::move(policy)), context_(std::move(context)), complete_(complete) {}
Parsed::Parsed(Parsed&&) noexcept = default;
Parsed::~Parsed() = default;

Parsed parse(const SourceSet& sources, const StandardModule& standard, const CompileOptions& options, Report& report) {
    auto policy = std::make_unique<Policy>();
    auto context = std::make_unique<Context>(
        Context{.policy = *policy, .sources = sources, .standard = standard, .options = options, .report = report});
    const bool complete = load_modules(*context);
    return Parsed(std::move(policy), std::move(context), complete);
}

std::unique_ptr<Policy> check(Parsed parsed) {
    if (!parsed.complete_) return std::move(parsed.policy_);
    Context& c = *parsed.context_;
    declare_names(c);
    for (auto& entry : c.entries) {
        const auto* decl = std::get_if<ast::DefineDecl>(&entry.decl->node);
        if (decl == nullptr) continue;
        entry.index = static_cast<std::uint32_t>(c.defines.size());
        Define define;
        define.decl = decl;
        define.entry = &entry;
        c.defines.push_back(std::move(define));
    }
    check_enums(c);
    check_schema(c);
    check_builtin_facts(c);
    check_kinds(c);
    check_issuers(c);
    check_issuer_groups(c);
    declare_tools(c);
    check_tables(c);
    check_tools(c);
    check_defines(c);
    check_rules(c);
    check_invariants(c);
    check_fixtures_and_tests(c);
    warn_unused(c);
    return std::move(parsed.policy_);
}

}  // namespace writ::check

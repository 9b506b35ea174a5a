#include "harness.h"

#include <algorithm>
#include <cstdlib>

#include "../unit/bytecode_sections.h"
#include "base/access.h"
#include "base/report.h"
#include "base/values.h"
#include "check/check.h"
#include "compile/compile.h"
#include "reference/reference.h"
#include "stdlib/stdlib.h"
#include "vm/decide.h"

namespace writ::property {

Subject::Subject(std::unique_ptr<check::Policy> policy, Bundle bundle)
    : policy_(std::move(policy)),
      bundle_(std::move(bundle)),
      facts_(Access::program(bundle_)),
      interpreter_(Access::program(bundle_)) {}

std::unique_ptr<Subject> Subject::make(const PolicyText& text, std::vector<Diagnostic>* why) {
    const SourceSet sources = Universe::sources(text.render());
    Report report;
    auto policy =
        check::check(check::parse(sources, [](std::string_view name) { return stdlib::module(name); }, {}, report));
    std::vector<std::byte> bytes;
    if (report.error_count() == 0) bytes = compiler::lower(*policy, UINT64_MAX, report);
    if (report.error_count() > 0) {
        if (why != nullptr) *why = report.take();
        return nullptr;
    }
    auto bundle = Bundle::load(bytes);
    if (!bundle) {
        // The verifier refuses what the compiler made: a defect in any case.
        if (why != nullptr) {
            Diagnostic refused;
            refused.code = bundle.error().code;
            refused.message = "bundle refused: " + bundle.error().message + " (" + bundle.error().context + ")";
            why->push_back(std::move(refused));
        }
        return nullptr;
    }
    return std::unique_ptr<Subject>(new Subject(std::move(policy), *bundle));
}

bool Subject::bind(const json::Value& document) {
    document_ = &document;
    const auto nodes = reader_.read(json::write(document));
    if (!nodes) {
        refusal_ = nodes.error();
        return false;
    }
    nodes_ = *nodes;
    const auto bound = facts_.bind(*nodes_);
    if (!bound) refusal_ = bound.error();
    return bound.has_value();
}

const Decision& Subject::decide(By by) {
    if (by == By::Machine) {
        vm::decide(Access::program(bundle_), facts_, interpreter_, decision_, revocations_);
        return decision_;
    }
    if (by == By::Unindexed) {
        if (unindexed_ == nullptr) {
            const auto sections = testing::unindexed(testing::sections_of(Access::program(bundle_)));
            unindexed_ = std::make_unique<Machine>(bytecode::Program::open(bytecode::Program::seal(sections)).value());
        }
        // Both programs admit the same requests.
        if (!unindexed_->facts.bind(*nodes_)) std::abort();
        vm::decide(*unindexed_->program, unindexed_->facts, unindexed_->interpreter, decision_, revocations_);
        decision_.bundle_digest = bundle_.digest();
        return decision_;
    }
    arena_ = std::make_unique<Arena>();
    decision_ = reference::decide(*policy_, *document_, *arena_, nullptr, revocations_);
    decision_.bundle_digest = bundle_.digest();
    return decision_;
}

std::string Subject::json_of(const Decision& decision) const {
    return to_json(decision, Layers(bundle_), View::Operator);
}

bool Outcome::ends_at_horizon() const {
    return not_after && ttl == sat_sub(*not_after, now) / kSecond;
}

std::optional<Outcome> outcome_of(Subject& subject, const json::Value& document) {
    if (!subject.bind(document)) return std::nullopt;
    static const By by = std::getenv("WRIT_PROPERTY_REFERENCE") != nullptr ? By::Reference : By::Machine;
    const Decision& decision = subject.decide(by);
    Outcome out;
    out.effect = decision.effect;
    out.scopes.assign(decision.grant.scopes.begin(), decision.grant.scopes.end());
    out.audience.assign(decision.grant.audience.begin(), decision.grant.audience.end());
    for (const Obligation& obligation : decision.grant.obligations)
        out.obligations.push_back(std::string(obligation.name) + std::string(obligation.args));
    for (const Reason& reason : decision.reasons) out.reasons.emplace_back(reason.code);
    out.ttl = decision.grant.ttl;
    out.now = decision.now;
    out.not_after = decision.grant.not_after;
    out.single_use = decision.grant.single_use;
    out.json = subject.json_of(decision);
    return out;
}

/// The verifier's error for a policy that the compiler accepted; none if there is no such error.
static std::optional<std::string> refused_bundle(const std::vector<Diagnostic>& why) {
    for (const Diagnostic& d : why)
        if (d.code.starts_with("B")) return d.code + " " + d.message;
    return std::nullopt;
}

Generated random_subject(Rng& rng, const PolicyShape& shape, std::map<std::string, std::size_t>* refused) {
    for (;;) {
        Generated out;
        out.text = random_policy(rng, shape);
        for (int attempt = 0; attempt < 6; ++attempt) {
            std::vector<Diagnostic> why;
            out.subject = Subject::make(out.text, &why);
            if (out.subject != nullptr) return out;
            if ((out.refused = refused_bundle(why))) return out;
            std::vector<Extent> extents;
            (void)out.text.render(&extents);
            std::vector<bool> bad(extents.size(), false);
            for (const Diagnostic& d : why) {
                if (d.severity != Severity::Error) continue;
                if (refused != nullptr) ++(*refused)[d.code + " " + d.message];
                for (std::size_t i = 0; i < extents.size(); ++i)
                    if (d.span.source == 0 && d.span.begin >= extents[i].begin && d.span.begin < extents[i].end)
                        bad[i] = true;
            }
            // A bad definition breaks too many rules: generate everything again.
            const std::size_t defines = out.text.defines.size();
            if (std::find(bad.begin(), bad.begin() + static_cast<std::ptrdiff_t>(defines), true) !=
                bad.begin() + static_cast<std::ptrdiff_t>(defines))
                break;
            std::vector<RuleText> kept;
            for (std::size_t i = 0; i < out.text.rules.size(); ++i)
                if (!bad[defines + i]) kept.push_back(out.text.rules[i]);
            if (kept.size() == out.text.rules.size()) break;
            out.text.rules = std::move(kept);
        }
    }
}

// ---- shrinking --------------------------------------------------------------------------------

static std::optional<std::string> broken(const Failure& failure, const Property& property) {
    std::vector<Diagnostic> why;
    const auto subject = Subject::make(failure.policy, &why);
    if (subject == nullptr) return refused_bundle(why);
    return property(*subject, failure.policy, failure.document);
}

std::string shrunk(Failure failure, const Property& property) {
    // The limit keeps a failing run short. The result is then small enough to read.
    int budget = 2000;
    for (bool progress = true; progress && budget > 0;) {
        progress = false;
        for (PolicyText& candidate : smaller(failure.policy)) {
            if (--budget < 0) break;
            Failure next{std::move(candidate), failure.document, {}};
            if (auto what = broken(next, property)) {
                failure = std::move(next);
                failure.what = std::move(*what);
                progress = true;
                break;
            }
        }
        if (progress) continue;
        const auto subject = Subject::make(failure.policy);
        for (const auto& path : facts_in(failure.document)) {
            if (subject == nullptr || --budget < 0) break;
            json::Value candidate = without(failure.document, path);
            if (auto what = property(*subject, failure.policy, candidate)) {
                failure.document = std::move(candidate);
                failure.what = std::move(*what);
                progress = true;
                break;
            }
        }
    }
    const std::string text = failure.policy.render();
    return "policy (after the preamble):\n" + text.substr(Universe::preamble().size()) + "request:\n" +
           json::write(failure.document) + "\n" + failure.what + "\n";
}

}  // namespace writ::property

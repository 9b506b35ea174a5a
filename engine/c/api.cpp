// The C interface: version, errors, bundles and the evaluator. Requests are in request.cpp, decisions in decision.cpp,
// searches in search.cpp; compiling is in compile.cpp, which brokers do not link.
#include <span>

#include "c/handles.h"

#define WRIT_TEXT_OF(x) #x
#define WRIT_TEXT(x) WRIT_TEXT_OF(x)
static_assert(std::string_view(WRIT_TEXT(WRIT_VERSION_MAJOR) "." WRIT_TEXT(WRIT_VERSION_MINOR) "." WRIT_TEXT(
                  WRIT_VERSION_PATCH)) == WRIT_VERSION,
              "writ.h and meson.build state different versions");
static_assert(WRIT_DENY == 0 && static_cast<int>(writ::Effect::Deny) == WRIT_DENY);
static_assert(static_cast<int>(writ::Effect::NeedsApproval) == WRIT_NEEDS_APPROVAL);
static_assert(static_cast<int>(writ::Effect::Permit) == WRIT_PERMIT);
static_assert(writ::kNoRule == WRIT_NO_RULE);

using namespace writ::c;

// ---- text, version, errors ----------------------------------------------------------------------

writ_text writ_text_of(const char* text) {
    return {text == nullptr ? "" : text, text == nullptr ? 0 : std::strlen(text)};
}

std::uint32_t writ_version_number(void) {
    return WRIT_VERSION_NUMBER;
}
const char* writ_version(void) {
    return WRIT_VERSION;
}

writ_errors* writ_errors_new(void) {
    return new (std::nothrow) writ_errors;
}
void writ_errors_free(writ_errors* errors) {
    delete errors;
}

std::size_t writ_errors_count(const writ_errors* errors) {
    if (errors == nullptr) return 0;
    return errors->items.size() + (errors->no_memory ? 1 : 0);
}

writ_error writ_errors_at(const writ_errors* errors, std::size_t index) {
    if (index >= writ_errors_count(errors)) return {text({}), text({}), text({})};
    if (index == errors->items.size())
        return {text(code_name(writ::Code::InternalFailure)), text("out of memory"), text({})};
    const writ::Error& item = errors->items[index];
    return {text(item.code), text(item.message), text(item.context)};
}

// ---- bundles ------------------------------------------------------------------------------------

writ_status writ_bundle_load(const void* bytes, std::size_t length, writ_bundle** bundle, writ_errors* errors) {
    if (bundle != nullptr) *bundle = nullptr;
    return guarded(errors, [&] {
        if (bytes == nullptr) return null_argument(errors, "bytes");
        if (bundle == nullptr) return null_argument(errors, "bundle");
        auto loaded = writ::Bundle::load({static_cast<const std::byte*>(bytes), length});
        if (!loaded) {
            if (errors != nullptr) errors->items.push_back(std::move(loaded.error()));
            return WRIT_ERROR_BUNDLE;
        }
        *bundle = new writ_bundle{std::move(*loaded)};
        return WRIT_OK;
    });
}

void writ_bundle_free(writ_bundle* bundle) {
    delete bundle;
}

writ_text writ_bundle_digest(const writ_bundle* bundle) {
    return bundle == nullptr ? text({}) : text(bundle->bundle.digest());
}

writ_text writ_bundle_bytes(const writ_bundle* bundle) {
    if (bundle == nullptr) return text({});
    const auto bytes = bundle->bundle.bytes();
    return text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::uint64_t writ_bundle_step_bound(const writ_bundle* bundle) {
    return bundle == nullptr ? 0 : bundle->bundle.step_bound();
}

std::size_t writ_bundle_rule_count(const writ_bundle* bundle) {
    return bundle == nullptr ? 0 : bundle->bundle.rule_count();
}

writ_status writ_bundle_rule(const writ_bundle* bundle, std::size_t index, writ_rule* rule) {
    if (index >= writ_bundle_rule_count(bundle)) return WRIT_ERROR_ARGUMENT;
    const writ::RuleInfo info = bundle->bundle.rule(index);
    return fill_struct(rule, {0, text(info.kind), text(info.name), text(info.module), text(info.file),
                              text(info.because), info.line})
               ? WRIT_OK
               : WRIT_ERROR_ARGUMENT;
}

// ---- deciding -----------------------------------------------------------------------------------

writ_status writ_evaluator_new(writ_bundle* const* layers, std::size_t count, writ_evaluator** evaluator,
                               writ_errors* errors) {
    if (evaluator != nullptr) *evaluator = nullptr;
    return guarded(errors, [&] {
        if (evaluator == nullptr) return null_argument(errors, "evaluator");
        auto shared = layers_of(layers, count, errors);
        if (!shared) return WRIT_ERROR_ARGUMENT;
        auto made = std::make_unique<writ_evaluator>();
        made->evaluator.emplace(*shared);
        made->layers = std::move(shared);
        *evaluator = made.release();
        return WRIT_OK;
    });
}

void writ_evaluator_free(writ_evaluator* evaluator) {
    delete evaluator;
}

writ_revocations* writ_revocations_new(void) {
    return new (std::nothrow) writ_revocations;
}

void writ_revocations_free(writ_revocations* revocations) {
    delete revocations;
}

writ_status writ_revocations_add(writ_revocations* revocations, writ_text kind, writ_text subject,
                                 std::int64_t expires_at, writ_errors* errors) {
    return guarded(errors, [&] {
        if (revocations == nullptr) return null_argument(errors, "revocations");
        if (!well_formed(kind)) return malformed_argument(errors, "text is NULL and has a length", "kind");
        if (!well_formed(subject)) return malformed_argument(errors, "text is NULL and has a length", "subject");
        const auto known = writ::revocation_kind(view(kind));
        if (!known) return malformed_argument(errors, "unknown kind of revocation", "kind");
        if (expires_at < 0) return malformed_argument(errors, "the time is before 1970", "expires_at");
        auto canonical = writ::canonical_subject(*known, view(subject));
        if (!canonical) {
            if (errors != nullptr) errors->items.push_back(std::move(canonical.error()));
            return WRIT_ERROR_ARGUMENT;
        }
        revocations->items.push_back({*known, std::move(*canonical), expires_at});
        return WRIT_OK;
    });
}

writ_status writ_evaluator_revoke(writ_evaluator* evaluator, const writ_revocations* revocations, writ_errors* errors) {
    return guarded(errors, [&] {
        if (evaluator == nullptr) return null_argument(errors, "evaluator");
        std::shared_ptr<const writ::Revocations> revoked;
        if (revocations != nullptr) revoked = std::make_shared<const writ::Revocations>(revocations->items);
        writ::Evaluator& ready = evaluator->ready();
        evaluator->revocations = revoked;
        ready.revoke(std::move(revoked));
        return WRIT_OK;
    });
}

writ_status writ_evaluate(writ_evaluator* evaluator, const writ_request* request, writ_decision* decision) {
    if (decision == nullptr) return WRIT_ERROR_ARGUMENT;
    const writ_status status = guarded(nullptr, [&] {
        decision->json.clear();
        decision->recorded.clear();
        decision->record.reset();
        if (evaluator == nullptr || request == nullptr) return WRIT_ERROR_ARGUMENT;
        if (!request->request) return WRIT_ERROR_INTERNAL;
        writ::Evaluator& ready = evaluator->ready();
        // The layers rarely change, so usually no reference is counted.
        if (decision->layers != evaluator->layers) decision->layers = evaluator->layers;
        ready.evaluate(*request->request, decision->decision);
        return WRIT_OK;
    });
    if (status != WRIT_OK) decision->reset();
    if (status == WRIT_ERROR_INTERNAL && evaluator != nullptr) evaluator->evaluator.reset();
    return status;
}

writ_status writ_evaluate_batch(writ_evaluator* evaluator, writ_request* const* requests,
                                writ_decision* const* decisions, std::size_t count) {
    if (decisions == nullptr) return count == 0 ? WRIT_OK : WRIT_ERROR_ARGUMENT;
    writ_status first = WRIT_OK;
    for (std::size_t i = 0; i < count; ++i) {
        const writ_status status = writ_evaluate(evaluator, requests == nullptr ? nullptr : requests[i], decisions[i]);
        if (first == WRIT_OK) first = status;
    }
    return first;
}

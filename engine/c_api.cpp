// The C interface: version, errors, bundles, requests and the evaluator. Decisions are read in
// c_decision.cpp; compiling is in c_compile.cpp, which brokers do not link.
#include <span>

#include "c_handles.h"

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

namespace {

/// The layers that handles were given, or null with the error noted.
std::shared_ptr<const writ::Layers> layers_of(writ_bundle* const* layers, std::size_t count,
                                              writ_errors* errors) {
    if (layers == nullptr) {
        null_argument(errors, "layers");
        return nullptr;
    }
    if (count == 0) {
        malformed_argument(errors, "there are no layers, and so nothing that could permit", "count");
        return nullptr;
    }
    std::vector<writ::Bundle> bundles;
    for (std::size_t i = 0; i < count; ++i) {
        if (layers[i] == nullptr) {
            null_argument(errors, "layers[" + std::to_string(i) + "]");
            return nullptr;
        }
        bundles.push_back(layers[i]->bundle);
    }
    return std::make_shared<const writ::Layers>(std::move(bundles));
}

}  // namespace

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
    if (index == errors->items.size()) return {text(kInternal), text("out of memory"), text({})};
    const writ::Error& item = errors->items[index];
    return {text(item.code), text(item.message), text(item.context)};
}

// ---- bundles ------------------------------------------------------------------------------------

writ_status writ_bundle_load(const void* bytes, std::size_t length, writ_bundle** bundle,
                             writ_errors* errors) {
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

// ---- requests -----------------------------------------------------------------------------------

writ_status writ_request_new(writ_bundle* const* layers, std::size_t count, writ_request** request,
                             writ_errors* errors) {
    if (request != nullptr) *request = nullptr;
    return guarded(errors, [&] {
        if (request == nullptr) return null_argument(errors, "request");
        auto shared = layers_of(layers, count, errors);
        if (!shared) return WRIT_ERROR_ARGUMENT;
        auto made = std::make_unique<writ_request>();
        made->request.emplace(*shared);
        made->layers = std::move(shared);
        *request = made.release();
        return WRIT_OK;
    });
}

writ_status writ_request_parse(writ_request* request, writ_text json, const writ_request_limits* limits,
                               writ_errors* errors) {
    const auto refuse = [&](std::string_view what, std::string_view which) {
        // Empty text is no document: the request ends as empty as a refused one leaves it.
        (void)request->request->parse({});
        return malformed_argument(errors, what, which);
    };
    const writ_status status = guarded(errors, [&] {
        if (request == nullptr) return null_argument(errors, "request");
        if (!request->request) request->request.emplace(*request->layers);
        if (!well_formed(json)) return refuse("text is NULL and has a length", "json");
        const auto chosen = limits_of(limits);
        if (!chosen) return refuse("struct_size does not fit", "limits");
        auto parsed = request->request->parse(view(json), *chosen);
        if (parsed) return WRIT_OK;
        if (errors != nullptr) errors->items.push_back(std::move(parsed.error()));
        return WRIT_ERROR_REQUEST;
    });
    if (status == WRIT_ERROR_INTERNAL && request != nullptr) request->request.reset();
    return status;
}

void writ_request_free(writ_request* request) {
    delete request;
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

writ_status writ_evaluate(writ_evaluator* evaluator, const writ_request* request, writ_decision* decision) {
    if (decision == nullptr) return WRIT_ERROR_ARGUMENT;
    const writ_status status = guarded(nullptr, [&] {
        decision->json.clear();
        if (evaluator == nullptr || request == nullptr) return WRIT_ERROR_ARGUMENT;
        if (!request->request) return WRIT_ERROR_INTERNAL;
        if (!evaluator->evaluator) evaluator->evaluator.emplace(*evaluator->layers);
        // Usually the same ones: no reference is counted.
        if (decision->layers != evaluator->layers) decision->layers = evaluator->layers;
        evaluator->evaluator->evaluate(*request->request, decision->decision);
        return WRIT_OK;
    });
    if (status != WRIT_OK) decision->decision = {};
    if (status == WRIT_ERROR_INTERNAL && evaluator != nullptr) evaluator->evaluator.reset();
    return status;
}

writ_status writ_evaluate_batch(writ_evaluator* evaluator, writ_request* const* requests,
                                writ_decision* const* decisions, std::size_t count) {
    if (decisions == nullptr) return count == 0 ? WRIT_OK : WRIT_ERROR_ARGUMENT;
    writ_status first = WRIT_OK;
    for (std::size_t i = 0; i < count; ++i) {
        const writ_status status =
            writ_evaluate(evaluator, requests == nullptr ? nullptr : requests[i], decisions[i]);
        if (first == WRIT_OK) first = status;
    }
    return first;
}

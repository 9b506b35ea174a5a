// The C interface: requests, as documents and field by field.
#include "c/handles.h"

using namespace writ::c;

namespace {

static_assert(static_cast<int>(writ::Provenance::Model) == WRIT_PROVENANCE_MODEL);
static_assert(static_cast<int>(writ::Provenance::Asserted) == WRIT_PROVENANCE_ASSERTED);
static_assert(static_cast<int>(writ::Provenance::Broker) == WRIT_PROVENANCE_BROKER);
static_assert(static_cast<int>(writ::Provenance::Verified) == WRIT_PROVENANCE_VERIFIED);

writ::Provenance provenance_of(int given) {
    const bool known = given >= WRIT_PROVENANCE_MODEL && given <= WRIT_PROVENANCE_VERIFIED;
    return known ? static_cast<writ::Provenance>(given) : writ::Provenance::Model;
}

/// Sets one fact. Errors of arguments or memory are kept for finish, which then denies.
template <class Set>
void set(writ_request* request, const writ_field* field, bool sound, Set set) {
    if (request == nullptr || request->stated != WRIT_OK) return;
    if (field == nullptr || !sound || !request->request) {
        request->stated = WRIT_ERROR_ARGUMENT;
        return;
    }
    request->stated = guarded(nullptr, [&] {
        set(*request->request, field->field);
        return WRIT_OK;
    });
}

}  // namespace

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
        // Empty text is not a document: the request becomes empty, as after a refusal.
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

// ---- field by field -----------------------------------------------------------------------------

writ_status writ_field_find(const writ_request* request, writ_text path, writ_field** field, writ_errors* errors) {
    if (field != nullptr) *field = nullptr;
    return guarded(errors, [&] {
        if (field == nullptr) return null_argument(errors, "field");
        if (request == nullptr || !request->request) return null_argument(errors, "request");
        if (!well_formed(path)) return malformed_argument(errors, "text is NULL and has a length", "path");
        auto found = request->request->field(view(path));
        if (!found) {
            if (errors != nullptr) errors->items.push_back(std::move(found.error()));
            return WRIT_ERROR_ARGUMENT;
        }
        *field = new writ_field{std::move(*found)};
        return WRIT_OK;
    });
}

void writ_field_free(writ_field* field) {
    delete field;
}

void writ_request_begin(writ_request* request, int provenance) {
    if (request == nullptr) return;
    request->stated = guarded(nullptr, [&] {
        if (!request->request) request->request.emplace(*request->layers);
        request->request->begin(provenance_of(provenance));
        return WRIT_OK;
    });
}

void writ_request_trust(writ_request* request, int provenance) {
    if (request != nullptr && request->request) request->request->trust(provenance_of(provenance));
}

void writ_request_set_text(writ_request* request, const writ_field* field, writ_text text) {
    set(request, field, well_formed(text),
        [&](writ::Request& to, const writ::Field& at) { to.set_text(at, view(text)); });
}

void writ_request_set_int(writ_request* request, const writ_field* field, std::int64_t integer) {
    set(request, field, true, [&](writ::Request& to, const writ::Field& at) { to.set_int(at, integer); });
}

void writ_request_set_bool(writ_request* request, const writ_field* field, bool value) {
    set(request, field, true, [&](writ::Request& to, const writ::Field& at) { to.set_bool(at, value); });
}

void writ_request_set_decimal(writ_request* request, const writ_field* field, writ_text number) {
    set(request, field, well_formed(number),
        [&](writ::Request& to, const writ::Field& at) { to.set_decimal(at, view(number)); });
}

void writ_request_set_none(writ_request* request, const writ_field* field) {
    set(request, field, true, [&](writ::Request& to, const writ::Field& at) { to.set_none(at); });
}

void writ_request_set_texts(writ_request* request, const writ_field* field, const writ_text* texts, std::size_t count) {
    const bool sound = count == 0 || (texts != nullptr && std::all_of(texts, texts + count, well_formed));
    set(request, field, sound, [&](writ::Request& to, const writ::Field& at) {
        request->texts.clear();
        for (std::size_t i = 0; i < count; ++i) request->texts.push_back(view(texts[i]));
        to.set_texts(at, request->texts);
    });
}

void writ_request_set_json(writ_request* request, const writ_field* field, writ_text json) {
    set(request, field, well_formed(json),
        [&](writ::Request& to, const writ::Field& at) { to.set_json(at, view(json)); });
}

writ_status writ_request_finish(writ_request* request, writ_errors* errors) {
    const writ_status status = guarded(errors, [&] {
        if (request == nullptr) return null_argument(errors, "request");
        if (!request->request) return WRIT_ERROR_INTERNAL;
        const writ_status stated = std::exchange(request->stated, WRIT_OK);
        const auto finished = request->request->finish();
        if (finished && stated == WRIT_OK) return WRIT_OK;
        if (errors != nullptr && !finished) errors->items.push_back(finished.error());
        (void)request->request->parse({});  // leaves it empty
        if (stated == WRIT_OK) return WRIT_ERROR_REQUEST;
        if (finished && stated == WRIT_ERROR_ARGUMENT)
            return malformed_argument(errors, "a field or its text was NULL", "set");
        return stated;
    });
    if (status == WRIT_ERROR_INTERNAL && request != nullptr) request->request.reset();
    return status;
}

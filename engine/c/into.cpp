// The C interface: variants of the functions that return a structure, which write it through a pointer.
#include "c/handles.h"

using writ::c::put;

writ_status writ_text_of_into(const char* text, writ_text* out) {
    return put(writ_text_of(text), out);
}
writ_status writ_errors_at_into(const writ_errors* errors, std::size_t index, writ_error* out) {
    return put(writ_errors_at(errors, index), out);
}
writ_status writ_bundle_digest_into(const writ_bundle* bundle, writ_text* out) {
    return put(writ_bundle_digest(bundle), out);
}
writ_status writ_bundle_bytes_into(const writ_bundle* bundle, writ_text* out) {
    return put(writ_bundle_bytes(bundle), out);
}
writ_status writ_catalogue_json_into(const writ_catalogue* catalogue, writ_text* out) {
    return put(writ_catalogue_json(catalogue), out);
}
writ_status writ_search_scope_into(const writ_search_result* result, std::size_t index, std::size_t scope,
                                   writ_text* out) {
    return put(writ_search_scope(result, index, scope), out);
}
writ_status writ_search_json_into(writ_search_result* result, writ_text* out) {
    return put(writ_search_json(result), out);
}
writ_status writ_decision_scope_into(const writ_decision* decision, std::size_t index, writ_text* out) {
    return put(writ_decision_scope(decision, index), out);
}
writ_status writ_decision_audience_into(const writ_decision* decision, std::size_t index, writ_text* out) {
    return put(writ_decision_audience(decision, index), out);
}
writ_status writ_decision_requirement_group_into(const writ_decision* decision, std::size_t index, std::size_t group,
                                                 writ_text* out) {
    return put(writ_decision_requirement_group(decision, index, group), out);
}
writ_status writ_decision_binding_digest_into(const writ_decision* decision, writ_text* out) {
    return put(writ_decision_binding_digest(decision), out);
}
writ_status writ_decision_json_into(writ_decision* decision, int reader, writ_text* out) {
    return put(writ_decision_json(decision, reader), out);
}

// The C interface: search.
#include "writ/search.h"
#include "c/handles.h"

using namespace writ::c;

static_assert(static_cast<int>(writ::Open::Tool) == WRIT_OPEN_TOOL);
static_assert(static_cast<int>(writ::Open::Scope) == WRIT_OPEN_SCOPE);
static_assert(static_cast<int>(writ::Open::Agent) == WRIT_OPEN_AGENT);

struct writ_search_result {
    writ::SearchResult result;
    std::string json;
};

namespace {

const writ::SearchItem* item_at(const writ_search_result* result, std::size_t index) {
    return index < writ_search_count(result) ? &result->result.items[index] : nullptr;
}

}  // namespace

writ_status writ_search(writ_evaluator* evaluator, writ_text request, int open, writ_text candidates,
                        const writ_request_limits* limits, writ_search_result** result, writ_errors* errors) {
    if (result != nullptr) *result = nullptr;
    const writ_status status = guarded(errors, [&] {
        if (evaluator == nullptr) return null_argument(errors, "evaluator");
        if (result == nullptr) return null_argument(errors, "result");
        if (!well_formed(request)) return malformed_argument(errors, "text is NULL and has a length", "request");
        if (!well_formed(candidates)) return malformed_argument(errors, "text is NULL and has a length", "candidates");
        if (open < WRIT_OPEN_TOOL || open > WRIT_OPEN_AGENT)
            return malformed_argument(errors, "no such field can be left open", "open");
        const auto chosen = limits_of(limits);
        if (!chosen) return malformed_argument(errors, "struct_size does not fit", "limits");
        auto found =
            writ::search(evaluator->ready(), view(request), static_cast<writ::Open>(open), view(candidates), *chosen);
        if (!found) {
            if (errors != nullptr) errors->items.push_back(std::move(found.error()));
            return WRIT_ERROR_REQUEST;
        }
        *result = new writ_search_result{std::move(*found), {}};
        return WRIT_OK;
    });
    if (status == WRIT_ERROR_INTERNAL && evaluator != nullptr) evaluator->evaluator.reset();
    return status;
}

void writ_search_free(writ_search_result* result) {
    delete result;
}

std::size_t writ_search_count(const writ_search_result* result) {
    return result == nullptr ? 0 : result->result.items.size();
}

writ_status writ_search_at(const writ_search_result* result, std::size_t index, writ_search_item* item) {
    const writ::SearchItem* found = item_at(result, index);
    if (found == nullptr) return WRIT_ERROR_ARGUMENT;
    return fill_struct(item, {0, text(found->name), text(found->refused.code), found->scopes.size(),
                              found->reasons.size(), static_cast<int>(found->answer), found->wants_facts})
               ? WRIT_OK
               : WRIT_ERROR_ARGUMENT;
}

writ_text writ_search_scope(const writ_search_result* result, std::size_t index, std::size_t scope) {
    const writ::SearchItem* found = item_at(result, index);
    return found != nullptr && scope < found->scopes.size() ? text(found->scopes[scope]) : text({});
}

writ_status writ_search_reason(const writ_search_result* result, std::size_t index, std::size_t reason,
                               writ_reason* out) {
    const writ::SearchItem* found = item_at(result, index);
    if (found == nullptr || reason >= found->reasons.size()) return WRIT_ERROR_ARGUMENT;
    return fill_struct(out, reason_of(found->reasons[reason])) ? WRIT_OK : WRIT_ERROR_ARGUMENT;
}

writ_text writ_search_json(writ_search_result* result) {
    if (result == nullptr) return text({});
    const writ_status status = guarded(nullptr, [&] {
        result->json = writ::to_json(result->result);
        return WRIT_OK;
    });
    return status == WRIT_OK ? text(result->json) : text({});
}

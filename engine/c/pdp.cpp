// The C interface for a broker's decision point; the only part that needs the store and the ledger.
#include <chrono>
#include <numeric>

#include "c/handles.h"
#include "writ/decision_point.h"

using namespace writ::c;

struct writ_pdp {
    writ::DecisionPoint point;
};

namespace {

/// Adds an error of the store, the ledger or a request to `errors`. Output: its status.
writ_status refused(writ_errors* errors, const writ::Error& error) {
    if (errors != nullptr) errors->items.push_back(error);
    switch (error.code.empty() ? '\0' : error.code.front()) {
        case 'S': return WRIT_ERROR_STORE;
        case 'G': return WRIT_ERROR_LEDGER;
        case 'Q': return WRIT_ERROR_REQUEST;
        default: return WRIT_ERROR_INTERNAL;
    }
}

/// Reads one key from each line of a list.
writ_status read_keys(const writ_text* lines, std::size_t count, const char* which, std::vector<writ::PublicKey>& out,
                      writ_errors* errors) {
    if (lines == nullptr && count > 0) return null_argument(errors, which);
    for (std::size_t i = 0; i < count; ++i) {
        if (!well_formed(lines[i])) return malformed_argument(errors, "text is NULL and has a length", which);
        auto key = writ::PublicKey::parse(view(lines[i]));
        if (!key) return refused(errors, key.error());
        out.push_back(std::move(*key));
    }
    return WRIT_OK;
}

/// Reads the options of the caller, or reports what is wrong with them.
writ_status read_options(const writ_pdp_options& given, writ::DecisionPointOptions& out, writ_errors* errors) {
    for (const writ_text each :
         {given.store, given.channel, given.ledger, given.space, given.candidate, given.state, given.mask_key})
        if (!well_formed(each)) return malformed_argument(errors, "text is NULL and has a length", "options");
    if (given.store.length == 0) return malformed_argument(errors, "no store is given", "options.store");
    if (given.channel.length == 0) return malformed_argument(errors, "no channel is given", "options.channel");
    if (given.ledger.length == 0) return malformed_argument(errors, "no ledger is given", "options.ledger");
    out.follow.store = view(given.store);
    out.follow.channel = view(given.channel);
    if (given.space.length > 0) out.follow.space = view(given.space);
    out.follow.candidate = view(given.candidate);
    out.follow.state = view(given.state);
    if (given.poll != 0) out.follow.poll = std::chrono::milliseconds(given.poll);
    if (given.max_staleness != 0) out.follow.max_staleness = std::chrono::milliseconds(given.max_staleness);
    for (const auto& [lines, count, which, keys] :
         {std::tuple(given.keys, given.key_count, "options.keys", &out.follow.keys),
          std::tuple(given.on_call, given.on_call_count, "options.on_call", &out.follow.on_call)})
        if (const writ_status read = read_keys(lines, count, which, *keys, errors); read != WRIT_OK) return read;
    const auto limits = limits_of(given.limits);
    if (!limits) return malformed_argument(errors, "struct_size does not fit", "options.limits");
    out.limits = *limits;
    out.ledger = view(given.ledger);
    override_with(out.open.queue_bytes, given.queue_bytes);
    out.record.durability =
        given.best_effort ? writ::ledger::Durability::BestEffort : writ::ledger::Durability::Required;
    out.record.whole_request = !given.digest_only;
    out.record.hide_unknown = !given.show_unknown;
    out.record.mask_key = view(given.mask_key);
    if (given.mask == nullptr && given.mask_count > 0) return null_argument(errors, "options.mask");
    for (std::size_t i = 0; i < given.mask_count; ++i) {
        if (!well_formed(given.mask[i]))
            return malformed_argument(errors, "text is NULL and has a length", "options.mask");
        out.record.mask.emplace_back(view(given.mask[i]));
    }
    return WRIT_OK;
}

/// Puts an answer into a handle. Output: its status. After an exception the handle denies.
writ_status give(writ::Decided decided, writ_decision& to, writ_errors* errors) {
    bool given = false;
    const writ_status status = guarded(errors, [&] {
        to.layers = std::make_shared<const writ::Layers>(std::move(decided.layers));
        to.own = std::move(decided.decision);
        to.decision = *to.own;
        to.recorded = std::move(decided.json);
        to.record = decided.record;
        given = true;
        return decided.error ? refused(errors, *decided.error) : WRIT_OK;
    });
    if (!given) to.reset();
    return status;
}

/// What a callback needs, made before the call returns: then there may be no memory.
struct Later {
    std::unique_ptr<writ_decision> decision = std::make_unique<writ_decision>();
    writ_errors errors;
};

/// Resets the decision and checks the arguments that deciding needs. Output: WRIT_OK if they are good.
writ_status begin(const writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decision* decision,
                  writ_errors* errors) {
    if (decision == nullptr) return null_argument(errors, "decision");
    decision->reset();
    if (pdp == nullptr) return null_argument(errors, "pdp");
    if (!well_formed(request)) return malformed_argument(errors, "text is NULL and has a length", "request");
    if (!well_formed(traceparent)) return malformed_argument(errors, "text is NULL and has a length", "traceparent");
    return WRIT_OK;
}

}  // namespace

writ_status writ_pdp_open(const writ_pdp_options* options, writ_pdp** pdp, writ_errors* errors) {
    if (pdp != nullptr) *pdp = nullptr;
    return guarded(errors, [&] {
        if (options == nullptr) return null_argument(errors, "options");
        if (pdp == nullptr) return null_argument(errors, "pdp");
        // Decisions are handed from this library to the other in memory.
        if (writ_version_number() != WRIT_VERSION_NUMBER) {
            add(errors, code_name(writ::Code::InternalFailure), "libwrit and libwrit-pdp have different versions",
                writ_version());
            return WRIT_ERROR_INTERNAL;
        }
        writ_pdp_options given{};
        if (!read_struct(options, given)) return malformed_argument(errors, "struct_size does not fit", "options");
        writ::DecisionPointOptions chosen;
        if (const writ_status read = read_options(given, chosen, errors); read != WRIT_OK) return read;
        auto opened = writ::DecisionPoint::open(std::move(chosen));
        if (!opened) return refused(errors, opened.error());
        *pdp = new writ_pdp{std::move(*opened)};
        return WRIT_OK;
    });
}

void writ_pdp_free(writ_pdp* pdp) {
    delete pdp;
}

writ_status writ_pdp_decide(writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decision* decision,
                            writ_text* json, writ_errors* errors) {
    if (json != nullptr) *json = text({});
    return guarded(errors, [&] {
        if (const writ_status good = begin(pdp, request, traceparent, decision, errors); good != WRIT_OK) return good;
        const writ_status status = give(pdp->point.decide(view(request), view(traceparent)), *decision, errors);
        if (json != nullptr) *json = text(decision->recorded);
        return status;
    });
}

writ_status writ_pdp_decide_async(writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decided done,
                                  void* context, writ_decision* decision, writ_text* json, writ_errors* errors) {
    if (json != nullptr) *json = text({});
    return guarded(errors, [&] {
        if (const writ_status good = begin(pdp, request, traceparent, decision, errors); good != WRIT_OK) return good;
        if (done == nullptr) return null_argument(errors, "done");
        auto answer = pdp->point.decide_async(
            view(request),
            [done, context, later = std::make_shared<Later>()](writ::Decided decided) {
                writ_decision* const given = later->decision.release();
                const writ_status status = give(std::move(decided), *given, &later->errors);
                done(context, status, given, &later->errors);
            },
            view(traceparent));
        if (!answer) return WRIT_PENDING;
        const writ_status status = give(std::move(*answer), *decision, errors);
        if (json != nullptr) *json = text(decision->recorded);
        return status;
    });
}

writ_status writ_pdp_use(writ_pdp* pdp, writ_text name, std::uint64_t* record, writ_errors* errors) {
    return guarded(errors, [&] {
        if (pdp == nullptr) return null_argument(errors, "pdp");
        if (!well_formed(name)) return malformed_argument(errors, "text is NULL and has a length", "name");
        const auto used = pdp->point.ledger().use(view(name));
        if (!used) return refused(errors, used.error());
        if (record != nullptr) *record = *used;
        return WRIT_OK;
    });
}

writ_status writ_pdp_use_async(writ_pdp* pdp, writ_text name, writ_used done, void* context, writ_errors* errors) {
    return guarded(errors, [&] {
        if (pdp == nullptr) return null_argument(errors, "pdp");
        if (!well_formed(name)) return malformed_argument(errors, "text is NULL and has a length", "name");
        if (done == nullptr) return null_argument(errors, "done");
        const auto queued =
            pdp->point.ledger().use_async(view(name), [done, context](const writ::Result<std::uint64_t>& used) {
                writ_errors problem;
                const writ_status status =
                    guarded(&problem, [&] { return used ? WRIT_OK : refused(&problem, used.error()); });
                done(context, status, used.value_or(0), &problem);
            });
        return queued ? WRIT_PENDING : refused(errors, queued.error());
    });
}

writ_status writ_pdp_status(const writ_pdp* pdp, writ_pdp_state* state, writ_errors* problem) {
    return guarded(problem, [&] {
        if (pdp == nullptr) return null_argument(problem, "pdp");
        const writ::HandleStatus now = pdp->point.policy().status();
        const std::uint64_t diverged =
            std::accumulate(now.divergences.begin(), now.divergences.end(), std::uint64_t{0});
        if (!fill_struct(state, {0, now.serial.epoch, now.serial.number, now.compared, diverged,
                                 pdp->point.ledger().counts().dropped, now.revocations, now.ready}))
            return malformed_argument(problem, "NULL, or struct_size does not fit", "state");
        if (problem != nullptr && !now.problem.code.empty()) problem->items.push_back(now.problem);
        return WRIT_OK;
    });
}

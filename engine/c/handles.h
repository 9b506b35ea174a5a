// The handles of the C interface; exceptions are caught here. Private to c/.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "writ/bundle.h"
#include "writ/decision.h"
#include "writ/errors.h"
#include "writ/evaluator.h"
#include "writ/request.h"
#include "writ/writ.h"

struct writ_bundle {
    writ::Bundle bundle;
};

/// After an exception `request` is destroyed; the next parse or begin makes a new one.
struct writ_request {
    std::shared_ptr<const writ::Layers> layers;
    std::optional<writ::Request> request;
    writ_status stated = WRIT_OK;  ///< errors in the facts set since begin that the request itself cannot report
    std::vector<std::string_view> texts;
};

struct writ_field {
    writ::Field field;
};

/// After an exception `evaluator` is destroyed; the next evaluation makes a new one.
struct writ_evaluator {
    std::shared_ptr<const writ::Layers> layers;
    std::optional<writ::Evaluator> evaluator;
    std::shared_ptr<const writ::Revocations> revocations;  ///< null: nothing is revoked

    /// The evaluator; made again if it was destroyed.
    writ::Evaluator& ready() {
        if (!evaluator) {
            evaluator.emplace(*layers);
            evaluator->revoke(revocations);
        }
        return *evaluator;
    }
};

struct writ_revocations {
    std::vector<writ::Revocation> items;
};

struct writ_decision {
    writ::Decision decision;
    std::shared_ptr<const writ::Layers> layers;  ///< of the last evaluation; null before the first
    std::string json;
    writ::DetachedDecision own;           ///< what `decision` views, if it is detached
    std::string recorded;                 ///< JSON for operators, if it comes from a decision point; otherwise empty
    std::optional<std::uint64_t> record;  ///< the number of its record

    /// Resets it to a deny without a request.
    void reset() {
        decision = {};
        own = {};
        json.clear();
        recorded.clear();
        record.reset();
    }
};

struct writ_errors {
    std::vector<writ::Error> items;
    bool no_memory = false;  ///< there was no memory for a message
};

namespace writ::c {

/// Larger than any structure of any version: a larger struct_size is certainly an error.
constexpr std::size_t kLargestStruct = 4096;

inline writ_text text(std::string_view view) {
    return {view.data() == nullptr ? "" : view.data(), view.size()};
}
inline bool well_formed(writ_text given) {
    return given.data != nullptr || given.length == 0;
}
/// Requires: well_formed(given).
inline std::string_view view(writ_text given) {
    return given.data == nullptr ? std::string_view{} : std::string_view(given.data, given.length);
}

/// In option structures zero means the default.
template <class Number>
void override_with(Number& limit, Number given) {
    if (given != 0) limit = given;
}

inline void add(writ_errors* errors, std::string_view code, std::string_view message, std::string_view context = {}) {
    if (errors != nullptr) errors->items.push_back({std::string(code), std::string(message), std::string(context)});
}
inline writ_status null_argument(writ_errors* errors, std::string_view which) {
    add(errors, code_name(Code::NullArgument), "an argument is NULL", which);
    return WRIT_ERROR_ARGUMENT;
}
inline writ_status malformed_argument(writ_errors* errors, std::string_view what, std::string_view which) {
    add(errors, code_name(Code::MalformedArgument), what, which);
    return WRIT_ERROR_ARGUMENT;
}

/// The layers of the given handles; null after an error, which has been recorded.
inline std::shared_ptr<const writ::Layers> layers_of(writ_bundle* const* layers, std::size_t count,
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

/// Runs the body of a function and catches every exception.
template <class Body>
writ_status guarded(writ_errors* errors, Body body) noexcept {
    try {
        if (errors != nullptr) {
            errors->items.clear();
            errors->no_memory = false;
        }
        return body();
    } catch (...) {
        // There may be no memory for the message either.
        try {
            try {
                throw;
            } catch (const std::bad_alloc&) {
                add(errors, code_name(Code::InternalFailure), "out of memory");
            } catch (const std::exception& e) {
                add(errors, code_name(Code::InternalFailure), e.what());
            } catch (...) {
                add(errors, code_name(Code::InternalFailure), "an exception of no known type");
            }
        } catch (...) {
            errors->no_memory = true;
        }
    }
    return WRIT_ERROR_INTERNAL;
}

/// All members of a structure after struct_size. A structure of another version ends before or after one of them.
inline auto members_of(const writ_rule& s) {
    return std::tie(s.kind, s.name, s.module, s.file, s.because, s.line);
}
inline auto members_of(const writ_tool& s) {
    return std::tie(s.name, s.wire_name, s.tier, s.scopes, s.audiences, s.scope_count, s.audience_count, s.param_count,
                    s.tier_rank);
}
inline auto members_of(const writ_catalogue_field& s) {
    return std::tie(s.path, s.type, s.members, s.member_count, s.most, s.from, s.required, s.read);
}
inline auto members_of(const writ_issuer& s) {
    return std::tie(s.name, s.url, s.audiences, s.types, s.audience_count, s.type_count, s.claim_count, s.max_age,
                    s.leeway, s.proof_required);
}
inline auto members_of(const writ_compile_options& s) {
    return std::tie(s.max_source_bytes, s.max_depth, s.max_errors, s.read_file, s.read_context, s.max_steps);
}
inline auto members_of(const writ_request_limits& s) {
    return std::tie(s.max_bytes, s.max_string, s.max_depth, s.max_members);
}
inline auto members_of(const writ_search_item& s) {
    return std::tie(s.name, s.refused, s.scopes, s.reasons, s.answer, s.wants_facts);
}
inline auto members_of(const writ_obligation& s) {
    return std::tie(s.name, s.args);
}
inline auto members_of(const writ_reason& s) {
    return std::tie(s.code, s.fact, s.layer, s.rule);
}
inline auto members_of(const writ_requirement& s) {
    return std::tie(s.layer, s.rule, s.needed, s.counted, s.within, s.expires, s.groups);
}
inline auto members_of(const writ_pdp_options& s) {
    return std::tie(s.store, s.channel, s.ledger, s.space, s.candidate, s.state, s.keys, s.on_call, s.key_count,
                    s.on_call_count, s.mask, s.mask_count, s.mask_key, s.poll, s.max_staleness, s.best_effort,
                    s.digest_only, s.show_unknown, s.limits, s.queue_bytes);
}
inline auto members_of(const writ_pdp_state& s) {
    return std::tie(s.epoch, s.number, s.compared, s.diverged, s.dropped, s.revocations, s.ready);
}

/// Whether a structure of some version can have this size, that is, does not end inside a member.
template <class Struct>
bool fits(std::size_t size) {
    if (size < sizeof size || size > kLargestStruct) return false;
    const Struct probe{};
    const auto place = [&](const auto& member) {
        return static_cast<std::size_t>(reinterpret_cast<const unsigned char*>(&member) -
                                        reinterpret_cast<const unsigned char*>(&probe));
    };
    return std::apply(
        [&](const auto&... member) {
            return ((size <= place(member) || size >= place(member) + sizeof member) && ...);
        },
        members_of(probe));
}

/// Reads a structure that starts with struct_size; members that a shorter one does not have are zero.
/// Requires: given != nullptr.
/// Output:   false if the size does not fit, or if a member is set that this version does not know.
template <class Struct>
bool read_struct(const Struct* given, Struct& out) {
    std::size_t size = 0;
    std::memcpy(&size, given, sizeof size);
    if (!fits<Struct>(size)) return false;
    const std::size_t known = std::min(size, sizeof(Struct));
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    if (!std::all_of(bytes + known, bytes + size, [](unsigned char byte) { return byte == 0; })) return false;
    out = {};
    std::memcpy(&out, given, known);
    return true;
}

/// The caller's limits, or the defaults for NULL; none if the structure is invalid.
inline std::optional<RequestLimits> limits_of(const writ_request_limits* limits) {
    writ_request_limits given{};
    if (limits != nullptr && !read_struct(limits, given)) return std::nullopt;
    RequestLimits chosen;
    override_with(chosen.max_bytes, given.max_bytes);
    override_with(chosen.max_string, given.max_string);
    override_with(chosen.max_depth, given.max_depth);
    override_with(chosen.max_members, given.max_members);
    return chosen;
}

/// Fills in a caller's structure that starts with struct_size, up to that size. Keeps struct_size, and clears the
/// members that this version does not know. Output: false if `out` is null or its size does not fit.
template <class Struct>
bool fill_struct(Struct* out, Struct value) {
    std::size_t size = 0;
    if (out == nullptr) return false;
    std::memcpy(&size, out, sizeof size);
    if (!fits<Struct>(size)) return false;
    value.struct_size = size;
    const std::size_t known = std::min(size, sizeof(Struct));
    auto* const bytes = reinterpret_cast<unsigned char*>(out);
    std::memcpy(bytes, &value, known);
    std::memset(bytes + known, 0, size - known);
    return true;
}

/// Writes the result of a function that returns a structure into memory of the caller.
template <class Struct>
writ_status put(const Struct& value, Struct* out) {
    if (out == nullptr) return WRIT_ERROR_ARGUMENT;
    *out = value;
    return WRIT_OK;
}

inline writ_reason reason_of(const Reason& reason) {
    return {0, text(reason.code), text(reason.detail), reason.layer, reason.rule};
}

}  // namespace writ::c

// What the C interface's handles hold, and the one place where exceptions end.
// Private to c/.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
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

/// What threw is thrown away: `request` is then empty, and made again by the next parse or begin.
struct writ_request {
    std::shared_ptr<const writ::Layers> layers;
    std::optional<writ::Request> request;
    writ_status stated = WRIT_OK;  ///< of the facts set since begin, as far as the request cannot say itself
    std::vector<std::string_view> texts;
};

struct writ_field {
    writ::Field field;
};

/// As above: made again by the next evaluation.
struct writ_evaluator {
    std::shared_ptr<const writ::Layers> layers;
    std::optional<writ::Evaluator> evaluator;
    std::shared_ptr<const writ::Revocations> revocations;  ///< null: nothing is revoked

    /// The evaluator, made again where it was thrown away.
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
};

struct writ_errors {
    std::vector<writ::Error> items;
    bool no_memory = false;  ///< there was none to say more
};

namespace writ::c {

/// Beyond any structure of any version: a larger struct_size was never set.
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

/// In option structures zero asks for the default.
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

/// The layers that handles were given, or null with the error noted.
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

/// Runs the body of a function; nothing that it throws gets past here.
template <class Body>
writ_status guarded(writ_errors* errors, Body body) noexcept {
    try {
        if (errors != nullptr) {
            errors->items.clear();
            errors->no_memory = false;
        }
        return body();
    } catch (...) {
        // Whether there is memory for the message is another question.
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

/// Reads a structure that begins with struct_size. Requires: given != nullptr.
/// Output:  whether the caller's structure is one that this version understands completely.
template <class Struct>
bool read_struct(const Struct* given, Struct& out) {
    std::size_t size = 0;
    std::memcpy(&size, given, sizeof size);
    if (size < sizeof(Struct) || size > kLargestStruct) return false;
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    if (!std::all_of(bytes + sizeof(Struct), bytes + size, [](unsigned char byte) { return byte == 0; })) return false;
    std::memcpy(&out, given, sizeof(Struct));
    return true;
}

/// The limits that a caller chose, by default for NULL; nothing if its structure is none.
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

/// Fills a caller's structure that begins with struct_size, keeping that and clearing what is beyond
/// this version's. False if it is none that this version can fill.
template <class Struct>
bool fill_struct(Struct* out, Struct value) {
    std::size_t size = 0;
    if (out == nullptr) return false;
    std::memcpy(&size, out, sizeof size);
    if (size < sizeof(Struct) || size > kLargestStruct) return false;
    value.struct_size = size;
    std::memcpy(out, &value, sizeof(Struct));
    std::memset(reinterpret_cast<unsigned char*>(out) + sizeof(Struct), 0, size - sizeof(Struct));
    return true;
}

inline writ_reason reason_of(const Reason& reason) {
    return {0, text(reason.code), text(reason.detail), reason.layer, reason.rule};
}

}  // namespace writ::c

// The fair floors: what a decision costs in C++ that is written by hand for the rules of one workload and does
// everything that a caller of Writ can observe. It checks the whole request (strict JSON or UTF-8, the types of all
// fields, presence, token), names every deny that applies and the permit that is used, and computes scopes, audience,
// lifetime and attribution. The operator's document is the same as Writ's, byte for byte.
// A floor knows only the fields that its workload states, all of them; a request that states others is refused.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blocks.h"
#include "writ/bundle.h"
#include "writ/decision.h"

namespace bench::fair {

using Text = std::string_view;

constexpr std::int64_t kSecond = 1'000'000;  ///< instants and durations are in microseconds

/// A list of at most N values.
template <class T, std::size_t N>
class Few {
public:
    void clear() { size_ = 0; }
    /// Requires: not full().
    void push_back(const T& value) { values_[size_++] = value; }
    [[nodiscard]] bool full() const { return size_ == N; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return values_[i]; }
    [[nodiscard]] const T* begin() const { return values_.data(); }
    [[nodiscard]] const T* end() const { return values_.data() + size_; }
    [[nodiscard]] T* begin() { return values_.data(); }
    [[nodiscard]] T* end() { return values_.data() + size_; }

private:
    std::array<T, N> values_{};
    std::uint32_t size_ = 0;
};

using Texts = Few<Text, 8>;

/// Whether two texts are equal. If `known` is a literal, the comparison is inline.
[[gnu::always_inline]] inline bool same(Text text, Text known) {
    return text.size() == known.size() && __builtin_memcmp(text.data(), known.data(), known.size()) == 0;
}

/// Whether a list has a text.
template <class List>
bool has(const List& list, Text text) {
    return std::any_of(std::begin(list), std::end(list), [&](Text each) { return same(text, each); });
}

/// Who a request is about; empty: not stated or none. Part of the facts, so that a decision only refers to it.
struct Who {
    Text agent, agent_class, deployment, run, tenant, user, initiator;
    Texts chain;
    Text workload, issuer, token_id, tool, resource;
};

struct Reason {
    Text code;
    std::uint32_t rule = writ::kNoRule;
    Text fact;
};

/// Views the facts, the rules and the floor that decided.
struct Decision {
    static constexpr std::size_t kReasons = 24;

    writ::Effect effect = writ::Effect::Deny;
    Few<Reason, kReasons> reasons;
    Texts scopes, audience;
    std::int64_t ttl = 0;        ///< seconds
    std::int64_t not_after = 0;  ///< 0: none
    Text obligations;            ///< what the JSON array contains
    std::uint32_t requirement = writ::kNoRule;
    Text requirement_terms;  ///< the members from `groups` to `within`
    std::int64_t expires = 0;
    std::string binding_digest;
    const Who* who = nullptr;
    std::int64_t now = 0;

    void start(std::int64_t when, const Who& whom) {
        effect = writ::Effect::Deny;
        reasons.clear();
        scopes.clear();
        audience.clear();
        ttl = not_after = 0;
        obligations = {};
        requirement = writ::kNoRule;
        binding_digest.clear();
        who = &whom;
        now = when;
    }
    void reason(Text code, std::uint32_t rule = writ::kNoRule, Text fact = {}) {
        reasons.push_back({code, rule, fact});
    }
    /// Takes back what was granted.
    void refuse(Text code) {
        scopes.clear();
        audience.clear();
        reason(code);
    }
};

/// The rules of a bundle as a decision names them.
class Rules {
public:
    explicit Rules(const writ::Bundle& bundle);

    /// Ends the program if there is no such rule.
    [[nodiscard]] std::uint32_t find(Text name) const;
    [[nodiscard]] Text name(std::uint32_t rule) const { return names_[rule]; }
    /// The JSON object that names a rule in a reason.
    [[nodiscard]] Text json(std::uint32_t rule) const {
        return Text(json_).substr(begins_[rule], begins_[rule + 1] - begins_[rule]);
    }
    [[nodiscard]] Text digest() const { return digest_; }

private:
    writ::Bundle bundle_;
    std::vector<Text> names_;
    std::string json_;
    std::vector<std::uint32_t> begins_;
    Text digest_;
};

/// The operator's document, as writ::to_json() writes it. `room` is reused; the document is a view of it.
[[nodiscard]] Text write(const Decision& decision, const Rules& rules, std::string& room);

/// Writes a text as inside a JSON string. Requires: space for six bytes for each, and for one more. Output: the end.
char* escape(char* to, Text text);

[[nodiscard]] bool is_utf8(Text text);
/// Whether a text is UTF-8; most are ASCII.
[[nodiscard]] inline bool valid(Text text) {
    return is_ascii<Block>(text) || is_utf8(text);
}

/// Whole seconds as microseconds. Output: false if they are out of range.
[[nodiscard]] inline bool to_micros(std::int64_t& seconds) {
    return !__builtin_mul_overflow(seconds, kSecond, &seconds);
}

}  // namespace bench::fair

// What a condition can come to for requests of which only a little is known: that the token is a stranger's, that a
// claim is empty. Everything else may be anything. So lints ask what a condition means, and not how it is written. Not
// here: single requests (reference.h). Private to lint/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "lint/cases.h"

namespace writ::lint {

/// What is supposed of one fact.
struct Supposed {
    enum class What : std::uint8_t {
        Stranger,  ///< a value of somebody else: none that the policy names, but any that a pattern leaves room for
        Namesake,  ///< a value of whoever has taken over a name: what the policy names, unless it has identifiers in it
        Empty,     ///< a list without elements, or the empty text
        One,       ///< a list of one element, which may be anything
        Text,      ///< `text`
    };
    What what = What::Stranger;
    /// Stranger, Namesake: how many segments of a text say whose it is. Others can get a value that a pattern does not
    /// fix so far. 0: the whole text does; kTypical: any pattern will do that does not fit what everyone has.
    std::uint32_t segments = kTypical;
    std::string_view text = {};
    static constexpr std::uint32_t kTypical = 0xFFFFFFFF;
};

struct Supposition {
    std::optional<std::uint32_t> issuer;  ///< whose token it is: claims of others are unknown
    std::map<std::uint32_t, Supposed> facts;
};

/// Neither: it is unknown.
struct Can {
    bool hold = false, fail = false;
};

[[nodiscard]] Can can(const check::Policy& policy, const check::Expr& condition, const Supposition& supposition);
/// Whether all tests of a case can come out as it asks.
[[nodiscard]] bool can_hold(const check::Policy& policy, const Case& c, const Supposition& supposition);

/// Whether GitHub's subject names owner and repository with their numbers, which nobody can take over:
/// `repo:octo-org@65/octo-repo@74:…`. Of a pattern, the text before its first star.
[[nodiscard]] bool has_identifiers(std::string_view subject);

}  // namespace writ::lint

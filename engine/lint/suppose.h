// Possible values of a condition for requests of which only little is known: that the token is a stranger's, or that a
// claim is empty. Everything else is arbitrary. So lints depend on the meaning of a condition, not on its spelling. Not
// here: single requests (reference.h). Private to lint/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "lint/cases.h"

namespace writ::lint {

/// An assumption about one fact.
struct Supposed {
    enum class What : std::uint8_t {
        Stranger,  ///< a value of somebody else: none that the policy names, but any that a pattern leaves possible
        Namesake,  ///< a value of somebody who took over a name: one that the policy names, without identifiers
        Empty,     ///< a list without elements, or the empty text
        One,       ///< a list of one arbitrary element
        Text,      ///< `text`; of a bool: `true` or `false`
    };
    What what = What::Stranger;
    /// Stranger, Namesake: how many segments of a text identify its owner. Others can get a value
    /// unless a pattern fixes that many segments. 0: the whole text does; kTypical: any pattern does,
    /// unless it fits a text that everyone has.
    std::uint32_t segments = kTypical;
    std::string_view text;
    static constexpr std::uint32_t kTypical = 0xFFFFFFFF;
};

struct Supposition {
    std::optional<std::uint32_t> issuer;  ///< the token's issuer: claims of other issuers are unknown
    std::map<std::uint32_t, Supposed> facts;
};

/// Neither: the value is unknown.
struct Can {
    bool hold = false, fail = false;
};

[[nodiscard]] Can can(const check::Policy& policy, const check::Expr& condition, const Supposition& supposition);
/// Whether all tests of a case can have the required values.
[[nodiscard]] bool can_hold(const check::Policy& policy, const Case& c, const Supposition& supposition);

/// Whether GitHub's subject contains the numbers of owner and repository, which nobody can take over:
/// `repo:octo-org@65/octo-repo@74:…`. For a pattern, the text before its first star counts.
[[nodiscard]] bool has_identifiers(std::string_view subject);

}  // namespace writ::lint

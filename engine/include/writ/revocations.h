// Revocations: subjects that must not get a credential any more, whatever the policy permits. A set of revocations
// can only narrow decisions.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "writ/diagnostic.h"

namespace writ {

/// The kinds of subjects. docs/store.md, "Revocations", lists the facts of a request that each kind checks.
enum class RevocationKind : std::uint8_t {
    Agent,
    Deployment,
    Run,
    Workload,
    Key,
    Approval,
    User,
    Token,
    Tool,
    Issuer,
    Tenant,
    All,  ///< every request in a channel; the subject is the channel
};
constexpr std::size_t kRevocationKinds = 12;

/// "agent", "deployment", …
[[nodiscard]] std::string_view revocation_name(RevocationKind kind);
[[nodiscard]] std::optional<RevocationKind> revocation_kind(std::string_view name);

/// The canonical spelling in which a subject is stored and compared: letters in lower case, a SPIFFE ID or an
/// issuer's URL in canonical form.
/// Errors:  S0030 the text has no canonical spelling; the message says why and what to write.
[[nodiscard]] Result<std::string> canonical_subject(RevocationKind kind, std::string_view subject);

struct Revocation {
    RevocationKind kind = RevocationKind::Agent;
    std::string subject;
    std::int64_t expires_at = 0;  ///< microseconds since the epoch; 0: never
    friend bool operator==(const Revocation&, const Revocation&) = default;
};

/// An immutable set of revocations with fast lookup, shared between threads.
class Revocations {
public:
    Revocations();
    /// Subjects are converted to their canonical spelling. One that has none revokes its whole kind, because it is
    /// unknown which subject was meant. Of several revocations of one subject, the one that ends last counts.
    explicit Revocations(std::vector<Revocation> revocations);

    /// A copy without revocations of `All` for other channels.
    [[nodiscard]] Revocations for_channel(std::string_view channel) const;

    [[nodiscard]] bool empty() const { return items_->empty(); }
    [[nodiscard]] const std::vector<Revocation>& items() const { return *items_; }
    /// Whether any subject of a kind is revoked at the given moment.
    [[nodiscard]] bool any(RevocationKind kind, std::int64_t now) const {
        const std::int64_t end = ends_[static_cast<std::size_t>(kind)];
        return end == INT64_MAX || now < end;
    }
    /// Whether a subject, in any spelling, is revoked at the given moment. While any subject of the kind is revoked, a
    /// text without a canonical spelling counts as revoked. `room` is working memory: once warm, nothing is allocated.
    [[nodiscard]] bool revoked(RevocationKind kind, std::string_view subject, std::int64_t now,
                               std::string& room) const;
    [[nodiscard]] bool revoked(RevocationKind kind, std::string_view subject, std::int64_t now) const;

private:
    [[nodiscard]] std::size_t home(RevocationKind kind, std::string_view subject) const;

    std::shared_ptr<const std::vector<Revocation>> items_;
    std::vector<std::uint32_t> table_;                    ///< index into items_ plus 1; 0: free
    std::array<std::int64_t, kRevocationKinds> ends_{};   ///< when the last revocation of each kind ends
    std::array<std::int64_t, kRevocationKinds> whole_{};  ///< until when each whole kind is revoked
    std::array<unsigned char, 16> seed_{};                ///< random, so that nobody can choose subjects that collide
};

}  // namespace writ

// What must not get a credential any more, whatever the policy says. A set of these can only ever
// narrow decisions: it has no way to say anything but no.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace writ {

/// What is revoked; the facts of a request that name it are in docs/store.md, "Revocations".
enum class RevocationKind : std::uint8_t { Agent, Deployment, Run, Workload, Key, Approval };
constexpr std::size_t kRevocationKinds = 6;

/// "agent", "deployment", …
[[nodiscard]] std::string_view revocation_name(RevocationKind kind);
[[nodiscard]] std::optional<RevocationKind> revocation_kind(std::string_view name);

struct Revocation {
    RevocationKind kind = RevocationKind::Agent;
    std::string subject;
    std::int64_t expires_at = 0;  ///< microseconds since the epoch; 0: never
};

/// A set of revocations; immutable, cheap to look up in, shared between threads. Looking up allocates
/// nothing and costs one keyed hash.
class Revocations {
public:
    Revocations();
    /// Of several about one subject, the one that ends last counts.
    explicit Revocations(std::vector<Revocation> revocations);

    [[nodiscard]] bool empty() const { return items_->empty(); }
    [[nodiscard]] const std::vector<Revocation>& items() const { return *items_; }
    /// Whether any subject of a kind is revoked at a moment.
    [[nodiscard]] bool any(RevocationKind kind, std::int64_t now) const {
        const std::int64_t end = ends_[static_cast<std::size_t>(kind)];
        return end == INT64_MAX || now < end;
    }
    [[nodiscard]] bool revoked(RevocationKind kind, std::string_view subject, std::int64_t now) const;

private:
    [[nodiscard]] std::size_t home(RevocationKind kind, std::string_view subject) const;

    std::shared_ptr<const std::vector<Revocation>> items_;
    std::vector<std::uint32_t> table_;                       ///< indices into items_ and 1 more; 0 is free
    std::array<std::int64_t, kRevocationKinds> ends_;        ///< when the last one of a kind ends
    std::array<unsigned char, 16> seed_{};                   ///< nobody can choose subjects that collide
};

}  // namespace writ

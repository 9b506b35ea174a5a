// Binding tokens: what a server of approvals gets as proof that this decision point would permit something if it were
// approved. A JWT that an Ed25519 key signs. Not here: when there is one (issuance.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "os/keys.h"
#include "writ/diagnostic.h"

namespace writ::serve {

/// What a token binds. Every member is stated.
struct BoundDenial {
    std::string issuer, audience;       ///< the decision point, and the server of approvals
    std::int64_t issued = 0, ends = 0;  ///< seconds since 1970
    std::string evaluation_id;
    json::Value subject, resource, action;  ///< of the question that was denied
    std::string digest;                     ///< the binding digest of the decision
    json::Value call, requirements;         ///< what is to be approved, and by whom
};

/// Whether the digest of this value is the same for everybody: no numbers beyond the precision of a double, and no
/// text that RFC 8785 writes or sorts in another way.
[[nodiscard]] bool is_bindable(const json::Value& value);

/// A key that signs binding tokens. Can be moved, not copied; wiped at its end.
class BindingKey {
public:
    /// Reads a file that `writ keys generate` made. Errors: H0004.
    [[nodiscard]] static Result<BindingKey> read(const std::string& path);
    ~BindingKey();
    BindingKey(BindingKey&& other) noexcept;
    BindingKey& operator=(BindingKey&&) = delete;

    /// The token, as a compact JWS. Output: none if the question cannot be bound.
    [[nodiscard]] std::optional<std::string> sign(const BoundDenial& binding) const;
    /// A JWK Set with the public key.
    [[nodiscard]] json::Value public_keys() const;

private:
    explicit BindingKey(const os::KeyBytes& seed) : seed_(seed) {}
    os::KeyBytes seed_;
};

}  // namespace writ::serve

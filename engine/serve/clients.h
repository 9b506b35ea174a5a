// Who may ask: bearer keys, of which only hashes are kept, and client certificates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"
#include "writ/merkle.h"

namespace writ::serve {

/// What a client may do. An operator may do everything.
enum class ClientRole : std::uint8_t { Decide, Operate };

/// One client, as a line of the keys' file: `NAME ROLE SHA256`, where ROLE is `decide` or `operate`, and SHA256 the hex
/// digest of the key, or of the DER of the client's certificate after `cert:`. `#` starts a comment.
struct Client {
    std::string name;
    ClientRole role = ClientRole::Decide;
    bool certificate = false;
    ledger::Hash digest{};
};

/// What a line of the file has for a bearer key.
[[nodiscard]] std::string hash_of_key(std::string_view key);

class Clients {
public:
    /// Errors: H0005 with the line in the message.
    [[nodiscard]] static Result<Clients> read(const std::string& path);

    /// Finds the client of a request: by its certificate, or by `Authorization: Bearer KEY`. Takes the same time for
    /// every wrong key. Output: null if no client has proved itself.
    [[nodiscard]] const Client* find(const Peer& peer, std::string_view authorization) const;
    [[nodiscard]] bool empty() const { return all_.empty(); }
    /// Whether a client proves itself by a certificate.
    [[nodiscard]] bool has_certificates() const;

private:
    std::vector<Client> all_;
};

}  // namespace writ::serve

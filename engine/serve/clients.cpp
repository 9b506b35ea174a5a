#include "serve/clients.h"

#include <sodium.h>

#include "os/files.h"
#include "writ/errors.h"

namespace writ::serve {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; (at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        out.push_back(line.substr(at, end - at));
        at = end;
    }
    return out;
}

/// Takes the same time for all that differ.
bool same(const ledger::Hash& a, const Digest& b) {
    static_assert(sizeof a == sizeof b);
    return sodium_memcmp(a.data(), b.data(), sizeof a) == 0;
}

}  // namespace

std::string hash_of_key(std::string_view key) {
    return sha256_hex(key);
}

Result<Clients> Clients::read(const std::string& path) {
    const auto content = os::read_file(path, 1u << 20);
    if (!content) return fail(Code::KeysNotValid, content.error().reason, path);
    Clients out;
    std::string_view rest = *content;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        line = line.substr(0, std::min(line.find('#'), line.size()));
        const std::vector<std::string_view> words = words_of(line);
        if (words.empty()) continue;
        const auto wrong = [&](const char* why) {
            return fail(Code::KeysNotValid, "line " + std::to_string(number) + ": " + why, path);
        };
        if (words.size() != 3)
            return wrong("write `NAME decide|operate SHA256`; `writ serve --hash-key` makes the digest");
        Client client{.name = std::string(words[0])};
        if (words[1] == "operate")
            client.role = ClientRole::Operate;
        else if (words[1] != "decide")
            return wrong("the second word is neither `decide` nor `operate`");
        std::string_view hex = words[2];
        client.certificate = hex.starts_with("cert:");
        if (client.certificate) hex.remove_prefix(5);
        const auto digest = ledger::hash_from_hex(hex);
        if (!digest) return wrong("the third word is not 64 lower-case hex digits");
        client.digest = *digest;
        out.all_.push_back(std::move(client));
    }
    return out;
}

const Client* Clients::find(const Peer& peer, std::string_view authorization) const {
    constexpr std::string_view kScheme = "bearer ";
    const Client* found = nullptr;
    const bool bearer =
        authorization.size() > kScheme.size() && same_name(authorization.substr(0, kScheme.size()), kScheme);
    const Digest key = sha256(bearer ? authorization.substr(kScheme.size()) : std::string_view());
    for (const Client& each : all_) {
        const bool fits =
            each.certificate ? peer.certificate && same(each.digest, *peer.certificate) : same(each.digest, key);
        if (fits && (each.certificate || bearer) && found == nullptr) found = &each;
    }
    return found;
}

bool Clients::has_certificates() const {
    return std::any_of(all_.begin(), all_.end(), [](const Client& each) { return each.certificate; });
}

}  // namespace writ::serve

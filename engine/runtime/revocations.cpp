// A set of revocations: open addressing with a keyed hash, at most half full.
#include "writ/revocations.h"

#include <algorithm>

#include <sodium.h>

#include "base/person.h"
#include "base/random.h"
#include "base/values.h"
#include "writ/errors.h"

namespace writ {

namespace {

constexpr std::string_view kNames[kRevocationKinds] = {"agent", "deployment", "run",  "workload", "key",    "approval",
                                                       "user",  "token",      "tool", "issuer",   "tenant", "all"};
constexpr std::size_t kLongest = 4096;

std::int64_t end_of(const Revocation& revocation) {
    return revocation.expires_at == 0 ? INT64_MAX : revocation.expires_at;
}

// ---- spellings --------------------------------------------------------------------------------

/// What is wrong with a text as a name; null: nothing.
const char* fault_of(std::string_view text) {
    if (text.empty()) return "it is empty";
    if (text.size() > kLongest) return "it is longer than 4 KiB";
    if (text.front() == ' ' || text.back() == ' ') return "it begins or ends with a space";
    for (const char c : text)
        if ((c >= 0 && c < ' ') || c == 0x7F) return "it contains a control character, such as a tab or a line end";
    if (is_ascii(text) || comparable_name(text)) return nullptr;
    return "it has characters that have more than one spelling, cannot be seen, or are of several scripts; write plain "
           "letters, composed (NFC)";
}

bool begins_as_spiffe(std::string_view text) {
    return text.substr(0, 7) == "spiffe:";
}

/// The canonical spelling of a subject, in `room`; or null, and the error.
const char* spell(RevocationKind kind, std::string_view subject, std::string& room) {
    if (const char* fault = fault_of(subject)) return fault;
    if (is_ascii(subject)) {
        room.assign(subject);
        for (char& c : room)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    } else {
        fold_name(subject, room);
    }
    if (kind == RevocationKind::Workload && begins_as_spiffe(room) && !canonical_text(Kind::Spiffe, room))
        return "it is not a SPIFFE ID; write spiffe://trust-domain/path, without `..`, `//` or a `/` at the end";
    if (kind == RevocationKind::Issuer) {
        if (room.find("://") != std::string::npos) {
            auto url = canonical_text(Kind::Url, room);
            if (!url) return "it is not the URL of an issuer; write it as tokens do, without user, query, `..` or `//`";
            room.assign(*url);
        }
        if (room.size() > 1 && room.back() == '/') room.pop_back();
    }
    return nullptr;
}

}  // namespace

std::string_view revocation_name(RevocationKind kind) {
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<RevocationKind> revocation_kind(std::string_view name) {
    const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
    if (found == std::end(kNames)) return {};
    return static_cast<RevocationKind>(found - std::begin(kNames));
}

Result<std::string> canonical_subject(RevocationKind kind, std::string_view subject) {
    std::string room;
    const char* fault = spell(kind, subject, room);
    if (fault == nullptr) return room;
    const std::string what(kind == RevocationKind::All ? "channel" : revocation_name(kind));
    return fail(Code::MalformedSubject, "malformed " + what + ": " + fault, std::string(subject));
}

// ---- the set ----------------------------------------------------------------------------------

Revocations::Revocations() : Revocations(std::vector<Revocation>{}) {}

Revocations::Revocations(std::vector<Revocation> revocations) {
    ends_.fill(INT64_MIN);
    whole_.fill(INT64_MIN);
    std::string room;
    for (Revocation& each : revocations) {
        const bool spelled = spell(each.kind, each.subject, room) == nullptr;
        if (spelled) each.subject = room;
        for (auto* ends : {&ends_, spelled ? nullptr : &whole_})
            if (ends != nullptr) {
                auto& end = (*ends)[static_cast<std::size_t>(each.kind)];
                end = std::max(end, end_of(each));
            }
    }
    std::sort(revocations.begin(), revocations.end(), [](const Revocation& a, const Revocation& b) {
        if (a.kind != b.kind) return a.kind < b.kind;
        if (a.subject != b.subject) return a.subject < b.subject;
        return end_of(a) > end_of(b);
    });
    revocations.erase(std::unique(revocations.begin(), revocations.end(),
                                  [](const Revocation& a, const Revocation& b) {
                                      return a.kind == b.kind && a.subject == b.subject;
                                  }),
                      revocations.end());
    items_ = std::make_shared<const std::vector<Revocation>>(std::move(revocations));
    if (items_->empty()) return;

    static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);
    fill_secret(seed_.data(), seed_.size());
    std::size_t size = 4;
    while (size < 2 * items_->size()) size *= 2;
    table_.resize(size);
    for (std::uint32_t i = 0; i < items_->size(); ++i) {
        const Revocation& each = (*items_)[i];
        std::size_t at = home(each.kind, each.subject);
        while (table_[at] != 0) at = (at + 1) & (size - 1);
        table_[at] = i + 1;
    }
}

Revocations Revocations::for_channel(std::string_view channel) const {
    std::vector<Revocation> kept;
    for (const Revocation& each : *items_)
        if (each.kind != RevocationKind::All || each.subject == channel) kept.push_back(each);
    return Revocations(std::move(kept));
}

std::size_t Revocations::home(RevocationKind kind, std::string_view subject) const {
    std::uint64_t hash = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(subject.data()),
                     subject.size(), seed_.data());
    return static_cast<std::size_t>(hash + static_cast<std::uint64_t>(kind)) & (table_.size() - 1);
}

bool Revocations::revoked(RevocationKind kind, std::string_view subject, std::int64_t now, std::string& room) const {
    if (!any(kind, now)) return false;
    const std::int64_t whole = whole_[static_cast<std::size_t>(kind)];
    if (whole == INT64_MAX || now < whole) return true;
    if (spell(kind, subject, room) != nullptr) return true;
    for (std::size_t at = home(kind, room); table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
        const Revocation& each = (*items_)[table_[at] - 1];
        if (each.kind == kind && each.subject == room) return each.expires_at == 0 || now < each.expires_at;
    }
    return false;
}

bool Revocations::revoked(RevocationKind kind, std::string_view subject, std::int64_t now) const {
    std::string room;
    return revoked(kind, subject, now, room);
}

}  // namespace writ

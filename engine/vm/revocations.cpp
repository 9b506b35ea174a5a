// Looking up what is revoked: open addressing under a keyed hash, at most half full.
#include "writ/revocations.h"

#include <algorithm>

#include <sodium.h>

namespace writ {

namespace {

constexpr std::string_view kNames[kRevocationKinds] = {"agent", "deployment", "run", "workload", "key", "approval"};

std::int64_t end_of(const Revocation& revocation) {
    return revocation.expires_at == 0 ? INT64_MAX : revocation.expires_at;
}

}  // namespace

std::string_view revocation_name(RevocationKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<RevocationKind> revocation_kind(std::string_view name) {
    const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
    if (found == std::end(kNames)) return {};
    return static_cast<RevocationKind>(found - std::begin(kNames));
}

Revocations::Revocations() : Revocations(std::vector<Revocation>{}) {}

Revocations::Revocations(std::vector<Revocation> revocations) {
    ends_.fill(INT64_MIN);
    std::sort(revocations.begin(), revocations.end(), [](const Revocation& a, const Revocation& b) {
        if (a.kind != b.kind) return a.kind < b.kind;
        if (a.subject != b.subject) return a.subject < b.subject;
        return end_of(a) > end_of(b);
    });
    revocations.erase(std::unique(revocations.begin(), revocations.end(), [](const Revocation& a, const Revocation& b) {
                          return a.kind == b.kind && a.subject == b.subject;
                      }), revocations.end());
    items_ = std::make_shared<const std::vector<Revocation>>(std::move(revocations));
    if (items_->empty()) return;

    static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);
    [[maybe_unused]] static const int ready = sodium_init();
    randombytes_buf(seed_.data(), seed_.size());
    std::size_t size = 4;
    while (size < 2 * items_->size()) size *= 2;
    table_.resize(size);
    for (std::uint32_t i = 0; i < items_->size(); ++i) {
        const Revocation& each = (*items_)[i];
        auto& ends = ends_[static_cast<std::size_t>(each.kind)];
        ends = std::max(ends, end_of(each));
        std::size_t at = home(each.kind, each.subject);
        while (table_[at] != 0) at = (at + 1) & (size - 1);
        table_[at] = i + 1;
    }
}

std::size_t Revocations::home(RevocationKind kind, std::string_view subject) const {
    std::uint64_t hash = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(subject.data()),
                     subject.size(), seed_.data());
    return static_cast<std::size_t>(hash + static_cast<std::uint64_t>(kind)) & (table_.size() - 1);
}

bool Revocations::revoked(RevocationKind kind, std::string_view subject, std::int64_t now) const {
    if (!any(kind, now)) return false;
    for (std::size_t at = home(kind, subject); table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
        const Revocation& each = (*items_)[table_[at] - 1];
        if (each.kind == kind && each.subject == subject) return each.expires_at == 0 || now < each.expires_at;
    }
    return false;
}

}  // namespace writ

#include "store/state.h"

#include "base/digest.h"
#include "base/values.h"
#include "os/clock.h"
#include "os/files.h"
#include "store/fields.h"
#include "store/impl.h"
#include "writ/errors.h"

namespace writ::store {

namespace {

constexpr std::string_view kStateDomain = "writ.state.v2";
constexpr std::size_t kDigest = 64;

}  // namespace

std::string encode_state(const ReaderState& state) {
    std::string out;
    const Activation& a = state.activation;
    add_field(out, kStateDomain);
    add_field(out, a.space);
    add_field(out, a.channel);
    add_number(out, a.serial.epoch);
    add_number(out, a.serial.number);
    add_field(out, a.parent);
    add_field(out, a.digest);
    add_number(out, static_cast<std::uint64_t>(a.not_after));
    add_number(out, a.revoked.sequence);
    add_field(out, a.revoked.digest);
    add_field(out, a.key_id);
    add_field(out, a.signature);
    add_number(out, state.log.sequence);
    add_field(out, state.log.digest);
    add_number(out, state.revocations.size());
    for (const Revocation& each : state.revocations) {
        add_field(out, revocation_name(each.kind));
        add_field(out, each.subject);
        add_number(out, static_cast<std::uint64_t>(each.expires_at));
    }
    add_field(out, state.bundle);
    out += sha256_hex(out);
    return out;
}

Result<ReaderState> decode_state(std::string_view bytes) {
    const auto damaged = [] { return fail(Code::StateDamaged, "the reader's state is damaged"); };
    if (bytes.size() < kDigest) return damaged();
    const std::string_view body = bytes.substr(0, bytes.size() - kDigest);
    if (sha256_hex(body) != bytes.substr(body.size())) return damaged();
    Fields fields(body);
    if (fields.field() != kStateDomain) return damaged();
    ReaderState out;
    Activation& a = out.activation;
    a.space = fields.field();
    a.channel = fields.field();
    a.serial.epoch = fields.number();
    a.serial.number = fields.number();
    a.parent = fields.field();
    a.digest = fields.field();
    a.not_after = static_cast<std::int64_t>(fields.number());
    a.revoked.sequence = fields.number();
    a.revoked.digest = fields.field();
    a.key_id = fields.field();
    a.signature = fields.field();
    out.log.sequence = fields.number();
    out.log.digest = fields.field();
    for (std::uint64_t left = fields.number(); left > 0 && fields.sound(); --left) {
        const auto kind = revocation_kind(fields.field());
        if (!kind) return damaged();
        Revocation& each = out.revocations.emplace_back();
        each.kind = *kind;
        each.subject = fields.field();
        each.expires_at = static_cast<std::int64_t>(fields.number());
    }
    out.bundle = fields.field();
    if (!fields.finished()) return damaged();
    return out;
}

std::optional<std::int64_t> state_age(const std::string& path) {
    const auto status = os::status_of(path);
    if (!status) return {};
    return os::now_micros() - status->modified;
}

}  // namespace writ::store

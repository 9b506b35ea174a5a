#include "ledger/checkpoint.h"

#include <charconv>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/values.h"
#include "ledger/hash.h"
#include "ledger/log.h"
#include "ledger/system.h"
#include "os/clock.h"
#include "os/keys.h"
#include "writ/errors.h"

namespace writ::ledger {

namespace {

constexpr std::string_view kOrigin = "writ-ledger/";
constexpr std::string_view kSuffix = ".checkpoint";
constexpr std::string_view kSigned = "\u2014 ";
constexpr std::size_t kMaxText = 64u << 10;
constexpr std::size_t kKeyId = 4;

/// The first bytes of a digest over name, kind of signature and key.
std::string key_id(std::string_view name, const PublicBytes& key) {
    const Hash digest = sha256(
        {name, std::string_view("\n\x01", 2), std::string_view(reinterpret_cast<const char*>(key.data()), key.size())});
    return std::string(bytes_of(digest).substr(0, kKeyId));
}

/// Removes the first line from a text and returns it; empty if there is no line end.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

bool is_signed(std::string_view body, std::string_view signatures, const std::string& name, const PublicBytes& key) {
    while (auto line = take_line(signatures)) {
        if (!line->starts_with(kSigned)) return false;
        line->remove_prefix(kSigned.size());
        if (!line->starts_with(name + " ")) continue;
        const auto bytes = from_base64(line->substr(name.size() + 1));
        if (!bytes || !bytes->starts_with(key_id(name, key))) continue;
        if (os::verifies(key, body, std::string_view(*bytes).substr(kKeyId))) return true;
    }
    return false;
}

}  // namespace

std::string origin_of(const LedgerId& id) {
    std::string out(kOrigin);
    for (const std::uint8_t byte : id) out += fmt::format("{:02x}", byte);
    return out;
}

std::string checkpoint_path(const std::string& folder, std::uint64_t size) {
    return fmt::format("{}/checkpoints/{:020}{}", folder, size, kSuffix);
}

Result<std::vector<std::uint64_t>> checkpoints_in(const std::string& folder) {
    std::vector<std::uint64_t> out;
    if (!os::exists(folder + "/checkpoints")) return out;
    auto names = checked(os::list_folder(folder + "/checkpoints", kSuffix));
    if (!names) return tl::unexpected(std::move(names.error()));
    for (const std::string& name : *names) {
        std::uint64_t size = 0;
        std::from_chars(name.data(), name.data() + name.size(), size);
        if (checkpoint_path(folder, size) == folder + "/checkpoints/" + name) out.push_back(size);
    }
    return out;
}

Result<Checkpoint> own_checkpoint(const std::string& folder, std::uint64_t size) {
    const std::string path = checkpoint_path(folder, size);
    auto text = checked(os::read_file(path, kMaxText));
    if (!text) return tl::unexpected(std::move(text.error()));
    auto read = read_checkpoint(*text, nullptr);
    if (!read) read.error().context = path;
    return read;
}

Result<Seed> read_seed(const std::string& path) {
    return checked(os::read_seed(path));
}

Result<PublicBytes> read_public_bytes(const std::string& path) {
    return checked(os::read_public_half(path));
}

PublicBytes public_key_of(const Seed& seed) {
    return os::public_half_of(seed);
}

std::string to_text(const Checkpoint& checkpoint, const Seed* seed) {
    std::string text = fmt::format("{}\n{}\n{}\ntime {}\nspent {}\nkey {}\n", checkpoint.origin, checkpoint.size,
                                   to_base64(bytes_of(checkpoint.root)), format_instant(checkpoint.time),
                                   to_base64(bytes_of(checkpoint.spent)), to_base64(bytes_of(checkpoint.key)));
    std::string signature;
    if (seed != nullptr) {
        const std::string bytes = key_id(checkpoint.origin, public_key_of(*seed)) + os::sign(*seed, text);
        signature = fmt::format("{}{} {}\n", kSigned, checkpoint.origin, to_base64(bytes));
    }
    return text + "\n" + signature;
}

Result<Checkpoint> read_checkpoint(std::string_view text, const PublicBytes* key) {
    const auto malformed = [] { return fail(Code::MalformedCheckpoint, "the text is not a checkpoint of a ledger"); };
    const std::size_t blank = text.find("\n\n");
    if (text.size() > kMaxText || blank == text.npos) return malformed();
    const std::string_view body = text.substr(0, blank + 1);
    std::string_view left = body;
    Checkpoint out;
    const auto origin = take_line(left), size = take_line(left), root = take_line(left), time = take_line(left),
               spent = take_line(left), key_line = take_line(left);
    if (!origin || !size || !root || !time || !spent || !key_line || !left.empty() || !origin->starts_with(kOrigin) ||
        !time->starts_with("time ") || !spent->starts_with("spent ") || !key_line->starts_with("key "))
        return malformed();
    out.origin = *origin;
    const auto [end, wrong] = std::from_chars(size->data(), size->data() + size->size(), out.size);
    const auto hash = from_base64(*root), names = from_base64(spent->substr(6)),
               commitment = from_base64(key_line->substr(4));
    const auto moment = parse_instant(time->substr(5));
    if (wrong != std::errc() || end != size->data() + size->size() || !hash || hash->size() != out.root.size() ||
        !names || names->size() != out.spent.size() || !moment || !commitment || commitment->size() != out.key.size())
        return malformed();
    std::copy(hash->begin(), hash->end(), out.root.begin());
    std::copy(names->begin(), names->end(), out.spent.begin());
    std::copy(commitment->begin(), commitment->end(), out.key.begin());
    out.time = *moment;
    if (key != nullptr && !is_signed(body, text.substr(blank + 2), out.origin, *key))
        return fail(Code::CheckpointNotSigned, "the checkpoint has no valid signature of this key");
    return out;
}

Result<std::string> make_checkpoint(const std::string& folder, const Seed* seed) {
    LogOptions options;
    options.create = false;
    auto log = Log::open(folder, options);
    if (!log) return tl::unexpected(std::move(log.error()));
    const std::uint64_t size = (*log)->size();
    const std::string path = checkpoint_path(folder, size);
    // Without it the checkpoint cannot be made either.
    (void)os::make_folder(folder + "/checkpoints", 0777);
    if (os::exists(path)) {
        auto old = checked(os::read_file(path, kMaxText));
        if (!old) return tl::unexpected(std::move(old.error()));
        auto read = read_checkpoint(*old, nullptr);
        if (!read || read->root != (*log)->tree().root())
            return fail(Code::LedgerDamaged, "a checkpoint of this size has another root", path);
    }
    std::string text = to_text(
        {origin_of((*log)->id()), size, (*log)->tree().root(), (*log)->spent(), os::now_micros(), (*log)->commitment()},
        seed);
    if (auto kept = checked(os::replace_file(path, text, kFileMode)); !kept)
        return tl::unexpected(std::move(kept.error()));
    return text;
}

}  // namespace writ::ledger

#include "ledger/segment.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ledger/system.h"
#include "writ/errors.h"

namespace writ::ledger {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

namespace {

constexpr std::string_view kMagic = "WRITLEDG";
constexpr std::string_view kBlockMagic = "WBLK";
constexpr std::size_t kHeaderFixed = 8 + 4 + 4 + 16 + 8 + 32 + 32;  // magic, version, peaks, id, first, spent, key
constexpr std::size_t kReadAhead = 1u << 17;                        // data stays in the cache until it is used

template <class T>
void put(std::string& out, T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    out.append(raw, sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

/// A checksum that detects incomplete writes; the tree detects tampering. Seeded with the ledger's id, so that no
/// request can contain a valid block.
std::uint64_t checksum(const LedgerId& id, std::string_view head, std::string_view body) {
    const std::uint64_t seed = XXH3_64bits_withSeed(head.data(), head.size(), XXH3_64bits(id.data(), id.size()));
    return XXH3_64bits_withSeed(body.data(), body.size(), seed);
}

}  // namespace

std::string segment_name(std::uint64_t first) {
    return fmt::format("{:020}{}", first, kSegmentSuffix);
}

std::string write_header(const SegmentHeader& header) {
    std::string out(kMagic);
    put(out, kFormatVersion);
    put(out, static_cast<std::uint32_t>(header.before.peaks().size()));
    out.append(reinterpret_cast<const char*>(header.id.data()), header.id.size());
    put(out, header.before.size());
    out.append(reinterpret_cast<const char*>(header.spent.data()), header.spent.size());
    out.append(reinterpret_cast<const char*>(header.key.data()), header.key.size());
    for (const Hash& peak : header.before.peaks()) out.append(reinterpret_cast<const char*>(peak.data()), peak.size());
    put(out, checksum(header.id, out, {}));
    return out;
}

void write_block(const LedgerId& id, std::uint64_t first, const std::vector<std::string_view>& records,
                 std::string& out) {
    const std::size_t begin = out.size();
    out += kBlockMagic;
    put(out, std::uint32_t{0});
    put(out, first);
    put(out, static_cast<std::uint32_t>(records.size()));
    put(out, std::uint32_t{0});
    put(out, std::uint64_t{0});
    for (const std::string_view record : records) {
        put(out, static_cast<std::uint32_t>(record.size()));
        out += record;
    }
    const auto length = static_cast<std::uint32_t>(out.size() - begin - kBlockHeader);
    std::memcpy(out.data() + begin + 4, &length, sizeof length);
    const std::uint64_t sum = checksum(id, std::string_view(out).substr(begin, kBlockHeader - 8),
                                       std::string_view(out).substr(begin + kBlockHeader));
    std::memcpy(out.data() + begin + kBlockHeader - 8, &sum, sizeof sum);
}

Result<SegmentReader> SegmentReader::open(const std::string& path) {
    SegmentReader out;
    auto file = checked(os::File::open(path, os::OpenMode::Read));
    if (!file) return tl::unexpected(std::move(file.error()));
    out.file_ = std::move(*file);
    auto head = checked(out.file_.read_at(0, kHeaderFixed + 64 * sizeof(Hash) + 8));
    if (!head) return tl::unexpected(std::move(head.error()));
    const auto damaged = [&] { return fail(Code::LedgerDamaged, "the header of the segment is damaged", path); };
    if (head->size() < kHeaderFixed || !head->starts_with(kMagic)) return damaged();
    if (const auto version = get<std::uint32_t>(*head, 8); version != kFormatVersion)
        return fail(Code::OtherFormat,
                    fmt::format("the segment has format {}, but this program supports {}", version, kFormatVersion),
                    path);
    const auto count = get<std::uint32_t>(*head, 12);
    const std::size_t size = kHeaderFixed + std::size_t{count} * sizeof(Hash);
    if (count > 64 || head->size() < size + 8) return damaged();
    std::memcpy(out.header_.id.data(), head->data() + 16, out.header_.id.size());
    if (get<std::uint64_t>(*head, size) != checksum(out.header_.id, std::string_view(*head).substr(0, size), {}))
        return damaged();
    std::vector<Hash> peaks(count);
    for (std::uint32_t i = 0; i < count; ++i)
        std::memcpy(peaks[i].data(), head->data() + kHeaderFixed + i * sizeof(Hash), sizeof(Hash));
    out.next_ = get<std::uint64_t>(*head, 32);
    std::memcpy(out.header_.spent.data(), head->data() + 40, sizeof(Hash));
    std::memcpy(out.header_.key.data(), head->data() + 72, sizeof(Hash));
    auto before = Frontier::from_peaks(out.next_, std::move(peaks));
    if (!before) return damaged();
    out.header_.before = std::move(*before);
    out.offset_ = size + 8;
    return out;
}

Result<std::string_view> SegmentReader::window(std::uint64_t offset, std::size_t size) {
    if (offset < buffer_at_ || offset + size > buffer_at_ + buffer_size_) {
        // If this fails, nothing of it remains.
        const std::size_t wanted = std::max(size, kReadAhead);
        if (buffer_.size() < wanted) buffer_.resize(wanted);
        auto read = checked(file_.read_into(buffer_.data(), offset, wanted));
        if (!read) {
            buffer_size_ = 0;
            return tl::unexpected(std::move(read.error()));
        }
        buffer_at_ = offset;
        buffer_size_ = *read;
    }
    return std::string_view(buffer_.data(), buffer_size_).substr(offset - buffer_at_, size);
}

bool SegmentReader::parse(std::string_view header, BlockInfo& out) const {
    if (header.size() < kBlockHeader || !header.starts_with(kBlockMagic)) return false;
    out.length = get<std::uint32_t>(header, 4);
    out.first = get<std::uint64_t>(header, 8);
    out.count = get<std::uint32_t>(header, 16);
    return get<std::uint32_t>(header, 20) == 0 && out.length <= kMaxBlock && out.count > 0 &&
           std::size_t{out.count} * 4 <= out.length;
}

Result<SegmentReader::Found> SegmentReader::skip() {
    auto head = window(offset_, kBlockHeader);
    if (!head) return tl::unexpected(std::move(head.error()));
    if (head->empty()) return Found::End;
    BlockInfo block;
    if (!parse(*head, block) || block.first != next_) return not_a_block();
    block.offset = offset_;
    block_ = block;
    offset_ += kBlockHeader + block.length;
    next_ += block.count;
    return Found::Block;
}

Result<SegmentReader::Found> SegmentReader::load() {
    const auto back = [this] {
        offset_ = block_.offset;
        next_ = block_.first;
        return not_a_block();
    };
    auto whole = window(block_.offset, kBlockHeader + block_.length);
    if (!whole) return tl::unexpected(std::move(whole.error()));
    if (whole->size() < kBlockHeader + block_.length) return back();
    std::string_view left = whole->substr(kBlockHeader);
    if (get<std::uint64_t>(*whole, kBlockHeader - 8) != checksum(header_.id, whole->substr(0, kBlockHeader - 8), left))
        return back();
    records_.clear();
    for (std::uint32_t i = 0; i < block_.count; ++i) {
        if (left.size() < 4) return back();
        const auto length = get<std::uint32_t>(left, 0);
        if (length > left.size() - 4) return back();
        records_.push_back(left.substr(4, length));
        left.remove_prefix(4 + std::size_t{length});
    }
    if (!left.empty()) return back();
    return Found::Block;
}

Result<SegmentReader::Found> SegmentReader::next() {
    auto found = skip();
    return found && *found == Found::Block ? load() : found;
}

/// A block after this position proves that the bytes here were durable once, because a block is started only after
/// the previous one is durable.
Result<SegmentReader::Found> SegmentReader::not_a_block() {
    buffer_size_ = 0;  // the content may be complete at the next attempt
    auto status = checked(file_.status());
    if (!status) return tl::unexpected(std::move(status.error()));
    auto rest =
        checked(file_.read_at(offset_, static_cast<std::size_t>(status->size - std::min(status->size, offset_))));
    if (!rest) return tl::unexpected(std::move(rest.error()));
    const std::string_view all = *rest;
    for (std::size_t at = all.find(kBlockMagic, 1); at != all.npos; at = all.find(kBlockMagic, at + 1)) {
        BlockInfo block;
        if (!parse(all.substr(at), block) || all.size() - at < kBlockHeader + block.length) continue;
        const std::string_view head = all.substr(at, kBlockHeader - 8);
        const std::string_view body = all.substr(at + kBlockHeader, block.length);
        if (get<std::uint64_t>(all, at + kBlockHeader - 8) == checksum(header_.id, head, body)) return Found::Damaged;
    }
    return Found::Torn;
}

}  // namespace writ::ledger

// Reader: reads the segments one after another, as far as they are complete.
#include <algorithm>

#include <fmt/format.h>

#include "ledger/log.h"
#include "writ/errors.h"
#include "writ/ledger.h"

namespace writ::ledger {

struct Reader::Impl {
    std::string folder;
    SegmentReader segment;
    std::size_t at = 0;        ///< in the block
    std::uint64_t number = 0;  ///< of the current record
    std::string_view record;

    explicit Impl(std::string in, SegmentReader first) : folder(std::move(in)), segment(std::move(first)) {}

    [[nodiscard]] bool in_block() const { return at < segment.records().size(); }

    /// Moves to the next block, in the next segment if necessary.
    Result<bool> next_block(bool read) {
        for (;;) {
            auto found = read ? segment.next() : segment.skip();
            if (!found) return tl::unexpected(std::move(found.error()));
            switch (*found) {
                case SegmentReader::Found::Block: return true;
                case SegmentReader::Found::Damaged:
                    return fail(
                        Code::LedgerDamaged,
                        fmt::format("the segment is damaged at byte {}, before other records", segment.offset()),
                        segment.path());
                case SegmentReader::Found::End:
                case SegmentReader::Found::Torn: break;
            }
            const std::string path = folder + "/" + segment_name(segment.next_number());
            if (path == segment.path() || !os::exists(path)) return false;
            if (*found == SegmentReader::Found::Torn)
                return fail(Code::LedgerDamaged, fmt::format("the segment is damaged at byte {}", segment.offset()),
                            segment.path());
            auto opened = SegmentReader::open(path);
            if (!opened) return tl::unexpected(std::move(opened.error()));
            segment = std::move(*opened);
        }
    }
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<Reader> Reader::open(const std::string& folder) {
    auto segments = segments_in(folder);
    if (!segments) return tl::unexpected(std::move(segments.error()));
    if (segments->front() != 0) return fail(Code::LedgerDamaged, "the first segment is missing", folder);
    auto first = SegmentReader::open(folder + "/" + segment_name(0));
    if (!first) return tl::unexpected(std::move(first.error()));
    return Reader(std::make_unique<Impl>(folder, std::move(*first)));
}

Result<void> Reader::seek(std::uint64_t sequence) {
    auto segments = segments_in(impl_->folder);
    if (!segments) return tl::unexpected(std::move(segments.error()));
    const auto behind = std::upper_bound(segments->begin(), segments->end(), sequence);
    if (behind == segments->begin()) return fail(Code::LedgerDamaged, "the first segment is missing", impl_->folder);
    auto opened = SegmentReader::open(impl_->folder + "/" + segment_name(*(behind - 1)));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    impl_->segment = std::move(*opened);
    impl_->at = 0;
    for (;;) {
        auto more = impl_->next_block(false);
        if (!more) return tl::unexpected(std::move(more.error()));
        impl_->number = impl_->segment.next_number();
        if (!*more) return {};
        const BlockInfo& block = impl_->segment.block();
        if (block.first + block.count <= sequence) continue;
        auto loaded = impl_->segment.load();
        if (!loaded) return tl::unexpected(std::move(loaded.error()));
        if (*loaded == SegmentReader::Found::Torn) return {};
        if (*loaded != SegmentReader::Found::Block)
            return fail(Code::LedgerDamaged, "the segment is damaged", impl_->segment.path());
        impl_->at = static_cast<std::size_t>(sequence - block.first);
        impl_->number = sequence;
        return {};
    }
}

Result<bool> Reader::next() {
    if (!impl_->in_block()) {
        auto more = impl_->next_block(true);
        if (!more || !*more) return more;
        impl_->at = 0;
    }
    impl_->number = impl_->segment.block().first + impl_->at;
    impl_->record = impl_->segment.records()[impl_->at++];
    return true;
}

std::uint64_t Reader::sequence() const {
    return impl_->number;
}
std::string_view Reader::bytes() const {
    return impl_->record;
}

}  // namespace writ::ledger

// A segment: a file of a ledger with a header and blocks, each written and made durable at once. Format:
// docs/ledger.md, "Files". Reading only; log.h writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "os/files.h"
#include "writ/diagnostic.h"
#include "writ/merkle.h"

namespace writ::ledger {

constexpr std::uint32_t kFormatVersion = 3;
constexpr std::size_t kBlockHeader = 32;
constexpr std::size_t kMaxBlock = 16u << 20;  ///< bytes after a block's header
constexpr std::size_t kMaxRecord = 8u << 20;  ///< G0020
constexpr std::string_view kSegmentSuffix = ".segment";

using LedgerId = std::array<std::uint8_t, 16>;

struct SegmentHeader {
    LedgerId id{};
    Frontier before;  ///< the tree of all records in earlier segments; its size is the number of the first record
    Hash spent{};     ///< the running hash over what those records spent: spent.h
    Hash key{};       ///< the commitment to the ledger's key: log.h
};

/// `00000000000000001234.segment`, named after its first record.
[[nodiscard]] std::string segment_name(std::uint64_t first);
[[nodiscard]] std::string write_header(const SegmentHeader& header);

/// The position and the header of a block.
struct BlockInfo {
    std::uint64_t offset = 0;
    std::uint64_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t length = 0;  ///< bytes after the header
};

/// Appends one block. Requires: the records take at most kMaxBlock bytes, with 4 for each.
void write_block(const LedgerId& id, std::uint64_t first, const std::vector<std::string_view>& records,
                 std::string& out);

/// Reads one segment from front to back. Used by one thread.
class SegmentReader {
public:
    /// Errors: G0002; G0003 no whole header; G0004.
    [[nodiscard]] static Result<SegmentReader> open(const std::string& path);

    enum class Found : std::uint8_t {
        Block,
        End,      ///< there is nothing more
        Torn,     ///< invalid bytes with no block after them: an incomplete write
        Damaged,  ///< invalid bytes with a block after them
    };
    /// Moves to a position at which a block is known to start, or would start.
    void go_to(std::uint64_t offset, std::uint64_t number) { offset_ = offset, next_ = number; }
    /// Moves to the next block and checks all of it.
    [[nodiscard]] Result<Found> next();
    /// Moves to the next block without reading its content; checks only the header.
    [[nodiscard]] Result<Found> skip();
    /// Reads the content of the block that skip() moved to.
    [[nodiscard]] Result<Found> load();

    [[nodiscard]] const SegmentHeader& header() const { return header_; }
    [[nodiscard]] const BlockInfo& block() const { return block_; }
    /// The position at which the next block starts, or would start.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    [[nodiscard]] std::uint64_t next_number() const { return next_; }
    [[nodiscard]] const std::string& path() const { return file_.path(); }
    /// The records of the block; valid until the next call that reads.
    [[nodiscard]] const std::vector<std::string_view>& records() const { return records_; }

private:
    [[nodiscard]] Result<std::string_view> window(std::uint64_t offset, std::size_t size);
    [[nodiscard]] bool parse(std::string_view header, BlockInfo& out) const;
    [[nodiscard]] Result<Found> not_a_block();

    os::File file_;
    SegmentHeader header_;
    std::uint64_t offset_ = 0;  ///< position of the next block
    std::uint64_t next_ = 0;    ///< number of the next record
    BlockInfo block_;
    std::vector<std::string_view> records_;
    std::string buffer_;           ///< the last bytes read, and working memory
    std::size_t buffer_size_ = 0;  ///< number of bytes read
    std::uint64_t buffer_at_ = 0;
};

}  // namespace writ::ledger

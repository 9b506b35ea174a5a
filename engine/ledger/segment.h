// A segment: one file of a ledger, a header and then blocks, each written and made durable at once.
// Written down in docs/ledger.md, "Files". Reading only; log.h writes.
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
    Frontier before;  ///< the tree over every record of earlier segments; its size is the first number
    Hash spent{};     ///< the running hash over what those records spent: spent.h
    Hash key{};       ///< the commitment to the ledger's key: log.h
};

/// `00000000000000001234.segment`, after its first record.
[[nodiscard]] std::string segment_name(std::uint64_t first);
[[nodiscard]] std::string write_header(const SegmentHeader& header);

/// Where a block begins, and what it says of itself.
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
        End,      ///< nothing more is there
        Torn,     ///< something that is no block, and no block behind it: a write that was cut short
        Damaged,  ///< something that is no block, and a block behind it
    };
    /// Goes to where a block is known to begin, or would.
    void go_to(std::uint64_t offset, std::uint64_t number) { offset_ = offset, next_ = number; }
    /// Goes to the next block and checks it whole.
    [[nodiscard]] Result<Found> next();
    /// Goes to the next block without reading what is in it, as far as its header can be believed.
    [[nodiscard]] Result<Found> skip();
    /// Reads what is in the block that skip() came to.
    [[nodiscard]] Result<Found> load();

    [[nodiscard]] const SegmentHeader& header() const { return header_; }
    [[nodiscard]] const BlockInfo& block() const { return block_; }
    /// Where the block after this one begins, or would.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    [[nodiscard]] std::uint64_t next_number() const { return next_; }
    [[nodiscard]] const std::string& path() const { return file_.path(); }
    /// The records of the block; good until the next call that reads.
    [[nodiscard]] const std::vector<std::string_view>& records() const { return records_; }

private:
    [[nodiscard]] Result<std::string_view> window(std::uint64_t offset, std::size_t size);
    [[nodiscard]] bool parse(std::string_view header, BlockInfo& out) const;
    [[nodiscard]] Result<Found> not_a_block();

    os::File file_;
    SegmentHeader header_;
    std::uint64_t offset_ = 0;  ///< of what comes next
    std::uint64_t next_ = 0;    ///< number of the record that comes next
    BlockInfo block_;
    std::vector<std::string_view> records_;
    std::string buffer_;           ///< what was read last, and room
    std::size_t buffer_size_ = 0;  ///< of what was read
    std::uint64_t buffer_at_ = 0;
};

}  // namespace writ::ledger

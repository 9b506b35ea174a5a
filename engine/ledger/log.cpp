#include "ledger/log.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/checkpoint.h"

namespace writ::ledger {

Result<std::vector<std::uint64_t>> segments_in(const std::string& folder) {
    const auto none = [&] { return fail(LedgerCode::G0001, "there is no ledger here", folder); };
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) return none();
    auto names = list_folder(folder, kSegmentSuffix);
    if (!names) return tl::unexpected(std::move(names.error()));
    std::vector<std::uint64_t> out;
    for (const std::string& name : *names) {
        std::uint64_t first = 0;
        std::from_chars(name.data(), name.data() + name.size(), first);
        if (segment_name(first) == name) out.push_back(first);
    }
    if (out.empty()) return none();
    return out;
}

Result<std::unique_ptr<Log>> Log::open(const std::string& folder, const LogOptions& options) {
    std::unique_ptr<Log> log(new Log);
    log->folder_ = folder;
    log->options_ = options;
    std::error_code ignored;
    if (options.create && !std::filesystem::exists(folder, ignored)) {
        if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return system_error(folder);
        auto kept = sync_folder(folder + "/..");
        if (!kept) return tl::unexpected(std::move(kept.error()));
    }
    if (!options.create)
        if (auto there = segments_in(folder); !there) return tl::unexpected(std::move(there.error()));
    auto lock = open_file(folder + "/lock", O_RDWR | O_CREAT);
    if (!lock) return tl::unexpected(std::move(lock.error()));
    log->lock_ = std::move(*lock);
    if (auto taken = log->take_lock(); !taken) return tl::unexpected(std::move(taken.error()));
    const auto ready = [&]() -> Result<void> {
        auto segments = segments_in(folder);
        if (segments) return log->use_segment(segments->back());
        if (segments.error().code != "G0001") return tl::unexpected(std::move(segments.error()));
        if (sodium_init() < 0) return fail(LedgerCode::G0002, "no random numbers to be had", folder);
        randombytes_buf(log->id_.data(), log->id_.size());
        return log->begin_segment();
    };
    auto done = ready();
    if (done) done = log->catch_up({});
    if (done) done = log->hold_against_checkpoint();
    log->unlock();
    if (!done) return tl::unexpected(std::move(done.error()));
    return log;
}

Result<void> Log::take_lock() {
    using Clock = std::chrono::steady_clock;
    if (held_) return {};
    const auto until = Clock::now() + std::chrono::milliseconds(options_.patience);
    while (::flock(lock_.descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return system_error(folder_ + "/lock");
        if (Clock::now() >= until)
            return fail(LedgerCode::G0005,
                        fmt::format("another program has held the ledger for {} ms", options_.patience),
                        folder_);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    held_ = true;
    return {};
}

/// While a write of this program may lie about, no other may build on it.
void Log::unlock() {
    if (suspect_) return;
    ::flock(lock_.descriptor(), LOCK_UN);
    held_ = false;
}

Result<void> Log::lock(const Seen& seen) {
    if (auto taken = take_lock(); !taken) return taken;
    auto done = catch_up(seen);
    if (!done) unlock();
    return done;
}

/// Most often nothing has changed, and that must cost no more than a look.
Result<void> Log::catch_up(const Seen& seen) {
    if (suspect_)
        if (auto done = cut(offset_, false); !done) return done;
    for (;;) {
        auto size = size_of(segment_, path_);
        if (!size) return tl::unexpected(std::move(size.error()));
        if (*size != offset_)
            if (auto read = read_on(seen); !read) return read;
        // A program that begins a segment has finished the one before.
        const std::string next = path_of(tree_.size());
        struct stat info{};
        if (path_ == next || ::stat(next.c_str(), &info) != 0) return {};
        if (auto used = use_segment(tree_.size()); !used) return used;
    }
}

/// What is in the segment behind the place that is known.
Result<void> Log::read_on(const Seen& seen) {
    auto reader = SegmentReader::open(path_);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    reader->go_to(offset_, tree_.size());
    for (;;) {
        auto found = reader->next();
        if (!found) return tl::unexpected(std::move(found.error()));
        switch (*found) {
            case SegmentReader::Found::Block:
                for (const std::string_view record : reader->records()) {
                    const Hash leaf = leaf_hash(record);
                    if (seen) seen(tree_.size(), leaf, record);
                    tree_.add(leaf);
                }
                offset_ = reader->offset();
                break;
            case SegmentReader::Found::End:
                return {};
            case SegmentReader::Found::Torn:
                return cut(offset_, true);
            case SegmentReader::Found::Damaged:
                return fail(LedgerCode::G0003,
                            fmt::format("the segment is damaged at byte {}, and records follow", offset_),
                            path_);
        }
    }
}

Result<void> Log::cut(std::uint64_t offset, bool keep) {
    if (keep) {
        auto size = size_of(segment_, path_);
        if (!size) return tl::unexpected(std::move(size.error()));
        auto rest = read_at(segment_, path_, offset, static_cast<std::size_t>(*size - offset));
        if (!rest) return tl::unexpected(std::move(rest.error()));
        const std::string aside = fmt::format("{}/{:020}.cut", folder_, tree_.size());
        if (auto kept = replace_file(aside, *rest); !kept) return kept;
    }
    if (::ftruncate(segment_.descriptor(), static_cast<off_t>(offset)) != 0 ||
        ::fdatasync(segment_.descriptor()) != 0)
        return system_error(path_);
    suspect_ = false;
    return {};
}

Result<void> Log::begin_segment() {
    const std::uint64_t first = tree_.size();
    if (auto made = replace_file(path_of(first), write_header({id_, tree_})); !made) return made;
    return use_segment(first);
}

Result<void> Log::use_segment(std::uint64_t first) {
    const std::string path = path_of(first);
    auto reader = SegmentReader::open(path);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    const SegmentHeader& header = reader->header();
    if (header.before.size() != first ||
        (tree_.size() > 0 && (header.before.root() != tree_.root() || header.id != id_)))
        return fail(LedgerCode::G0003, "the segment does not continue the one before it", path);
    auto file = open_file(path, O_RDWR);
    if (!file) return tl::unexpected(std::move(file.error()));
    segment_ = std::move(*file);
    path_ = path;
    id_ = header.id;
    tree_ = header.before;
    offset_ = reader->offset();
    return {};
}

Result<void> Log::hold_against_checkpoint() const {
    auto sizes = checkpoints_in(folder_);
    if (!sizes) return tl::unexpected(std::move(sizes.error()));
    if (sizes->empty() || sizes->back() <= tree_.size()) return {};
    return fail(LedgerCode::G0006,
                fmt::format("the ledger has {} records, and a checkpoint of its own says {}", tree_.size(),
                            sizes->back()),
                folder_);
}

Result<void> Log::append(const std::vector<std::string_view>& records, const std::vector<Hash>& leaves) {
    if (offset_ >= options_.segment_bytes)
        if (auto begun = begin_segment(); !begun) return begun;
    block_.clear();
    write_block(id_, tree_.size(), records, block_);
    auto written = write_at(segment_, path_, offset_, block_);
    if (written && ::fdatasync(segment_.descriptor()) != 0) written = system_error(path_);
    if (!written) {
        suspect_ = true;
        // Now if it can be, else before the next block.
        (void)cut(offset_, false);
        return written;
    }
    offset_ += block_.size();
    for (const Hash& leaf : leaves) tree_.add(leaf);
    return {};
}

}  // namespace writ::ledger

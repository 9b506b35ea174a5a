#include "ledger/log.h"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/random.h"
#include "ledger/checkpoint.h"
#include "ledger/keyed.h"
#include "ledger/system.h"
#include "os/keys.h"
#include "writ/errors.h"
#include "writ/ledger.h"

namespace writ::ledger {

namespace {

constexpr unsigned kFolderMode = 0750;

}  // namespace

Result<std::vector<std::uint64_t>> segments_in(const std::string& folder) {
    const auto none = [&] { return fail(Code::NoLedger, "there is no ledger here", folder); };
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) return none();
    auto names = checked(os::list_folder(folder, kSegmentSuffix));
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

Hash commitment_to(std::string_view key, const LedgerId& id) {
    return Keyed(key).digest("ledger", std::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

Result<std::unique_ptr<Log>> Log::open(const std::string& folder, const LogOptions& options) {
    if (const std::size_t header = write_header({}).size(); options.segment_bytes <= header)
        return fail(Code::SegmentTooSmall,
                    fmt::format("a segment of {} bytes has no room for records: its header alone takes {}",
                                options.segment_bytes, header),
                    folder);
    std::unique_ptr<Log> log(new Log);
    log->folder_ = folder;
    log->options_ = options;
    if (!options.create)
        if (auto there = segments_in(folder); !there) return tl::unexpected(std::move(there.error()));
    if (auto opened = log->open_folder(); !opened) return tl::unexpected(std::move(opened.error()));
    if (auto taken = log->take_lock(); !taken) return tl::unexpected(std::move(taken.error()));
    auto done = log->prepare();
    log->unlock();
    if (!done) return tl::unexpected(std::move(done.error()));
    return log;
}

Result<void> Log::open_folder() {
    if (options_.create && !os::exists(folder_)) {
        // Another program may make it at the same time.
        if (auto made = os::make_folder(folder_, kFolderMode); !made && made.error().what != os::What::Exists)
            return checked(std::move(made));
        if (auto kept = checked(os::sync_folder(folder_ + "/..")); !kept) return kept;
    }
    auto opened = checked(os::File::open(folder_, os::OpenMode::Folder));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    folder_file_ = std::move(*opened);
    auto status = checked(folder_file_.status());
    if (!status) return tl::unexpected(std::move(status.error()));
    folder_id_ = status->id;
    return {};
}

/// Makes the ledger, or finds its end. Requires: the lock.
Result<void> Log::prepare() {
    const bool has_key = os::exists(folder_ + "/key");
    auto segments = segments_in(folder_);
    if (!segments) {
        if (segments.error().code != code_name(Code::NoLedger)) return tl::unexpected(std::move(segments.error()));
        if (has_key)
            return fail(Code::RecordsGone,
                        "the segments are missing: the folder contains the key of a ledger, but no segment", folder_);
        if (auto begun = begin_ledger(); !begun) return begun;
    } else if (auto used = use_segment(segments->back()); !used) {
        return used;
    }
    auto sizes = checkpoints_in(folder_);
    if (!sizes) return tl::unexpected(std::move(sizes.error()));
    if (!sizes->empty()) {
        auto own = own_checkpoint(folder_, sizes->back());
        if (!own) return tl::unexpected(std::move(own.error()));
        own_ = std::move(*own);
    }
    if (auto held = hold_against_checkpoint(); !held) return held;
    if (auto done = catch_up({}); !done) return done;
    if (own_ && own_->size > tree_.size())
        return fail(
            Code::RecordsGone,
            fmt::format("the ledger has {} records, but its own checkpoint states {}", tree_.size(), own_->size),
            folder_);
    own_.reset();
    // An interrupted start leaves a segment without records, and no key.
    if (segments && !has_key && tree_.size() == 0 && sizes->empty())
        if (auto begun = begin_ledger(); !begun) return begun;
    return in_place();
}

/// Makes an id, a key, and a first segment that commits to them. Requires: nothing is recorded, and there is no key.
Result<void> Log::begin_ledger() {
    key_.resize(Keyed::kKeyBytes);
    if (!fill_random(id_.data(), id_.size()) || !fill_random(key_.data(), key_.size()))
        return fail(Code::LedgerIoFailed, "the system provides no random numbers", folder_);
    commitment_ = commitment_to(key_, id_);
    if (auto begun = begin_segment(); !begun) return begun;
    return write_key_file(folder_ + "/key", key_);
}

Result<std::string> Log::key() {
    const std::string path = folder_ + "/key";
    if (!os::exists(path))
        return fail(Code::LedgerKeyMissing, "the ledger's key is missing, and without it no earlier name can be found",
                    path);
    auto read = read_mask_key(path);
    if (read && commitment_to(*read, id_) != commitment_)
        return fail(Code::LedgerKeyDiffers,
                    "the records were written with another key, so no earlier name can be found with this one", path);
    if (read) key_ = *read;
    return read;
}

Result<void> Log::take_lock() {
    using Clock = std::chrono::steady_clock;
    if (held_) return {};
    const auto until = Clock::now() + std::chrono::milliseconds(options_.patience);
    for (;;) {
        auto taken = checked(folder_file_.try_lock());
        if (!taken) return tl::unexpected(std::move(taken.error()));
        if (*taken) break;
        if (Clock::now() >= until)
            return fail(Code::LedgerLocked,
                        fmt::format("another program has locked the ledger for {} ms", options_.patience), folder_);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    held_ = true;
    return {};
}

/// If somebody removes or replaces the file, this program writes to one that nobody will read.
Result<void> Log::in_place() const {
    if (!os::names(folder_, folder_id_))
        return fail(Code::LedgerReplaced, "the folder is not the one that was opened: it was removed or replaced",
                    folder_);
    if (segment_.is_open() && !os::names(segment_.path(), segment_id_))
        return fail(Code::LedgerReplaced, "the segment is not the one that was opened: it was removed or replaced",
                    segment_.path());
    return {};
}

/// The open file still has every record of its segment. Records of earlier segments cannot be restored.
Result<void> Log::restore() {
    const auto gone = [](const std::string& path) {
        const auto status = os::status_of(path);
        return !status && status.error().what == os::What::Missing;
    };
    if (gone(folder_)) {
        if (first_ > 0) return in_place();
        if (auto made = checked(os::make_folder(folder_, kFolderMode)); !made) return made;
        auto folder = checked(os::File::open(folder_, os::OpenMode::Folder));
        if (!folder) return tl::unexpected(std::move(folder.error()));
        if (const auto taken = folder->try_lock(); !taken || !*taken) return in_place();
        auto status = checked(folder->status());
        if (!status) return tl::unexpected(std::move(status.error()));
        folder_file_ = std::move(*folder);
        folder_id_ = status->id;
        if (auto kept = checked(os::sync_folder(folder_ + "/..")); !kept) return kept;
        if (!key_.empty())
            if (auto kept = write_key_file(folder_ + "/key", key_); !kept) return kept;
    }
    const std::string path = segment_.path();
    if (!os::names(folder_, folder_id_) || !gone(path)) return in_place();
    if (first_ > 0 && gone(path_of(0))) return in_place();
    auto bytes = checked(segment_.read_at(0, static_cast<std::size_t>(offset_)));
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->size() != offset_) return in_place();
    if (auto written = checked(os::replace_file(path, *bytes, kFileMode)); !written) return written;
    auto file = checked(os::File::open(path, os::OpenMode::ReadAndWrite));
    if (!file) return tl::unexpected(std::move(file.error()));
    auto status = checked(file->status());
    if (!status) return tl::unexpected(std::move(status.error()));
    segment_ = std::move(*file);
    segment_id_ = status->id;
    return in_place();
}

/// While an incomplete write of this program may exist, no other program may append.
void Log::unlock() {
    if (suspect_) return;
    folder_file_.unlock();
    held_ = false;
}

Result<void> Log::lock(const EntryVisitor& seen) {
    if (auto taken = take_lock(); !taken) return taken;
    auto done = in_place();
    if (!done && !suspect_) done = restore();
    if (done) done = catch_up(seen);
    if (!done) unlock();
    return done;
}

/// Usually nothing has changed, so this check must be cheap.
Result<void> Log::catch_up(const EntryVisitor& seen) {
    if (suspect_)
        if (auto done = cut(offset_, false); !done) return done;
    for (;;) {
        auto status = checked(segment_.status());
        if (!status) return tl::unexpected(std::move(status.error()));
        if (status->size != offset_)
            if (auto read = read_on(seen); !read) return read;
        // A program that starts a segment has completed the previous one.
        const std::string next = path_of(tree_.size());
        if (segment_.path() == next || !os::exists(next)) return {};
        if (auto used = use_segment(tree_.size()); !used) return used;
    }
}

/// Reads the segment after the known position.
Result<void> Log::read_on(const EntryVisitor& seen) {
    auto reader = SegmentReader::open(segment_.path());
    if (!reader) return tl::unexpected(std::move(reader.error()));
    reader->go_to(offset_, tree_.size());
    for (;;) {
        auto found = reader->next();
        if (!found) return tl::unexpected(std::move(found.error()));
        switch (*found) {
            case SegmentReader::Found::Block:
                for (const std::string_view record : reader->records()) {
                    const Entry entry = entry_of(record);
                    if (seen) seen(tree_.size(), entry);
                    spent_.add(tree_.size(), entry);
                    tree_.add(entry.leaf);
                    if (auto held = hold_against_checkpoint(); !held) return held;
                }
                offset_ = reader->offset();
                break;
            case SegmentReader::Found::End: return {};
            case SegmentReader::Found::Torn: return cut(offset_, true);
            case SegmentReader::Found::Damaged:
                return fail(Code::LedgerDamaged,
                            fmt::format("the segment is damaged at byte {}, before other records", offset_),
                            segment_.path());
        }
    }
}

Result<void> Log::cut(std::uint64_t offset, bool keep) {
    if (keep) {
        auto status = checked(segment_.status());
        if (!status) return tl::unexpected(std::move(status.error()));
        auto rest = checked(segment_.read_at(offset, static_cast<std::size_t>(status->size - offset)));
        if (!rest) return tl::unexpected(std::move(rest.error()));
        const std::string aside = fmt::format("{}/{:020}.cut", folder_, tree_.size());
        if (auto kept = checked(os::replace_file(aside, *rest, kFileMode)); !kept) return kept;
    }
    if (auto done = checked(segment_.cut(offset)); !done) return done;
    if (auto done = checked(segment_.sync()); !done) return done;
    suspect_ = false;
    return {};
}

Result<void> Log::begin_segment() {
    const std::uint64_t first = tree_.size();
    const std::string header = write_header({id_, tree_, spent(), commitment_});
    if (auto made = checked(os::replace_file(path_of(first), header, kFileMode)); !made) return made;
    return use_segment(first);
}

Result<void> Log::use_segment(std::uint64_t first) {
    const std::string path = path_of(first);
    auto reader = SegmentReader::open(path);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    const SegmentHeader& header = reader->header();
    if (header.before.size() != first ||
        (tree_.size() > 0 && (header.before.root() != tree_.root() || header.spent != spent() || header.id != id_ ||
                              header.key != commitment_)))
        return fail(Code::LedgerDamaged, "the segment does not continue the one before it", path);
    auto file = checked(os::File::open(path, os::OpenMode::ReadAndWrite));
    if (!file) return tl::unexpected(std::move(file.error()));
    auto status = checked(file->status());
    if (!status) return tl::unexpected(std::move(status.error()));
    segment_ = std::move(*file);
    segment_id_ = status->id;
    first_ = first;
    id_ = header.id;
    commitment_ = header.key;
    tree_ = header.before;
    spent_ = SpentHash(header.spent);
    offset_ = reader->offset();
    return {};
}

Result<void> Log::hold_against_checkpoint() {
    if (!own_ || own_->size != tree_.size()) return {};
    if (own_->root != tree_.root() || own_->spent != spent() || own_->origin != origin_of(id_))
        return fail(Code::LedgerDamaged,
                    fmt::format("the first {} records do not match the ledger's own checkpoint", own_->size), folder_);
    if (own_->key != commitment_)
        return fail(Code::LedgerKeyDiffers, "the ledger's own checkpoint was made with another key than the segment",
                    folder_);
    return {};
}

Result<void> Log::append(const std::vector<const Entry*>& entries) {
    // A segment without records is not full, however large its header: the next one would have its name.
    if (offset_ >= options_.segment_bytes && tree_.size() > first_)
        if (auto begun = begin_segment(); !begun) return begun;
    block_.clear();
    std::vector<std::string_view> records;
    for (const Entry* entry : entries) records.push_back(entry->bytes);
    write_block(id_, tree_.size(), records, block_);
    auto written = checked(segment_.write_at(offset_, block_));
    if (written) written = checked(segment_.sync());
    if (written) written = in_place();
    if (!written) {
        suspect_ = true;
        // Now if possible, otherwise before the next block.
        (void)cut(offset_, false);
        return written;
    }
    offset_ += block_.size();
    for (const Entry* entry : entries) {
        spent_.add(tree_.size(), *entry);
        tree_.add(entry->leaf);
    }
    return {};
}

}  // namespace writ::ledger

// Tests the log: records stay, an incomplete write is removed, a damaged file is not changed.
#include <fcntl.h>
#include <sys/file.h>

#include <functional>

#include "ledger/keyed.h"
#include "ledger/log.h"
#include "ledger_fixture.h"
#include "writ/audit.h"
#include "writ/checkpoint.h"

using namespace writ;
using namespace writ::ledger;
using namespace writ::testing;

namespace {

constexpr std::uint64_t kOneRecord = 120;  // more than the first header, less than with a record

/// Takes the lock, calls `first`, and appends. Output: the error's code, or empty.
std::string try_append(Log& log, const std::vector<std::string>& records, const std::function<void()>& first = {}) {
    if (const auto locked = log.lock({}); !locked) return locked.error().code;
    if (first) first();
    std::vector<Entry> entries;
    for (const auto& record : records) entries.push_back(entry_of(record));
    std::vector<const Entry*> pointers;
    for (const Entry& entry : entries) pointers.push_back(&entry);
    const auto done = log.append(pointers);
    log.unlock();
    return done ? "" : done.error().code;
}

void append(Log& log, const std::vector<std::string>& records) {
    REQUIRE(try_append(log, records).empty());
}

std::unique_ptr<Log> opened(const std::string& folder, const LogOptions& options = {}) {
    auto log = Log::open(folder, options);
    if (!log) MESSAGE(log.error().code << " " << log.error().message);
    REQUIRE(log.has_value());
    return std::move(*log);
}

std::string code_of_open(const std::string& folder, LogOptions options = {}) {
    options.patience = 20;
    auto log = Log::open(folder, options);
    return log ? "" : log.error().code;
}

std::vector<std::string> some(int from, int count) {
    std::vector<std::string> out;
    for (int i = from; i < from + count; ++i)
        out.push_back(used_record(std::string(static_cast<std::size_t>(i % 50), 'x') + std::to_string(i)));
    return out;
}

std::string first_segment(const Folder& folder) {
    return folder.at("ledger") + "/" + segment_name(0);
}

}  // namespace

TEST_CASE("ledger: what is appended is there when the log is opened again") {
    const Folder folder;
    std::vector<std::string> all;
    Hash root{};
    {
        auto log = opened(folder.at("ledger"));
        for (int i = 0; i < 20; ++i) {
            const auto more = some(i * 10, 1 + i % 7);
            append(*log, more);
            all.insert(all.end(), more.begin(), more.end());
        }
        root = log->tree().root();
    }
    CHECK(records_of(folder.at("ledger")) == all);
    CHECK(opened(folder.at("ledger"))->tree().root() == root);
}

TEST_CASE("ledger: segments follow one another") {
    const Folder folder;
    LogOptions small;
    small.segment_bytes = 500;
    std::vector<std::string> all;
    {
        auto log = opened(folder.at("ledger"), small);
        auto other = opened(folder.at("ledger"), small);  // two programs, in turns
        for (int i = 0; i < 60; ++i) {
            const auto more = some(i, 1);
            append(i % 3 == 0 ? *other : *log, more);
            all.push_back(more[0]);
        }
    }
    CHECK(segments_in(folder.at("ledger"))->size() > 3);
    CHECK(records_of(folder.at("ledger")) == all);
    auto again = opened(folder.at("ledger"), small);
    CHECK(again->size() == 60);
    Frontier tree;
    for (const auto& record : all) tree.add(leaf_hash(record));
    CHECK(again->tree().root() == tree.root());
    auto reader = Reader::open(folder.at("ledger"));
    for (std::uint64_t n : {0u, 1u, 17u, 42u, 59u}) {
        REQUIRE(reader->seek(n).has_value());
        REQUIRE(*reader->next());
        CHECK(reader->sequence() == n);
        CHECK(reader->bytes() == all[n]);
    }
    REQUIRE(reader->seek(60).has_value());
    CHECK_FALSE(*reader->next());
}

TEST_CASE("ledger: another program's records are seen before one's own are added") {
    const Folder folder;
    auto one = opened(folder.at("ledger")), two = opened(folder.at("ledger"));
    append(*one, some(0, 3));
    std::vector<std::uint64_t> seen;
    REQUIRE(two->lock([&](std::uint64_t n, const Entry&) { seen.push_back(n); }).has_value());
    two->unlock();
    CHECK(seen == std::vector<std::uint64_t>{0, 1, 2});
    CHECK(two->tree().root() == one->tree().root());
}

TEST_CASE("ledger: a write cut short at any byte is cut back, and kept aside") {
    const Folder folder;
    std::size_t whole = 0;
    {
        auto log = opened(folder.at("ledger"));
        append(*log, some(0, 3));
        whole = std::filesystem::file_size(first_segment(folder));
        append(*log, some(3, 4));
    }
    const std::string bytes = read_bytes(first_segment(folder));
    for (std::size_t length = whole; length < bytes.size(); ++length) {
        write_bytes(first_segment(folder), bytes.substr(0, length));
        CHECK(records_of(folder.at("ledger")) == some(0, 3));  // a reader stops before it and changes nothing
        CHECK(std::filesystem::file_size(first_segment(folder)) == length);
        REQUIRE(opened(folder.at("ledger"))->size() == 3);
        CHECK(std::filesystem::file_size(first_segment(folder)) == whole);
    }
    CHECK(read_bytes(folder.at("ledger") + "/00000000000000000003.cut") ==
          bytes.substr(whole, bytes.size() - whole - 1));
    // Blocks whose bytes were written to the disk out of order.
    std::string holes = bytes;
    for (std::size_t i = whole + 40; i < whole + 60; ++i) holes[i] = '\0';
    write_bytes(first_segment(folder), holes);
    auto log = opened(folder.at("ledger"));
    CHECK(log->size() == 3);
    append(*log, some(3, 1));
    CHECK(records_of(folder.at("ledger")) == some(0, 4));
}

TEST_CASE("ledger: damage before the last block is told, and not cut: G0003") {
    const Folder folder;
    {
        auto log = opened(folder.at("ledger"));
        append(*log, some(0, 3));
        append(*log, some(3, 3));
        append(*log, some(6, 3));
    }
    const std::string bytes = read_bytes(first_segment(folder));
    const std::size_t begin = bytes.find("WBLK"), last = bytes.rfind("WBLK");
    for (std::size_t at = begin; at < last; at += 5) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 0x20);
        write_bytes(first_segment(folder), changed);
        CHECK(code_of_open(folder.at("ledger")) == "G0003");
        CHECK(read_bytes(first_segment(folder)) == changed);
    }
    // A damaged header, and a file that is not a segment.
    std::string changed = bytes;
    changed[20] ^= 1;
    write_bytes(first_segment(folder), changed);
    CHECK(code_of_open(folder.at("ledger")) == "G0003");
    write_bytes(first_segment(folder), "");
    CHECK(code_of_open(folder.at("ledger")) == "G0003");
    // Another format.
    changed = bytes;
    changed[8] = 1;
    write_bytes(first_segment(folder), changed);
    CHECK(code_of_open(folder.at("ledger")) == "G0004");
    CHECK(Reader::open(folder.at("ledger")).error().code == "G0004");
}

TEST_CASE("ledger: a ledger that is not there, G0001, or held by another, G0005") {
    const Folder folder;
    LogOptions there;
    there.create = false;
    CHECK(code_of_open(folder.at("ledger"), there) == "G0001");
    CHECK(Reader::open(folder.at("ledger")).error().code == "G0001");
    CHECK(code_of_open(folder.path.string() + "/no/such/folder") == "G0002");
    opened(folder.at("ledger"));
    const int held = ::open(folder.at("ledger").c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::flock(held, LOCK_EX) == 0);
    CHECK(code_of_open(folder.at("ledger")) == "G0005");
    ::close(held);
    CHECK(code_of_open(folder.at("ledger"), there).empty());
}

TEST_CASE("ledger: one that ends before its own checkpoint is not written to: G0006") {
    const Folder folder;
    {
        auto log = opened(folder.at("ledger"));
        append(*log, some(0, 3));
        append(*log, some(3, 3));
    }
    REQUIRE(make_checkpoint(folder.at("ledger"), nullptr).has_value());
    const std::string bytes = read_bytes(first_segment(folder));
    write_bytes(first_segment(folder), bytes.substr(0, bytes.rfind("WBLK")));
    CHECK(code_of_open(folder.at("ledger")) == "G0006");
    write_bytes(first_segment(folder), bytes);
    CHECK(code_of_open(folder.at("ledger")).empty());
}

TEST_CASE("ledger: nothing is acknowledged that is not in the file that the path names, G0009") {
    // The results of the append in progress and of the next one.
    const auto broken = [](const std::function<void(const Folder&)>& breaks) {
        const Folder folder;
        auto log = opened(folder.at("ledger"));
        append(*log, some(0, 3));
        const std::string first = try_append(*log, some(3, 1), [&] { breaks(folder); });
        const std::string second = try_append(*log, some(4, 1));
        std::vector<std::string> acknowledged = some(0, 3);
        if (first.empty()) acknowledged.push_back(some(3, 1).front());
        if (second.empty()) acknowledged.push_back(some(4, 1).front());
        if (first.empty() || second.empty()) CHECK(records_of(folder.at("ledger")) == acknowledged);
        return first + "," + second;
    };
    CHECK(broken([](const Folder&) {}) == ",");
    // A removed file is restored from the open file.
    CHECK(broken([](const Folder& folder) { std::filesystem::remove(first_segment(folder)); }) == "G0009,");
    CHECK(broken([](const Folder& folder) { std::filesystem::remove_all(folder.at("ledger")); }) == "G0009,");
    // A replaced file is not touched.
    CHECK(broken([](const Folder& folder) {
              std::filesystem::copy_file(first_segment(folder), folder.at("copy"));
              std::filesystem::rename(folder.at("copy"), first_segment(folder));
          }) == "G0009,G0009");
    CHECK(broken([](const Folder& folder) {
              std::filesystem::rename(folder.at("ledger"), folder.at("old"));
              std::filesystem::copy(folder.at("old"), folder.at("ledger"));
          }) == "G0009,G0009");
}

TEST_CASE("ledger: a segment that would have no room for records is refused, G0013") {
    const Folder folder;
    LedgerOptions small;
    for (const std::uint64_t size : {0, 1, 112}) {
        small.segment_bytes = size;
        const auto refused = Ledger::open(folder.at("ledger"), small);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == "G0013");
        CHECK(refused.error().message ==
              "a segment of " + std::to_string(size) + " bytes has no room for records: its header alone takes 112");
    }
    CHECK_FALSE(std::filesystem::exists(folder.at("ledger")));
    small.segment_bytes = 113;
    auto ledger = Ledger::open(folder.at("ledger"), small);
    REQUIRE(ledger.has_value());
    for (const char* name : {"ticket 1", "ticket 2"}) REQUIRE(use_up(*ledger, name).has_value());
    CHECK(segments_in(folder.at("ledger"))->size() == 2);
}

TEST_CASE("ledger: a segment without records is written to, and not replaced") {
    const Folder folder;
    LogOptions small;
    small.segment_bytes = kOneRecord;
    {
        auto log = opened(folder.at("ledger"), small);
        for (int i = 0; i < 3; ++i) append(*log, some(i, 1));
    }
    // As if the program had been killed before the first record of the third segment, whose header is larger.
    const std::string path = folder.at("ledger") + "/" + segment_name(2);
    std::string header;
    {
        auto reader = SegmentReader::open(path);
        header = write_header(reader->header());
    }
    REQUIRE(header.size() > small.segment_bytes);
    std::filesystem::resize_file(path, header.size());
    const auto before = os::status_of(path)->id;
    auto log = opened(folder.at("ledger"), small);
    REQUIRE(log->size() == 2);
    append(*log, some(2, 1));
    CHECK(os::status_of(path)->id == before);
    CHECK(records_of(folder.at("ledger")).size() == 3);
}

TEST_CASE("ledger: a folder of several segments that is removed cannot be put back, G0009") {
    const Folder folder;
    LogOptions small;
    small.segment_bytes = 200;
    auto log = opened(folder.at("ledger"), small);
    for (int i = 0; i < 20; ++i) append(*log, some(i, 1));
    std::filesystem::remove(folder.at("ledger") + "/" + segment_name(segments_in(folder.at("ledger"))->back()));
    CHECK(try_append(*log, some(20, 1)).empty());  // the last handle can still append
    CHECK(records_of(folder.at("ledger")).size() == 21);
    std::filesystem::remove_all(folder.at("ledger"));
    CHECK(try_append(*log, some(21, 1)) == "G0009");
}

TEST_CASE("ledger: what was put back opens again") {
    const Folder folder;
    {
        auto ledger = Ledger::open(folder.at("ledger"));
        REQUIRE(use_up(*ledger, "ticket 1").has_value());
        std::filesystem::remove_all(folder.at("ledger"));
        REQUIRE(use_up(*ledger, "ticket 2").has_value());
        CHECK(use_up(*ledger, "ticket 1").error().code == "G0025");
    }
    auto again = Ledger::open(folder.at("ledger"));
    REQUIRE(again.has_value());
    CHECK(use_up(*again, "ticket 1").error().code == "G0025");
    CHECK(use_up(*again, "ticket 2").error().code == "G0025");
}

TEST_CASE("ledger: the lock is on the folder, so that no file in it can take it away") {
    const Folder folder;
    auto log = opened(folder.at("ledger"));
    REQUIRE(log->lock({}).has_value());
    for (const auto& each : std::filesystem::directory_iterator(folder.at("ledger")))
        if (each.path().extension() != kSegmentSuffix && each.path().filename() != "key")
            std::filesystem::remove(each.path());
    CHECK(code_of_open(folder.at("ledger")) == "G0005");
    log->unlock();
    CHECK(code_of_open(folder.at("ledger")).empty());
}

TEST_CASE("ledger: one that its own checkpoint contradicts is not written to: G0003") {
    const Folder folder;
    {
        auto log = opened(folder.at("ledger"));
        append(*log, some(0, 3));
    }
    REQUIRE(make_checkpoint(folder.at("ledger"), nullptr).has_value());
    const std::string path = folder.at("ledger") + "/checkpoints/00000000000000000003.checkpoint";
    const std::string text = read_bytes(path);
    auto checkpoint = read_checkpoint(text, nullptr);
    REQUIRE(checkpoint.has_value());
    checkpoint->spent[0] ^= 1;
    write_bytes(path, to_text(*checkpoint, nullptr));
    CHECK(code_of_open(folder.at("ledger")) == "G0003");
    write_bytes(path, "no checkpoint");
    CHECK(code_of_open(folder.at("ledger")) == "G0040");
    write_bytes(path, text);
    CHECK(code_of_open(folder.at("ledger")).empty());
}

TEST_CASE("ledger: without its key a ledger is not written to, G0011; nor with one that others may read, G0042") {
    const Folder folder;
    opened(folder.at("ledger"));
    const std::string path = folder.at("ledger") + "/key";
    const auto code_of_ledger = [&] {
        const auto ledger = Ledger::open(folder.at("ledger"));
        return ledger ? "" : ledger.error().code;
    };
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
    CHECK(code_of_ledger() == "G0042");
    // An empty ledger is started again with another key.
    std::filesystem::remove(path);
    CHECK(code_of_ledger().empty());
    CHECK(code_of_ledger().empty());
    append(*opened(folder.at("ledger")), some(0, 1));
    std::filesystem::remove(path);
    CHECK(code_of_ledger() == "G0011");
}

TEST_CASE("ledger: with another key than its records were written with it is not written to, G0012") {
    const Folder folder;
    const std::string path = folder.at("ledger") + "/key";
    LedgerOptions small;
    small.segment_bytes = kOneRecord;
    {
        auto ledger = Ledger::open(folder.at("ledger"), small);
        for (const char* name : {"ticket 1", "ticket 2", "ticket 3"}) REQUIRE(use_up(*ledger, name).has_value());
    }
    const std::string key = read_bytes(path);
    const auto code_of_ledger = [&] {
        const auto ledger = Ledger::open(folder.at("ledger"));
        return ledger ? "" : ledger.error().code;
    };
    const auto problems = [&](const std::vector<Checkpoint>& witnesses) {
        const auto verified = verify(folder.at("ledger"), witnesses, nullptr);
        REQUIRE(verified.has_value());
        return verified->problems;
    };
    const auto witness = read_checkpoint(*make_checkpoint(folder.at("ledger"), nullptr), nullptr);
    REQUIRE(witness.has_value());
    CHECK(problems({*witness}).empty());
    write_bytes(path, std::string(64, 'a') + "\n");
    CHECK(code_of_ledger() == "G0012");
    CHECK(problems({}) ==
          std::vector<std::string>{"the records were written with another key than the one in the file `key`"});
    // Without the key file, as in a copy for others, there is no key to compare with the records.
    std::filesystem::remove(path);
    CHECK(problems({*witness}).empty());

    // If an attacker also rewrites the headers and the checkpoints, a checkpoint stored elsewhere shows it.
    Checkpoint forged = *witness;
    const std::string other(Keyed::kKeyBytes, '\xaa');
    const auto segments = segments_in(folder.at("ledger"));
    REQUIRE(segments->size() == 3);
    for (const std::uint64_t first : *segments) {
        const std::string segment = folder.at("ledger") + "/" + segment_name(first);
        auto reader = SegmentReader::open(segment);
        REQUIRE(reader.has_value());
        SegmentHeader header = reader->header();
        const std::size_t size = write_header(header).size();
        header.key = forged.key = commitment_to(other, header.id);
        write_bytes(segment, write_header(header) + read_bytes(segment).substr(size));
        const std::size_t wrong = problems({}).size();
        CHECK_MESSAGE((first == segments->back()) == (wrong == 1),
                      first);  // in the last step, only the ledger's own checkpoint
    }
    write_bytes(path, std::string(64, 'a') + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    CHECK(code_of_open(folder.at("ledger")) == "G0012");
    write_bytes(folder.at("ledger") + "/checkpoints/00000000000000000003.checkpoint", to_text(forged, nullptr));
    CHECK(problems({}).empty());
    CHECK(problems({*witness}).size() == 1);
}

TEST_CASE("ledger: the commitment to a key is a format, of the ledger's id too") {
    LedgerId id{};
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(i);
    const std::string key(Keyed::kKeyBytes, '\x07');
    CHECK(to_hex(commitment_to(key, id)) == "7025d06c27b8b33a894ecc8ddabe180f649e57f0078f4e59fc2e5de68e9ed910");
}

TEST_CASE("ledger: a segment of another program that does not continue the one before it is not written to, G0003") {
    const Folder folder;
    const std::string path = folder.at("ledger") + "/" + segment_name(2);
    auto log = opened(folder.at("ledger"));
    append(*log, some(0, 1));
    {
        LogOptions small;
        small.segment_bytes = kOneRecord;
        auto other = opened(folder.at("ledger"), small);
        append(*other, some(1, 1));
        append(*other, some(2, 1));
    }
    const auto segments = segments_in(folder.at("ledger"));
    REQUIRE(segments->back() == 2);
    const std::string bytes = read_bytes(path);
    const auto code_with = [&](const std::function<void(SegmentHeader&)>& change) {
        auto reader = SegmentReader::open(path);
        REQUIRE(reader.has_value());
        SegmentHeader header = reader->header();
        const std::size_t size = write_header(header).size();
        change(header);
        write_bytes(path, write_header(header) + bytes.substr(size));
        const std::string code = try_append(*log, some(3, 1));
        write_bytes(path, bytes);
        return code;
    };
    CHECK(code_with([](SegmentHeader& header) { header.id[0] ^= 1; }) == "G0003");
    CHECK(code_with([](SegmentHeader& header) { header.spent[0] ^= 1; }) == "G0003");
    CHECK(code_with([](SegmentHeader& header) { header.key[0] ^= 1; }) == "G0003");
    CHECK(code_with([](SegmentHeader& header) {
              Frontier other;
              other.add(leaf_hash("another"));
              other.add(leaf_hash("record"));
              header.before = other;
          }) == "G0003");
    CHECK(code_with([](SegmentHeader&) {}).empty());
}

TEST_CASE("ledger: one whose segments are gone is not begun again, G0006") {
    const Folder folder;
    append(*opened(folder.at("ledger")), some(0, 3));
    std::filesystem::remove(first_segment(folder));
    CHECK(code_of_open(folder.at("ledger")) == "G0006");
}

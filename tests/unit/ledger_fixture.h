// A ledger in its own folder, and the refund policy with a request that it permits.
#pragma once

#include <csignal>
#include <string>
#include <utility>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "folder.h"
#include "source_root.h"
#include "writ/bundle.h"
#include "writ/errors.h"
#include "writ/ledger.h"
#include "writ/tools.h"

namespace writ::testing {

inline Bundle example(const std::string& name) {
    auto sources = read_sources({source_root() + "/examples/" + name + "/policy.writ"});
    REQUIRE(sources.has_value());
    auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    return *bundle;
}

inline std::string example_request(const std::string& name, const std::string& request = "permit") {
    return read_bytes(source_root() + "/examples/" + name + "/requests/" + request + ".json");
}

/// Replaces the first `was` by `is`.
inline std::string with(std::string text, const std::string& was, const std::string& is) {
    const std::size_t at = text.find(was);
    REQUIRE(at != std::string::npos);
    return text.replace(at, was.size(), is);
}

/// Bytes of a small record that contains `name`.
inline std::string used_record(const std::string& name) {
    ledger::Record record;
    record.kind = ledger::RecordKind::Use;
    record.time = 1;
    record.used = name;
    std::string out;
    ledger::encode(record, out);
    return out;
}

/// Uses any name, as a record of kind `use`. Output: the record's number. Errors: G0025 and those of append().
inline Result<std::uint64_t> use_up(ledger::Ledger& ledger, const std::string& name) {
    auto appended = ledger.append(used_record(name));
    if (!appended) return tl::unexpected(std::move(appended.error()));
    if (appended->outcome == ledger::Appended::Outcome::Used) return fail(Code::AlreadyUsed, "used already", name);
    return appended->sequence;
}

/// Opens a ledger, and shows why it cannot be opened.
inline ledger::Ledger opened_ledger(const std::string& folder, const ledger::LedgerOptions& options = {}) {
    auto ledger = ledger::Ledger::open(folder, options);
    const std::string refused = ledger ? "" : ledger.error().code + " " + ledger.error().message;
    REQUIRE(refused == "");
    return std::move(*ledger);
}

/// Simulates a full disk: during its lifetime no file can grow beyond `bytes`.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    rlimit before_{};
};

/// Every record of a ledger.
inline std::vector<std::string> records_of(const std::string& folder) {
    auto reader = ledger::Reader::open(folder);
    REQUIRE(reader.has_value());
    std::vector<std::string> out;
    for (;;) {
        auto more = reader->next();
        REQUIRE(more.has_value());
        if (!*more) return out;
        CHECK(reader->sequence() == out.size());
        out.emplace_back(reader->bytes());
    }
}

}  // namespace writ::testing

// A ledger in a folder of its own, and the refund policy with a request that it permits.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "writ/bundle.h"
#include "writ/ledger.h"
#include "writ/tools.h"

namespace writ::testing {

/// A folder that is gone at the end.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "writ-ledger-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string ledger() const { return path_ + "/ledger"; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

inline std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.good());
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

inline void write_text(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    REQUIRE(out.good());
}

inline Bundle example(const std::string& name) {
    auto sources = read_sources({std::string(WRIT_SOURCE_ROOT) + "/examples/" + name + "/policy.writ"});
    REQUIRE(sources.has_value());
    auto bundle = compile(*sources);
    REQUIRE(bundle.has_value());
    return *bundle;
}

inline std::string example_request(const std::string& name, const std::string& request = "permit") {
    return text_of(std::string(WRIT_SOURCE_ROOT) + "/examples/" + name + "/requests/" + request + ".json");
}

/// Puts `is` in place of the first `was`.
inline std::string with(std::string text, const std::string& was, const std::string& is) {
    const std::size_t at = text.find(was);
    REQUIRE(at != std::string::npos);
    return text.replace(at, was.size(), is);
}

/// Bytes of a small record that says `name`.
inline std::string used_record(const std::string& name) {
    ledger::Record record;
    record.kind = ledger::RecordKind::Use;
    record.time = 1;
    record.used = name;
    std::string out;
    ledger::encode(record, out);
    return out;
}

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

#include "cli/verbs/diff_requests.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "cli/terminal/io.h"
#include "writ/errors.h"
#include "writ/ledger.h"
#include "writ/request.h"

namespace writ::cli {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failed(std::string message, const std::string& path) {
    return fail(Code::FileUnusable, std::move(message), path);
}

/// Decides one document. It is an error if the document is no request; requests that these
/// policies do not admit are counted.
Result<void> decide(Differ& differ, const std::string& place, std::string_view text) {
    auto decided = differ.decide(place, text);
    if (decided || find_code(decided.error().code) > Code::KeyRepeated) return {};
    decided.error().context = place + (decided.error().context.empty() ? "" : " at " + decided.error().context);
    return decided;
}

Result<void> decide_lines(Differ& differ, const std::string& path) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) return failed(errno != 0 ? std::strerror(errno) : "cannot be opened", path);
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (auto decided = decide(differ, path + ":" + std::to_string(number), line); !decided) return decided;
    }
    if (in.bad()) return failed("cannot be read to its end", path);
    return {};
}

Result<std::vector<std::string>> request_files(const std::string& path) {
    std::error_code error;
    std::vector<std::string> out;
    if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
    fs::recursive_directory_iterator at(path, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        const fs::path extension = at->path().extension();
        std::error_code status;
        if (at->is_regular_file(status) && (extension == ".json" || extension == ".jsonl"))
            out.push_back(at->path().generic_string());
    }
    if (error) return failed(error.message(), path);
    if (out.empty()) return failed("no *.json or *.jsonl file at or below this folder", path);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace

Result<void> decide_files(Differ& differ, const std::string& path) {
    const auto files = request_files(path);
    if (!files) return tl::unexpected(files.error());
    for (const std::string& file : *files) {
        if (file.ends_with(".jsonl")) {
            if (auto decided = decide_lines(differ, file); !decided) return decided;
            continue;
        }
        const auto text = read_input(file, RequestLimits{}.max_bytes);
        if (!text) return tl::unexpected(text.error());
        if (auto decided = decide(differ, file, *text); !decided) return decided;
    }
    return {};
}

Result<LedgerGaps> decide_ledger(Differ& differ, const std::string& folder, const Layers& policies,
                                 const ledger::ProgressTeller& progress) {
    constexpr std::uint64_t kTellEvery = 4096;
    auto reader = ledger::Reader::open(folder);
    if (!reader) return tl::unexpected(std::move(reader.error()));
    std::uint64_t all = 0;
    if (progress) {
        if (const auto end = reader->seek(UINT64_MAX); !end) return tl::unexpected(end.error());
        all = reader->sequence();
        if (const auto begin = reader->seek(0); !begin) return tl::unexpected(begin.error());
    }
    LedgerGaps gaps;
    ledger::Decidable decidable(policies);
    ledger::Record record;
    for (;;) {
        const auto more = reader->next();
        if (!more) return tl::unexpected(more.error());
        if (!*more) return gaps;
        const std::uint64_t sequence = reader->sequence();
        if (progress && sequence % kTellEvery == 0) progress(sequence, all);
        if (auto read = ledger::decode(reader->bytes(), record); !read) return tl::unexpected(std::move(read.error()));
        if (record.kind != ledger::RecordKind::Decision || record.shadow) continue;
        switch (decidable.why_not(record)) {
            case ledger::Undecidable::No: break;
            case ledger::Undecidable::NoRequest: ++gaps.no_request; continue;
            case ledger::Undecidable::Overruled: ++gaps.overruled; continue;
            case ledger::Undecidable::Repeated: ++gaps.repeated; continue;
            case ledger::Undecidable::Masked: ++gaps.undecided; continue;
        }
        (void)differ.decide("record " + std::to_string(sequence), record.request);
    }
}

}  // namespace writ::cli

// The benchmark's workloads in a folder: policies, requests, expected answers.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

namespace fs = std::filesystem;

/// One request of the neutral workload as a broker has it: twelve texts and three integers. The rules read `issuer`,
/// `space`, `tenant`, `tool`, `approval`, `tier` and `depth`.
struct TextFacts {
    std::string_view issuer, space, tenant, tool, approval;
    std::string_view subject, audience, agent, model, region, environment, request_id;
    int tier = 0, depth = 0, ttl = 0;
};

/// A request of the workload's twelve-condition case.
struct MicroFacts {
    struct Hop {
        std::string_view issuer, actor;
        int tier = 0;
    };
    std::string_view issuer, audience, subject, owner, repository, ref, environment, event, runner, workflow;
    long attempt = 0, issued = 0, now = 0;
    std::array<Hop, 3> chain;
};

/// Bytes that can be read after the end of a document, because some readers load whole blocks.
constexpr std::size_t kReadable = 64;

/// Texts that views may refer to; kReadable bytes can be read after each.
class Lines {
public:
    /// One text for each line of the file; none if the file does not exist.
    explicit Lines(const fs::path& path);

    [[nodiscard]] std::size_t size() const { return lines_.size(); }
    [[nodiscard]] std::string_view operator[](std::size_t i) const { return lines_[i]; }

private:
    std::string bytes_;
    std::vector<std::string_view> lines_;
};

/// The content of a file. Ends the program if it cannot be read.
[[nodiscard]] std::string slurp(const fs::path& path);
/// The answers of expected.jsonl.
[[nodiscard]] std::vector<bool> expected_answers(const fs::path& folder);
/// The facts of requests.jsonl; they view texts that are added to `owner`.
[[nodiscard]] std::vector<TextFacts> text_facts(const Lines& requests, std::vector<std::string>& owner);
[[nodiscard]] std::vector<MicroFacts> micro_facts(const Lines& requests, std::vector<std::string>& owner);

}  // namespace bench

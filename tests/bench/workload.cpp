#include "workload.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

namespace bench {
namespace {

/// Stores the texts of requests in a vector that no longer grows.
class Home {
public:
    Home(std::vector<std::string>& owner, std::size_t texts) : owner_(owner) { owner_.reserve(texts); }

    std::string_view operator()(const nlohmann::json& text) {
        if (owner_.size() == owner_.capacity()) std::abort();
        return owner_.emplace_back(text.get<std::string>());
    }

private:
    std::vector<std::string>& owner_;
};

}  // namespace

std::string slurp(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(4);
    }
    return {std::istreambuf_iterator<char>(in), {}};
}

Lines::Lines(const fs::path& path) {
    if (!fs::exists(path)) return;
    bytes_ = slurp(path);
    const std::size_t end = bytes_.size();
    bytes_.append(kReadable, '\0');
    const std::string_view all(bytes_.data(), end);
    for (std::size_t from = 0; from < end;) {
        const std::size_t to = std::min(all.find('\n', from), end);
        lines_.push_back(all.substr(from, to - from));
        from = to + 1;
    }
}

std::vector<bool> expected_answers(const fs::path& folder) {
    const Lines lines(folder / "expected.jsonl");
    std::vector<bool> answers;
    for (std::size_t i = 0; i < lines.size(); ++i)
        answers.push_back(nlohmann::json::parse(lines[i]).at("allow").get<bool>());
    return answers;
}

std::vector<TextFacts> text_facts(const Lines& requests, std::vector<std::string>& owner) {
    Home home(owner, requests.size() * 12);
    std::vector<TextFacts> all;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto q = nlohmann::json::parse(requests[i]);
        all.push_back({.issuer = home(q.at("issuer")),
                       .space = home(q.at("namespace")),
                       .tenant = home(q.at("tenant")),
                       .tool = home(q.at("tool")),
                       .approval = home(q.at("approval")),
                       .subject = home(q.at("subject")),
                       .audience = home(q.at("audience")),
                       .agent = home(q.at("agent")),
                       .model = home(q.at("model")),
                       .region = home(q.at("region")),
                       .environment = home(q.at("environment")),
                       .request_id = home(q.at("request_id")),
                       .tier = q.at("tier").get<int>(),
                       .depth = q.at("depth").get<int>(),
                       .ttl = q.at("ttl").get<int>()});
    }
    return all;
}

std::vector<MicroFacts> micro_facts(const Lines& requests, std::vector<std::string>& owner) {
    Home home(owner, requests.size() * 16);
    std::vector<MicroFacts> all;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto q = nlohmann::json::parse(requests[i]);
        MicroFacts facts{.issuer = home(q.at("iss")),
                         .audience = home(q.at("aud")),
                         .subject = home(q.at("sub")),
                         .owner = home(q.at("repository_owner")),
                         .repository = home(q.at("repository")),
                         .ref = home(q.at("ref")),
                         .environment = home(q.at("environment")),
                         .event = home(q.at("event_name")),
                         .runner = home(q.at("runner_environment")),
                         .workflow = home(q.at("workflow_ref")),
                         .attempt = q.at("run_attempt").get<long>(),
                         .issued = q.at("iat").get<long>(),
                         .now = q.at("now").get<long>(),
                         .chain = {}};
        for (std::size_t hop = 0; hop < facts.chain.size(); ++hop) {
            const auto& h = q.at("chain").at(hop);
            facts.chain[hop] = {home(h.at("issuer")), home(h.at("actor")), h.at("tier").get<int>()};
        }
        all.push_back(facts);
    }
    return all;
}

}  // namespace bench

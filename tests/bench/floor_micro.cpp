#include <algorithm>

#include "floor.h"

namespace bench {
namespace {

constexpr std::string_view kRepositories[] = {"acme/payments", "acme/ledger", "acme/identity", "acme/search",
                                              "acme/edge"};
constexpr std::string_view kTrusted[] = {"https://ci.id.example.com", "https://agents.id.example.com",
                                         "https://workforce.id.example.com"};
constexpr std::string_view kWorkflow = "acme/ci/.github/workflows/deploy-", kTag = ".yml@refs/tags/v";

template <std::size_t N>
bool among(const std::string_view (&set)[N], std::string_view text) {
    return std::find(std::begin(set), std::end(set), text) != std::end(set);
}

}  // namespace

bool micro_floor(const MicroFacts& q) {
    return q.issuer == "https://token.ci.example.com" && q.audience == "https://credentials.example.com" &&
           q.owner == "acme" && among(kRepositories, q.repository) && q.ref.starts_with("refs/heads/release/") &&
           q.environment == "production" && (q.event == "push" || q.event == "workflow_dispatch") &&
           q.runner != "self-hosted" && q.workflow.starts_with(kWorkflow) &&
           q.workflow.find(kTag, kWorkflow.size()) != std::string_view::npos && q.attempt <= 3 &&
           q.now - q.issued <= 300 && std::all_of(q.chain.begin(), q.chain.end(), [](const auto& hop) {
               return hop.tier <= 1 && among(kTrusted, hop.issuer);
           });
}

}  // namespace bench

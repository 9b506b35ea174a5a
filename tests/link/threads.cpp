// Several threads decide with one bundle, each with its own request and evaluator, through the C++ and the C interface.
// All must get the results of a single thread. A data race shows in a build with -Db_sanitize=thread.
// usage: threads BUNDLE REQUEST.json...
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "writ/evaluator.h"
#include "writ/writ.h"

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 500;

std::string read(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The decision on one request as JSON; empty if the request is rejected.
std::string decide(const writ::Bundle& bundle, writ::Request& request, writ::Evaluator& evaluator,
                   writ::Decision& decision, const std::string& json) {
    if (!request.parse(json)) return {};
    evaluator.evaluate(request, decision);
    return to_json(decision, bundle, writ::View::Operator);
}

/// The number of answers that differ from the expected ones. Even threads use C++, odd ones C.
int disagreements(const writ::Bundle& bundle, writ_bundle* handle, const std::vector<std::string>& requests,
                  const std::vector<std::string>& expected, bool through_c) {
    int wrong = 0;
    if (!through_c) {
        writ::Request request(bundle);
        writ::Evaluator evaluator(bundle);
        writ::Decision decision;
        for (int round = 0; round < kRounds; ++round)
            for (std::size_t i = 0; i < requests.size(); ++i)
                wrong += decide(bundle, request, evaluator, decision, requests[i]) != expected[i];
        return wrong;
    }
    writ_request* request = nullptr;
    writ_evaluator* evaluator = nullptr;
    writ_decision* decision = writ_decision_new();
    if (writ_request_new(&handle, 1, &request, nullptr) != WRIT_OK ||
        writ_evaluator_new(&handle, 1, &evaluator, nullptr) != WRIT_OK)
        return 1;
    for (int round = 0; round < kRounds; ++round)
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const bool decided =
                writ_request_parse(request, {requests[i].data(), requests[i].size()}, nullptr, nullptr) == WRIT_OK &&
                writ_evaluate(evaluator, request, decision) == WRIT_OK;
            const writ_text json = writ_decision_json(decision, WRIT_READER_OPERATOR);
            wrong += !decided || std::string_view(json.data, json.length) != expected[i];
        }
    writ_decision_free(decision);
    writ_evaluator_free(evaluator);
    writ_request_free(request);
    return wrong;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const std::string sealed = read(argv[1]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    writ_bundle* handle = nullptr;
    if (!bundle || writ_bundle_load(sealed.data(), sealed.size(), &handle, nullptr) != WRIT_OK) return 3;

    std::vector<std::string> requests, expected;
    for (int i = 2; i < argc; ++i) {
        writ::Request request(*bundle);
        writ::Evaluator evaluator(*bundle);
        writ::Decision decision;
        requests.push_back(read(argv[i]));
        expected.push_back(decide(*bundle, request, evaluator, decision, requests.back()));
        if (expected.back().empty()) return 3;
    }

    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] { wrong += disagreements(*bundle, handle, requests, expected, t % 2 == 1); });
    }
    writ_bundle_free(handle);
    std::printf("%d threads, %d rounds of %zu requests, %d answers differ\n", kThreads, kRounds, requests.size(),
                wrong.load());
    return wrong == 0 ? 0 : 1;
}

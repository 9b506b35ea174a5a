// A whole broker: decides by what is active in a channel, records every decision before it is given, and
// records what a candidate version would have decided otherwise.
// Build: c++ -std=c++20 broker.cpp $(pkg-config --cflags --libs writ-store writ-ledger) -o broker
// usage: broker STORE CHANNEL CANDIDATE LEDGER < paths of requests, a line each
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <writ/ledger.h>
#include <writ/policy_handle.h>

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: broker STORE CHANNEL CANDIDATE LEDGER < paths of requests, a line each\n";
        return 2;
    }
    const auto stop = [](const writ::Error& error) {
        std::cerr << error.code << ": " << error.message << '\n';
        return 4;
    };
    auto ledger = writ::ledger::Ledger::open(argv[4]);
    if (!ledger) return stop(ledger.error());
    auto recorder = writ::ledger::Recorder::make(*ledger);  // one for each thread that decides
    if (!recorder) return stop(recorder.error());

    writ::FollowOptions options;
    options.store = argv[1];
    options.channel = argv[2];
    options.candidate = argv[3];
    options.diverged = [&](const writ::Divergence& each) {  // on the thread that decides
        if (each.kind != writ::DivergenceKind::Unreadable)
            recorder->shadow(each.request, each.candidate, each.candidate_policy);
    };
    const auto handle = writ::PolicyHandle::follow(options);
    if (!handle) return stop(handle.error());

    writ::LiveEvaluator evaluator(*handle);
    writ::Decision decision;
    for (std::string path; std::getline(std::cin, path);) {
        std::ifstream file(path, std::ios::binary);
        const std::string json{std::istreambuf_iterator<char>(file), {}};
        const auto decided = evaluator.evaluate(json, decision);
        // What may be given is what the recorder answers, not what was decided.
        const writ::ledger::Answer answer = !decided ? recorder->refuse(json, decided.error())
                                            : decision.bundle_digest.empty()
                                                ? recorder->record(json, decision, writ::Layers({}))
                                                : recorder->record(json, decision, evaluator.bundle());
        std::cout << (answer.decision.effect == writ::Effect::Permit ? "permit" : "no permit");
        if (answer.sequence) std::cout << ", record " << *answer.sequence;
        std::cout << '\n';
    }
}

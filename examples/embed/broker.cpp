// A complete broker: decides with the version that is active in a channel, records every decision before it returns
// it, and records decisions in which a candidate version differs.
// Build: c++ -std=c++20 broker.cpp $(pkg-config --cflags --libs writ-pdp) -o broker
// usage: broker STORE CHANNEL CANDIDATE LEDGER < paths of requests, one per line
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <writ/decision_point.h>

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: broker STORE CHANNEL CANDIDATE LEDGER < paths of requests, one per line\n";
        return 2;
    }
    writ::DecisionPointOptions options;
    options.follow.store = argv[1];
    options.follow.channel = argv[2];
    options.follow.candidate = argv[3];
    options.ledger = argv[4];
    auto point = writ::DecisionPoint::open(options);  // for all threads
    if (!point) {
        std::cerr << point.error().code << ": " << point.error().message << '\n';
        return 4;
    }
    for (std::string path; std::getline(std::cin, path);) {
        std::ifstream file(path, std::ios::binary);
        const std::string json{std::istreambuf_iterator<char>(file), {}};
        const writ::Decided decided = point->decide(json);
        std::cout << (decided.decision->effect == writ::Effect::Permit ? "permit" : "no permit");
        if (decided.record) std::cout << ", record " << *decided.record;
        std::cout << '\n';
    }
}

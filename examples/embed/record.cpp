// A broker that records: it prints a permit only after its record is on the disk.
// Build: c++ -std=c++20 record.cpp $(pkg-config --cflags --libs writ-ledger) -o record
// usage: record BUNDLE REQUEST LEDGER
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <writ/ledger.h>

static std::string read_file(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string bytes = read_file(argv[1]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!bundle) return 3;
    auto ledger = writ::ledger::Ledger::open(argv[3]);
    if (!ledger) {
        std::fprintf(stderr, "%s: %s\n", ledger.error().code.c_str(), ledger.error().message.c_str());
        return 4;
    }
    // One for each thread. It denies what it cannot record.
    auto recorder = writ::ledger::Recorder::make(*ledger, *bundle);
    if (!recorder) return 4;
    const writ::ledger::Answer answer = recorder->decide(read_file(argv[2]));
    const bool permit = answer.decision.effect == writ::Effect::Permit;
    std::printf("%s, record %llu\n", permit ? "permit" : "no permit",
                static_cast<unsigned long long>(answer.sequence.value_or(0)));
    return permit ? 0 : 1;
}

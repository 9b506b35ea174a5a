// Decides one request COUNT times: what instructions.sh counts instructions of.
// usage: steady BUNDLE REQUEST.json WAY COUNT      (WAY: bound, json)
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "writ/evaluator.h"

namespace {

std::string read(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string sealed = read(argv[1]), json = read(argv[2]);
    const std::string_view way = argv[3];
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return 3;

    writ::Request request(*bundle);
    writ::Evaluator evaluator(*bundle);
    writ::Decision decision;
    if (!request.parse(json)) return 3;
    long permits = 0;
    const long count = std::strtol(argv[4], nullptr, 10);
    for (long i = 0; i < count; ++i) {
        if (way == "json" && !request.parse(json)) return 3;
        evaluator.evaluate(request, decision);
        permits += decision.effect == writ::Effect::Permit;
    }
    return permits == count ? 0 : 1;
}

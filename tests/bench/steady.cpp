// Decides one request COUNT times, for instructions.sh to count the instructions.
// usage: steady BUNDLE REQUEST.json WAY COUNT      (WAY: bound, text, json, json_to_json)
#include "steady.h"

#include <cstdlib>

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::string sealed = bench::read_file(argv[1]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return 3;
    bench::Steady steady(*bundle, bench::read_file(argv[2]));
    const long count = std::strtol(argv[4], nullptr, 10);
    long permits = 0;
    for (long i = 0; i < count; ++i) permits += steady.permits(argv[3]);
    return permits == count ? 0 : 1;
}

// Activates versions of a policy in turn, in a channel of a store: for the load on a service while its policy changes.
//
// usage: activate STORE CHANNEL COUNT MILLISECONDS BUNDLE...
//
// Makes the store if there is none, publishes the bundles, and activates the first. Prints each one's digest. After a
// line on standard input it makes COUNT activations, with that time between their beginnings. The exit code is 0 if all
// of them were accepted.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "writ/store.h"

int main(int argc, char** argv) {
    using namespace writ;
    if (argc < 7) return 2;
    const std::string path = argv[1], channel = argv[2];
    const auto count = std::atoi(argv[3]);
    const std::chrono::milliseconds between(std::atoi(argv[4]));
    const Origin origin{"load", "measurement"};
    const auto failed = [](const Error& error) {
        std::fprintf(stderr, "activate: %s %s\n", error.code.c_str(), error.message.c_str());
        return 1;
    };
    auto store = std::filesystem::exists(path) ? Store::open(path) : Store::init(path);
    if (!store) return failed(store.error());
    if (auto made = store->protect(channel, false, 0, origin); !made) return failed(made.error());
    std::vector<std::string> digests;
    for (int i = 5; i < argc; ++i) {
        std::ifstream in(argv[i], std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        const auto bundle = Bundle::load(std::as_bytes(std::span(bytes)));
        if (!bundle) return failed(bundle.error());
        if (auto published = store->publish(*bundle, origin); !published) return failed(published.error());
        digests.emplace_back(bundle->digest());
        std::printf("%s\n", digests.back().c_str());
    }
    const auto activate = [&](std::size_t which) {
        return store->activate({.channel = channel, .version = digests[which % digests.size()], .origin = origin});
    };
    if (auto first = activate(0); !first) return failed(first.error());
    std::fflush(stdout);
    if (std::getchar() == EOF) return 0;
    auto next = std::chrono::steady_clock::now();
    for (int i = 1; i <= count; ++i) {
        if (auto moved = activate(static_cast<std::size_t>(i)); !moved) return failed(moved.error());
        std::this_thread::sleep_until(next += between);
    }
    return 0;
}

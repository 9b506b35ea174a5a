// A broker that follows a channel of a store: it decides each request with the active version.
// usage: follow STORE CHANNEL [PUBLIC-KEY STATE] < paths of requests, one per line
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "writ/policy_handle.h"

int main(int argc, char** argv) {
    if (argc != 3 && argc != 5) {
        std::cerr << "usage: follow STORE CHANNEL [PUBLIC-KEY STATE] < paths of requests, one per line\n";
        return 2;
    }
    writ::FollowOptions options;
    options.store = argv[1];
    options.channel = argv[2];
    if (argc == 5) {
        // With a key, only versions that it signed are accepted. With a state, a restarted broker knows the last
        // accepted version.
        auto key = writ::read_public_key(argv[3]);
        if (!key) {
            std::cerr << key.error().code << ": " << key.error().message << '\n';
            return 3;
        }
        options.keys.push_back(*key);
        options.state = argv[4];
    }
    options.notice = [](const writ::Notice& notice) {
        if (!notice.refused.code.empty()) std::cerr << notice.refused.code << ": " << notice.refused.message << '\n';
    };
    const auto handle = writ::PolicyHandle::follow(options);
    if (!handle) {
        std::cerr << handle.error().code << ": " << handle.error().message << '\n';
        return 3;
    }

    // One evaluator for each thread.
    writ::LiveEvaluator evaluator(*handle);
    writ::Decision decision;
    for (std::string path; std::getline(std::cin, path);) {
        std::ifstream file(path, std::ios::binary);
        const std::string json{std::istreambuf_iterator<char>(file), {}};
        if (auto decided = evaluator.evaluate(json, decision); !decided) {
            std::cout << decided.error().code << ": " << decided.error().message << '\n';
            continue;
        }
        std::cout << (decision.effect == writ::Effect::Permit ? "permit" : "no permit") << ", by "
                  << (decision.bundle_digest.empty() ? "no policy" : decision.bundle_digest) << '\n';
    }
}

// Compiles a policy, decides one request, and prints the decision: a minimal program that embeds Writ.
// usage: embed POLICY REQUEST.json      (exit code: 0 permit, 1 no permit, 3 bad input, 4 file error)
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "writ/bundle.h"
#include "writ/evaluator.h"
#include "writ/request.h"
#include "writ/tools.h"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: embed POLICY REQUEST.json\n";
        return 2;
    }
    // Once: compile the sources to a verified bundle. A broker would load a compiled bundle with Bundle::load().
    auto sources = writ::read_sources({argv[1]});
    std::ifstream file(argv[2], std::ios::binary);
    if (!sources || !file) {
        std::cerr << "cannot read " << (sources ? argv[2] : sources.error().context) << '\n';
        return 4;
    }
    auto bundle = writ::compile(*sources);
    if (!bundle) {
        for (const auto& d : bundle.error().items) std::cerr << d.code << ": " << d.message << '\n';
        return 3;
    }

    // For each thread: one evaluator and one request, which are reused.
    writ::Evaluator evaluator(*bundle);
    writ::Request request(*bundle);
    const std::string json{std::istreambuf_iterator<char>(file), {}};
    if (auto parsed = request.parse(json); !parsed) {
        std::cerr << parsed.error().code << ": " << parsed.error().message << " at " << parsed.error().context << '\n';
        return 3;
    }
    const writ::Decision decision = evaluator.evaluate(request);

    if (decision.effect == writ::Effect::Permit) {
        std::cout << "permit for " << decision.grant.ttl << " s:";
        for (auto scope : decision.grant.scopes) std::cout << ' ' << scope;
    } else {
        std::cout << (decision.effect == writ::Effect::Deny ? "deny:" : "needs approval:");
        for (const auto& reason : decision.reasons) std::cout << ' ' << reason.code;
    }
    std::cout << '\n';
    return decision.effect == writ::Effect::Permit ? 0 : 1;
}

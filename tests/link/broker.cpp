// A broker's program: it must link with the runtime library alone, without compiler or ANTLR.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "writ/evaluator.h"

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const auto read = [](const char* path) {
        std::ifstream in(path, std::ios::binary);
        return std::vector<char>{std::istreambuf_iterator<char>(in), {}};
    };
    const auto sealed = read(argv[1]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return 3;
    const auto json = read(argv[2]);
    writ::Request request(*bundle);
    if (!request.parse({json.data(), json.size()})) return 3;
    writ::Evaluator evaluator(*bundle);
    const auto decision = evaluator.evaluate(request);
    std::puts(to_json(decision, *bundle, writ::View::Operator).c_str());
    return decision.effect == writ::Effect::Permit ? 0 : 1;
}

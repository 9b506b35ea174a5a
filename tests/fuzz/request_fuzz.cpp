// Request text against one policy: bound and decided, or refused; never crashes, never a permit
// after a refusal. The policy comes from the environment: WRIT_FUZZ_BUNDLE.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "writ/evaluator.h"

namespace {

writ::Bundle load() {
    std::ifstream in(std::getenv("WRIT_FUZZ_BUNDLE"), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    return *writ::Bundle::load(std::as_bytes(std::span(bytes)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const writ::Bundle bundle = load();
    static writ::Request request(bundle);
    static writ::Evaluator evaluator(bundle);
    static writ::Decision decision;
    const bool accepted = request.parse({reinterpret_cast<const char*>(data), size}).has_value();
    evaluator.evaluate(request, decision);
    if (!accepted && decision.effect != writ::Effect::Deny) __builtin_trap();
    if (decision.steps > bundle.step_bound()) __builtin_trap();
    return 0;
}

// Tests that a batch decides every request in order, and allocates no memory after a warm-up.
// usage: batch_memory BUNDLE PERMITTED.json NEEDS_APPROVAL.json
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <span>
#include <string>

#include "writ/evaluator.h"

namespace {
long allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

std::string read(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

int fail(const char* what) {
    std::printf("%s\n", what);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::string sealed = read(argv[1]), json = read(argv[2]), large = read(argv[3]);
    const auto bundle = writ::Bundle::load(std::as_bytes(std::span(sealed)));
    if (!bundle) return fail("the bundle does not load");
    std::vector<writ::Request> requests;
    for (int i = 0; i < 4; ++i) requests.emplace_back(*bundle);
    for (const int i : {0, 2})
        if (!requests[static_cast<std::size_t>(i)].parse(json)) return fail("the request is refused");
    if (!requests[3].parse(large)) return fail("the large request is refused");
    if (requests[1].parse("{")) return fail("half a request is accepted");

    writ::Evaluator evaluator(*bundle);
    std::vector<writ::Decision> decisions(5);
    const auto right = [&] {
        using enum writ::Effect;
        const writ::Effect wanted[] = {Permit, Deny, Permit, NeedsApproval, Deny};
        for (std::size_t i = 0; i < decisions.size(); ++i)
            if (decisions[i].effect != wanted[i]) return false;
        return decisions[2].grant.scopes.size() == 1 && decisions[3].requirements.size() == 1 &&
               decisions[4].reasons.empty();
    };
    evaluator.evaluate_batch(requests, decisions);
    if (!right()) return fail("a batch decides otherwise than its requests ask");
    evaluator.evaluate(requests[0], decisions[4]);
    evaluator.evaluate_batch(requests, decisions);  // from here on, the memory of the first batch is reused
    const long before = allocations;
    for (int round = 0; round < 100; ++round) evaluator.evaluate_batch(requests, decisions);
    const long made = allocations - before;
    if (!right()) return fail("the hundredth batch decides otherwise than the first");
    std::printf("%ld allocations in 100 batches, once warm\n", made);
    return made == 0 ? 0 : 1;
}

// Makes each allocation of the C interface fail, alone or together with all later ones. Nothing crashes,
// every permit is the correct one and has a status of success, and the handles work again afterwards.
// usage: c_memory BUNDLE PERMITTED.json
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <string>

#include "writ/writ.h"

namespace {

long allowed = -1;  ///< allocations until one fails; negative: all succeed
bool once = false;  ///< whether only one allocation fails
long failures = 0;

void* allocate(std::size_t size) {
    if (allowed == 0) {
        ++failures;
        if (once) allowed = -1;
        return nullptr;
    }
    if (allowed > 0) --allowed;
    return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_throw(std::size_t size) {
    if (void* memory = allocate(size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

// RE2 does not free its memory when an allocation fails. Sanitizers read this, if there are any.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libre2\n";
}
extern "C" const char* __asan_default_options() {
    return "fast_unwind_on_malloc=0";
}

void* operator new(std::size_t size) {
    return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
    return allocate_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

std::string read(const char* path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Handles {
    writ_errors* errors = nullptr;
    writ_bundle* bundle = nullptr;
    writ_request* request = nullptr;
    writ_evaluator* evaluator = nullptr;
    writ_decision* decision = nullptr;

    ~Handles() {
        writ_decision_free(decision);
        writ_evaluator_free(evaluator);
        writ_request_free(request);
        writ_bundle_free(bundle);
        writ_errors_free(errors);
    }
    /// The permit as JSON, using every function that allocates; empty if there is none.
    std::string decide(const std::string& sealed, const std::string& json) {
        if (errors == nullptr) errors = writ_errors_new();
        if (decision == nullptr) decision = writ_decision_new();
        const bool ready =
            (bundle != nullptr || writ_bundle_load(sealed.data(), sealed.size(), &bundle, errors) == WRIT_OK) &&
            (request != nullptr || writ_request_new(&bundle, 1, &request, errors) == WRIT_OK) &&
            (evaluator != nullptr || writ_evaluator_new(&bundle, 1, &evaluator, errors) == WRIT_OK);
        const writ_status parsed = writ_request_parse(request, {json.data(), json.size()}, nullptr, errors);
        const writ_status status = writ_evaluate(evaluator, request, decision);
        const bool permit = writ_decision_effect(decision) == WRIT_PERMIT;
        const writ_text text = writ_decision_json(decision, WRIT_READER_OPERATOR);
        allowed = -1;
        if (!permit) return {};
        if (!ready || parsed != WRIT_OK || status != WRIT_OK) return "a permit that no status vouches for";
        return text.length == 0 ? std::string() : std::string(text.data, text.length);
    }
};

/// Makes all allocations fail from each one on, or each one alone. Output: the number of
/// allocations; 0 if the test fails.
long fail_each(const std::string& sealed, const std::string& json, const std::string& permit) {
    for (long point = 0;; ++point) {
        Handles handles;
        failures = 0;
        allowed = point;
        const std::string answer = handles.decide(sealed, json);
        if (answer != permit && (!answer.empty() || failures == 0)) {
            std::printf("allocation %ld: %s\n", point, answer.c_str());
            return 0;
        }
        if (failures == 0) return point;
        if (handles.decide(sealed, json) != permit) {
            std::printf("allocation %ld: the handles do not recover\n", point);
            return 0;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string sealed = read(argv[1]), json = read(argv[2]);
    const std::string permit = Handles().decide(sealed, json);
    if (permit.empty()) return 3;
    const long for_good = fail_each(sealed, json, permit);
    once = true;
    const long alone = fail_each(sealed, json, permit);
    std::printf("%ld points to run out of memory for good, %ld for once\n", for_good, alone);
    return for_good > 10 && alone > 10 ? 0 : 1;
}

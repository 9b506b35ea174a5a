// Tests that keys chosen to collide cost no more than random ones, wherever keys of a request are hashed: compares the
// processor time for a million of each. Also tests that binding a list of strings takes linear time.
//
// usage: crafted_keys [--keys N]
// Exit code 1: chosen keys take more than twice the time, or four times the elements
// take more than five times the time.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "base/access.h"
#include "bytecode/program.h"
#include "vm/lists.h"
#include "writ/bundle.h"
#include "writ/request.h"

namespace {

using namespace writ;

std::int64_t processor_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// The least time of several runs, in nanoseconds.
template <class Work>
std::int64_t time_of(Work work) {
    std::int64_t least = INT64_MAX;
    for (int i = 0; i < 3; ++i) {
        const std::int64_t begin = processor_time();
        work();
        least = std::min(least, processor_time() - begin);
    }
    return least;
}

/// Keys of ten letters for which `fits(hash)` is true, with the bundle's hash, which has no secret.
template <class Fits>
std::vector<std::string> keys(std::size_t count, std::mt19937_64& random, Fits fits) {
    std::vector<std::string> out;
    std::string key(10, 'a');
    while (out.size() < count) {
        std::uint64_t bits = random();
        for (char& c : key) c = static_cast<char>('a' + bits % 26), bits /= 26;
        if (fits(bytecode::text_hash(key))) out.push_back(key);
    }
    return out;
}

bool within(const char* what, std::int64_t one, std::int64_t other, double most) {
    const double ratio = static_cast<double>(other) / static_cast<double>(one);
    std::printf("%-44s %12lld %12lld %6.2f of %.0f\n", what, static_cast<long long>(one), static_cast<long long>(other),
                ratio, most);
    return ratio <= most;
}

/// Adds texts to tables of 1,024 entries, as for lists.
void note(const std::vector<std::string>& texts) {
    constexpr std::size_t kList = 1'024;
    const vm::Hasher hasher;
    vm::Scratch scratch;
    std::vector<vm::Value> items;
    for (const std::string& text : texts) items.push_back(vm::Value::of(text, vm::Value::kUnbound));
    for (std::size_t at = 0; at + kList <= items.size(); at += kList) {
        scratch.reset();
        vm::Seen seen(kList, scratch, hasher);
        for (std::size_t i = 0; i < kList; ++i) (void)seen.add(items.data() + at, i);
    }
}

std::string policy(const std::vector<std::string>& constants) {
    std::string out =
        "module crafted\n"
        "claims idp { iss: string sub: subject }\n"
        "issuer p: idp \"https://idp.example\" { audience \"https://broker.example\" }\n"
        "tier read\n"
        "tool t { tier read audience \"https://a.example\" scopes { \"a:read\" } params { xs: set<string> max 1024 } "
        "}\n"
        "permit reader for tool t when token.issuer is p and tenant == \"t\" and params.xs overlaps { \"x\", \"y\" } "
        "grant { \"a:read\" } for 5m\n";
    for (std::size_t i = 0; i < constants.size(); ++i)
        out += "deny r" + std::to_string(i) + " when tenant == \"" + constants[i] + "\"\n";
    return out;
}

Bundle compiled(const std::vector<std::string>& constants) {
    SourceSet sources;
    sources.sources.push_back({"crafted.writ", policy(constants)});
    auto bundle = compile(sources);
    if (bundle) return *bundle;
    std::fprintf(stderr, "crafted_keys: %s\n", bundle.error().items[0].message.c_str());
    std::exit(2);
}

/// The place with the longest probe sequence for a missing key, in a table of a bundle's texts with the hash that has
/// no secret. `mask`: the mask of the table's places.
std::size_t worst_place(const bytecode::Program& program, std::size_t& mask, std::size_t& way) {
    std::vector<bool> taken(std::bit_ceil(2 * program.texts.size()));
    mask = taken.size() - 1;
    for (std::uint32_t id = 1; id < program.texts.size(); ++id) {
        std::size_t at = bytecode::text_hash(program.text(id)) & mask;
        while (taken[at]) at = (at + 1) & mask;
        taken[at] = true;
    }
    std::size_t best = 0, run = 0;
    way = 0;
    for (std::size_t i = 2 * taken.size(); i-- > 0;) {  // twice around
        run = taken[i & mask] ? run + 1 : 0;
        if (run > way) way = run, best = i & mask;
    }
    return best;
}

/// A request with a list. Escaped: with an escape, so that its form is never known and it is read and bound in full.
std::string list_request(std::size_t members, bool escaped) {
    std::string list;
    for (std::size_t i = 0; i < members; ++i)
        list += (i == 0 ? "\"" : ",\"") + std::string("member-") + std::to_string(10'000 + i) + '"';
    return std::string(R"({"provenance":"verified","now":1790000060,"request_id":")") + (escaped ? R"(\u0061)" : "a") +
           R"(","tool":{"name":"t","params":{"xs":[)" + list + "]}}}";
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 1'000'000;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--keys" && i + 1 < argc)
            count = std::strtoull(argv[++i], nullptr, 10);
        else
            return std::fprintf(stderr, "usage: crafted_keys [--keys N]\n"), 2;
    }
    std::mt19937_64 random(1);
    const auto any = [](std::uint64_t) { return true; };
    const std::vector<std::string> free = keys(count, random, any);
    std::printf("%-44s %12s %12s %s\n", "", "ns", "ns", "ratio");
    bool held = true;

    const std::vector<std::string> crafted = keys(count, random, [](std::uint64_t hash) { return (hash & 255) == 0; });
    held =
        within("members of lists: random, chosen", time_of([&] { note(free); }), time_of([&] { note(crafted); }), 2) &&
        held;

    for (const std::size_t constants : {100u, 1'000u, 10'000u}) {
        const Bundle bundle = compiled(keys(constants, random, any));
        const bytecode::Program& program = Access::program(bundle);
        std::size_t mask = 0, way = 0;
        const std::size_t place = worst_place(program, mask, way);
        const std::vector<std::string> chosen = keys(std::min<std::size_t>(count, 2'000), random,
                                                     [&](std::uint64_t hash) { return ((hash - place) & mask) == 0; });
        volatile std::uint32_t sink = 0;
        const auto look_up = [&](const std::vector<std::string>& texts) {
            for (std::size_t i = 0, at = 0; i < count; ++i, at = at + 1 == texts.size() ? 0 : at + 1)
                sink = program.find_text(texts[at]);
        };
        const std::vector<std::string> few(free.begin(), free.begin() + static_cast<std::ptrdiff_t>(chosen.size()));
        const std::string what =
            "constants, " + std::to_string(constants) + " rules, way " + std::to_string(way) + ": random, chosen";
        held = within(what.c_str(), time_of([&] { look_up(few); }), time_of([&] { look_up(chosen); }), 2) && held;
    }

    const Bundle bundle = compiled({});
    Request request{Layers(bundle)};
    const auto bind = [&](std::size_t members, bool escaped) {
        const std::string json = list_request(members, escaped);
        return time_of([&] {
            for (int i = 0; i < 200; ++i)
                if (!request.parse(json)) std::exit(2);
        });
    };
    held = within("binding lists of 256 and of 1,024 strings", bind(256, true), bind(1'024, true), 5) && held;
    held = within("the same of 240 and of 960, form known", bind(240, false), bind(960, false), 5) && held;
    return held ? 0 : 1;
}

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "vm/lists.h"

using namespace writ;
using namespace writ::vm;

TEST_CASE("lists: each value is noted once, in short lists and in long ones") {
    Scratch scratch;
    const Hasher hasher;
    for (const std::size_t size : {std::size_t{1}, std::size_t{16}, std::size_t{17}, std::size_t{3'000}}) {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < size; ++i) texts.push_back("text " + std::to_string(i / 2));
        std::vector<Value> items;
        for (const std::string& text : texts) items.push_back(Value::of(text));
        Seen seen(size, scratch, hasher);
        std::size_t fresh = 0;
        for (std::size_t i = 0; i < size; ++i) fresh += seen.add(items.data(), i) ? 1 : 0;
        CHECK(fresh == (size + 1) / 2);
        CHECK(seen.has(items.data(), Value::of(std::string_view("text 0"))));
        CHECK_FALSE(seen.has(items.data(), Value::of(std::string_view("text"))));
        CHECK_FALSE(seen.has(items.data(), Value::of(std::int64_t{0})));
    }
}

TEST_CASE("lists: hashes are of a secret of their own") {
    const Hasher one, two;
    CHECK(one.text("a") == one.text("a"));
    CHECK(one.text("a") != two.text("a"));
    CHECK(one.integer(1) != two.integer(1));
}

TEST_CASE("lists: texts and integers that were chosen to collide are spread like others") {
    // All of these texts have the same place in a table of 256 places that uses the bundle's hash.
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; texts.size() < 2'000; ++i)
        if (std::string text = "text-" + std::to_string(i); (bytecode::text_hash(text) & 255) == 0)
            texts.push_back(std::move(text));
    const Hasher hasher;
    std::set<std::uint64_t> places, numbers;
    for (const std::string& text : texts) places.insert(hasher.text(text) & 255);
    for (std::int64_t i = 0; i < 2'000; ++i) numbers.insert(hasher.integer(i << 40) & 255);
    CHECK(places.size() > 240);
    CHECK(numbers.size() > 240);
}

TEST_CASE("scratch: what is taken back is given out again") {
    Scratch scratch;
    const auto before = scratch.mark();
    char* const first = scratch.array<char>(100);
    for (int i = 0; i < 1'000; ++i) {
        scratch.release(before);
        CHECK(scratch.array<char>(100) == first);
        (void)scratch.array<char>(20'000);  // in a separate block
    }
    scratch.release(before);
    CHECK(scratch.array<char>(100) == first);
}

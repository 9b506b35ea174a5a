#include "floor.h"

#include <dlfcn.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <random>

#include <nlohmann/json.hpp>

namespace bench {

void Vocabulary::add(const std::string& text, int id) {
    words_.emplace_back(text, id);
}

void Vocabulary::build() {
    std::random_device random;
    for (std::uint64_t& key : key_) key = static_cast<std::uint64_t>(random()) << 32 | random();
    slots_.assign(std::bit_ceil(words_.size() * 2 + 1), {});
    mask_ = slots_.size() - 1;
    for (const auto& [text, id] : words_) {
        const std::uint64_t hash = hash_of(text);
        std::size_t at = hash & mask_;
        while (slots_[at].id != 0) at = (at + 1) & mask_;
        slots_[at] = {text.data(), static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint16_t>(text.size()),
                      static_cast<std::uint16_t>(id)};
    }
}

Floor::Floor(const fs::path& folder) {
    const auto vocabulary = nlohmann::json::parse(slurp(folder / "vocab.json"));
    const auto load = [&](const char* field, Vocabulary& into) {
        for (const auto& [text, id] : vocabulary.at(field).items()) into.add(text, id.get<int>());
        into.build();
        return vocabulary.at(field).size() + 1;
    };
    load("issuer", issuers_);
    const std::size_t spaces = load("namespace", spaces_);
    load("tenant", tenants_);
    stride_ = load("tool", tools_);
    tiers_.resize(stride_);
    denied_.resize(spaces * stride_ / 64 + 1);

    const auto rules = nlohmann::json::parse(slurp(folder / "rules.json"));
    const std::size_t capacity = std::bit_ceil(rules.size() * 3 * 2);
    entries_.resize(capacity);
    mask_ = capacity - 1;
    shift_ = 64 - std::countr_zero(capacity);
    const auto text = [](const nlohmann::json& value) { return value.get<std::string>(); };
    for (const auto& rule : rules) {
        const int ns = spaces_.find(text(rule.at("namespace")));
        if (rule.at("effect") == "deny") {
            const std::size_t bit = static_cast<std::size_t>(ns) * stride_ + tools_.find(text(rule.at("tool")));
            denied_[bit / 64] |= std::uint64_t{1} << (bit % 64);
            continue;
        }
        const int issuer = issuers_.find(text(rule.at("issuer"))), tenant = tenants_.find(text(rule.at("tenant")));
        for (const auto& tool : rule.at("tools")) {
            const std::uint64_t key = key_of(issuer, ns, tenant, tools_.find(text(tool)));
            std::size_t at = slot_of(key);
            while (entries_[at].key != 0 && entries_[at].key != key) at = (at + 1) & mask_;
            entries_[at].key = key;
            for (int tier = 0; tier <= rule.at("max_tier").get<int>(); ++tier)
                entries_[at].depth[tier] = std::max(entries_[at].depth[tier], rule.at("max_depth").get<std::int8_t>());
        }
    }
}

void Floor::learn_tiers(const std::vector<TextFacts>& requests) {
    for (const TextFacts& request : requests) tiers_[tools_.find(request.tool)] = request.tier;
}

Straight::Straight(const fs::path& folder) {
    const fs::path library = fs::absolute(folder / "straight.so");
    if (!fs::exists(library)) return;
    void* opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        std::exit(4);
    }
    decide_ = reinterpret_cast<bool (*)(const Interned&)>(dlsym(opened, "straight"));
}

}  // namespace bench

#include "by_hand.h"

#include <cstdio>
#include <random>

#include <nlohmann/json.hpp>

#include "blocks.h"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// Stands for a key that is repeated, because a document of the library cannot have it twice.
constexpr const char* kAgain = "\x01";

class Variants {
public:
    explicit Variants(std::string_view document) : document_(Json::parse(document)) {}

    std::vector<std::string> all() {
        visit(document_);
        const std::string whole = document_.dump();
        for (const char* after : {"x", "{}", ",", "]"}) out_.push_back(whole + after);
        out_.push_back(whole.substr(0, whole.size() - 1));
        out_.push_back(" " + whole + "\n");
        out_.push_back("");
        for (std::size_t at = whole.find(":\""); at != std::string::npos; at = whole.find(":\"", at + 1)) {
            std::string broken = whole;
            broken[at + 2] = '\xFF';
            out_.push_back(std::move(broken));
        }
        return std::move(out_);
    }

private:
    void keep(std::string_view again = {}) {
        std::string text = document_.dump();
        if (const std::size_t at = text.find(R"("\u0001")"); at != std::string::npos)
            text.replace(at, std::string_view(R"("\u0001")").size(), '"' + std::string(again) + '"');
        out_.push_back(std::move(text));
    }
    void visit(Json& value) {
        if (value.is_array() && !value.empty()) visit(value[0]);
        if (!value.is_object()) return;
        value["unknown"] = 1;
        keep();
        value.erase("unknown");
        std::vector<std::string> keys;
        for (const auto& [key, member] : value.items()) keys.push_back(key);
        for (const std::string& key : keys) {
            value[kAgain] = value[key];
            keep(key);
            value.erase(kAgain);
            replace(value, key);
            const Json whole = value;
            value.erase(key);
            keep();
            value = whole;
            visit(value[key]);
        }
    }
    /// Other values of the same type and of other types.
    void replace(Json& of, const std::string& key) {
        const Json before = of[key];
        std::vector<Json> others = {nullptr,
                                    true,
                                    false,
                                    -1,
                                    0,
                                    1,
                                    1.5,
                                    4'000'000'000,
                                    INT64_MAX,
                                    "",
                                    "x",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1}),
                                    Json::array({"x"})};
        if (before.is_string()) {
            others.push_back(before.get<std::string>() + "x");
            others.push_back(before.get<std::string>() + "\"\\\n\x7F/..//\xC2\x85\xC3\xA9\xC2\xA9");
            others.push_back(std::string(20'000, 'x'));
        }
        if (before.is_number_integer())
            for (const int by : {-4'000, -601, -1, 1, 61, 4'000}) others.push_back(before.get<std::int64_t>() + by);
        if (before.is_number_float()) others = {0.0, 500.0, 500.000001, 10'000.01, -1.0, 0.0000001, "1"};
        if (before.is_array() && !before.empty() && before[0].is_string())
            others.push_back(Json::array({before[0], "x*"}));
        for (Json& other : others) {
            of[key] = std::move(other);
            keep();
        }
        of[key] = before;
    }

    Json document_;
    std::vector<std::string> out_;
};

template <class Of>
std::string answers(std::string_view text) {
    std::string copy(text.size() + 16, '\0');
    const bool plain = copy_plain<Of>(copy.data(), text);
    copy.resize(text.size());
    for (const bool each : {plain, is_ascii<Of>(text), is_spiffe<Of>(text), is_path<Of>(text, '@')})
        copy += each ? '1' : '0';
    return copy;
}

}  // namespace

std::vector<std::string> variants(std::string_view document) {
    return Variants(document).all();
}

void tell(const std::string& name, std::size_t documents, const Variety& variety) {
    std::fprintf(
        stderr,
        "%s: the floor's documents for %zu requests are Writ's; of the variants of one, it decides %zu alike, and "
        "refuses %zu as Writ does and %zu that it does not know\n",
        name.c_str(), documents, variety.alike, variety.refused, variety.unknown);
}

void differ(const std::string& name, std::string_view request, std::string_view writ, std::string_view floor) {
    const auto size = [](std::string_view text) { return static_cast<int>(text.size()); };
    std::fprintf(stderr, "%s: the floor differs\nrequest %.*s\nWrit    %.*s\nfloor   %.*s\n", name.c_str(),
                 size(request), request.data(), size(writ), writ.data(), size(floor), floor.data());
    std::exit(1);
}

void verify_blocks(std::string_view document) {
    std::mt19937 random(1);
    std::vector<std::string> texts;
    const Json leaves = Json::parse(document).flatten();
    for (const auto& [path, value] : leaves.items())
        if (value.is_string()) texts.push_back(value.get<std::string>());
    for (const std::string& text : texts) {
        for (int round = 0; round < 200; ++round) {
            std::string changed = text.substr(0, text.size() - random() % (text.size() + 1));
            if (round == 0) changed = text;
            if (round % 2 == 1 && !changed.empty()) {
                constexpr std::string_view kBytes = "./-_@\"\\AZaz09:{`[ \x01\x1F\x7F\x80\xC2\xFF";
                changed[random() % changed.size()] = kBytes[random() % kBytes.size()];
            }
            if (answers<Block>(changed) == answers<PlainBlock>(changed)) continue;
            std::fprintf(stderr, "the two kinds of blocks differ: %s\n", changed.c_str());
            std::exit(1);
        }
    }
}

}  // namespace bench

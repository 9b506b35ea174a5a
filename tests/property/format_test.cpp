// Properties of the formatter for any text: the meaning is the same, every comment is kept, and formatting twice
// changes nothing. Checked on the policies of this repository and on random ones, unchanged and mangled.
// WRIT_PROPERTY_SCALE makes it longer.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "mangle.h"
#include "policy_gen.h"
#include "source_root.h"
#include "syntax/parse.h"
#include "universe.h"
#include "writ/format.h"

namespace writ::property {
namespace {

std::size_t scale() {
    const char* given = std::getenv("WRIT_PROPERTY_SCALE");
    return given != nullptr ? std::max<std::size_t>(1, std::strtoull(given, nullptr, 10)) : 1;
}

/// WRIT_SEED, or a fixed one.
std::uint64_t given_seed() {
    const char* given = std::getenv("WRIT_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

/// The tree of a text; none if it has errors.
std::optional<std::string> tree_of(std::string_view text) {
    Report report;
    const ast::SourceFile file = syntax::parse(0, text, 200, report);
    if (report.error_count() > 0) return std::nullopt;
    return syntax::dump_ast(file);
}

/// What is wrong with the formatting of a text; empty if nothing is. Repeats the formatter's own checks with the
/// compiler's parser and another reader of comments.
std::string fault_in(const std::string& text) {
    const auto tree = tree_of(text);
    if (!tree) return "the text does not parse";
    const auto once = format({"policy.writ", text});
    if (!once) return once.error().items.front().code + ' ' + once.error().items.front().message;
    if (tree_of(*once) != tree) return "another tree";
    if (comments_of(cut(*once)) != comments_of(cut(text))) return "other comments";
    const auto twice = format({"policy.writ", *once});
    if (!twice || *twice != *once) return "not the same twice";
    for (std::size_t at = 0; (at = once->find('\n', at)) != std::string::npos; ++at)
        if (at > 0 && ((*once)[at - 1] == ' ' || (*once)[at - 1] == '\t')) return "blanks at the end of a line";
    if (!once->empty() && (once->back() != '\n' || once->ends_with("\n\n"))) return "no line end, or more than one";
    return {};
}

struct Text {
    std::string name, text;
};

std::vector<Text> policies_of_the_repository() {
    namespace fs = std::filesystem;
    std::vector<Text> out;
    for (const char* folder : {"stdlib", "examples", "tests", "docs/snippets"})
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(source_root()) / folder)) {
            if (entry.path().extension() != ".writ") continue;
            std::ostringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            out.push_back({entry.path().string(), text.str()});
        }
    std::sort(out.begin(), out.end(), [](const Text& a, const Text& b) { return a.name < b.name; });
    return out;
}

/// Random policies that parse; they need not compile.
std::vector<Text> random_policies(std::size_t count) {
    std::vector<Text> out;
    for (std::uint64_t seed = 1; out.size() < count; ++seed) {
        Rng rng(seed);
        const std::string text = random_policy(rng, random_shape(rng)).render();
        if (tree_of(text)) out.push_back({"random policy " + std::to_string(seed), text});
    }
    return out;
}

void mangle_and_format(const std::vector<Text>& texts, std::size_t cases, std::uint64_t seed) {
    std::vector<Pieces> pieces;
    std::vector<std::string> trees;
    for (const Text& text : texts) {
        pieces.push_back(cut(text.text));
        trees.push_back(tree_of(text.text).value_or(""));
        REQUIRE(pieces.back().text() == text.text);
    }
    for (std::size_t i = 0; i < cases; ++i) {
        Rng rng(seed + i);
        const std::size_t which = rng.below(texts.size());
        const Mangling how{rng.percent(80), rng.percent(30), rng.percent(50)};
        const std::string text = mangled(pieces[which], how, rng);
        INFO("WRIT_SEED=", seed + i, " of ", texts[which].name, "\n", text);
        REQUIRE(fault_in(text) == "");
        if (!how.docs && !how.stretch) REQUIRE(tree_of(text) == trees[which]);
    }
}

}  // namespace

TEST_CASE("format: every policy of the repository says the same afterwards") {
    const auto texts = policies_of_the_repository();
    REQUIRE(texts.size() > 40);
    for (const Text& text : texts) {
        INFO(text.name);
        CHECK(fault_in(text.text) == "");
    }
}

TEST_CASE("format: random policies say the same afterwards") {
    for (const Text& text : random_policies(100 * scale())) {
        INFO(text.name, "\n", text.text);
        REQUIRE(fault_in(text.text) == "");
    }
}

TEST_CASE("format: mangled policies of the repository say the same afterwards") {
    const auto texts = policies_of_the_repository();
    mangle_and_format(texts, 600 * scale(), 1);
    mangle_and_format(texts, 50, given_seed());
}

TEST_CASE("format: mangled random policies say the same afterwards") {
    mangle_and_format(random_policies(20), 200 * scale(), 1);
}

}  // namespace writ::property

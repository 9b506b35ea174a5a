#include <doctest/doctest.h>

#include <optional>

#include "cli/command/parser.h"

using namespace writ::cli;

namespace {

enum class Fruit { Apple, Pear };

/// A program with one verb that has an option of every kind.
struct Program {
    Command root{"prog", "A program."};
    std::string file, name = "unless said", where;
    std::vector<std::string> paths, each;
    std::optional<std::uint32_t> count;
    double share = -1;
    std::optional<Fruit> fruit;
    bool loud = false;
    Option *fruits = nullptr, *counts = nullptr;

    Program() {
        root.flag("-l,--loud", "Say more", loud);
        Command& verb = root.verb("pick", "Pick some.");
        verb.list("PATH", "PATH...", "Where from", paths).required();
        counts = &verb.whole("-c,--count", "N", "How many", count, 1, 9);
        verb.number("--share", "PERCENT", "Of what", share, 0, 100);
        fruits = &verb.choice("--fruit", "Which", fruit, {{"pear", Fruit::Pear}, {"apple", Fruit::Apple}});
        verb.text("--name", "TEXT", "For whom", name).excludes(*counts);
        verb.texts("--each", "TEXT", "Any number", each).needs(*fruits);
        verb.check = [this] { return count == 7u ? "seven: is too many" : std::string(); };
        Command& hidden = root.verb("secret", "Nobody types it.");
        hidden.group = Command::kHidden;
        hidden.text("FILE", "", "What is written", file).required();
    }

    ParsedLine read(std::vector<std::string> words) {
        words.insert(words.begin(), "prog");
        std::vector<char*> line;
        for (std::string& word : words) line.push_back(word.data());
        return parse(root, static_cast<int>(line.size()), line.data());
    }
    std::string problem(std::vector<std::string> words) {
        const ParsedLine parsed = read(std::move(words));
        CHECK(parsed.verb == nullptr);
        CHECK(parsed.said.empty());
        return parsed.problem.substr(0, parsed.problem.find('\n'));
    }
};

}  // namespace

TEST_CASE("command: options go where they are bound, and the verb is found") {
    Program program;
    const ParsedLine parsed = program.read(
        {"pick", "a", "b", "--fruit=pear", "--each", "x", "--each", "y", "-c", "3", "--share", "2.5", "--loud"});
    CHECK(parsed.problem.empty());
    REQUIRE(parsed.verb != nullptr);
    CHECK(parsed.verb->name == "pick");
    CHECK(program.paths == std::vector<std::string>{"a", "b"});
    CHECK(program.each == std::vector<std::string>{"x", "y"});
    CHECK(program.count == 3u);
    CHECK(program.share == 2.5);
    CHECK(program.fruit == Fruit::Pear);
    CHECK(program.loud);
    CHECK(program.name == "unless said");
    CHECK(program.fruits->given);
    CHECK(Program().fruits->given == false);
}

TEST_CASE("command: what is wrong with a line") {
    CHECK(Program().problem({}) == "error: `prog` needs a verb after it");
    CHECK(Program().problem({"pik"}) == "error: `prog` has no verb `pik`; did you mean `pick`?");
    CHECK(Program().problem({"secre"}) == "error: `prog` has no verb `secre`");
    CHECK(Program().problem({"pick", "a", "--friut", "pear"}) ==
          "error: `prog pick` has no option `--friut`; did you mean `--fruit`?");
    CHECK(Program().problem({"pick"}) == "error: PATH is required");
    CHECK(Program().problem({"pick", "a", "--fruit"}) == "error: --fruit: a value is required");
    CHECK(Program().problem({"pick", "a", "--fruit", "plum"}) == "error: --fruit: must be apple or pear, not `plum`");
    CHECK(Program().problem({"pick", "a", "--fruit", "pear", "--fruit", "pear"}) ==
          "error: --fruit: is given more than once");
    for (const char* number : {"0", "10", "-1", "0x3", "3 ", ""})
        CHECK(Program().problem({"pick", "a", "-c", number}) ==
              "error: --count: must be a whole number from 1 to 9, not `" + std::string(number) + "`");
    for (const char* number : {"-0.5", "100.5", "nan", "1x"})
        CHECK(Program().problem({"pick", "a", "--share", number}) ==
              "error: --share: must be a number from 0 to 100, not `" + std::string(number) + "`");
    CHECK(Program().problem({"pick", "a", "--name", "x", "-c", "1"}) == "error: --count excludes --name");
    CHECK(Program().problem({"pick", "a", "--each", "x"}) == "error: --each requires --fruit");
    CHECK(Program().problem({"pick", "a", "-c", "7"}) == "error: seven: is too many");
    CHECK(Program().problem({"secret", "a", "b"}) ==
          "error: `prog secret` takes no further argument, but there is `b`");
}

TEST_CASE("command: help names what an argument and an option take") {
    Program program;
    const std::string help = program.read({"pick", "--help"}).said;
    CHECK(help.find("  PATH...                     Where from\n") != std::string::npos);
    CHECK(help.find("  -c,--count N                How many\n") != std::string::npos);
    CHECK(help.find("  --fruit pear|apple          Which\n") != std::string::npos);
    CHECK(program.read({"secret", "--help"}).said.find("  FILE                        What is written\n") !=
          std::string::npos);
    CHECK(program.read({"--help"}).said.find("secret") == std::string::npos);
}

#include "cli/help.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/text.h"

namespace writ::cli {

namespace {

constexpr std::size_t kNames = 30, kWidth = 80;  // columns

class Layout : public CLI::Formatter {
    std::string make_description(const CLI::App* app) const override {
        return filled(app->get_description(), kWidth) + "\n";
    }
    std::string make_option(const CLI::Option* option, bool alone) const override {
        const std::string text = option->get_option_text();
        const std::string names =
            alone ? text : make_option_name(option, false) + (text.empty() ? "" : " " + text);
        std::stringstream out;
        CLI::detail::format_help(out, names, filled(option->get_description(), kWidth - kNames), kNames);
        return out.str();
    }
    std::string make_subcommand(const CLI::App* verb) const override {
        std::stringstream out;
        CLI::detail::format_help(out, verb->get_display_name(true),
                                 filled(verb->get_description(), kWidth - kNames), kNames);
        return out.str();
    }
};

/// How many characters have to be put in, taken out or replaced.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t corner = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = corner + (a[i] == b[j] ? 0 : 1);
            corner = row[j + 1];
            row[j + 1] = std::min({replaced, corner + 1, row[j] + 1});
        }
    }
    return row.back();
}

/// `; did you mean …?`, or nothing where nothing is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
    const std::string* best = nullptr;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& each : known) {
        const std::size_t far = distance(word, each);
        if (far >= least || far >= each.size()) continue;
        least = far;
        best = &each;
    }
    return best == nullptr ? "" : "; did you mean `" + *best + "`?";
}

std::vector<std::string> verbs_of(const CLI::App& app) {
    std::vector<std::string> out;
    for (const CLI::App* verb :
         app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
        out.push_back(verb->get_name());
    return out;
}

void add_options(const CLI::App& app, std::vector<std::string>& out) {
    for (const CLI::Option* option : app.get_options({}))
        for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
}

/// The first word that nothing took, if it is what is wrong.
std::string not_taken(const CLI::App& program, const CLI::App& verb, const std::string& path) {
    const std::vector<std::string> left = program.remaining(true);
    const bool wants_verb = verb.get_require_subcommand_min() > 0;
    for (const std::string& word : left) {
        if (word.size() < 2 || word[0] != '-') continue;
        const std::string name = word.substr(0, word.find('='));
        std::vector<std::string> known;
        add_options(verb, known);
        if (&verb != &program) add_options(program, known);
        return fmt::format("`{}` has no option `{}`{}", path, name, suggestion(name, known));
    }
    if (wants_verb && left.empty()) return fmt::format("`{}` is not enough: a verb has to follow", path);
    if (wants_verb)
        return fmt::format("`{}` has no verb `{}`{}", path, left.front(),
                           suggestion(left.front(), verbs_of(verb)));
    if (!left.empty())
        return fmt::format("`{}` takes no further argument, and there is `{}`", path, left.front());
    return {};
}

}  // namespace

void lay_out_help(CLI::App& program) {
    program.formatter(std::make_shared<Layout>());
}

std::string usage_problem(const CLI::App& program, const CLI::ParseError& wrong) {
    const CLI::App* verb = &program;
    std::string path = program.get_name();
    while (!verb->get_subcommands().empty()) {
        verb = verb->get_subcommands().front();
        path += " " + verb->get_name();
    }
    std::string what = wrong.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&wrong) != nullptr)
        what = what.substr(0, what.find(':')) + ": a value has to follow";
    const bool incomplete = dynamic_cast<const CLI::RequiredError*>(&wrong) != nullptr ||
                            dynamic_cast<const CLI::ExtrasError*>(&wrong) != nullptr;
    if (incomplete)
        if (std::string more = not_taken(program, *verb, path); !more.empty()) what = std::move(more);
    return fmt::format("error: {}\nRun `{} --help` for what there is.\n", safe(what), path);
}

}  // namespace writ::cli

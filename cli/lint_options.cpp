#include "cli/lint_options.h"

#include <algorithm>
#include <map>

#include "cli/options.h"

namespace writ::cli {

namespace {

const std::map<std::string, LintLevel> kLevels{
    {"off", LintLevel::Off}, {"warning", LintLevel::Warning}, {"error", LintLevel::Error}};

/// `NAME=LEVEL`, with the nearest name where there is no such lint.
void set_level(LintOptions& options, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto level = kLevels.find(equals == std::string::npos ? "" : text.substr(equals + 1));
    if (level == kLevels.end())
        throw CLI::ValidationError("--level", "is NAME=off, NAME=warning or NAME=error, not `" + text + "`");
    const auto rules = lint_rules();
    if (std::none_of(rules.begin(), rules.end(), [&](const LintRule& rule) { return rule.name == name; })) {
        const std::string_view near = nearest_lint(name);
        throw CLI::ValidationError(
            "--level",
            "there is no lint `" + name + "`" +
                (near.empty() ? "; docs/lint.md lists them" : "; did you mean `" + std::string(near) + "`?"));
    }
    options.levels[name] = level->second;
}

}  // namespace

void add_lint_levels(CLI::App& verb, std::vector<std::string>& levels, LintLevel& fail_on) {
    verb.add_option("--level", levels, "What a lint's findings are; may be repeated")
        ->option_text("NAME=off|warning|error")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    verb.add_option("--fail-on", fail_on, "The least finding that ends with 1 (error)")
        ->transform(one_of(
            std::map<std::string, LintLevel>{{"warning", LintLevel::Warning}, {"error", LintLevel::Error}}))
        ->option_text("warning|error");
}

LintOptions lint_options(const std::vector<std::string>& levels) {
    LintOptions options;
    for (const std::string& level : levels) set_level(options, level);
    return options;
}

}  // namespace writ::cli

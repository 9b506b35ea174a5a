#include "cli/verbs/lint_options.h"

#include <algorithm>
#include <map>
#include <string>

namespace writ::cli {

namespace {

const std::map<std::string, LintLevel> kLevels{
    {"off", LintLevel::Off}, {"warning", LintLevel::Warning}, {"error", LintLevel::Error}};

/// Reads `NAME=LEVEL`; or returns the error, with the nearest name if there is no such lint.
std::string set_level(LintOptions& options, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto level = kLevels.find(equals == std::string::npos ? "" : text.substr(equals + 1));
    if (level == kLevels.end()) return "must be NAME=off, NAME=warning or NAME=error, not `" + text + "`";
    const auto rules = lint_rules();
    if (std::none_of(rules.begin(), rules.end(), [&](const LintRule& rule) { return rule.name == name; })) {
        const std::string_view near = nearest_lint(name);
        return "there is no lint `" + name + "`" +
               (near.empty() ? "; docs/lint.md lists them" : "; did you mean `" + std::string(near) + "`?");
    }
    options.levels[name] = level->second;
    return {};
}

}  // namespace

void add_lint_levels(Command& verb, LintOptions& lint, LintLevel& fail_on) {
    verb.reads_each("--level", "NAME=off|warning|error", "The level of a lint's findings; may be repeated",
                    [&lint](const std::string& text) { return set_level(lint, text); });
    verb.choice("--fail-on", "The lowest level of findings that fails with exit code 1 (default: error)", fail_on,
                {{"warning", LintLevel::Warning}, {"error", LintLevel::Error}});
}

}  // namespace writ::cli

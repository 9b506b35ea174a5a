// Options that several verbs have.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command/command.h"
#include "cli/formats/format.h"
#include "writ/decision.h"

namespace writ::cli {

/// `PATH...`, the policy.
void add_paths(Command& verb, std::vector<std::string>& paths);
/// `--layer PATH`.
Option& add_layers(Command& verb, std::vector<std::string>& layers);
/// `--for caller|operator`.
Option& add_reader(Command& verb, View& reader);

/// Adds `--format` with some of the formats.
Option& add_format(Command& verb, Format& to, std::span<const Format> offered);
/// With human and json; for verbs that print more than a line.
Option& add_format(Command& verb, Format& to);

}  // namespace writ::cli

// Options that several verbs have.
#pragma once

#include <string>
#include <vector>

#include "cli/command/command.h"
#include "writ/decision.h"

namespace writ::cli {

inline void add_paths(Command& verb, std::vector<std::string>& paths) {
    verb.list("PATH", "PATH...", "Policy files, or folders of *.writ files", paths).required();
}

inline Option& add_layers(Command& verb, std::vector<std::string>& layers) {
    return verb.texts("--layer", "PATH", "A platform's policy above PATH; may be repeated", layers);
}

/// `--for caller|operator`.
inline Option& add_reader(Command& verb, Audience& reader) {
    return verb.choice("--for", "The reader of the output; a caller learns nothing about the policy", reader,
                       {{"caller", Audience::Caller}, {"operator", Audience::Operator}});
}

}  // namespace writ::cli

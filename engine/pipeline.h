// From policy text to a verified bundle: the one way through the compiler. compile() and Workspace both take it.
#pragma once

#include <memory>
#include <optional>

#include "check/typed.h"
#include "writ/bundle.h"

namespace writ {

/// Everything that is known about a set of sources.
struct Compiled {
    std::unique_ptr<check::Policy> policy;  ///< never null; complete if there is a bundle
    Diagnostics diagnostics;                ///< errors and warnings
    std::optional<Bundle> bundle;           ///< unless there are errors
};

/// Parses, checks, lowers and verifies.
/// Input:   sources whose texts are plain (base/source.h) or not; a set without `standard` gets the built-in library.
/// Errors:  E01.. to E05.. and B.. in `diagnostics`; never a half-compiled bundle.
[[nodiscard]] Compiled run_pipeline(const SourceSet& sources, const CompileOptions& options);

}  // namespace writ

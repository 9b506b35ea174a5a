// Joins the compiler's modules behind include/writ.
#include "writ/bundle.h"
#include "writ/tools.h"

namespace writ {

Checked<Bundle> compile(const SourceSet& sources, const CompileOptions& options, Diagnostics* warnings) {
    const Workspace workspace(sources, options);
    if (!workspace.bundle()) return tl::unexpected(workspace.diagnostics());
    if (warnings != nullptr) *warnings = workspace.diagnostics();
    return *workspace.bundle();
}

}  // namespace writ

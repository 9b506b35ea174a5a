// Policy text: compiles or is refused with diagnostics; never crashes, hangs or half-compiles.
#include <cstddef>
#include <cstdint>
#include <string>

#include "writ/tools.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    writ::SourceSet set;
    set.sources.push_back({"fuzz.writ", std::string(reinterpret_cast<const char*>(data), size)});
    const writ::Workspace workspace(std::move(set));
    if (workspace.bundle().has_value() == workspace.diagnostics().has_errors()) __builtin_trap();
    for (const auto& d : workspace.diagnostics().items) {
        const auto& source = workspace.diagnostics().sources.at(d.span.source);
        if (d.span.begin > d.span.end || d.span.end > source.text.size()) __builtin_trap();
    }
    return 0;
}

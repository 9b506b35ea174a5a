#include "writ/format.h"

#include <utility>

#include "base/report.h"
#include "syntax/format.h"

namespace writ {

Checked<std::string> format(const Source& source, const CompileOptions& options) {
    Report report(options.max_errors);
    std::optional<std::string> out;
    if (source.text.size() > options.max_source_bytes)
        report.add(Code::E0110, {},
                   "the source has " + std::to_string(source.text.size()) + " bytes; the limit is " +
                       std::to_string(options.max_source_bytes),
                   {}, "split the policy into several files");
    else
        out = syntax::format(0, source.text, options.max_depth, report);
    if (out) return std::move(*out);
    return tl::unexpected(Diagnostics{{source}, report.take()});
}

}  // namespace writ

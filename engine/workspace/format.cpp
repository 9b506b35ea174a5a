#include "writ/format.h"

#include <optional>
#include <utility>

#include "base/report.h"
#include "base/source.h"
#include "syntax/format.h"

namespace writ {

namespace {

/// The error in a formatter's output; empty if there is none.
std::string fault_in(const syntax::Reading& before, const CompileOptions& options) {
    Report report;
    const auto after = syntax::lay_out(0, before.formatted, options.max_depth, report);
    return after ? syntax::fault_of(before, *after) : "the result is not a valid policy";
}

}  // namespace

Checked<std::string> format(const Source& source, const CompileOptions& options) {
    Report report(options.max_errors);
    std::optional<syntax::Reading> read;
    const Ends ends = ends_of(source.text);
    const Source plain{source.name, plain_text(source.text), source.stored};
    if (source.text.size() > options.max_source_bytes)
        report.add(Code::SourcesTooLarge, {},
                   "the source has " + std::to_string(source.text.size()) + " bytes; the limit is " +
                       std::to_string(options.max_source_bytes),
                   {}, "split the policy into several files");
    else
        read = syntax::lay_out(0, plain.text, options.max_depth, report);
    if (!read) return tl::unexpected(Diagnostics{{plain}, report.take()});
    const std::string fault = fault_in(*read, options);
    if (fault.empty()) return with_ends(read->formatted, ends);
    Diagnostic defect;
    defect.code = code_name(Code::FormatterDefect);
    defect.message = "cannot be formatted: " + fault;
    defect.help = "this is a defect of the formatter, not of the policy; please report it";
    return tl::unexpected(Diagnostics{{plain}, {std::move(defect)}});
}

}  // namespace writ

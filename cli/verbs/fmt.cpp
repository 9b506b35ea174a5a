// writ fmt: formats policies in the canonical style.
#include <algorithm>

#include <fmt/format.h>

#include "cli/command/command.h"
#include "cli/formats/diagnostics.h"
#include "cli/formats/line_diff.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/format.h"
#include "writ/manifest.h"
#include "writ/words.h"

namespace writ::cli {

namespace {

struct FmtArgs {
    std::vector<std::string> paths;
    bool check = false, diff = false;
};

/// A source and its formatted text.
struct Formatted {
    Source source;
    std::string text;
    [[nodiscard]] bool differs() const { return text != source.text; }
};

/// Formats sources, or collects the errors of those that cannot be formatted.
Checked<std::vector<Formatted>> format_all(std::vector<Source> sources) {
    std::vector<Formatted> out;
    Diagnostics wrong;
    for (Source& source : sources) {
        auto text = format(source);
        if (text) {
            out.push_back({std::move(source), std::move(*text)});
            continue;
        }
        const auto index = static_cast<std::uint32_t>(wrong.sources.size());
        wrong.sources.push_back(std::move(text.error().sources.front()));
        for (Diagnostic& item : text.error().items) {
            item.span.source = index;
            for (Label& label : item.related) label.span.source = index;
            wrong.items.push_back(std::move(item));
        }
    }
    if (!wrong.items.empty()) return tl::unexpected(std::move(wrong));
    return out;
}

/// The input: files, or standard input. With manifests, the files of all their policies and those without a policy,
/// which have a style too. Input: problems: receives those of manifests.
Result<std::vector<Source>> read_all(const FmtArgs& options, Diagnostics& problems) {
    if (options.paths == std::vector<std::string>{"-"}) {
        auto text = read_input("-", CompileOptions{}.max_source_bytes);
        if (!text) return tl::unexpected(std::move(text.error()));
        return std::vector<Source>{{"standard input", std::move(*text)}};
    }
    auto found = find_policies(options.paths);
    if (!found) return tl::unexpected(std::move(found.error()));
    std::vector<std::string> paths = options.paths;
    if (!found->none()) {
        paths.clear();
        for (const PolicyFolder& policy : found->policies)
            for (const PolicyFolder::File& file : policy.files) paths.push_back(file.path);
        problems.sources = std::move(found->problems.sources);
        for (Diagnostic& each : found->problems.items)
            if (each.code == code_name(Code::FileWithoutPolicy))
                paths.push_back(problems.sources[each.span.source].name);
            else
                problems.items.push_back(std::move(each));
    }
    auto set = read_sources(paths);
    if (!set) return tl::unexpected(std::move(set.error()));
    return std::move(set->sources);
}

std::string diff(const Formatted& file, bool colour) {
    const Palette colours = palette(colour);
    const std::string name = safe(file.source.name);
    return fmt::format("{}--- {}{}\n{}+++ {}, formatted{}\n", colours.bold, name, colours.reset, colours.bold, name,
                       colours.reset) +
           line_diff(file.source.text, file.text, colour);
}

Exit run(const FmtArgs& options, const Terminal& terminal) {
    for (const std::string& path : options.paths) {
        if (!is_bundle({path})) continue;
        print_note(fmt::format("error: {} is a sealed bundle; format its sources instead\n", safe(path)));
        return Exit::Usage;
    }
    Diagnostics problems;
    auto sources = read_all(options, problems);
    if (!sources) return report_error(sources.error(), "", terminal);
    const auto files = format_all(std::move(*sources));
    if (!files) {
        print_note(render_human(files.error(), terminal.colour_err));
        const auto& items = files.error().items;
        const bool defect = std::any_of(items.begin(), items.end(), [](const Diagnostic& item) {
            return item.code == code_name(Code::FormatterDefect);
        });
        return defect ? Exit::Internal : Exit::Invalid;
    }
    const bool stream = options.paths.front() == "-";
    const bool only_look = options.check || options.diff;
    std::size_t differing = 0;
    for (const Formatted& file : *files) {
        if (stream && !only_look) print_result(file.text);
        if (!file.differs()) continue;
        ++differing;
        if (options.diff)
            print_result(diff(file, terminal.colour_out));
        else if (options.check)
            print_result(safe(file.source.name) + "\n");
        else if (!stream) {
            const auto written = write_file(file.source.name, file.text);
            if (!written) return report_error(written.error(), "", terminal);
            print_result(safe(file.source.name) + "\n");
        }
    }
    if (!stream)
        print_note(fmt::format("{}, {} {}\n", counted(files->size(), "file"), differing,
                               only_look ? "not in canonical style" : "changed"));
    print_note(render_human(problems, terminal.colour_err));
    if (!problems.items.empty()) return Exit::Invalid;
    return only_look && differing > 0 ? Exit::Negative : Exit::Ok;
}

}  // namespace

void add_fmt(Command& program) {
    Command& verb = program.verb("fmt", "Format policies in the canonical style");
    auto& options = verb.make_values<FmtArgs>();
    verb.list("PATH", "PATH...|-", "Policy files, folders of *.writ files, or - for standard input", options.paths)
        .required();
    verb.flag("--check", "Change nothing; list the files that differ, and exit with 1 if there are any", options.check);
    verb.flag("--diff", "Like --check, and show the changes", options.diff);
    verb.check = [&options]() -> std::string {
        const bool stream = std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end();
        return stream && options.paths.size() > 1 ? "PATH: - cannot be combined with other paths" : "";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

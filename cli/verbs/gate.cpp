// writ gate: checks a policy, or a change of a policy, before production.

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/gate.h"
#include "cli/formats/github.h"
#include "cli/formats/sarif.h"
#include "cli/git/git.h"
#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/verbs/comparison.h"
#include "cli/verbs/lint_options.h"
#include "cli/verbs/options.h"
#include "cli/verbs/side.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/gate.h"

namespace writ::cli {

namespace {

constexpr Rendering<GateReport> kGateRenderings[] = {
    {Format::Human, [](const GateReport& report,
                       const Terminal& terminal) { return render_gate(report, terminal.colour_out, terminal.quiet); }},
    {Format::Json, [](const GateReport& report, const Terminal&) { return render_gate_json(report); }},
    {Format::Sarif, [](const GateReport& report,
                       const Terminal&) { return render_sarif(report.verdict.findings, report.verdict.suppressed); }},
    {Format::Github, [](const GateReport& report, const Terminal&) { return render_github(report.verdict.findings); }},
    {Format::Junit, [](const GateReport& report, const Terminal&) { return render_gate_junit(report); }},
    {Format::Markdown, [](const GateReport& report, const Terminal&) { return render_gate_markdown(report); }},
};

struct Output {
    Format format = Format::Human;
    std::string file;
};

struct GateArgs {
    std::string policy = ".", base;
    StorePlace store;
    CompareOptions compared;
    std::vector<std::string> notes;
    std::vector<Output> outputs;
    GateRules rules;
    Format format = Format::Human;
};

/// Reads `FORMAT=FILE`, or returns the error.
std::string add_output(const std::string& text, std::vector<Output>& to) {
    const std::size_t equals = text.find('=');
    std::vector<std::string> known;
    for (const auto& each : kGateRenderings) {
        const std::string name(format_name(each.format));
        known.push_back(name + "=FILE");
        if (equals == std::string::npos || equals + 1 == text.size() || name != text.substr(0, equals)) continue;
        to.push_back({each.format, text.substr(equals + 1)});
        return {};
    }
    return "is " + either(known) + ", not `" + text + "`";
}

/// Writes a report in every requested format. Output: `end`, or the error of writing.
Exit deliver(const GateReport& report, const GateArgs& options, const Terminal& terminal, Exit end) {
    for (const Output& each : options.outputs)
        if (const auto written = write_file(each.file, rendered(kGateRenderings, each.format, report, {})); !written)
            return report_error(written.error(), "", terminal);
    print_result(rendered(kGateRenderings, options.format, report, terminal));
    return end;
}

/// Reads the change notes: files, and the messages of the commits since the base.
std::variant<ChangeNote, Exit> read_notes(const GateArgs& options, const Terminal& terminal) {
    ChangeNote note;
    for (const std::string& file : options.notes) {
        constexpr std::size_t kMost = std::size_t{1} << 20;
        const auto text = read_input(file, kMost);
        // A note that cannot be read is an error, not an empty note.
        if (text && (text->size() > kMost || !is_utf8(*text)))
            return report_error(
                failure(Code::BadChangeNote,
                        text->size() > kMost ? "a change note is at most 1 MiB" : "the change note is not UTF-8", file),
                "", terminal);
        if (!text) return report_error(text.error(), "", terminal);
        read_note(*text, input_name(file), note);
    }
    if (const auto ref = git_ref_of(options.base)) {
        const auto commits = messages_since(*ref, options.policy);
        if (!commits) return report_error(commits.error(), "", terminal);
        for (const CommitMessage& each : *commits) read_note(each.text, each.commit.substr(0, 12), note);
    }
    return note;
}

/// Judges a policy that compiles, and writes the verdict.
Exit judged(const Workspace& policy, const DiffReport* change, ChangeNote note, const GateArgs& options,
            const Terminal& terminal) {
    GateReport report{change != nullptr ? options.base : std::string(), {}, change};
    {
        Progress progress("judging", "", terminal);
        report.verdict = judge(policy, options.rules, change != nullptr ? &change->diff : nullptr, std::move(note),
                               progress.teller());
    }
    return deliver(report, options, terminal, report.verdict.passed() ? Exit::Ok : Exit::Negative);
}

/// The exit code of a step that failed; null: it has a result.
template <class T>
const Exit* failed(const std::variant<T, Exit>& step) {
    return std::get_if<Exit>(&step);
}

Exit run(const GateArgs& options, const Terminal& terminal) {
    if (is_bundle({options.policy})) {
        print_note(fmt::format("error: {} is a sealed bundle; a gate checks sources\n", safe(options.policy)));
        return Exit::Usage;
    }
    const auto opened = open_workspace({options.policy}, terminal);
    if (const Exit* exit = failed(opened)) return *exit;
    const Workspace& policy = std::get<Workspace>(opened);
    if (!policy.bundle())
        return deliver({options.base, judge(policy, options.rules, nullptr, {})}, options, terminal, Exit::Invalid);

    // Read all inputs before judging anything, so that read errors come first.
    if (options.base == "none") return judged(policy, nullptr, {}, options, terminal);
    auto note = read_notes(options, terminal);
    if (const Exit* exit = failed(note)) return *exit;
    const auto base = open_side(options.base, options.policy, options.store, terminal);
    if (const Exit* exit = failed(base)) return *exit;
    const auto change =
        compare_sides({options.base, std::get<Workspace>(base)}, {options.policy, policy}, options.compared, terminal);
    if (const Exit* exit = failed(change)) return *exit;
    return judged(policy, &std::get<DiffReport>(change), std::get<ChangeNote>(std::move(note)), options, terminal);
}

}  // namespace

void add_gate(Command& program) {
    Command& verb =
        program.verb("gate", "Check a change: style, lints, tests, coverage, invariants, and what it widens");
    auto& options = verb.make_values<GateArgs>();
    verb.text("PATH", "PATH", "The new policy (default: the current folder)", options.policy);
    verb.text("--base", "REF[:PATH]|PATH|store:VERSION|none",
              "The old policy: a git ref, a path or store:VERSION; `none` for a first version", options.base)
        .required();
    verb.texts("--note", "FILE|-",
               "A change note, in addition to the messages of the commits since the base; - for standard input",
               options.notes);
    verb.number("--threshold", "PERCENT", "Fail if tests cover fewer conditions than this", options.rules.threshold, 0,
                100);
    add_lint_levels(verb, options.rules.lint, options.rules.lint_fails);
    add_compare_options(verb, options.compared);
    add_store_place(verb, options.store);
    add_format(verb, options.format, formats_of(kGateRenderings));
    verb.reads_each("--output", "FORMAT=FILE", "Also write the result to a file; may be repeated",
                    [&options](const std::string& text) { return add_output(text, options.outputs); });
    verb.check = [&options]() -> std::string {
        const bool compares = options.base != "none" || (options.notes.empty() && !options.compared.any());
        return compares ? "" : "--base: is none, and --note, --requests, --layer and --ledger need a base";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

// writ gate: checks a policy, or a change of a policy, before production.
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/formats/diagnostics.h"
#include "cli/formats/format.h"
#include "cli/formats/gate.h"
#include "cli/formats/github.h"
#include "cli/formats/merged.h"
#include "cli/formats/sarif.h"
#include "cli/git/git.h"
#include "cli/terminal/io.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "cli/verbs/comparison.h"
#include "cli/verbs/lint_options.h"
#include "cli/verbs/options.h"
#include "cli/verbs/policies.h"
#include "cli/verbs/side.h"
#include "cli/verbs/verbs.h"
#include "cli/verbs/workspace.h"
#include "writ/errors.h"
#include "writ/gate.h"

namespace writ::cli {

namespace {

MergedFindings merged(const GateReports& all) {
    MergedFindings out;
    for (const GateReports::Each& each : all.policies)
        out.add(each.report.verdict.findings, each.report.verdict.suppressed);
    out.add(all.together.findings);
    return out;
}

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

/// The documents over several policies.
constexpr Rendering<GateReports> kSeveralGateRenderings[] = {
    {Format::Human, [](const GateReports& all,
                       const Terminal& terminal) { return render_gate(all, terminal.colour_out, terminal.quiet); }},
    {Format::Json, [](const GateReports& all, const Terminal&) { return render_gate_json(all); }},
    {Format::Sarif,
     [](const GateReports& all, const Terminal&) {
         const MergedFindings found = merged(all);
         return render_sarif(found.findings, found.suppressed);
     }},
    {Format::Github, [](const GateReports& all, const Terminal&) { return render_github(merged(all).findings); }},
    {Format::Junit, [](const GateReports& all, const Terminal&) { return render_gate_junit(all); }},
    {Format::Markdown, [](const GateReports& all, const Terminal&) { return render_gate_markdown(all); }},
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
    unsigned jobs = 0;
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
template <class Report, std::size_t count>
Exit deliver(const Rendering<Report> (&table)[count], const Report& report, const GateArgs& options,
             const Terminal& terminal, Exit end) {
    for (const Output& each : options.outputs)
        if (const auto written = write_file(each.file, rendered(table, each.format, report, {})); !written)
            return report_error(written.error(), "", terminal);
    print_result(rendered(table, options.format, report, terminal));
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
    return deliver(kGateRenderings, report, options, terminal, report.verdict.passed() ? Exit::Ok : Exit::Negative);
}

/// The exit code of a step that failed; null: it has a result.
template <class T>
const Exit* failed(const std::variant<T, Exit>& step) {
    return std::get_if<Exit>(&step);
}

Exit run_one(const GateArgs& options, const Terminal& terminal) {
    auto found = find_policies({options.policy});
    std::optional<PolicyFolder> folder;
    if (found && !found->none()) {
        auto only = only_policy(std::move(*found), terminal);
        if (const Exit* exit = failed(only)) return *exit;
        folder = std::get<PolicyFolder>(std::move(only));
    }
    const auto opened = open_workspace({options.policy}, terminal);
    if (const Exit* exit = failed(opened)) return *exit;
    const Workspace& policy = std::get<Workspace>(opened);
    if (!policy.bundle())
        return deliver(kGateRenderings, {options.base, judge(policy, options.rules, nullptr, {})}, options, terminal,
                       Exit::Invalid);

    // Read all inputs before judging anything, so that read errors come first.
    if (options.base == "none") return judged(policy, nullptr, {}, options, terminal);
    auto note = read_notes(options, terminal);
    if (const Exit* exit = failed(note)) return *exit;
    const auto base = open_side(options.base, options.policy, options.store, terminal);
    if (const Exit* exit = failed(base)) return *exit;
    const Side& old_side = std::get<Side>(base);
    const auto change =
        compare_sides({options.base, old_side.policy, old_side.folder ? &*old_side.folder : nullptr},
                      {options.policy, policy, folder ? &*folder : nullptr}, options.compared, terminal);
    if (const Exit* exit = failed(change)) return *exit;
    // A declaration for another policy declares nothing here.
    std::error_code error;
    const std::string name = std::filesystem::weakly_canonical(options.policy, error).filename().string();
    ChangeNote own = std::get<ChangeNote>(note).for_policy(name);
    own.problems = std::get<ChangeNote>(note).problems;
    return judged(policy, &std::get<DiffReport>(change), std::move(own), options, terminal);
}

/// A policy of several: both sides, what differs, and the verdict, which points into these.
struct JudgedFolder {
    std::optional<Workspace> before, after;
    std::optional<DiffReport> change;
    GateVerdict verdict;
    std::optional<Error> error;          ///< nothing was judged
    std::optional<Diagnostics> invalid;  ///< of the base: nothing was judged
};

/// The inputs for judging all policies of a change.
struct Judging {
    const GateArgs& options;
    const SidePlace* base = nullptr;                    ///< null: there is no base
    std::map<std::string, PolicyFolder> were;           ///< the policies of the base, by name
    std::map<std::string, std::vector<Bundle>> layers;  ///< by policy
    ChangeNote note;
};

/// Judges one policy. Called by several threads.
std::unique_ptr<JudgedFolder> judge_folder(const PolicyFolder& folder, const Judging& judging) {
    auto out = std::make_unique<JudgedFolder>();
    auto after = open_policy(folder);
    if (!after) return out->error = after.error(), std::move(out);
    const Workspace& now = out->after.emplace(std::move(*after));
    const GateRules& rules = judging.options.rules;
    ChangeNote note = judging.note.for_policy(folder.name);
    const auto was = judging.were.find(folder.name);
    if (judging.base == nullptr || !now.bundle()) {
        out->verdict = judge(now, rules, nullptr, std::move(note));
        return out;
    }
    if (was == judging.were.end()) {
        out->verdict = judge_added(now, rules, folder.name, std::move(note));
        return out;
    }
    auto sources = read_policy(was->second, judging.base->tree);
    if (!sources) return out->error = sources.error(), std::move(out);
    const Workspace& before = out->before.emplace(std::move(*sources), was->second.options);
    if (!before.bundle()) return out->invalid = before.diagnostics(), std::move(out);
    auto change =
        compare({judging.options.base, before, &was->second}, {folder.folder, now, &folder},
                with_manifests(judging.options.compared, &was->second, &folder), judging.layers.at(folder.name));
    if (!change) return out->error = change.error(), std::move(out);
    const DiffReport& report = out->change.emplace(std::move(*change));
    out->verdict = judge(now, rules, &report.diff, std::move(note));
    return out;
}

/// Reads these inputs.
std::variant<Judging, Exit> read_judging(const PolicyFolders& found, const std::optional<SidePlace>& base,
                                         const GateArgs& options, const Terminal& terminal) {
    Judging out{options, base ? &*base : nullptr, {}, {}, {}};
    if (!base) return out;
    auto note = read_notes(options, terminal);
    if (const Exit* exit = failed(note)) return *exit;
    out.note = std::get<ChangeNote>(std::move(note));
    auto before = find_policies({base->path}, base->tree);
    if (!before) return report_error(before.error(), "", terminal);
    for (PolicyFolder& each : before->policies) out.were.emplace(each.name, std::move(each));
    for (const PolicyFolder& each : found.policies) {
        auto above = open_above(with_manifests(options.compared, nullptr, &each).layers, terminal);
        if (const Exit* exit = failed(above)) return *exit;
        out.layers.emplace(each.name, std::get<std::vector<Bundle>>(std::move(above)));
    }
    return out;
}

Exit run_several(const PolicyFolders& found, const GateArgs& options, const Terminal& terminal) {
    std::optional<SidePlace> base;
    if (options.base != "none") {
        auto place = place_of_side(options.base, options.policy);
        if (!place) return report_error(place.error(), "", terminal);
        base = std::move(*place);
    }
    const auto read = read_judging(found, base, options, terminal);
    if (const Exit* exit = failed(read)) return *exit;
    const Judging& judging = std::get<Judging>(read);
    std::vector<std::unique_ptr<JudgedFolder>> judged_folders;
    {
        Progress progress("judging", "policies", terminal);
        const auto tell = progress.teller();
        std::mutex one_at_a_time;
        std::uint64_t done = 0;
        judged_folders = in_parallel(found.policies.size(), options.jobs, [&](std::size_t i) {
            auto out = judge_folder(found.policies[i], judging);
            const std::lock_guard<std::mutex> lock(one_at_a_time);
            if (tell) tell(++done, found.policies.size());
            return out;
        });
    }
    Exit exit = found.problems.items.empty() ? Exit::Ok : Exit::Invalid;
    GateReports all;
    all.base = base ? options.base : std::string();
    std::vector<JudgedPolicy> verdicts;
    std::set<std::string> are;
    for (std::size_t i = 0; i < judged_folders.size(); ++i) {
        const JudgedFolder& each = *judged_folders[i];
        const PolicyFolder& folder = found.policies[i];
        are.insert(folder.name);
        if (each.error) exit = worst(exit, report_error(*each.error, folder.folder, terminal));
        if (each.invalid) {
            print_note(render_human(*each.invalid, terminal.colour_err));
            print_note(
                fmt::format("error: the policy {} at `{}` is not valid\n", safe(folder.name), safe(options.base)));
            exit = worst(exit, Exit::Invalid);
        }
        if (each.error || each.invalid || !each.after) continue;
        exit = worst(exit, !each.after->bundle() ? Exit::Invalid : each.verdict.passed() ? Exit::Ok : Exit::Negative);
        const bool added = base && !judging.were.contains(folder.name);
        all.policies.push_back({folder.folder, {all.base, each.verdict, each.change ? &*each.change : nullptr}, added});
        verdicts.push_back({folder.name, &each.verdict});
    }
    for (const auto& [name, was] : judging.were)
        if (!are.contains(name)) all.removed.push_back(name);
    all.together = judge_together(verdicts, found.problems, all.removed, judging.note);
    if (!all.together.passed()) exit = worst(exit, Exit::Negative);
    return deliver(kSeveralGateRenderings, all, options, terminal, exit);
}

/// Whether the base has several policies, so that some were removed if there is only one now.
bool had_several(const GateArgs& options) {
    if (options.base == "none" || options.base.starts_with("store:")) return false;
    const auto base = place_of_side(options.base, options.policy);
    if (!base) return false;
    const auto were = find_policies({base->path}, base->tree);
    return were && were->policies.size() > 1;
}

Exit run(const GateArgs& options, const Terminal& terminal) {
    if (is_bundle({options.policy})) {
        print_note(fmt::format("error: {} is a sealed bundle; a gate checks sources\n", safe(options.policy)));
        return Exit::Usage;
    }
    const auto several = several_policies({options.policy}, terminal);
    if (const Exit* exit = failed(several)) return *exit;
    auto found = std::get<std::optional<PolicyFolders>>(several);
    if (!found && had_several(options)) {
        auto one = find_policies({options.policy});
        if (!one) return report_error(one.error(), "", terminal);
        if (!one->none()) found = std::move(*one);
    }
    if (!found) return run_one(options, terminal);
    GateArgs shared = options;
    shared.rules.note_is_shared = true;
    return run_several(*found, shared, terminal);
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
    add_jobs(verb, options.jobs);
    verb.reads_each("--output", "FORMAT=FILE", "Also write the result to a file; may be repeated",
                    [&options](const std::string& text) { return add_output(text, options.outputs); });
    verb.check = [&options]() -> std::string {
        const bool compares = options.base != "none" || (options.notes.empty() && !options.compared.any());
        return compares ? "" : "--base: is none, and --note, --requests, --layer and --ledger need a base";
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

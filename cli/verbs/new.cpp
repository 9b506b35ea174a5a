// writ new: creates a project.
#include <filesystem>
#include <functional>
#include <iostream>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/command/command.h"
#include "cli/terminal/io.h"
#include "cli/terminal/text.h"
#include "cli/verbs/starter.h"
#include "cli/verbs/verbs.h"
#include "os/failure.h"
#include "writ/errors.h"

namespace writ::cli {

namespace {

namespace fs = std::filesystem;

/// The module name in the template, and its replacement: the folder's name, made a valid name.
constexpr std::string_view kModule = "module policy.starter";
constexpr std::string_view kAudience = "https://broker.example.com";
/// The kind of claims in the template's README.
constexpr std::string_view kKind = "--issuer-kind kubernetes";

/// A platform whose workloads have tokens.
struct Platform {
    std::string_view name, title;
    std::string_view kind;    ///< of its claims
    std::string_view issuer;  ///< in the template
};
constexpr Platform kPlatforms[] = {
    {"kubernetes", "a Kubernetes cluster", "kubernetes", "https://k8s.example.com"},
    {"github", "GitHub Actions", "github", "https://token.actions.githubusercontent.com"},
    {"spiffe", "SPIFFE", "spiffe", "https://spire.example.org"},
    {"eks", "Amazon EKS", "kubernetes", "https://oidc.eks.eu-west-1.amazonaws.com/id/2F331C82755EF3E43731C8D6E299FAEF"},
    {"gke", "Google GKE", "kubernetes",
     "https://container.googleapis.com/v1/projects/acme-prod/locations/europe-west1/clusters/agents"},
    {"azure", "Azure, with workload identity and Microsoft Entra", "entra",
     "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"},
};

/// The project to create. Empty: as in the template.
struct NewArgs {
    std::string folder, platform, issuer, audience;
};

const Platform* platform_named(std::string_view name) {
    for (const Platform& each : kPlatforms)
        if (each.name == name) return &each;
    return nullptr;
}

std::string names_of_platforms() {
    std::vector<std::string> names;
    for (const Platform& each : kPlatforms) names.emplace_back(each.name);
    return either(names);
}

/// The tenant in an issuer of Microsoft Entra, `https://login.microsoftonline.com/TENANT/v2.0`; empty: it is not one.
std::string_view tenant_of(std::string_view issuer) {
    constexpr std::string_view kBegin = "https://login.microsoftonline.com/", kEnd = "/v2.0";
    if (!issuer.starts_with(kBegin) || !issuer.ends_with(kEnd) || issuer.size() <= kBegin.size() + kEnd.size())
        return {};
    const std::string_view tenant = issuer.substr(kBegin.size(), issuer.size() - kBegin.size() - kEnd.size());
    return tenant.find('/') == std::string_view::npos ? tenant : std::string_view();
}

/// What is wrong with a text that becomes a literal of a policy; empty: nothing.
std::string fault_of_literal(std::string_view text) {
    for (const char c : text)
        if (c <= ' ' || c > '~' || c == '"' || c == '\\')
            return "has a character that is not allowed there: only ASCII, without blanks, quotes and backslashes";
    return {};
}

std::string fault_of_issuer(std::string_view issuer, std::string_view platform) {
    if (issuer.empty()) return {};
    if (!issuer.starts_with("https://") || issuer.size() == std::string_view("https://").size())
        return "must begin with https://";
    if (platform == "azure" && tenant_of(issuer).empty())
        return "must be https://login.microsoftonline.com/TENANT/v2.0";
    return fault_of_literal(issuer);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

std::string module_for(const fs::path& folder) {
    std::string name = folder.filename().string();
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    for (char& c : name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!plain(c)) c = '_';
    }
    if (name.empty() || (name.front() >= '0' && name.front() <= '9')) name.insert(name.begin(), '_');
    return "module policy." + name;
}

/// A file of the template as the project has it.
std::string text_for(const StarterFile& file, const fs::path& folder, const Platform& platform,
                     const NewArgs& options) {
    std::string text(file.text);
    replace_all(text, kModule, module_for(folder));
    if (!file.path.ends_with(".writ") && !file.path.ends_with(".json")) {
        replace_all(text, kKind, "--issuer-kind " + std::string(platform.kind));
        return text;
    }
    if (!options.issuer.empty()) {
        replace_all(text, platform.issuer, options.issuer);
        if (const std::string_view tenant = tenant_of(options.issuer); !tenant.empty() && platform.name == "azure")
            replace_all(text, tenant_of(platform.issuer), tenant);
    }
    if (!options.audience.empty()) replace_all(text, kAudience, options.audience);
    return text;
}

/// Asks a question on a terminal until the answer is right. Output: false if there are no more answers.
bool ask(std::string_view question, std::string_view otherwise, std::string& to,
         const std::function<std::string(const std::string&)>& fault) {
    for (;;) {
        print_note(fmt::format("{} [{}]: ", question, otherwise));
        std::string answer;
        if (!std::getline(std::cin, answer)) return print_note("\n"), false;
        if (answer.empty()) return true;
        const std::string wrong = fault(answer);
        if (wrong.empty()) return to = answer, true;
        print_note(fmt::format("{} {}\n", safe(answer), wrong));
    }
}

/// Asks on a terminal for what the command line does not say.
void ask_missing(NewArgs& options, const Terminal& terminal) {
    if (terminal.quiet || isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) return;
    if (options.platform.empty() && options.issuer.empty()) {
        for (const Platform& each : kPlatforms) print_note(fmt::format("  {:<12}{}\n", each.name, each.title));
        const auto fault = [](const std::string& answer) {
            return platform_named(answer) != nullptr ? "" : "is not a platform: " + names_of_platforms();
        };
        if (!ask("Platform", kPlatforms[0].name, options.platform, fault)) return;
    }
    const Platform* platform = platform_named(options.platform);
    if (platform == nullptr) platform = &kPlatforms[0];
    const auto issuer_fault = [&](const std::string& answer) { return fault_of_issuer(answer, platform->name); };
    if (options.issuer.empty() && !ask("Issuer of the tokens", platform->issuer, options.issuer, issuer_fault)) return;
    const auto audience_fault = [](const std::string& answer) { return fault_of_literal(answer); };
    if (options.audience.empty()) ask("Audience, the name of your broker", kAudience, options.audience, audience_fault);
}

tl::unexpected<Error> failed(const std::error_code& error, const fs::path& path) {
    return fail(Code::FileUnusable, os::reason_of(error), path.string());
}

/// Writes the project into an empty folder. Adds the paths it created to `made`, even if it fails.
Result<void> write_project(const fs::path& folder, const Platform& platform, const NewArgs& options,
                           std::vector<fs::path>& made) {
    std::error_code error;
    const auto make_folder = [&](const fs::path& path) {
        if (fs::create_directory(path, error)) made.push_back(path);
        return !error;
    };
    if (!make_folder(folder)) return failed(error, folder);
    for (const StarterFile& file : starter_files(platform.name)) {
        const fs::path path = folder / file.path;
        fs::path inside = folder;
        for (const fs::path& part : fs::path(file.path).parent_path()) {
            inside /= part;
            if (!make_folder(inside)) return failed(error, inside);
        }
        made.push_back(path);
        if (auto written = write_file(path.string(), text_for(file, folder, platform, options)); !written)
            return written;
    }
    return {};
}

Exit run(NewArgs options, const Terminal& terminal) {
    const std::string& given = options.folder;
    std::error_code error;
    fs::path folder = fs::absolute(given, error).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    const bool there = fs::exists(fs::symlink_status(folder, error));
    if (there && (!fs::is_directory(folder, error) || !fs::is_empty(folder, error) || error)) {
        print_note(fmt::format("error: {} exists and is not an empty folder\n", safe(given)));
        return Exit::Negative;
    }
    ask_missing(options, terminal);
    const Platform* chosen = platform_named(options.platform);
    const Platform& platform = chosen != nullptr ? *chosen : kPlatforms[0];
    std::vector<fs::path> made;
    if (const auto written = write_project(folder, platform, options, made); !written) {
        for (auto path = made.rbegin(); path != made.rend(); ++path) fs::remove(*path, error);
        return report_error(written.error(), "", terminal);
    }
    const fs::path shown = given;
    for (const StarterFile& file : starter_files(platform.name))
        print_result(safe((shown / file.path).string()) + "\n");
    print_remark(
        fmt::format("next: run `writ test {}`, and read {}\n", safe(given), safe((shown / "README.md").string())),
        terminal);
    return Exit::Ok;
}

}  // namespace

void add_new(Command& program) {
    Command& verb = program.verb("new", "Create a project: a policy with tests, a request, a workflow and hooks");
    auto& options = verb.make_values<NewArgs>();
    verb.text("DIR", "DIR", "A folder that is empty or does not exist", options.folder).required();
    std::vector<std::string> platforms;
    for (const Platform& each : kPlatforms) platforms.emplace_back(each.name);
    verb.word("--platform", "Where the agents run (default: asked on a terminal, otherwise kubernetes)",
              options.platform, platforms);
    verb.text("--issuer", "URL", "The issuer of their tokens", options.issuer);
    verb.text("--audience", "TEXT", "The audience of their tokens: your broker", options.audience);
    verb.check = [&options]() -> std::string {
        if (const std::string fault = fault_of_issuer(options.issuer, options.platform); !fault.empty())
            return "--issuer: " + fault;
        const std::string fault = fault_of_literal(options.audience);
        return fault.empty() ? "" : "--audience: " + fault;
    };
    verb.run = [&options](const Terminal& terminal) { return run(options, terminal); };
}

}  // namespace writ::cli

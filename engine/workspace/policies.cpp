// Finds the policies of a repository by their manifests.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "writ/errors.h"
#include "writ/manifest.h"

namespace writ {

namespace {

namespace fs = std::filesystem;

/// The one spelling of a path: relative to the current folder if the path is relative, without `.`, without a `..` that
/// can be resolved, and without a `/` at its end.
std::string normal(const fs::path& path) {
    std::string out = path.lexically_normal().generic_string();
    if (path.is_relative() && out.starts_with(".."))
        out = fs::absolute(path).lexically_normal().lexically_proximate(fs::current_path()).generic_string();
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out.empty() ? "." : out;
}

std::string folder_of(const std::string& file) {
    return normal(fs::path(file).parent_path());
}

/// Whether a path is a folder or below it. Both are normal.
bool is_within(const std::string& path, const std::string& folder) {
    if (path == folder || (folder == "." && !path.starts_with("..") && !path.starts_with('/'))) return true;
    return path.size() > folder.size() && path.starts_with(folder) && (folder == "/" || path[folder.size()] == '/');
}

bool is_manifest(const std::string& file) {
    return fs::path(file).filename() == kManifestName;
}

/// The deepest folder that contains all these files and the folder.
fs::path shared_folder(const std::string& folder, const std::vector<PolicyFolder::File>& files) {
    fs::path shared = fs::absolute(folder).lexically_normal();
    for (const PolicyFolder::File& file : files) {
        const fs::path other = fs::absolute(file.path).lexically_normal().parent_path();
        fs::path both;
        for (auto x = shared.begin(), y = other.begin(); x != shared.end() && y != other.end() && *x == *y; ++x, ++y)
            both /= *x;
        shared = both;
    }
    return shared;
}

class Finder {
public:
    Finder(const std::vector<std::string>& paths, const FileTree& tree) : paths_(paths), tree_(tree) {}

    Result<PolicyFolders> find() {
        for (const std::string& path : paths_) {
            auto files = tree_.list(path);
            if (!files) return tl::unexpected(std::move(files.error()));
            for (const std::string& file : *files) {
                const std::string plain = normal(file);
                if (is_manifest(plain))
                    given_.emplace(folder_of(plain), path);
                else
                    loose_.insert(plain);
            }
        }
        if (given_.empty()) return PolicyFolders{};
        for (const auto& [folder, path] : given_)
            if (auto added = add(folder, path); !added) return tl::unexpected(std::move(added.error()));
        for (const std::string& file : loose_) report_loose(file);
        return std::move(out_);
    }

private:
    /// Adds the policy of a folder, or what is wrong with its manifest.
    Result<void> add(const std::string& folder, const std::string& given) {
        const std::string file = normal(fs::path(folder) / kManifestName);
        auto text = tree_.read(file);
        if (!text) return tl::unexpected(std::move(text.error()));
        const Source source{file, std::move(*text), {}};
        const auto manifest = read_manifest(source);
        if (!manifest) {
            report(source, manifest.error().items);
            forget_below(folder);
            return {};
        }
        PolicyFolder policy;
        policy.folder = folder;
        policy.name = fs::path(folder).lexically_relative(normal(given)).generic_string();
        std::set<std::string> files;
        std::vector<Diagnostic> wrong;
        for (const Manifest::Path& each : manifest->sources)
            if (const std::string problem = add_sources(folder, each.text, files); !problem.empty())
                wrong.push_back(not_valid(each.span, problem));
        for (const Manifest::Path& each : manifest->layers)
            if (!tree_.list(normal(fs::path(folder) / each.text)))
                wrong.push_back(not_valid(each.span, "`" + each.text + "`: there is no such layer"));
        if (!wrong.empty()) {
            report(source, std::move(wrong));
            for (const std::string& each : files) loose_.erase(each);
            forget_below(folder);
            return {};
        }
        for (const std::string& each : files) {
            loose_.erase(each);
            policy.files.push_back({each, {}});
        }
        const fs::path shared = shared_folder(folder, policy.files);
        for (PolicyFolder::File& each : policy.files)
            each.stored = fs::absolute(each.path).lexically_normal().lexically_relative(shared).generic_string();
        std::sort(policy.files.begin(), policy.files.end(),
                  [](const PolicyFolder::File& a, const PolicyFolder::File& b) { return a.stored < b.stored; });
        for (const Manifest::Path& each : manifest->layers) {
            policy.layers.push_back(normal(fs::path(folder) / each.text));
            policy.layer_names.push_back(each.text);
        }
        for (const Manifest::Path& each : manifest->requests)
            policy.requests.push_back(normal(fs::path(folder) / each.text));
        policy.options.max_steps = manifest->max_steps.value_or(policy.options.max_steps);
        out_.policies.push_back(std::move(policy));
        return {};
    }

    /// Adds the files at one path of `sources`. Output: what is wrong with it; empty: nothing.
    std::string add_sources(const std::string& folder, const std::string& written, std::set<std::string>& files) {
        const std::string path = normal(fs::path(folder) / written);
        const auto found = tree_.list(path);
        if (!found) return "`" + written + "`: " + found.error().message;
        std::vector<std::string> others;  // the folders of other policies below this path
        for (const std::string& file : *found)
            if (const std::string other = folder_of(normal(file));
                is_manifest(file) && other != folder && other != path)
                others.push_back(other);
        bool any = false;
        for (const std::string& file : *found) {
            const std::string plain = normal(file);
            if (is_manifest(plain)) continue;
            // Only policies are read: errors show the text of a source, and any other file could be a secret.
            if (plain == path && !plain.ends_with(".writ"))
                return "`" + written + "`: the name of a policy ends with `.writ`";
            any = true;
            if (std::none_of(others.begin(), others.end(),
                             [&](const std::string& other) { return is_within(plain, other); }))
                files.insert(plain);
        }
        return any ? "" : "`" + written + "`: no *.writ file in this folder or below it";
    }

    /// The files of a folder whose manifest is not valid are not reported too.
    void forget_below(const std::string& folder) {
        std::erase_if(loose_, [&](const std::string& each) { return is_within(each, folder); });
    }

    static Diagnostic not_valid(Span span, std::string message) {
        Diagnostic d;
        d.code = code_name(Code::ManifestNotValid);
        d.message = std::move(message);
        d.span = span;
        d.help = "`sources` and `layers` list files and folders, relative to the manifest's folder";
        return d;
    }

    /// Adds problems of one text. Input: `items`, whose spans are in it.
    void report(const Source& source, std::vector<Diagnostic> items) {
        const auto index = static_cast<std::uint32_t>(out_.problems.sources.size());
        out_.problems.sources.push_back(source);
        for (Diagnostic& each : items) {
            each.span.source = index;
            out_.problems.items.push_back(std::move(each));
        }
    }

    void report_loose(const std::string& file) {
        Diagnostic d;
        d.code = code_name(Code::FileWithoutPolicy);
        d.message = "no policy has this file, so it decides nothing";
        d.help = "name it or its folder in the `sources` of a `writ.json`, or put a `writ.json` into its folder";
        const auto text = tree_.read(file);
        report({file, text ? *text : std::string(), {}}, {std::move(d)});
    }

    const std::vector<std::string>& paths_;
    const FileTree& tree_;
    std::map<std::string, std::string> given_;  ///< the folders with a manifest, each with the path that led there
    std::set<std::string> loose_;               ///< files that no policy has so far
    PolicyFolders out_;
};

}  // namespace

Result<PolicyFolders> find_policies(const std::vector<std::string>& paths, const FileTree& tree) {
    return Finder(paths, tree).find();
}

Result<SourceSet> read_policy(const PolicyFolder& policy, const FileTree& tree) {
    SourceSet set;
    for (const PolicyFolder::File& file : policy.files) {
        auto text = tree.read(file.path);
        if (!text) return tl::unexpected(std::move(text.error()));
        set.sources.push_back({file.path, std::move(*text), file.stored});
    }
    set.read = tree.read_data;
    return set;
}

}  // namespace writ

#include "cli/git/git.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/terminal/io.h"
#include "os/failure.h"
#include "writ/errors.h"

namespace writ::cli {

namespace {

namespace fs = std::filesystem;

/// A descriptor that its owner closes.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    void close() {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }
    [[nodiscard]] int get() const { return number_; }

private:
    int number_;
};

std::string read_all(int descriptor) {
    std::string out;
    std::array<char, std::size_t{64} * 1024> block{};
    for (;;) {
        const ssize_t got = ::read(descriptor, block.data(), block.size());
        if (got > 0)
            out.append(block.data(), static_cast<std::size_t>(got));
        else if (got == 0 || errno != EINTR)
            return out;
    }
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::write(descriptor, text.data(), text.size());
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::lseek(descriptor, 0, SEEK_SET) == 0;
}

struct Ran {
    bool succeeded = false;
    std::string out, said;  ///< stdout; the first line of stderr
};

tl::unexpected<Error> cannot_run(int reason) {
    return fail(Code::GitFailed, "git cannot be run: " + os::reason_of({reason, std::generic_category()}));
}

/// Runs git in a folder. Paths are taken literally; none is a pattern.
Result<Ran> git(const std::string& folder, const std::vector<std::string>& args, std::string_view input = {}) {
    // Files without a name: unlike pipes, they cannot fill up and block git.
    const Descriptor in(memfd_create("in", MFD_CLOEXEC)), err(memfd_create("err", MFD_CLOEXEC));
    int ends[2] = {-1, -1};
    if (in.get() < 0 || err.get() < 0 || !write_all(in.get(), input) || pipe2(ends, O_CLOEXEC) != 0)
        return cannot_run(errno);
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    std::vector<std::string> words{"git", "-C", folder, "--literal-pathspecs"};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& each : words) argv.push_back(each.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, "git", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return cannot_run(failed);
    writing.close();
    Ran ran;
    ran.out = read_all(reading.get());
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    // Without output it is unknown whether there is such a commit.
    if (WIFSIGNALED(status))
        return fail(Code::GitFailed, std::string("git was killed: ") + strsignal(WTERMSIG(status)), folder);
    ran.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ::lseek(err.get(), 0, SEEK_SET);
    ran.said = read_all(err.get());
    ran.said.erase(std::min(ran.said.find('\n'), ran.said.size()));
    return ran;
}

/// Runs a git command that fails only if the repository is damaged.
Result<std::string> ask(const std::string& folder, const std::vector<std::string>& args, std::string_view input = {}) {
    auto ran = git(folder, args, input);
    if (!ran) return tl::unexpected(std::move(ran.error()));
    if (!ran->succeeded) return fail(Code::GitFailed, "git failed: " + ran->said, folder);
    return std::move(ran->out);
}

Result<std::string> commit_of(const std::string& ref, const std::string& folder) {
    const auto unknown = [&] {
        return fail(Code::UnknownRef,
                    "there is no branch, tag or commit `" + ref + "` here" +
                        (ref.find('/') != std::string::npos ? "; if another repository has it, run `git fetch`" : ""),
                    folder);
    };
    if (ref.empty() || ref[0] == '-') return unknown();
    auto ran = git(folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}"});
    if (!ran) return tl::unexpected(std::move(ran.error()));
    std::string commit = ran->out.substr(0, ran->out.find('\n'));
    const bool hash = commit.size() >= 40 && commit.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!ran->succeeded || !hash) return unknown();
    return commit;
}

struct TreeEntry {
    std::string mode, hash;
};
constexpr std::string_view kLink = "120000";
using CommitTree = std::map<std::string, TreeEntry>;  ///< by path from the repository's root

/// Every file at or below a path.
Result<CommitTree> list(const std::string& folder, const std::string& commit, const std::string& path) {
    std::vector<std::string> args{"ls-tree", "-r", "-z", "--full-tree", commit};
    if (!path.empty()) args.insert(args.end(), {"--", path});
    const auto text = ask(folder, args);
    if (!text) return tl::unexpected(text.error());
    CommitTree out;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        // MODE blob HASH<tab>PATH
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos || line.substr(7, 5) != "blob ") continue;
        out.emplace(line.substr(tab + 1),
                    TreeEntry{std::string(line.substr(0, 6)), std::string(line.substr(12, tab - 12))});
    }
    return out;
}

/// The contents of some objects, in this order.
Result<std::vector<std::string>> contents(const std::string& folder, const std::vector<std::string>& hashes) {
    std::string wanted;
    for (const std::string& each : hashes) wanted += each + "\n";
    const auto text = ask(folder, {"cat-file", "--batch"}, wanted);
    if (!text) return tl::unexpected(text.error());
    std::vector<std::string> out;
    std::string_view rest = *text;
    for (const std::string& hash : hashes) {
        // HASH blob SIZE<line end>…<line end>
        const std::string begin = hash + " blob ";
        const std::size_t line = rest.find('\n');
        std::size_t size = 0;
        const bool fits = line != std::string_view::npos && rest.starts_with(begin);
        if (fits)
            size = std::strtoull(std::string(rest.substr(begin.size(), line - begin.size())).c_str(), nullptr, 10);
        if (!fits || rest.size() < line + size + 2)
            return fail(Code::GitFailed, "git failed: there is no object " + hash, folder);
        out.emplace_back(rest.substr(line + 1, size));
        rest.remove_prefix(line + size + 2);
    }
    return out;
}

/// A path as in the repository, and an existing folder to run git in.
struct RepositoryPath {
    std::string folder, path;
};

Result<RepositoryPath> place_of(const std::string& given) {
    std::error_code error;
    fs::path folder = given, rest;
    while (!folder.empty() && !fs::is_directory(folder, error)) {
        rest = rest.empty() ? folder.filename() : folder.filename() / rest;
        folder = folder.parent_path();
    }
    if (folder.empty()) folder = ".";
    const auto prefix = git(folder.string(), {"rev-parse", "--show-prefix"});
    if (!prefix) return tl::unexpected(prefix.error());
    if (!prefix->succeeded)
        return fail(Code::NotInRepository,
                    "not in a git repository" + (prefix->said.empty() ? "" : " (" + prefix->said + ")"),
                    folder.string());
    std::string path =
        (fs::path(prefix->out.substr(0, prefix->out.find('\n'))) / rest).lexically_normal().generic_string();
    while (!path.empty() && path.back() == '/') path.pop_back();
    if (path == ".") path.clear();
    if (path.starts_with("..")) return fail(Code::NotInRepository, "the path leads out of the git repository", given);
    return RepositoryPath{folder.string(), path};
}

/// Whether a folder below `root` is hidden.
bool hidden(std::string_view path, std::string_view root) {
    const std::string_view below = path.substr(std::min(root.empty() ? 0 : root.size() + 1, path.size()));
    const std::string_view folders = below.substr(0, below.find_last_of('/') + 1);
    return folders.starts_with(".") || folders.find("/.") != std::string_view::npos;
}

constexpr std::string_view kDataPlace =
    "a data file must be beside the policy or below it; its path must have no `..` and no leading `/`";

/// Reads data files of a ref in the folder of the source that names them, or below.
class Beside {
public:
    Beside(std::string folder, CommitTree tree, std::map<std::string, std::string> folders)
        : folder_(std::move(folder)), tree_(std::move(tree)), folders_(std::move(folders)) {}

    Result<std::string> read(std::string_view from, std::string_view name) const {
        const fs::path written{std::string(name)};
        const auto source = folders_.find(std::string(from));
        const bool climbs = std::find(written.begin(), written.end(), "..") != written.end();
        if (name.empty() || written.is_absolute() || climbs || source == folders_.end())
            return fail(Code::FileUnusable, std::string(kDataPlace), std::string(name));
        const auto entry = tree_.find((fs::path(source->second) / written).lexically_normal().generic_string());
        if (entry == tree_.end()) return fail(Code::NotAtRef, "no such file at this ref", std::string(name));
        if (entry->second.mode == kLink)
            return fail(Code::NotAtRef, "the file is a link; links are not followed in a ref", std::string(name));
        auto text = contents(folder_, {entry->second.hash});
        if (!text) return tl::unexpected(std::move(text.error()));
        return std::move(text->front());
    }

private:
    std::string folder_;
    CommitTree tree_;
    std::map<std::string, std::string> folders_;  ///< by source: its folder in the repository
};

/// The policy files, manifests and data files of a commit. Several threads may use it.
class Revision {
public:
    Revision(std::string ref, std::string commit) : ref_(std::move(ref)), commit_(std::move(commit)) {}

    Result<std::vector<std::string>> list_below(const std::string& path) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto place = place_of(path);
        if (!place) return tl::unexpected(place.error());
        const auto found = list(place->folder, commit_, place->path);
        if (!found) return tl::unexpected(found.error());
        if (found->empty()) return fail(Code::NotAtRef, "no *.writ file at this path in `" + ref_ + "`", path);
        const bool is_file = found->contains(place->path);
        std::vector<std::string> out, hashes;
        for (const auto& [name, entry] : *found) {
            const bool ours = name.ends_with(".writ") || fs::path(name).filename() == kManifestName;
            if (!is_file && (!ours || hidden(name, place->path))) continue;
            if (entry.mode == kLink)
                return fail(Code::NotAtRef, "the policy is a link; links are not followed in a ref", ref_ + ":" + name);
            const std::string below =
                place->path.empty() ? name : name.substr(std::min(place->path.size() + 1, name.size()));
            out.push_back(is_file ? path : (fs::path(path) / below).generic_string());
            hashes.push_back(entry.hash);
        }
        auto read = contents(place->folder, hashes);
        if (!read) return tl::unexpected(std::move(read.error()));
        for (std::size_t i = 0; i < out.size(); ++i)
            texts_.insert_or_assign(fs::path(out[i]).lexically_normal().generic_string(), std::move((*read)[i]));
        return out;
    }

    Result<std::string> read(const std::string& path) {
        const std::string plain = fs::path(path).lexically_normal().generic_string();
        const std::lock_guard<std::mutex> lock(mutex_);
        if (const auto at = texts_.find(plain); at != texts_.end()) return at->second;
        auto text = read_entry(path);
        if (text) texts_.emplace(plain, *text);
        return text;
    }

    Result<std::string> read_data(std::string_view from, std::string_view name) {
        const fs::path written{std::string(name)};
        if (name.empty() || written.is_absolute() || std::find(written.begin(), written.end(), "..") != written.end())
            return fail(Code::FileUnusable, std::string(kDataPlace), std::string(name));
        return read((fs::path(std::string(from)).parent_path() / written).generic_string());
    }

private:
    Result<std::string> read_entry(const std::string& path) const {
        const auto place = place_of(path);
        if (!place) return tl::unexpected(place.error());
        const auto found = list(place->folder, commit_, place->path);
        if (!found) return tl::unexpected(found.error());
        const auto entry = found->find(place->path);
        if (entry == found->end()) return fail(Code::NotAtRef, "no such file at this ref", path);
        if (entry->second.mode == kLink)
            return fail(Code::NotAtRef, "the file is a link; links are not followed in a ref", path);
        auto text = contents(place->folder, {entry->second.hash});
        if (!text) return tl::unexpected(std::move(text.error()));
        return std::move(text->front());
    }

    std::string ref_, commit_;
    std::mutex mutex_;
    std::map<std::string, std::string> texts_;  ///< by path
};

}  // namespace

Result<FileTree> files_at(const std::string& ref, const std::string& path) {
    const auto place = place_of(path);
    if (!place) return tl::unexpected(place.error());
    auto commit = commit_of(ref, place->folder);
    if (!commit) return tl::unexpected(std::move(commit.error()));
    const auto revision = std::make_shared<Revision>(ref, std::move(*commit));
    return FileTree{
        [revision](const std::string& each) { return revision->list_below(each); },
        [revision](const std::string& each) { return revision->read(each); },
        [revision](std::string_view from, std::string_view name) { return revision->read_data(from, name); }};
}

Result<SourceSet> sources_at(const std::string& ref, const std::string& path) {
    const auto place = place_of(path);
    if (!place) return tl::unexpected(place.error());
    const auto commit = commit_of(ref, place->folder);
    if (!commit) return tl::unexpected(commit.error());
    auto found = list(place->folder, *commit, place->path);
    if (!found) return tl::unexpected(found.error());
    const bool is_file = found->contains(place->path);
    const std::string root = is_file ? fs::path(place->path).parent_path().generic_string() : place->path;

    SourceSet set;
    std::vector<std::string> hashes;
    std::map<std::string, std::string> folders;
    for (const auto& [name, entry] : *found) {
        if (!is_file && (!name.ends_with(".writ") || hidden(name, root))) continue;
        if (entry.mode == kLink)
            return fail(Code::NotAtRef, "the policy is a link; links are not followed in a ref", ref + ":" + name);
        const std::string below = root.empty() ? name : name.substr(root.size() + 1);
        // The name that the file has in the working tree.
        std::string shown = is_file ? path : (fs::path(path) / below).generic_string();
        folders[shown] = fs::path(name).parent_path().generic_string();
        set.sources.push_back({std::move(shown), {}, below});
        hashes.push_back(entry.hash);
    }
    if (hashes.empty()) return fail(Code::NotAtRef, "no *.writ file at this path in `" + ref + "`", path);
    auto texts = contents(place->folder, hashes);
    if (!texts) return tl::unexpected(texts.error());
    for (std::size_t i = 0; i < hashes.size(); ++i) set.sources[i].text = std::move((*texts)[i]);
    std::sort(set.sources.begin(), set.sources.end(),
              [](const Source& a, const Source& b) { return a.stored < b.stored; });
    if (is_file) {
        found = list(place->folder, *commit, root);
        if (!found) return tl::unexpected(found.error());
    }
    const auto beside = std::make_shared<Beside>(place->folder, std::move(*found), std::move(folders));
    set.read = [beside](std::string_view from, std::string_view name) { return beside->read(from, name); };
    return set;
}

Result<std::vector<CommitMessage>> messages_since(const std::string& ref, const std::string& path) {
    const auto place = place_of(path);
    if (!place) return tl::unexpected(place.error());
    const auto commit = commit_of(ref, place->folder);
    if (!commit) return tl::unexpected(commit.error());
    // Without a common commit, all commits would count as the change, and old notes would declare widenings.
    const auto common = git(place->folder, {"merge-base", *commit, "HEAD"});
    if (!common) return tl::unexpected(common.error());
    if (!common->succeeded)
        return fail(Code::NoCommonCommit,
                    "`" + ref + "` and HEAD have no common commit here; if the clone is shallow, fetch more of it",
                    place->folder);
    const auto text = ask(place->folder, {"log", "-z", "--format=%H%n%B", *commit + "..HEAD", "--"});
    if (!text) return tl::unexpected(text.error());
    std::vector<CommitMessage> out;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::string_view each = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(each.size() + 1, rest.size()));
        const std::size_t line = std::min(each.find('\n'), each.size());
        out.push_back({std::string(each.substr(0, line)), std::string(each.substr(std::min(line + 1, each.size())))});
    }
    return out;
}

}  // namespace writ::cli

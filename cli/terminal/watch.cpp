#include "cli/terminal/watch.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>

#include <sys/stat.h>

#include "writ/manifest.h"

namespace writ::cli {

namespace {

volatile std::sig_atomic_t asked_to_end = 0;

void end(int) {
    asked_to_end = 1;
}

/// Output: false if a signal arrived.
bool sleep_for(long milliseconds) {
    timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    while (asked_to_end == 0 && nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    return asked_to_end == 0;
}

constexpr long kPoll = 200, kSettle = 50;  // milliseconds

}  // namespace

Watch::Watch(std::vector<std::string> paths) : paths_(std::move(paths)) {
    std::signal(SIGINT, end);
    std::signal(SIGTERM, end);
}

Watch::Stamp Watch::stamp(const std::string& file) {
    struct stat found{};
    if (stat(file.c_str(), &found) != 0) return {};
    return {true, found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size, found.st_ino};
}

/// The files that read_sources would read, and manifests.
Watch::Stamps Watch::look() const {
    namespace fs = std::filesystem;
    Stamps out;
    for (const std::string& path : paths_) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            out[path] = stamp(path);
            continue;
        }
        fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, error);
        for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
            const bool hidden = at->path().filename().native().starts_with('.');
            std::error_code ignored;
            if (at->is_directory(ignored) && hidden) at.disable_recursion_pending();
            if (at->path().extension() == ".writ" || at->path().filename() == kManifestName)
                out[at->path().native()] = stamp(at->path().native());
        }
    }
    return out;
}

void Watch::begin() {
    policies_ = look();
    data_.clear();
}

void Watch::add(const std::string& file) {
    data_.emplace(file, stamp(file));
}

Watch::Stamps Watch::look_at_data() const {
    Stamps data = data_;
    for (auto& [file, standing] : data) standing = stamp(file);
    return data;
}

std::string Watch::differing(const Stamps& before, const Stamps& after) {
    for (const auto& [file, standing] : after) {
        const auto found = before.find(file);
        if (found == before.end() || found->second != standing) return file;
    }
    for (const auto& [file, standing] : before)
        if (!after.contains(file)) return file;
    return {};
}

std::string Watch::settled() {
    std::pair<Stamps, Stamps> now{look(), look_at_data()};
    const bool same = now == last_;
    last_ = std::move(now);
    return same ? changed() : std::string();
}

std::string Watch::changed() const {
    const std::string policy = differing(policies_, look());
    return policy.empty() ? differing(data_, look_at_data()) : policy;
}

std::string Watch::wait() const {
    std::string changed;
    Stamps last_policies = policies_, last_data = data_;
    while (sleep_for(changed.empty() ? kPoll : kSettle)) {
        const Stamps policies = look();
        Stamps data = look_at_data();
        if (!changed.empty() && policies == last_policies && data == last_data) return changed;
        if (changed.empty()) changed = differing(policies_, policies);
        if (changed.empty()) changed = differing(data_, data);
        last_policies = policies;
        last_data = std::move(data);
    }
    return {};
}

}  // namespace writ::cli
